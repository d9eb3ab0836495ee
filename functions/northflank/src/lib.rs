//! Rollcall's connector for Northflank.
//!
//! This crate's README describes what it shows and how to set it up.

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
pub use sync::{ListPlace, Step};

/// The description of the connector.
static ABOUT: About = About {
    name: "northflank",
    display_name: "Northflank",
    resource_types: &[
        ResourceType::account(USER, "User", "A member of the organization"),
        ResourceType::new(
            GROUP,
            "Group",
            "A directory group, kept by an identity provider",
            TraitKind::Group,
        ),
        ResourceType::new(ROLE, "Role", "A role in the organization", TraitKind::Role),
    ],
    blind_spots: &[
        "The API does not show who owns the organization.",
        "Teams, their members and their roles are not shown.",
        "API tokens, which act with a role, are not shown.",
        "It is not documented how the API's cursors behave if rows are deleted while a list is read: a row may be missing until the next sync.",
        "The API does not show whether an account has a second factor or is suspended.",
    ],
    fields: &[
        Field::required(
            "northflank-api-token",
            "Northflank API token",
            "An API token of the organization, created from a role that can read members and roles",
            FieldKind::Secret,
        ),
        Field::optional(
            "northflank-base-url",
            "Northflank API base URL",
            "The URL of the API",
            FieldKind::Url,
        )
        .with_default("https://api.northflank.com"),
    ],
    account_fields: &[],
    side_effects: &[],
    reports_credential_end: true,
    limit_window: Some(Duration::from_secs(3600)),
};

/// The connector's entry in the list of connectors.
pub fn entry() -> Entry {
    Entry::read_only::<Northflank>()
}
