//! Pure functions from Toybox's objects to resources, entitlements and grants.

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Expandable, Grant, Resource, ResourceId,
    ResourceTrait, State, name_or_id,
};

use crate::api::{Member, Named};

pub(crate) const USER: &str = "user";
pub(crate) const GROUP: &str = "group";

pub(crate) fn member_of(group: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(GROUP, group), "member")
}

pub(crate) fn user(user: &Named) -> Resource {
    let id = ResourceId::new(USER, &user.id);
    let resource_trait = ResourceTrait::account(AccountType::Human, None);
    let mut resource = Resource::new(id, name_or_id(&user.name, &user.id), resource_trait);
    resource.state = State::Enabled;
    resource
}

/// A group, and its membership.
pub(crate) fn group(group: &Named) -> Records {
    let (name, id) = (name_or_id(&group.name, &group.id), ResourceId::new(GROUP, &group.id));
    Records {
        resources: vec![Resource::new(id, name, ResourceTrait::Group)],
        entitlements: vec![Entitlement {
            description: format!("Is in the group {name} of Toybox"),
            ..Entitlement::new(member_of(&group.id), format!("{name} member"), &[USER, GROUP])
        }],
        ..Records::default()
    }
}

/// A member of a group. Members of a group inside it are also its members.
pub(crate) fn membership(group: &str, member: &Member) -> Grant {
    let mut grant = Grant::new(member_of(group), ResourceId::new(&member.kind, &member.id));
    grant.expandable = (member.kind == GROUP).then(|| Expandable {
        sources: vec![member_of(&member.id).to_string()],
        shallow: false,
        resource_types: vec![USER.into()],
    });
    grant
}
