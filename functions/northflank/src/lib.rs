//! Rollcall's connector for Northflank.
//!
//! See the README beside this crate for what it shows, and how to set it up.

mod access;
mod api;
mod connect;
mod sync;

use std::time::Duration;

use rollcall_connector::About;
use rollcall_connector::config::{Field, FieldKind};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{ResourceType, TraitKind};

use access::{GROUP, ROLE, USER};
pub use connect::Northflank;
pub use sync::{At, Step};

/// The connector, for whoever knows it by name.
pub fn entry() -> Entry {
    Entry::reading::<Northflank>()
}

/// What the connector is.
static ABOUT: About = About {
    name: "northflank",
    display_name: "Northflank",
    resource_types: &[
        ResourceType {
            id: USER,
            display_name: "User",
            description: "A member of the organization",
            trait_kind: TraitKind::User,
            no_entitlements: true,
            capabilities: &[],
        },
        ResourceType {
            id: GROUP,
            display_name: "Group",
            description: "A directory group, kept by an identity provider",
            trait_kind: TraitKind::Group,
            no_entitlements: false,
            capabilities: &[],
        },
        ResourceType {
            id: ROLE,
            display_name: "Role",
            description: "A role in the organization",
            trait_kind: TraitKind::Role,
            no_entitlements: false,
            capabilities: &[],
        },
    ],
    blind_spots: &[
        "Who owns the organization is not told by the API.",
        "Teams, their members and their roles are not shown.",
        "API tokens, which act with a role, are not shown.",
        "What the API's cursors lead to if rows are deleted while a list is read is not documented: a row may be missing until the next sync.",
        "Whether an account has a second factor, or is suspended, is not told by the API.",
    ],
    fields: &[
        Field {
            key: "northflank-api-token",
            display_name: "Northflank API token",
            description: "An API token of the organization, made from a role that may read members and roles",
            kind: FieldKind::Secret,
            required: true,
            default: None,
        },
        Field {
            key: "northflank-base-url",
            display_name: "Northflank API base URL",
            description: "Where the API is",
            kind: FieldKind::Url,
            required: false,
            default: Some("https://api.northflank.com"),
        },
    ],
    reports_credential_end: true,
    limit_window: Some(Duration::from_secs(3600)),
};
