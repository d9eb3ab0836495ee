//! The enums of the API: by name, by number, or by a deprecated twin.

use std::fmt;

use serde::Deserialize;

/// An enum as protobuf JSON has it: a name, or a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum EnumText {
    Name(String),
    Number(i64),
}

impl EnumText {
    /// The name without its prefix, or the number; `None` if unspecified.
    pub(super) fn slug(&self, prefix: &str, names: &[&str]) -> Option<String> {
        let name = match self {
            Self::Name(name) => name.strip_prefix(prefix).unwrap_or(name).to_owned(),
            Self::Number(n) => {
                let known = usize::try_from(*n).ok().and_then(|n| names.get(n));
                known.map_or_else(|| n.to_string(), |name| name.to_string())
            }
        };
        (!name.is_empty() && name != "UNSPECIFIED").then_some(name)
    }
}

/// Reads an enum, or its deprecated twin: a lower-case string of versions before v0.3.0.
pub(super) fn either(
    text: Option<&EnumText>,
    deprecated: &str,
    prefix: &str,
    names: &[&str],
) -> Option<String> {
    let read = text.and_then(|text| text.slug(prefix, names));
    let squeezed = |s: &str| s.replace('_', "").to_lowercase();
    read.or_else(|| {
        let known = names
            .iter()
            .find(|name| squeezed(name) == squeezed(deprecated));
        let fallback = (!deprecated.is_empty()).then(|| deprecated.to_uppercase());
        known.map(|name| name.to_string()).or(fallback)
    })
    .filter(|name| name != "UNSPECIFIED")
}

/// A resource's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResourceState {
    Unspecified,
    Activating,
    ActivationFailed,
    Active,
    Updating,
    UpdateFailed,
    Deleting,
    DeleteFailed,
    Deleted,
    Suspended,
    Expired,
    Unknown(String),
}

impl ResourceState {
    const NAMES: [&str; 11] = [
        "UNSPECIFIED",
        "ACTIVATING",
        "ACTIVATION_FAILED",
        "ACTIVE",
        "UPDATING",
        "UPDATE_FAILED",
        "DELETING",
        "DELETE_FAILED",
        "DELETED",
        "SUSPENDED",
        "EXPIRED",
    ];

    pub(super) fn of(text: Option<&EnumText>, deprecated: &str) -> Self {
        let name = either(text, deprecated, "RESOURCE_STATE_", &Self::NAMES);
        match name.as_deref() {
            None => Self::Unspecified,
            Some("ACTIVATING") => Self::Activating,
            Some("ACTIVATION_FAILED") => Self::ActivationFailed,
            Some("ACTIVE") => Self::Active,
            Some("UPDATING") => Self::Updating,
            Some("UPDATE_FAILED") => Self::UpdateFailed,
            Some("DELETING") => Self::Deleting,
            Some("DELETE_FAILED") => Self::DeleteFailed,
            Some("DELETED") => Self::Deleted,
            Some("SUSPENDED") => Self::Suspended,
            Some("EXPIRED") => Self::Expired,
            Some(other) => Self::Unknown(other.to_lowercase()),
        }
    }

    /// Deleted, or about to be.
    pub(crate) fn is_going(&self) -> bool {
        matches!(self, Self::Deleting | Self::Deleted)
    }
}

impl fmt::Display for ResourceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "",
            Self::Activating => "activating",
            Self::ActivationFailed => "activation failed",
            Self::Active => "active",
            Self::Updating => "updating",
            Self::UpdateFailed => "update failed",
            Self::Deleting => "deleting",
            Self::DeleteFailed => "delete failed",
            Self::Deleted => "deleted",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Unknown(name) => name,
        })
    }
}

/// A built-in account role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    Owner,
    Admin,
    Developer,
    FinanceAdmin,
    Read,
    MetricsRead,
    /// One that the vendor has added since.
    Unknown(String),
}

impl Role {
    pub(super) const NAMES: [&str; 7] = [
        "UNSPECIFIED",
        "OWNER",
        "ADMIN",
        "DEVELOPER",
        "FINANCE_ADMIN",
        "READ",
        "METRICS_READ",
    ];

    pub(super) fn of(name: &str) -> Self {
        match name {
            "OWNER" => Self::Owner,
            "ADMIN" => Self::Admin,
            "DEVELOPER" => Self::Developer,
            "FINANCE_ADMIN" => Self::FinanceAdmin,
            "READ" => Self::Read,
            "METRICS_READ" => Self::MetricsRead,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The name that the API takes.
    pub(crate) fn api_name(&self) -> String {
        let name = match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Developer => "DEVELOPER",
            Self::FinanceAdmin => "FINANCE_ADMIN",
            Self::Read => "READ",
            Self::MetricsRead => "METRICS_READ",
            Self::Unknown(name) => name,
        };
        format!("ROLE_{name}")
    }
}

/// A permission on a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Admin,
    Write,
    Read,
}

impl Permission {
    /// The name that the API takes.
    pub(crate) fn api_name(self) -> &'static str {
        match self {
            Self::Admin => "PERMISSION_ADMIN",
            Self::Write => "PERMISSION_WRITE",
            Self::Read => "PERMISSION_READ",
        }
    }
}
