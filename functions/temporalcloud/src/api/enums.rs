//! The enums of the API: by name, by number, or by a deprecated twin.

use std::fmt;

use serde::Deserialize;

/// An enum in protobuf JSON: a name, or a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum EnumText {
    Name(String),
    Number(i64),
}

/// An enum of the API. A value that the vendor has added since is kept by its name.
pub(crate) trait ApiEnum: Sized + 'static {
    /// The prefix of all names.
    const PREFIX: &'static str;
    /// The known values, in the order of their numbers, which begin with 1: 0 is `UNSPECIFIED`.
    const ALL: &'static [Self];

    /// The value of a name without its prefix.
    fn of(name: &str) -> Self;

    /// The name without its prefix.
    fn name(&self) -> &str;

    /// The name for the API.
    fn api_name(&self) -> String {
        format!("{}{}", Self::PREFIX, self.name())
    }

    /// The name in our ids.
    fn slug(&self) -> String {
        self.name().to_lowercase().replace('_', "-")
    }

    /// Reads an enum, or its deprecated twin: a lower-case string of versions before v0.3.0. `None` if unspecified.
    fn read(text: Option<&EnumText>, deprecated: &str) -> Option<Self> {
        let name = match text {
            Some(EnumText::Name(name)) => name.strip_prefix(Self::PREFIX).unwrap_or(name).into(),
            Some(EnumText::Number(0)) | None => String::new(),
            Some(EnumText::Number(n)) => {
                let place = usize::try_from(*n).ok().and_then(|n| n.checked_sub(1));
                let known = place.and_then(|place| Self::ALL.get(place));
                known.map_or_else(|| n.to_string(), |value| value.name().to_owned())
            }
        };
        let is_set = |name: &str| !matches!(name, "" | "UNSPECIFIED");
        if is_set(&name) {
            return Some(Self::of(&name));
        }
        let squeezed = |s: &str| s.replace('_', "").to_lowercase();
        let mut names = Self::ALL.iter().map(Self::name);
        let known = names.find(|name| squeezed(name) == squeezed(deprecated));
        let name = known.map_or_else(|| deprecated.to_uppercase(), str::to_owned);
        is_set(&name).then(|| Self::of(&name))
    }
}

macro_rules! api_enum {
    ($(#[$doc:meta])* $name:ident, $prefix:literal { $($value:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum $name {
            $($value,)*
            Unknown(String),
        }

        impl ApiEnum for $name {
            const PREFIX: &'static str = $prefix;
            const ALL: &'static [Self] = &[$(Self::$value),*];

            fn of(name: &str) -> Self {
                match name {
                    $($text => Self::$value,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }

            fn name(&self) -> &str {
                match self {
                    $(Self::$value => $text,)*
                    Self::Unknown(name) => name,
                }
            }
        }
    };
}

api_enum!(
    /// The state of an object. Unknown without a name: not reported by the vendor.
    ResourceState, "RESOURCE_STATE_" {
        Activating = "ACTIVATING",
        ActivationFailed = "ACTIVATION_FAILED",
        Active = "ACTIVE",
        Updating = "UPDATING",
        UpdateFailed = "UPDATE_FAILED",
        Deleting = "DELETING",
        DeleteFailed = "DELETE_FAILED",
        Deleted = "DELETED",
        Suspended = "SUSPENDED",
        Expired = "EXPIRED",
    }
);

impl ResourceState {
    /// Deleted, or being deleted.
    pub(crate) fn is_going(&self) -> bool {
        matches!(self, Self::Deleting | Self::Deleted)
    }
}

impl fmt::Display for ResourceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().to_lowercase();
        f.write_str(&match self {
            Self::Unknown(_) => name,
            _ => name.replace('_', " "),
        })
    }
}

api_enum!(
    /// A built-in account role.
    Role, "ROLE_" {
        Owner = "OWNER",
        Admin = "ADMIN",
        Developer = "DEVELOPER",
        FinanceAdmin = "FINANCE_ADMIN",
        Read = "READ",
        MetricsRead = "METRICS_READ",
    }
);

api_enum!(
    /// A permission on a namespace.
    Permission, "PERMISSION_" { Admin = "ADMIN", Write = "WRITE", Read = "READ" }
);

api_enum!(
    /// A role in a project.
    ProjectRole, "PROJECT_ROLE_" {
        Admin = "ADMIN",
        Write = "WRITE",
        Read = "READ",
        List = "LIST",
        Contribute = "CONTRIBUTE",
        Member = "MEMBER",
        Developer = "DEVELOPER",
    }
);

api_enum!(
    /// The state of an operation.
    OperationState, "STATE_" {
        Pending = "PENDING",
        InProgress = "IN_PROGRESS",
        Failed = "FAILED",
        Cancelled = "CANCELLED",
        Fulfilled = "FULFILLED",
        Rejected = "REJECTED",
    }
);

impl OperationState {
    /// Whether it has ended. One in an unknown state counts as running.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self, Self::Fulfilled | Self::Failed | Self::Cancelled | Self::Rejected)
    }
}
