//! Rollcall's connector for Temporal Cloud.
//!
//! This crate's README describes what it shows and changes, and how to set it up.

mod absence;
mod access;
mod api;
mod connect;
mod provision;
mod sync;

use rollcall_connector::config::{Field, FieldKind};
use rollcall_connector::{About, AccountField};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{Capability, ResourceType, TraitKind};

use access::{ACCOUNT_ROLE, CUSTOM_ROLE, GROUP, NAMESPACE, PROJECT, SERVICE_ACCOUNT, USER};
pub use api::{GroupKind, WriteCall};
pub use connect::TemporalCloud;
pub use sync::Step;

/// The description of the connector.
static ABOUT: About = About {
    name: "temporalcloud",
    display_name: "Temporal Cloud",
    resource_types: &[
        ResourceType::account(USER, "User", "A person with an account in Temporal Cloud")
            .with(&[Capability::AccountProvisioning, Capability::ResourceDelete]),
        ResourceType::account(
            SERVICE_ACCOUNT,
            "Service Account",
            "A machine account in Temporal Cloud",
        ),
        ResourceType::new(
            GROUP,
            "Group",
            "A group of users: kept in Temporal Cloud, by Google, or by an identity provider",
            TraitKind::Group,
        ),
        ResourceType::new(NAMESPACE, "Namespace", "A namespace of Temporal Cloud", TraitKind::None)
            .with(&[Capability::Provision]),
        ResourceType::new(
            ACCOUNT_ROLE,
            "Account Role",
            "A built-in role in the account",
            TraitKind::Role,
        )
        .with(&[Capability::Provision]),
        ResourceType::new(
            CUSTOM_ROLE,
            "Custom Role",
            "A role that the customer has defined",
            TraitKind::Role,
        ),
        ResourceType::new(PROJECT, "Project", "A set of namespaces", TraitKind::None),
    ],
    blind_spots: &[
        "What a custom role allows, and on which namespaces, is not shown; only its holders are.",
        "API keys, Nexus endpoints and certificates are not listed.",
    ],
    fields: &[
        Field::required(
            "api-key",
            "API key",
            "An API key of a service account with the account role Global Admin",
            FieldKind::Secret,
        ),
        Field::optional(
            "default-account-role",
            "Default account role",
            "The account role of new accounts",
            FieldKind::Choice(&["read", "developer", "admin"]),
        )
        .with_default("read"),
        Field::optional("base-url", "Base URL", "The URL of the Cloud Ops API", FieldKind::Url)
            .with_default("https://saas-api.tmprl.cloud"),
        Field::optional(
            "allow-insecure",
            "Allow insecure",
            "A key of the public connector, where it sends the API key in plain text; without effect here",
            FieldKind::Flag,
        ),
    ],
    account_fields: &[AccountField {
        key: "email",
        display_name: "Email",
        description: "The address to which the invitation is sent",
        placeholder: "user@example.com",
        required: true,
    }],
    side_effects: &[],
    reports_credential_end: true,
    limit_window: None,
};

/// The connector's entry in the list of connectors.
pub fn entry() -> Entry {
    Entry::with_accounts::<TemporalCloud>()
}
