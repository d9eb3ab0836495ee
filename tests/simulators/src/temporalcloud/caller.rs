//! Who calls, and what they may do.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    refusal::{Code, Refusal},
    state::{ApiKey, Kind, World, text},
};
use crate::server::Call;

/// The owner of the key a request came with.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) key: ApiKey,
    /// Owner or admin, itself or through a group.
    pub(crate) admin: bool,
    /// Owner.
    pub(crate) owner: bool,
}

impl Caller {
    /// Checks the key: unknown, expired and disabled ones are all the same to the client.
    pub(crate) fn identify(call: &Call, world: &World) -> Result<Self, Refusal> {
        let bad = || Refusal::new(Code::Unauthenticated, "invalid or expired API key");
        let header = call.header("authorization").ok_or_else(bad)?;
        let (scheme, secret) = header.split_once(' ').ok_or_else(bad)?;
        let key = world
            .api_keys
            .iter()
            .find(|key| key.secret == secret)
            .filter(|_| scheme.eq_ignore_ascii_case("bearer"))
            .ok_or_else(bad)?;
        let alive = key
            .expiry
            .parse::<Timestamp>()
            .is_ok_and(|expiry| expiry > Timestamp::now());
        let owner = world
            .principals(key.owner_kind)
            .get(&key.owner_id)
            .ok_or_else(bad)?;
        // *Unknown*: whether the key of a suspended user works. Taken: it does not.
        if !alive || key.disabled || text(owner, "/state") == "RESOURCE_STATE_SUSPENDED" {
            return Err(bad());
        }
        let roles: Vec<_> = accesses(world, &key.owner_id)
            .into_iter()
            .map(|access| text(access, "/accountAccess/role"))
            .collect();
        let admin = roles
            .iter()
            .any(|role| matches!(*role, "ROLE_OWNER" | "ROLE_ADMIN"));
        Ok(Self {
            key: key.clone(),
            admin,
            owner: roles.contains(&"ROLE_OWNER"),
        })
    }

    /// Whether the caller administers a namespace: by account role, by an entry of its own or a group's, by being
    /// scoped to it, or through its project.
    pub(crate) fn administers_namespace(&self, world: &World, namespace: &str) -> bool {
        let project = world
            .namespaces
            .get(namespace)
            .map(|ns| text(ns, "/projectId"))
            .unwrap_or_default();
        self.admin
            || world
                .namespace_permission(&self.key.owner_id, namespace)
                .as_deref()
                == Some("PERMISSION_ADMIN")
            || accesses(world, &self.key.owner_id).iter().any(|access| {
                let entry = access
                    .get("namespaceAccesses")
                    .and_then(|map| map.get(namespace));
                entry.is_some_and(|entry| text(entry, "/permission") == "PERMISSION_ADMIN")
            })
            || self.administers_project(world, project)
    }

    /// Whether the caller administers a project.
    pub(crate) fn administers_project(&self, world: &World, project: &str) -> bool {
        self.admin
            || world.project_role(&self.key.owner_id, project).as_deref()
                == Some("PROJECT_ROLE_ADMIN")
            || accesses(world, &self.key.owner_id).iter().any(|access| {
                let entry = access
                    .get("projectAccesses")
                    .and_then(|map| map.get(project));
                entry.is_some_and(|entry| text(entry, "/role") == "PROJECT_ROLE_ADMIN")
            })
    }

    /// Whether a custom role of the caller's, or of one of its groups, allows an action on a resource.
    pub(crate) fn may(&self, world: &World, action: &str, resource: &str) -> bool {
        let roles = accesses(world, &self.key.owner_id)
            .into_iter()
            .filter_map(|access| access.pointer("/accountAccess/customRoles")?.as_array());
        let roles = roles
            .flatten()
            .filter_map(|id| world.custom_roles.get(id.as_str()?));
        let permissions = roles
            .filter_map(|role| role.pointer("/spec/permissions")?.as_array())
            .flatten();
        permissions.into_iter().any(|permission| {
            let lists = |pointer: &str, wanted: &str| {
                let list = permission.pointer(pointer).and_then(Value::as_array);
                list.into_iter()
                    .flatten()
                    .any(|item| item.as_str() == Some(wanted))
            };
            let all = permission
                .pointer("/resources/allowAll")
                .and_then(Value::as_bool)
                == Some(true);
            lists("/actions", action) && (all || lists("/resources/resourceIds", resource))
        })
    }

    /// Owners and admins, or holders of a custom role with the action.
    pub(crate) fn require(
        &self,
        world: &World,
        action: &str,
        resource: &str,
    ) -> Result<(), Refusal> {
        if self.admin || self.may(world, action, resource) {
            return Ok(());
        }
        Err(Refusal::denied(format!(
            "permission denied: {action} on {resource}"
        )))
    }

    /// A copy of a user as this caller may see it: for anyone but owners and admins, other users' access and
    /// invitation are left out, without an error.
    pub(crate) fn view_of_user(&self, user: &Value) -> Value {
        let mut user = user.clone();
        if !self.admin && text(&user, "/id") != self.key.owner_id {
            if let Some(object) = user.as_object_mut() {
                object.remove("invitation");
            }
            if let Some(spec) = user.get_mut("spec").and_then(Value::as_object_mut) {
                spec.remove("access");
            }
        }
        user
    }
}

/// The access objects that add up to a principal's rights: its own and those of its groups.
fn accesses<'a>(world: &'a World, id: &str) -> Vec<&'a Value> {
    let own = [Kind::User, Kind::ServiceAccount]
        .into_iter()
        .filter_map(|kind| world.principals(kind).get(id));
    let groups = world
        .groups
        .iter()
        .filter(|(group, _)| world.is_member(group, id))
        .map(|(_, group)| group);
    own.chain(groups)
        .filter_map(|object| object.pointer("/spec/access"))
        .collect()
}
