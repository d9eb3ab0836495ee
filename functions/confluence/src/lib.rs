//! Rollcall's connector for Confluence Cloud.
//!
//! This crate's README describes what it shows and changes, and how to set it up.

mod access;
mod api;
mod connect;
mod provision;
mod sync;

use rollcall_connector::config::{Field, FieldKind};
use rollcall_connector::{About, SideEffect};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{Capability, ResourceType, TraitKind};

pub use access::AccessMode;
use access::{ASSIGNMENT, CLASS, GROUP, NOUNS, ROLE, SPACE, USER, VERBS};
pub use api::{ListPosition, Write};
pub use connect::Confluence;
use provision::CASCADE;
pub use sync::Step;

/// The connector's entry in the list of connectors.
pub fn entry() -> Entry {
    Entry::with_access_changes::<Confluence>()
}

const PROVISION: &[Capability] = &[Capability::Provision];

/// The description of the connector.
static ABOUT: About = About {
    name: "confluence",
    display_name: "Confluence",
    resource_types: &[
        ResourceType::account(
            USER,
            "User",
            "An account that may use the site: a person, a guest or an app",
        ),
        ResourceType::new(GROUP, "Group", "A group of users", TraitKind::Group).with(PROVISION),
        ResourceType::new(SPACE, "Space", "A space, and the permissions on it", TraitKind::None)
            .with(PROVISION),
        ResourceType::new(
            ROLE,
            "Space Role",
            "A role that can be given on spaces",
            TraitKind::Role,
        )
        .without_entitlements(),
        ResourceType::new(
            ASSIGNMENT,
            "Space Role Assignment",
            "A role on a space",
            TraitKind::ScopeBinding,
        )
        .with(PROVISION),
        ResourceType::new(
            CLASS,
            "Access Class",
            "A class of people, such as everybody with a licence, or anybody on the internet",
            TraitKind::Group,
        )
        .without_entitlements(),
    ],
    blind_spots: &[
        "Spaces that the token's account cannot view are not listed; the API does not show how many there are.",
        "The members of a class of people, such as everybody with a licence, are not shown, only what the class may do.",
        "Restrictions on single pages are not shown.",
        "An account that is in no group and on no space can be missed: the user search omits deactivated accounts, ends at ten thousand, and is paged by offset, so that it skips an account if another one is deleted during the search.",
    ],
    fields: &[
        Field::required(
            "domain-url",
            "Domain URL",
            "The site: `acme`, `https://acme.atlassian.net`, or for scoped tokens https://api.atlassian.com/ex/confluence/<cloud id>",
            FieldKind::Checked(|text| api::Site::parse(text).map(drop)),
        ),
        Field::optional(
            "username",
            "Username",
            "The e-mail address of the token's account; none for a service account, whose token is sent as it is",
            FieldKind::Text,
        ),
        Field::required("api-key", "API key", "An API token", FieldKind::Secret),
        Field::optional(
            "skip-personal-spaces",
            "Skip personal spaces",
            "Exclude personal spaces",
            FieldKind::Flag,
        ),
        Field::optional(
            "noun",
            "Nouns",
            "The nouns of the permissions to show",
            FieldKind::Any(NOUNS),
        )
        .with_default("space"),
        Field::optional(
            "verb",
            "Verbs",
            "The verbs of the permissions to show",
            FieldKind::Any(VERBS),
        )
        .with_default("administer,create,delete,export,read,restrict_content"),
        Field::optional(
            "use-rbac",
            "Use RBAC",
            "A key of the public connector, without effect here: whether a site has roles is detected automatically",
            FieldKind::Flag,
        ),
    ],
    account_fields: &[],
    side_effects: &[SideEffect {
        name: CASCADE,
        meaning: "revoking read-space also revokes all other permissions on the space",
    }],
    reports_credential_end: false,
    limit_window: None,
};
