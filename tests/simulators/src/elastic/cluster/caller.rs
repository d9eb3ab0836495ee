//! Who calls a deployment, and what they may do.

use super::refusal::Refusal;
use crate::{
    elastic::{
        Inner,
        keys::{DeploymentKey, key_id},
    },
    server::Call,
};

/// The key a request came with.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) key: DeploymentKey,
}

/// What a call does, in the server's own words, and the cluster privileges that allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    GetUsers,
    PutUser,
    SetEnabled,
    DeleteUser,
    GetRoles,
    GetMappings,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::GetUsers => "cluster:admin/xpack/security/user/get",
            Self::PutUser => "cluster:admin/xpack/security/user/put",
            Self::SetEnabled => "cluster:admin/xpack/security/user/set_enabled",
            Self::DeleteUser => "cluster:admin/xpack/security/user/delete",
            Self::GetRoles => "cluster:admin/xpack/security/role/get",
            Self::GetMappings => "cluster:admin/xpack/security/role_mapping/get",
        }
    }

    fn privileges(self, mappings_need_manage: bool) -> &'static [&'static str] {
        match self {
            Self::GetMappings if mappings_need_manage => &["manage_security", "all"],
            Self::GetUsers | Self::GetRoles | Self::GetMappings => {
                &["read_security", "manage_security", "all"]
            }
            Self::PutUser | Self::SetEnabled | Self::DeleteUser => &["manage_security", "all"],
        }
    }
}

const MISSING: &str = "missing authentication credentials for REST request";
const UNABLE: &str = "unable to authenticate with provided credentials and anonymous access is not allowed for this request";

impl Caller {
    /// Checks the key. Neither a Cloud key nor another deployment's has any business here.
    pub(crate) fn identify(call: &Call, inner: &Inner, deployment: &str) -> Result<Self, Refusal> {
        let missing = || Refusal::unauthenticated(&format!("{MISSING} [{}]", call.path));
        let header = call.header("authorization").unwrap_or_default();
        let (scheme, sent) = header.split_once(' ').unwrap_or((header, ""));
        let sent = sent.trim();
        if !scheme.eq_ignore_ascii_case("apikey") || sent.is_empty() {
            return Err(missing().wrong("a request without an API key"));
        }
        let mut cloud_keys = inner.world.cloud_keys.iter();
        if cloud_keys.any(|key| key.secret == sent) {
            let leak = "a key of the Cloud API was sent to a deployment";
            return Err(missing().wrong(leak));
        }
        let mut holders = inner.world.deployments.iter();
        let holder = holders.find_map(|(name, cluster)| {
            let mut keys = cluster.keys.iter();
            let key = keys.find(|key| key.encoded == sent)?;
            Some((name, key))
        });
        match (holder, key_id(sent)) {
            (Some((name, key)), _) if name == deployment && !key.expired => {
                Ok(Self { key: key.clone() })
            }
            (Some((name, _)), id) if name != deployment => {
                let leak = format!("the key of deployment {name} was sent to {deployment}");
                Err(unable(inner, id).wrong(leak))
            }
            // What is not base64 with a colon in it is no key at all.
            (None, None) => Err(missing()),
            (_, id) => Err(unable(inner, id)),
        }
    }

    /// Whether the key may do it.
    pub(crate) fn require(&self, inner: &Inner, action: Action) -> Result<(), Refusal> {
        let enough = action.privileges(inner.options.mappings_need_manage_security);
        if enough
            .iter()
            .any(|&name| self.key.privileges.contains(name))
        {
            return Ok(());
        }
        let reason = format!(
            "action [{}] is unauthorized for API key id [{}] of user [{}], this action is granted by the cluster privileges [{}]",
            action.name(),
            self.key.id(),
            self.key.owner,
            enough.join(",")
        );
        Err(Refusal::new(403, "security_exception", reason))
    }
}

fn unable(inner: &Inner, id: Option<String>) -> Refusal {
    match id {
        Some(id) if inner.options.name_bad_key => {
            Refusal::unauthenticated(&format!("{UNABLE}, api key id [{id}]"))
        }
        _ => Refusal::unauthenticated(UNABLE),
    }
}
