//! The meaning of an entitlement id.

use rollcall_connector::{Code, Error};
use rollcall_model::EntitlementId;

use crate::access::{ASSIGNED, ASSIGNMENT, GROUP, MEMBER, SPACE, SpacePermission};

/// What can be granted and revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grantable {
    /// Membership in a group.
    Member(String),
    /// A permission on a space.
    Permission(String, SpacePermission),
    /// A role on a space: the space and the role.
    Role(String, String),
}

impl Grantable {
    pub(super) fn parse(id: &EntitlementId) -> Result<Self, Error> {
        let resource = &id.resource;
        let target = match resource.resource_type.as_str() {
            GROUP if id.slug == MEMBER => Some(Self::Member(resource.id.clone())),
            SPACE if is_space_id(&resource.id) => SpacePermission::of_slug(&id.slug)
                .map(|permission| Self::Permission(resource.id.clone(), permission)),
            ASSIGNMENT if id.slug == ASSIGNED => {
                let parts = resource.id.split_once(':');
                let parts = parts.filter(|(space, role)| is_space_id(space) && !role.is_empty());
                parts.map(|(space, role)| Self::Role(space.into(), role.into()))
            }
            _ => None,
        };
        target.ok_or_else(|| {
            Error::invalid(
                Code::UnknownEntitlement,
                format!("Confluence has no entitlement `{id}`"),
                "Use an entitlement id from the newest snapshot: group:<id>:member, space:<id>:<verb>-<noun>, or space_role_assignment:<space>:<role>:assigned.",
            )
        })
    }
}

/// A space's id is a number; a text with letters is its key, which is not accepted here.
fn is_space_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{assigned, member, permission};

    #[test]
    fn an_entitlement_comes_back_from_its_own_id() {
        let parse = |id| Grantable::parse(&id).expect("a target");
        assert_eq!(parse(member("22-eng")), Grantable::Member("22-eng".into()));
        let pair = SpacePermission::find("restrict_content", "space").expect("a pair");
        assert_eq!(
            parse(permission("98310", ("restrict_content", "space"))),
            Grantable::Permission("98310".into(), pair)
        );
        assert_eq!(parse(assigned("98310", "r1")), Grantable::Role("98310".into(), "r1".into()));
    }

    #[test]
    fn what_cannot_be_granted_is_no_entitlement() {
        for id in [
            "group:g:admin",
            "space:1:create-space",
            "space:1:read",
            "space:1:update-space",
            "space:ENG:read-space",
            "space_role_assignment:ENG:r1:assigned",
            "space_role:r1:assigned",
            "space_role_assignment:98310:assigned",
            "space_role_assignment:98310:r1:member",
            "user:u:member",
            "access_class:all-licensed-users:member",
        ] {
            let id = EntitlementId::parse(id).expect("an id");
            let error = Grantable::parse(&id).expect_err("no target");
            assert_eq!(error.code(), "UnknownEntitlement", "{id}");
        }
    }
}
