//! Rollcall's connector for Buildkite.
//!
//! See the README beside this crate for what it shows, and how to set it up.

mod access;
mod api;
mod check;
mod choice;
mod connect;
mod sync;

use std::time::Duration;

use rollcall_connector::About;
use rollcall_connector::config::{Field, FieldKind};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{ResourceType, TraitKind};

use access::{ORGANIZATION, TEAM, USER};
pub use api::At;
pub use connect::Buildkite;
pub use sync::Step;

/// The connector, for whoever knows it by name.
pub fn entry() -> Entry {
    Entry::reading::<Buildkite>()
}

/// Where Buildkite's APIs are.
const REST: &str = "https://api.buildkite.com/v2";
const GRAPHQL: &str = "https://graphql.buildkite.com/v1";

/// What the connector is.
static ABOUT: About = About {
    name: "buildkite",
    display_name: "Buildkite",
    resource_types: &[
        ResourceType {
            id: ORGANIZATION,
            display_name: "Organization",
            description: "The organization",
            trait_kind: TraitKind::None,
            no_entitlements: false,
            capabilities: &[],
        },
        ResourceType {
            id: TEAM,
            display_name: "Team",
            description: "A team, and who is in it",
            trait_kind: TraitKind::Group,
            no_entitlements: false,
            capabilities: &[],
        },
        ResourceType {
            id: USER,
            display_name: "User",
            description: "A member of the organization",
            trait_kind: TraitKind::User,
            no_entitlements: true,
            capabilities: &[],
        },
    ],
    blind_spots: &[
        "Secret teams are shown to organization administrators and to their own members only: with another person's token they are missing, and the API does not say how many there are.",
        "Invitations that are not accepted yet are not shown.",
        "What teams may do with pipelines, test suites and registries is not shown.",
        "A row that moves to a page which was read already, because others were deleted meanwhile, is missing until the next sync if the pages of its list cannot be made to overlap.",
        "Whether an account has a second factor, is a machine, or was used lately is not told by the REST API.",
    ],
    fields: &[
        Field {
            key: "api-token",
            display_name: "API token",
            description: "An API access token with the scopes Read Organizations and Read Teams",
            kind: FieldKind::Secret,
            required: true,
            default: None,
        },
        Field {
            key: "organization",
            display_name: "Organization",
            description: "The organization's slug, as in https://buildkite.com/<slug>; not needed if the token reaches one alone",
            kind: FieldKind::Text,
            required: false,
            default: None,
        },
        Field {
            key: "base-url",
            display_name: "Base URL",
            description: "Where the REST API is, with its version",
            kind: FieldKind::Url,
            required: false,
            default: Some(REST),
        },
        Field {
            key: "graphql-url",
            display_name: "GraphQL URL",
            description: "Where the GraphQL API is, for tokens with the scope GraphQL; https://graphql.buildkite.com/v1 unless `base-url` says that Buildkite is elsewhere",
            kind: FieldKind::Url,
            required: false,
            default: None,
        },
    ],
    reports_credential_end: true,
    limit_window: Some(Duration::from_secs(60)),
};
