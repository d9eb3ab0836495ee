//! Rollcall's connector for Elastic Cloud and Elasticsearch.
//!
//! This crate's README describes what it shows and changes, and how to set it up.

mod access;
mod api;
mod connect;
mod endpoint;
mod provision;
mod sync;

use rollcall_connector::About;
use rollcall_connector::config::Field;
use rollcall_connector::config::FieldKind::{
    Checked, CheckedSecret, Flag, Secret, Table, Text, Url,
};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{Capability, ResourceType, TraitKind};

use access::{
    DEPLOYMENT, DEPLOYMENT_USER, EXTERNAL_CLASS, EXTERNAL_GROUP, EXTERNAL_USER, INVITATION,
    ORGANIZATION, PROJECT, ROLE, ROLE_MAPPING, USER,
};
pub use api::UserUpdate;
pub use connect::Elastic;
pub use sync::Step;

/// The connector's entry for the command line and the Lambda functions.
pub fn entry() -> Entry {
    Entry::with_access_changes::<Elastic>()
}

static ABOUT: About = About {
    name: "elastic",
    display_name: "Elastic",
    resource_types: &[
        ResourceType::new(
            ORGANIZATION,
            "Organization",
            "An organization of Elastic Cloud",
            TraitKind::None,
        ),
        ResourceType::account(USER, "User", "A member of an organization"),
        ResourceType::account(
            INVITATION,
            "Invitation",
            "Somebody who was invited to an organization and is not in it yet",
        ),
        ResourceType::new(
            DEPLOYMENT,
            "Deployment",
            "A deployment, as far as roles of the organization reach it",
            TraitKind::None,
        ),
        ResourceType::new(
            PROJECT,
            "Project",
            "A serverless project, as far as roles of the organization reach it",
            TraitKind::None,
        ),
        ResourceType::new(ROLE, "Deployment Role", "A role of a deployment", TraitKind::Role)
            .with(&[Capability::Provision]),
        ResourceType::account(
            DEPLOYMENT_USER,
            "Deployment User",
            "A native or reserved user of a deployment",
        ),
        ResourceType::new(
            ROLE_MAPPING,
            "Role Mapping",
            "Who gets which roles of a deployment by signing in through an identity provider",
            TraitKind::Role,
        ),
        ResourceType::account(
            EXTERNAL_USER,
            "External User",
            "Somebody whom a role mapping names, and whom only an identity provider knows",
        ),
        ResourceType::new(
            EXTERNAL_GROUP,
            "External Group",
            "A group that a role mapping names, and that only an identity provider knows",
            TraitKind::Group,
        )
        .without_entitlements(),
        ResourceType::new(
            EXTERNAL_CLASS,
            "External Class of People",
            "People whom a role mapping covers, or may cover, without naming them: whoever meets its condition",
            TraitKind::Group,
        )
        .without_entitlements(),
    ],
    blind_spots: &[
        "Users of realms other than the native one (SAML, LDAP, files …) are shown by name only where a role mapping names them; all others whom a mapping covers are shown as one `externalClass` for each mapping.",
        "People's groups, realms and attributes at an identity provider are not known: who meets the condition of an `externalClass` is not shown.",
        "Role mappings and roles that are defined in a cluster's files are not shown.",
        "Roles that a role mapping computes from a template are not shown, only the template.",
        "Deployments and projects are shown only if somebody has a role on them, and by their ids; API keys are not shown.",
    ],
    fields: FIELDS,
    account_fields: &[],
    side_effects: &[],
    reports_credential_end: true,
    limit_window: None,
};

const FIELDS: &[Field] = &[
    Field::optional(
        "api-key",
        "API key",
        "An Elastic Cloud key, created by an organization owner",
        Secret,
    ),
    Field::optional(
        "organization-id",
        "Organization id",
        "The organization to sync; default: all that the key can access",
        Text,
    ),
    Field::optional(
        "deployment-endpoint",
        "Deployment endpoint",
        "The Elasticsearch endpoint of a single deployment",
        Checked(endpoint::check),
    ),
    Field::optional(
        "deployment-api-key",
        "Deployment API key",
        "The encoded form of a key that was created in that deployment",
        CheckedSecret(endpoint::check_key),
    ),
    Field::optional(
        "deployments",
        "Deployments",
        "Several deployments: a list of objects with `name`, `endpoint`, `api-key`, and for at most one `bare-ids`",
        Table(DEPLOYMENT_FIELDS),
    ),
    Field::optional("base-url", "Base URL", "The URL of the Elastic Cloud API", Url)
        .with_default("https://api.elastic-cloud.com"),
];

const DEPLOYMENT_FIELDS: &[Field] = &[
    Field::required(
        "name",
        "Name",
        "The deployment's name in ids; never give it to another deployment",
        Checked(endpoint::check_name),
    ),
    Field::required("endpoint", "Endpoint", "Its Elasticsearch endpoint", Checked(endpoint::check)),
    Field::required(
        "api-key",
        "API key",
        "The encoded form of a key that was created in it",
        CheckedSecret(endpoint::check_key),
    ),
    Field::optional(
        "bare-ids",
        "Bare ids",
        "Omit the deployment's name from its ids, as with a single deployment",
        Flag,
    ),
];
