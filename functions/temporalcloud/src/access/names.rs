//! Names: resource types, slugs and ids.

use rollcall_model::{EntitlementId, ResourceId};

use crate::api::{
    ApiEnum, ApiObject, CustomRole, Group, Namespace, Permission, Project, ProjectRole, Role,
    ServiceAccount, User,
};

pub(crate) const USER: &str = User::KIND;
pub(crate) const SERVICE_ACCOUNT: &str = ServiceAccount::KIND;
pub(crate) const GROUP: &str = Group::KIND;
pub(crate) const NAMESPACE: &str = Namespace::KIND;
pub(crate) const ACCOUNT_ROLE: &str = "account-role";
pub(crate) const CUSTOM_ROLE: &str = CustomRole::KIND;
pub(crate) const PROJECT: &str = Project::KIND;

/// The types of principals.
pub(crate) const PRINCIPALS: &[&str] = &[USER, SERVICE_ACCOUNT, GROUP];

/// The slug of membership in roles and groups.
pub(crate) const MEMBER: &str = "member";

/// The words of a slug, capitalized.
pub(super) fn title(slug: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    };
    slug.split('-').map(capitalized).collect::<Vec<_>>().join(" ")
}

/// Roles that the API can neither grant nor revoke: only the vendor's support makes owners, and only an owner makes
/// finance admins, which a service account, such as a connector's, cannot be.
pub(crate) fn is_immutable(role: &Role) -> bool {
    matches!(role, Role::Owner | Role::FinanceAdmin | Role::Unknown(_))
}

/// Membership in an account role.
pub(crate) fn role_member(account: &str, role: &Role) -> EntitlementId {
    let role = ResourceId::new(ACCOUNT_ROLE, format!("{account}-{}", role.slug()));
    EntitlementId::new(role, MEMBER)
}

/// A permission on a namespace.
pub(crate) fn namespace_permission(namespace: &str, permission: &Permission) -> EntitlementId {
    EntitlementId::new(ResourceId::new(NAMESPACE, namespace), permission.slug())
}

/// Membership in a group.
pub(crate) fn group_member(group: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(GROUP, group), MEMBER)
}

pub(super) fn project_role(project: &str, role: &ProjectRole) -> EntitlementId {
    EntitlementId::new(ResourceId::new(PROJECT, project), role.slug())
}

pub(super) fn custom_role_assigned(role: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(CUSTOM_ROLE, role), "assigned")
}
