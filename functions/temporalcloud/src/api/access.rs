//! A principal's access in the API's JSON. Rights are read strictly: one in another form fails the list.

use std::collections::BTreeMap;

use rollcall_connector::http::lenient::or_default;
use serde::Deserialize;

use super::enums::{ApiEnum, EnumText, Permission, ProjectRole, Role};

/// A principal's access.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Access {
    #[serde(default, alias = "account_access")]
    account_access: Option<AccountAccess>,
    #[serde(default, alias = "namespace_accesses", deserialize_with = "or_default")]
    pub(super) namespace_accesses: BTreeMap<String, NamespaceAccess>,
    #[serde(default, alias = "project_accesses", deserialize_with = "or_default")]
    pub(super) project_accesses: BTreeMap<String, ProjectAccess>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountAccess {
    #[serde(default)]
    role: Option<EnumText>,
    #[serde(default, alias = "role_deprecated", deserialize_with = "or_default")]
    role_deprecated: String,
    #[serde(default, alias = "custom_roles", deserialize_with = "or_default")]
    custom_roles: Vec<String>,
}

/// An entry of a namespace map.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NamespaceAccess {
    permission: Option<EnumText>,
    #[serde(alias = "permissionDeprecated", deserialize_with = "or_default")]
    permission_deprecated: String,
}

/// An entry of a project map.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ProjectAccess {
    #[serde(default)]
    role: Option<EnumText>,
}

impl Access {
    /// Sets the built-in role.
    pub(super) fn set_role(&mut self, role: &Role) {
        self.account_access.get_or_insert_default().role = Some(EnumText::Name(role.api_name()));
    }

    /// The built-in role, if there is one.
    pub(crate) fn role(&self) -> Option<Role> {
        let access = self.account_access.as_ref()?;
        Role::read(access.role.as_ref(), &access.role_deprecated)
    }

    /// Whether that role makes its holder admin of every namespace.
    pub(crate) fn is_admin(&self) -> bool {
        matches!(self.role(), Some(Role::Owner | Role::Admin))
    }

    /// Ids of custom roles.
    pub(crate) fn custom_roles(&self) -> &[String] {
        let access = self.account_access.as_ref();
        access.map_or(&[], |access| &access.custom_roles)
    }

    /// Explicit permissions on namespaces.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = (&str, Permission)> {
        let entries = self.namespace_accesses.iter();
        entries.filter_map(|(namespace, access)| Some((namespace.as_str(), access.permission()?)))
    }

    /// The explicit permission on one namespace, if it is a known one.
    pub(crate) fn namespace(&self, namespace: &str) -> Option<Permission> {
        let permission = self.namespace_accesses.get(namespace)?.permission();
        permission.filter(|permission| !matches!(permission, Permission::Unknown(_)))
    }

    /// Roles in projects.
    pub(crate) fn projects(&self) -> impl Iterator<Item = (&str, ProjectRole)> {
        let entries = self.project_accesses.iter();
        entries.filter_map(|(project, access)| {
            let role = match ProjectRole::read(access.role.as_ref(), "")? {
                // Project roles are read in upper and lower case.
                ProjectRole::Unknown(name) => ProjectRole::of(&name.to_uppercase()),
                role => role,
            };
            Some((project.as_str(), role))
        })
    }
}

impl NamespaceAccess {
    fn permission(&self) -> Option<Permission> {
        Permission::read(self.permission.as_ref(), &self.permission_deprecated)
    }
}
