//! The description of a connector, from JSON (`c1.connector.v2.ConnectorMetadata`) to the message: the agent contains no
//! connector, so its caller passes that on.

use std::collections::BTreeMap;

use prost_types::Any;
use rollcall_connector::{Code, Error};
use rollcall_model::proto::{ResourceType, TRAITS};
use serde::Deserialize;
use serde_json::Value;

use crate::proto::{
    AccountCreationSchema, AccountField, AccountFieldKind, ConnectorCapabilities,
    ConnectorMetadata, CredentialDetails, CredentialOptions, ResourceTypeCapability, Unread,
};

/// The values of `c1.connector.v2.Capability`, from 1 on.
const CAPABILITIES: [&str; 14] = [
    "PROVISION",
    "SYNC",
    "EVENT_FEED",
    "TICKETING",
    "ACCOUNT_PROVISIONING",
    "CREDENTIAL_ROTATION",
    "RESOURCE_CREATE",
    "RESOURCE_DELETE",
    "SYNC_SECRETS",
    "ACTIONS",
    "TARGETED_SYNC",
    "EVENT_FEED_V2",
    "SERVICE_MODE_TARGETED_SYNC",
    "CREDENTIAL_ISSUE",
];

/// The values of `c1.connector.v2.CapabilityDetailCredentialOption`, from 1 on.
const CREDENTIAL_OPTIONS: [&str; 3] = ["NO_PASSWORD", "RANDOM_PASSWORD", "SSO"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Metadata {
    display_name: String,
    #[serde(default)]
    description: String,
    capabilities: Capabilities,
    account_creation_schema: Option<Schema>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Capabilities {
    resource_type_capabilities: Vec<TypeCapability>,
    connector_capabilities: Vec<String>,
    credential_details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TypeCapability {
    resource_type: Type,
    capabilities: Vec<String>,
    #[serde(rename = "permissions")]
    _permissions: Option<Empty>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Type {
    id: String,
    display_name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    traits: Vec<String>,
    #[serde(default)]
    annotations: Vec<Annotation>,
}

/// An annotation without content.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Annotation {
    #[serde(rename = "@type")]
    type_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Details {
    capability_account_provisioning: Option<Options>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    supported_credential_options: Vec<String>,
    preferred_credential_option: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Schema {
    field_map: BTreeMap<String, SchemaField>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SchemaField {
    display_name: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    description: String,
    #[serde(default)]
    placeholder: String,
    #[serde(default)]
    order: i32,
    string_field: Option<Empty>,
    bool_field: Option<Empty>,
    string_list_field: Option<Empty>,
    int_field: Option<Empty>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

/// Reads the JSON form.
pub(crate) fn read(json: &Value) -> Result<ConnectorMetadata, Error> {
    let metadata = Metadata::deserialize(json).map_err(|e| malformed(e.to_string()))?;
    let schema = metadata.account_creation_schema;
    Ok(ConnectorMetadata {
        display_name: metadata.display_name,
        description: metadata.description,
        capabilities: Some(capabilities(metadata.capabilities)?),
        account_creation_schema: schema.map(|schema| AccountCreationSchema {
            field_map: schema.field_map.into_iter().map(|(key, f)| (key, field(f))).collect(),
        }),
    })
}

fn malformed(why: String) -> Error {
    Error::invalid(
        Code::MalformedEvent,
        format!("the connector's `metadata` is not in the documented form: {why}"),
        "Deploy the template of this version of Rollcall: it contains the metadata of each connector.",
    )
}

fn capabilities(from: Capabilities) -> Result<ConnectorCapabilities, Error> {
    let types = from.resource_type_capabilities.into_iter().map(|of_type| {
        Ok(ResourceTypeCapability {
            capabilities: numbers(&of_type.capabilities)?,
            resource_type: Some(resource_type(of_type.resource_type)?),
            permissions: Some(Unread {}),
        })
    });
    let accounts = from.credential_details.and_then(|d| d.capability_account_provisioning);
    let accounts = accounts.map(|options| {
        let number = |name: &String| {
            one_of(&CREDENTIAL_OPTIONS, "CAPABILITY_DETAIL_CREDENTIAL_OPTION_", name)
        };
        let supported = options.supported_credential_options.iter().map(number);
        Ok::<_, Error>(CredentialOptions {
            supported_credential_options: supported.collect::<Result<_, _>>()?,
            preferred_credential_option: number(&options.preferred_credential_option)?,
        })
    });
    let accounts = accounts.transpose()?;
    Ok(ConnectorCapabilities {
        resource_type_capabilities: types.collect::<Result<_, Error>>()?,
        connector_capabilities: numbers(&from.connector_capabilities)?,
        credential_details: accounts
            .map(|of| CredentialDetails { capability_account_provisioning: Some(of) }),
    })
}

fn numbers(names: &[String]) -> Result<Vec<i32>, Error> {
    names.iter().map(|name| one_of(&CAPABILITIES, "CAPABILITY_", name)).collect()
}

/// The number of a value of an enum whose values count from 1 on.
fn one_of(values: &[&str], prefix: &str, name: &str) -> Result<i32, Error> {
    let found = name.strip_prefix(prefix).and_then(|bare| values.iter().position(|v| *v == bare));
    let number = found.and_then(|position| i32::try_from(position + 1).ok());
    number.ok_or_else(|| malformed(format!("`{name}` is unknown")))
}

fn resource_type(from: Type) -> Result<ResourceType, Error> {
    let number = |name: &String| {
        let bare = name.strip_prefix("TRAIT_").map(str::to_lowercase);
        let found = TRAITS.iter().find(|(_, known, _)| bare.as_deref() == Some(known));
        found.map(|(number, ..)| *number).ok_or_else(|| malformed(format!("`{name}` is unknown")))
    };
    let annotation = |a: Annotation| Any { type_url: a.type_url, value: Vec::new() };
    Ok(ResourceType {
        id: from.id,
        display_name: from.display_name,
        traits: from.traits.iter().map(number).collect::<Result<_, _>>()?,
        annotations: from.annotations.into_iter().map(annotation).collect(),
        description: from.description,
    })
}

fn field(from: SchemaField) -> AccountField {
    let kinds = [
        from.bool_field.map(|_| AccountFieldKind::Flag(Unread {})),
        from.string_list_field.map(|_| AccountFieldKind::TextList(Unread {})),
        from.int_field.map(|_| AccountFieldKind::Integer(Unread {})),
        from.string_field.map(|_| AccountFieldKind::Text(Unread {})),
    ];
    AccountField {
        display_name: from.display_name,
        required: from.required,
        description: from.description,
        placeholder: from.placeholder,
        order: from.order,
        kind: kinds.into_iter().flatten().next(),
    }
}
