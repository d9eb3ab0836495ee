//! A connector's capabilities and metadata, as Baton shows them.

use rollcall_connector::AccountField;
use rollcall_model::proto::TRAITS;
use rollcall_model::{Capability, ResourceType, encode};
use serde_json::{Map, Value, json};

use crate::runtime::function::Entry;

/// What a connector can do, as Baton's `capabilities` command shows it (`c1.connector.v2.ConnectorCapabilities`).
pub fn capabilities(entry: &Entry) -> Value {
    let mut out = message(entry);
    out["@type"] = "type.googleapis.com/c1.connector.v2.ConnectorCapabilities".into();
    out
}

/// What a connector reports about itself to ConductorOne, as JSON (`c1.connector.v2.ConnectorMetadata`): its name, its
/// capabilities, and what it takes to create an account.
pub fn metadata(entry: &Entry) -> Value {
    let about = entry.about;
    let mut out = json!({"displayName": about.display_name, "capabilities": message(entry)});
    if !about.account_fields.is_empty() {
        let fields = about.account_fields.iter().zip(1..);
        let fields =
            fields.map(|(field, order)| (field.key.to_owned(), account_field(field, order)));
        out["accountCreationSchema"] = json!({"fieldMap": fields.collect::<Map<_, _>>()});
    }
    out
}

fn account_field(field: &AccountField, order: i32) -> Value {
    let mut out = json!({
        "displayName": field.display_name,
        "description": field.description,
        "placeholder": field.placeholder,
        "order": order,
        "stringField": {},
    });
    if field.required {
        out["required"] = true.into();
    }
    out
}

/// The capabilities without `@type`: the message as a part of another one.
fn message(entry: &Entry) -> Value {
    let mut types: Vec<_> = entry.about.resource_types.iter().collect();
    types.sort_by_key(|t| t.id);
    let per_type: Vec<Value> = types.iter().map(|t| type_capabilities(t)).collect();
    let mut all: Vec<Capability> = types.iter().flat_map(|t| t.capabilities).copied().collect();
    all.sort();
    all.dedup();
    let has_accounts = all.contains(&Capability::AccountProvisioning);
    let mut names: Vec<_> = all.iter().copied().map(name).collect();
    // In the order of the schema's numbers: provision is 1, sync is 2, the others follow.
    names.insert(all.partition_point(|c| *c == Capability::Provision), "CAPABILITY_SYNC");
    let mut out = json!({
        "resourceTypeCapabilities": per_type,
        "connectorCapabilities": names,
    });
    if has_accounts {
        let no_password = "CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD";
        out["credentialDetails"] = json!({"capabilityAccountProvisioning": {
            "supportedCredentialOptions": [no_password],
            "preferredCredentialOption": no_password,
        }});
    }
    out
}

fn type_capabilities(t: &ResourceType) -> Value {
    let message = encode::resource_type_message(t);
    let trait_name = TRAITS.iter().find(|(number, ..)| message.traits.contains(number));
    let annotations = message.annotations.iter();
    let annotations: Vec<_> = annotations.map(|a| json!({"@type": a.type_url})).collect();
    let mut resource_type =
        json!({"id": t.id, "displayName": t.display_name, "description": t.description});
    if let Some((_, name, _)) = trait_name {
        resource_type["traits"] = json!([format!("TRAIT_{}", name.to_uppercase())]);
    }
    if !annotations.is_empty() {
        resource_type["annotations"] = json!(annotations);
    }
    let names = ["CAPABILITY_SYNC"].into_iter().chain(t.capabilities.iter().copied().map(name));
    json!({"resourceType": resource_type, "capabilities": names.collect::<Vec<_>>(), "permissions": {}})
}

fn name(capability: Capability) -> &'static str {
    match capability {
        Capability::Provision => "CAPABILITY_PROVISION",
        Capability::AccountProvisioning => "CAPABILITY_ACCOUNT_PROVISIONING",
        Capability::ResourceDelete => "CAPABILITY_RESOURCE_DELETE",
    }
}
