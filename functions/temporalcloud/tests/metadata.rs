//! The metadata that ConductorOne gets.

use rollcall_engine::runtime::capabilities::metadata;
use serde_json::Value;

/// What the public connector sends in its `Hello`, without its name.
const PUBLIC: &str = r#"{
    "capabilities": {
        "resourceTypeCapabilities": [
            {"resourceType": {"id": "account-role", "displayName": "Account Role", "traits": ["TRAIT_ROLE"]},
             "capabilities": ["CAPABILITY_SYNC", "CAPABILITY_PROVISION"], "permissions": {}},
            {"resourceType": {"id": "namespace", "displayName": "Namespace"},
             "capabilities": ["CAPABILITY_SYNC", "CAPABILITY_PROVISION"], "permissions": {}},
            {"resourceType": {"id": "service-account", "displayName": "Service Account", "traits": ["TRAIT_USER"],
                "annotations": [{"@type": "type.googleapis.com/c1.connector.v2.SkipEntitlementsAndGrants"}]},
             "capabilities": ["CAPABILITY_SYNC"], "permissions": {}},
            {"resourceType": {"id": "user", "displayName": "User", "traits": ["TRAIT_USER"],
                "annotations": [{"@type": "type.googleapis.com/c1.connector.v2.SkipEntitlementsAndGrants"}]},
             "capabilities": ["CAPABILITY_SYNC", "CAPABILITY_ACCOUNT_PROVISIONING", "CAPABILITY_RESOURCE_DELETE"],
             "permissions": {}}
        ],
        "connectorCapabilities": ["CAPABILITY_PROVISION", "CAPABILITY_SYNC", "CAPABILITY_ACCOUNT_PROVISIONING",
            "CAPABILITY_RESOURCE_DELETE"],
        "credentialDetails": {"capabilityAccountProvisioning": {
            "supportedCredentialOptions": ["CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD"],
            "preferredCredentialOption": "CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD"
        }}
    },
    "accountCreationSchema": {"fieldMap": {"email": {
        "displayName": "Email", "required": true, "placeholder": "user@example.com", "order": 1, "stringField": {}
    }}}
}"#;

/// Whether this value holds all of that one: an object its fields, a list its items.
fn holds(value: &Value, part: &Value) -> bool {
    match part {
        Value::Object(fields) => fields.iter().all(|(name, part)| holds(&value[name], part)),
        Value::Array(items) => items.iter().all(|part| {
            let mut values = value.as_array().into_iter().flatten();
            values.any(|value| holds(value, part))
        }),
        _ => value == part,
    }
}

#[test]
fn conductorone_gets_all_that_the_public_connector_sends() {
    let public: Value = serde_json::from_str(PUBLIC).expect("JSON");
    let sent = metadata(&rollcall_temporalcloud::entry());
    assert!(holds(&sent, &public), "{sent:#}");
    assert_eq!(sent["displayName"], "Temporal Cloud");
    assert_eq!(sent["capabilities"]["@type"], Value::Null);
}
