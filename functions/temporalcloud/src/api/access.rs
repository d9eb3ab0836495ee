//! What a principal is allowed, as the API's JSON has it. Rights are read strictly: one of another shape fails the list.

use std::collections::BTreeMap;

use rollcall_connector::http::lenient::or_default;
use serde::Deserialize;

use super::enums::{EnumText, Permission, Role, either};

/// What a principal is allowed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Access {
    #[serde(default, alias = "account_access")]
    pub(super) account_access: Option<AccountAccess>,
    #[serde(default, alias = "namespace_accesses", deserialize_with = "or_default")]
    pub(super) namespace_accesses: BTreeMap<String, NamespaceAccess>,
    #[serde(default, alias = "project_accesses", deserialize_with = "or_default")]
    pub(super) project_accesses: BTreeMap<String, ProjectAccess>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountAccess {
    #[serde(default)]
    pub(super) role: Option<EnumText>,
    #[serde(default, alias = "role_deprecated", deserialize_with = "or_default")]
    role_deprecated: String,
    #[serde(default, alias = "custom_roles", deserialize_with = "or_default")]
    custom_roles: Vec<String>,
}

/// An entry of a namespace map.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamespaceAccess {
    #[serde(default)]
    permission: Option<EnumText>,
    #[serde(
        default,
        alias = "permission_deprecated",
        deserialize_with = "or_default"
    )]
    permission_deprecated: String,
}

/// An entry of a project map.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ProjectAccess {
    #[serde(default)]
    role: Option<EnumText>,
}

impl Access {
    /// The built-in role, if there is one.
    pub(crate) fn role(&self) -> Option<Role> {
        let access = self.account_access.as_ref()?;
        let name = either(
            access.role.as_ref(),
            &access.role_deprecated,
            "ROLE_",
            &Role::NAMES,
        )?;
        Some(Role::of(&name))
    }

    /// Ids of custom roles.
    pub(crate) fn custom_roles(&self) -> &[String] {
        self.account_access
            .as_ref()
            .map_or(&[], |a| &a.custom_roles)
    }

    /// Explicit permissions on namespaces; an `Err` is the name of one that we do not know.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = (&str, Result<Permission, String>)> {
        self.namespace_accesses
            .iter()
            .filter_map(|(namespace, access)| Some((namespace.as_str(), access.permission()?)))
    }

    /// The explicit permission on one namespace.
    pub(crate) fn namespace(&self, namespace: &str) -> Option<Permission> {
        self.namespace_accesses.get(namespace)?.permission()?.ok()
    }

    /// Roles in projects, in lower case.
    pub(crate) fn projects(&self) -> impl Iterator<Item = (&str, String)> {
        self.project_accesses
            .iter()
            .filter_map(|(project, access)| Some((project.as_str(), access.role()?)))
    }
}

impl NamespaceAccess {
    const NAMES: [&str; 4] = ["UNSPECIFIED", "ADMIN", "WRITE", "READ"];

    /// The permission; `None` if unspecified.
    pub(crate) fn permission(&self) -> Option<Result<Permission, String>> {
        let name = either(
            self.permission.as_ref(),
            &self.permission_deprecated,
            "PERMISSION_",
            &Self::NAMES,
        )?;
        Some(match name.as_str() {
            "ADMIN" => Ok(Permission::Admin),
            "WRITE" => Ok(Permission::Write),
            "READ" => Ok(Permission::Read),
            _ => Err(name),
        })
    }
}

impl ProjectAccess {
    const NAMES: [&str; 8] = [
        "UNSPECIFIED",
        "ADMIN",
        "WRITE",
        "READ",
        "LIST",
        "CONTRIBUTE",
        "MEMBER",
        "DEVELOPER",
    ];

    /// The role in lower case; `None` if unspecified.
    pub(crate) fn role(&self) -> Option<String> {
        let name = self.role.as_ref()?.slug("PROJECT_ROLE_", &Self::NAMES)?;
        Some(name.to_lowercase())
    }
}
