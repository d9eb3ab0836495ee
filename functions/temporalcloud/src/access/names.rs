//! What things are called: resource types, slugs and ids.

use rollcall_model::{EntitlementId, ResourceId};

use crate::api::{Permission, Role};

pub(crate) const USER: &str = "user";
pub(crate) const SERVICE_ACCOUNT: &str = "service-account";
pub(crate) const GROUP: &str = "group";
pub(crate) const NAMESPACE: &str = "namespace";
pub(crate) const ACCOUNT_ROLE: &str = "account-role";
pub(crate) const CUSTOM_ROLE: &str = "custom-role";
pub(crate) const PROJECT: &str = "project";

/// Who may hold access of their own.
pub(crate) const PRINCIPALS: &[&str] = &[USER, SERVICE_ACCOUNT, GROUP];

/// The slug of membership in roles and groups.
pub(crate) const MEMBER: &str = "member";
/// The slug of having a custom role.
pub(crate) const ASSIGNED: &str = "assigned";

/// The account roles, in the vendor's order.
pub(crate) const ROLES: [Role; 6] = [
    Role::Owner,
    Role::Admin,
    Role::Developer,
    Role::FinanceAdmin,
    Role::Read,
    Role::MetricsRead,
];

/// The permissions on a namespace.
pub(crate) const PERMISSIONS: [Permission; 3] =
    [Permission::Admin, Permission::Write, Permission::Read];

/// The roles in a project. `developer` is only ever inherited from the account.
pub(super) const PROJECT_ROLES: [&str; 7] = [
    "admin",
    "write",
    "read",
    "list",
    "contribute",
    "member",
    "developer",
];

/// The slug of a role, in ids.
pub(crate) fn role_slug(role: &Role) -> String {
    match role {
        Role::Owner => "owner".into(),
        Role::Admin => "admin".into(),
        Role::Developer => "developer".into(),
        Role::FinanceAdmin => "finance-admin".into(),
        Role::Read => "read".into(),
        Role::MetricsRead => "metrics-read".into(),
        Role::Unknown(name) => name.to_lowercase().replace('_', "-"),
    }
}

pub(super) fn role_title(role: &Role) -> String {
    let words = role_slug(role);
    let title = words.split('-').map(capitalized).collect::<Vec<_>>();
    title.join(" ")
}

pub(super) fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Roles that the API can neither give nor take: owners are made by the vendor's support; finance admins only by an
/// owner, and a service account, which is what a connector should be, can be none.
pub(crate) fn is_immutable(role: &Role) -> bool {
    matches!(role, Role::Owner | Role::FinanceAdmin | Role::Unknown(_))
}

/// The slug of a permission, in ids.
pub(crate) fn permission_slug(permission: Permission) -> &'static str {
    match permission {
        Permission::Admin => "admin",
        Permission::Write => "write",
        Permission::Read => "read",
    }
}

/// The resource of an account role.
pub(crate) fn role_id(account: &str, role: &Role) -> ResourceId {
    ResourceId::new(ACCOUNT_ROLE, format!("{account}-{}", role_slug(role)))
}

/// Being a member of an account role.
pub(crate) fn role_member(account: &str, role: &Role) -> EntitlementId {
    EntitlementId::new(role_id(account, role), MEMBER)
}

/// Having a permission on a namespace.
pub(crate) fn namespace_permission(namespace: &str, permission: Permission) -> EntitlementId {
    EntitlementId::new(
        ResourceId::new(NAMESPACE, namespace),
        permission_slug(permission),
    )
}

/// Being a member of a group.
pub(crate) fn group_member(group: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(GROUP, group), MEMBER)
}

pub(super) fn project_role(project: &str, role: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(PROJECT, project), role)
}

pub(super) fn custom_role_assigned(role: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(CUSTOM_ROLE, role), ASSIGNED)
}
