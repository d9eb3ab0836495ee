//! Grants and revokes group membership, permissions on spaces, and roles on spaces.
//!
//! A permission requires the permission to view the space, which is granted first; revoking that revokes everything
//! else too, and so is refused unless the event allows it (`"allow":["cascade"]`). The state is read before and after
//! each write.
//!
//! Only a list that shows others proves that a principal lacks access: the vendor answers with a single 404, or an
//! empty list, for other reasons too.

use async_trait::async_trait;
use rollcall_connector::event::GrantRef;
use rollcall_connector::provision::{
    AccessState, Plan, Proposal, Provisioner, Request, WriteProgress,
};
use rollcall_connector::{Code, Error, ErrorType, Identity};
use rollcall_model::{EntitlementId, ResourceId};
use serde_json::Value;

use crate::access::{HOLDERS, USER};
use crate::api::{Failure, Write};
use crate::connect::Confluence;
use target::Grantable;

mod group;
mod held;
mod role;
mod space;
mod target;

/// The side effect of revoking the permission to view a space.
pub(crate) const CASCADE: &str = "cascade";
const ACCOUNTS_FIX: &str = "Accounts are managed in Atlassian's administration: invite and remove people at admin.atlassian.com.";

type Planned = Result<Plan<Write>, Error>;

#[async_trait]
impl Provisioner for Confluence {
    type Change = Write;

    async fn plan(&self, identity: &Identity, request: &Request) -> Result<Plan<Write>, Error> {
        let access = request.action.access(ACCOUNTS_FIX)?;
        let change = AccessRequest {
            connector: self,
            identity,
            entitlement: access.entitlement,
            principal: access.principal,
            cascades: request.allows(CASCADE),
        };
        match (Grantable::parse(access.entitlement)?, access.grants) {
            (Grantable::Member(id), true) => group::grant(&change, &id).await,
            (Grantable::Member(id), false) => group::revoke(&change, &id).await,
            (Grantable::Permission(id, what), true) => space::grant(&change, &id, what).await,
            (Grantable::Permission(id, what), false) => space::revoke(&change, &id, what).await,
            (Grantable::Role(space, role), true) => role::grant(&change, &space, &role).await,
            (Grantable::Role(space, role), false) => role::revoke(&change, &space, &role).await,
        }
    }

    async fn send(&self, change: &Write) -> Result<WriteProgress, Error> {
        match self.api.write(change).await {
            Ok(()) => Ok(WriteProgress::Done(None)),
            // No write does harm if it is sent twice: the vendor refuses to repeat a permission or to delete a row
            // twice, and does nothing for an existing membership or role.
            Err(e) if e.is_unclear() => Ok(WriteProgress::Unclear),
            Err(e) => match (change, e.is_absent()) {
                (Write::SetRole { space, .. }, true) => self.refused_role(space, e).await,
                _ => refused_write(e),
            },
        }
    }

    /// The vendor keeps no record of writes: reading the state shows whether this one arrived.
    async fn poll(&self, _: &Write) -> Result<WriteProgress, Error> {
        Ok(WriteProgress::Unclear)
    }
}

impl Confluence {
    /// The API v2 answers 404 to an account that can see but not change something.
    async fn refused_role(&self, space: &str, answer: Failure) -> Result<WriteProgress, Error> {
        match self.api.space(space).await {
            Ok(_) => Err(may_not_change(answer.into())),
            Err(e) if e.is_absent() => Ok(WriteProgress::Overtaken),
            Err(e) => Err(e.into()),
        }
    }
}

/// A requested grant or revoke, with the context for planning it.
struct AccessRequest<'a> {
    connector: &'a Confluence,
    identity: &'a Identity,
    entitlement: &'a EntitlementId,
    principal: &'a ResourceId,
    /// Whether side effects on other permissions are accepted.
    cascades: bool,
}

