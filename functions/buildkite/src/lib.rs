//! Rollcall's connector for Buildkite.
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

use access::{ORGANIZATION, TEAM, USER};
pub use api::PagePosition;
pub use connect::Buildkite;
pub use sync::{GraphQlStats, Step};

/// The connector's entry in the list of connectors.
pub fn entry() -> Entry {
    Entry::read_only::<Buildkite>()
}

/// The description of the connector.
static ABOUT: About = About {
    name: "buildkite",
    display_name: "Buildkite",
    resource_types: &[
        ResourceType::new(ORGANIZATION, "Organization", "The organization", TraitKind::None),
        ResourceType::new(TEAM, "Team", "A team, and who is in it", TraitKind::Group),
        ResourceType::account(USER, "User", "A member of the organization"),
    ],
    blind_spots: &[
        "Only organization administrators and the members of a secret team can see that team: with anyone else's token it is missing, and the API does not show how many such teams there are.",
        "Pending invitations are not shown.",
        "Teams' permissions on pipelines, test suites and registries are not shown.",
        "If rows are deleted while a list is read, a row that moves to a page that was already read is missing until the next sync, unless the pages of that list can be made to overlap.",
        "The REST API does not show whether an account has a second factor, is a machine user, or was used recently.",
    ],
    fields: &[
        Field::required(
            "api-token",
            "API token",
            "An API access token with the scopes Read Organizations and Read Teams",
            FieldKind::Secret,
        ),
        Field::optional(
            "organization",
            "Organization",
            "The organization's slug, as in https://buildkite.com/<slug>; optional if the token can access only one",
            FieldKind::Text,
        ),
        Field::optional(
            "base-url",
            "Base URL",
            "The URL of the REST API, including its version",
            FieldKind::Url,
        )
        .with_default(api::REST),
        Field::optional(
            "graphql-url",
            "GraphQL URL",
            "The URL of the GraphQL API, for tokens with the GraphQL scope; default https://graphql.buildkite.com/v1, unless `base-url` is set to another host",
            FieldKind::Url,
        ),
    ],
    account_fields: &[],
    side_effects: &[],
    reports_credential_end: true,
    limit_window: Some(Duration::from_secs(60)),
};
