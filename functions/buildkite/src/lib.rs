//! Rollcall's connector for Buildkite.
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

use access::{ORGANIZATION, TEAM, USER};
pub use api::PagePosition;
pub use connect::Buildkite;
pub use sync::{GraphQlStats, Step};

/// The connector's entry in the list of connectors.
pub fn entry() -> Entry {
    Entry::read_only::<Buildkite>()
}

/// What the connector is.
static ABOUT: About = About {
    name: "buildkite",
    display_name: "Buildkite",
    resource_types: &[
        ResourceType::new(ORGANIZATION, "Organization", "The organization", TraitKind::None),
        ResourceType::new(TEAM, "Team", "A team, and who is in it", TraitKind::Group),
        ResourceType::account(USER, "User", "A member of the organization"),
    ],
    blind_spots: &[
        "Secret teams are shown to organization administrators and to their own members only: with another person's token they are missing, and the API does not say how many there are.",
        "Invitations that are not accepted yet are not shown.",
        "What teams may do with pipelines, test suites and registries is not shown.",
        "A row that moves to a page which was read already, because others were deleted meanwhile, is missing until the next sync if the pages of its list cannot be made to overlap.",
        "Whether an account has a second factor, is a machine, or was used lately is not told by the REST API.",
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
            "The organization's slug, as in https://buildkite.com/<slug>; not needed if the token reaches one alone",
            FieldKind::Text,
        ),
        Field::optional(
            "base-url",
            "Base URL",
            "Where the REST API is, with its version",
            FieldKind::Url,
        )
        .with_default(api::REST),
        Field::optional(
            "graphql-url",
            "GraphQL URL",
            "Where the GraphQL API is, for tokens with the scope GraphQL; https://graphql.buildkite.com/v1 unless `base-url` says that Buildkite is elsewhere",
            FieldKind::Url,
        ),
    ],
    reports_credential_end: true,
    limit_window: Some(Duration::from_secs(60)),
};