impl AccessRequest<'_> {
    /// The grant to create or revoke.
    fn grant(&self) -> GrantRef {
        self.grant_of(self.entitlement)
    }

    fn grant_of(&self, entitlement: &EntitlementId) -> GrantRef {
        GrantRef::new(entitlement, self.principal)
    }

    /// Whether the principal is a guest, who can have few permissions. Fails if the user or group does not exist.
    async fn check_principal(&self) -> Result<bool, Error> {
        let (api, id) = (&self.connector.api, &self.principal.id);
        let found = match self.check_holder()? {
            USER => api.user(id).await.map(|user| user.is_guest()),
            _ => api.group(id).await.map(|_| false),
        };
        found.map_err(|e| match e.is_unknown_id() {
            false => e.into(),
            true => Error::new(
                ErrorType::NotFound,
                Code::UnknownPrincipal,
                format!("there is no {} in Confluence", self.principal),
                "Use a principal id from the newest snapshot.",
            )
            .with_source(e),
        })
    }

    /// The type of the principal, also in the vendor's terms. Only users and groups can have access.
    fn check_holder(&self) -> Result<&str, Error> {
        let kind = self.principal.resource_type.as_str();
        match HOLDERS.contains(&kind) {
            true => Ok(kind),
            false => Err(self.cannot_hold()),
        }
    }

    fn cannot_hold(&self) -> Error {
        let (kind, entitlement) = (&self.principal.resource_type, self.entitlement);
        Error::invalid(
            Code::UnknownPrincipal,
            format!("`{entitlement}` cannot be granted to a principal of type `{kind}`"),
            "Use a user or a group from the newest snapshot (only users can be members of groups).",
        )
    }

    /// Rollcall could not undo a change that removes its own access.
    fn not_oneself(&self) -> Result<(), Error> {
        if *self.principal != self.identity.caller {
            return Ok(());
        }
        Err(Error::refused(
            Code::OwnAccess,
            format!("{} is the account of Rollcall's own token", self.principal),
            "Have another administrator make the change in Confluence.",
        ))
    }
}

fn state(grants: Vec<GrantRef>) -> AccessState {
    AccessState { grants, resource: None }
}

/// A write that leads to `then` and removes no grant.
fn proposal(change: Write, read: Value, then: AccessState) -> Proposal<Write> {
    Proposal { change, read, replaced: Vec::new(), removed: Vec::new(), further: Vec::new(), then }
}

/// A write that removes these grants.
fn removal(change: Write, read: Value, removed: Vec<String>) -> Plan<Write> {
    Plan::Change(Proposal { removed, ..proposal(change, read, AccessState::default()) })
}

/// The meaning of a write's error. The state was read a moment ago: whatever contradicts it has changed since.
fn refused_write(e: Failure) -> Result<WriteProgress, Error> {
    match e.status() {
        Some(404) if e.is_absent() => Ok(WriteProgress::Overtaken),
        Some(400 | 409) if e.says("already") => Ok(WriteProgress::Overtaken),
        Some(400) if e.says("invalidrbacoperation") || e.says("roles-only") => {
            let fix = "Grant a role instead: an entitlement `space_role_assignment:<space>:<role>:assigned`.";
            Err(roles_only(fix).with_source(e))
        }
        Some(400) => Err(Error::refused(
            Code::VendorRefused,
            e.to_string(),
            "Confluence refuses this change; its quoted message says why.",
        )),
        Some(403) => {
            let failure: Error = e.into();
            // Every other cause of a 403 has its own code.
            match failure.code() == Code::VendorDenied {
                true => Err(may_not_change(failure)),
                false => Err(failure),
            }
        }
        _ => Err(e.into()),
    }
}

fn roles_only(fix: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::refused(Code::RolesOnly, "this site gives access to spaces only through roles", fix)
}

fn may_not_change(cause: Error) -> Error {
    Error::new(
        ErrorType::PermissionDenied,
        Code::CredentialTooWeak,
        "the token's account is not allowed to change this",
        "Only a site administrator can change groups, and only an administrator of a space can change its permissions and roles: give the account that right.",
    )
    .with_source(cause)
}
