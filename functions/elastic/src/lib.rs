//! Rollcall's connector for Elastic Cloud and Elasticsearch.
//!
//! See the README beside this crate for what it shows and changes, and how to set it up.

mod access;
mod api;
mod connect;
mod endpoint;
mod provision;
mod sync;

use rollcall_connector::About;
use rollcall_connector::config::{Field, FieldKind};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{Capability, ResourceType, TraitKind};

use access::{
    DEPLOYMENT, DEPLOYMENT_USER, EXTERNAL_CLASS, EXTERNAL_GROUP, EXTERNAL_USER, INVITATION,
    ORGANIZATION, PROJECT, ROLE, ROLE_MAPPING, USER,
};
pub use api::Write;
pub use connect::Elastic;
pub use sync::Step;

/// The connector, for whoever knows it by name.
pub fn entry() -> Entry {
    Entry::access::<Elastic>()
}

/// What the connector is.
static ABOUT: About = About {
    name: "elastic",
    display_name: "Elastic",
    resource_types: &[
        kind(
            ORGANIZATION,
            "Organization",
            "An organization of Elastic Cloud",
            TraitKind::None,
        ),
        account(USER, "User", "A member of an organization"),
        account(
            INVITATION,
            "Invitation",
            "Somebody who was invited to an organization and is not in it yet",
        ),
        kind(
            DEPLOYMENT,
            "Deployment",
            "A deployment, as far as roles of the organization reach it",
            TraitKind::None,
        ),
        kind(
            PROJECT,
            "Project",
            "A serverless project, as far as roles of the organization reach it",
            TraitKind::None,
        ),
        ResourceType {
            capabilities: &[Capability::Provision],
            ..kind(
                ROLE,
                "Deployment Role",
                "A role of a deployment",
                TraitKind::Role,
            )
        },
        account(
            DEPLOYMENT_USER,
            "Deployment User",
            "A native or reserved user of a deployment",
        ),
        kind(
            ROLE_MAPPING,
            "Role Mapping",
            "Who gets which roles of a deployment by signing in through an identity provider",
            TraitKind::Role,
        ),
        account(
            EXTERNAL_USER,
            "External User",
            "Somebody whom a role mapping names, and whom only an identity provider knows",
        ),
        ResourceType {
            no_entitlements: true,
            ..kind(
                EXTERNAL_GROUP,
                "External Group",
                "A group that a role mapping names, and that only an identity provider knows",
                TraitKind::Group,
            )
        },
        ResourceType {
            no_entitlements: true,
            ..kind(
                EXTERNAL_CLASS,
                "External Class of People",
                "People whom a role mapping covers, or may cover, without naming them: whoever meets its condition",
                TraitKind::Group,
            )
        },
    ],
    blind_spots: &[
        "Users of realms other than the native one (SAML, LDAP, files …) are shown by name only where a role mapping names them; all others whom a mapping covers are one `externalClass` for each mapping.",
        "Which groups, realms and attributes people have at an identity provider is not known: who meets the condition of an `externalClass` is not shown.",
        "Role mappings and roles that are kept in files of a cluster are not shown.",
        "Roles that a role mapping computes by a template are not shown, only the template.",
        "Deployments and projects are shown where somebody has a role on them, by their ids; API keys are not shown.",
    ],
    fields: FIELDS,
    reports_credential_end: true,
    limit_window: None,
};

const fn kind(
    id: &'static str,
    display_name: &'static str,
    description: &'static str,
    trait_kind: TraitKind,
) -> ResourceType {
    ResourceType {
        id,
        display_name,
        description,
        trait_kind,
        no_entitlements: false,
        capabilities: &[],
    }
}

const fn account(
    id: &'static str,
    display_name: &'static str,
    description: &'static str,
) -> ResourceType {
    ResourceType {
        no_entitlements: true,
        ..kind(id, display_name, description, TraitKind::User)
    }
}

const fn optional(
    key: &'static str,
    display_name: &'static str,
    description: &'static str,
    kind: FieldKind,
) -> Field {
    Field {
        key,
        display_name,
        description,
        kind,
        required: false,
        default: None,
    }
}

const FIELDS: &[Field] = &[
    optional(
        "api-key",
        "API key",
        "A key of Elastic Cloud, made by an organization owner",
        FieldKind::Secret,
    ),
    optional(
        "organization-id",
        "Organization id",
        "The one organization to look at; all that the key reaches, if none is given",
        FieldKind::Text,
    ),
    optional(
        "deployment-endpoint",
        "Deployment endpoint",
        "The Elasticsearch endpoint of the one deployment",
        FieldKind::Checked(endpoint::check),
    ),
    optional(
        "deployment-api-key",
        "Deployment API key",
        "The encoded form of a key that was made in that deployment",
        FieldKind::CheckedSecret(endpoint::check_key),
    ),
    optional(
        "deployments",
        "Deployments",
        "Several deployments: a list of objects with `name`, `endpoint`, `api-key`, and for at most one `bare-ids`",
        FieldKind::Table(DEPLOYMENT_FIELDS),
    ),
    Field {
        default: Some("https://api.elastic-cloud.com"),
        ..optional(
            "base-url",
            "Base URL",
            "Where the Elastic Cloud API is",
            FieldKind::Url,
        )
    },
];

const DEPLOYMENT_FIELDS: &[Field] = &[
    Field {
        required: true,
        ..optional(
            "name",
            "Name",
            "What it is called in ids; never give it to another deployment",
            FieldKind::Checked(connect::check_name),
        )
    },
    Field {
        required: true,
        ..optional(
            "endpoint",
            "Endpoint",
            "Its Elasticsearch endpoint",
            FieldKind::Checked(endpoint::check),
        )
    },
    Field {
        required: true,
        ..optional(
            "api-key",
            "API key",
            "The encoded form of a key that was made in it",
            FieldKind::CheckedSecret(endpoint::check_key),
        )
    },
    optional(
        "bare-ids",
        "Bare ids",
        "Its ids are without its name, as those of a single deployment",
        FieldKind::Flag,
    ),
];
