//! Credentials that are not right are named, before any task is taken.

use rollcall_simulators::c1::Rpc;
use serde_json::{Value, json};

use crate::world::{Desk, Script};

/// Writes the connection's secret anew, with these keys set.
fn set(desk: &Desk, keys: &Value) {
    let path = desk.folder.path().join("secrets/temporalcloud/default.json");
    let text = std::fs::read_to_string(&path).expect("a secret");
    let mut secret: Value = serde_json::from_str(&text).expect("JSON");
    for (key, value) in keys.as_object().expect("keys") {
        secret[key] = value.clone();
    }
    std::fs::write(path, secret.to_string()).expect("written");
}

#[tokio::test]
async fn what_is_wrong_with_the_credentials_is_said_before_a_task_is_taken() {
    let other = Desk::scripted().await.c1.credential_with_wrong_key().expect("a key");
    for (keys, code, text) in [
        (
            json!({"client-id": "", "client-secret": ""}),
            "C1CredentialsMalformed",
            "no credentials for ConductorOne",
        ),
        (json!({"client-secret": ""}), "C1CredentialsMalformed", "`client-secret` is missing"),
        (json!({"client-id": "acme"}), "C1CredentialsMalformed", "name@host/suffix"),
        (json!({"client-secret": "hunter2"}), "C1CredentialsMalformed", "must begin with"),
        (
            json!({"client-secret": other.client_secret}),
            "C1CredentialsRefused",
            "does not accept the client id",
        ),
        (json!({"c1-api-host": "127.0.0.1:9"}), "C1Unavailable", "127.0.0.1:9"),
        (json!({"c1-api-host": "a/b"}), "C1CredentialsMalformed", "`c1-api-host`"),
        (json!({"host-id": "x".repeat(257)}), "C1CredentialsMalformed", "`host-id`"),
        (json!({"provisioning": "maybe"}), "C1CredentialsMalformed", "`provisioning`"),
    ] {
        let desk = Desk::scripted().await;
        set(&desk, &keys);
        let error = desk.run(&Script::new([])).await.expect_err(text);
        assert_eq!(error.code(), code, "{keys}: {error}");
        assert!(error.to_string().contains(text), "{keys}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(desk.c1.calls_to(Rpc::GetTask).is_empty());
    }
}

#[tokio::test]
async fn a_name_of_the_installation_in_the_secret_is_sent_with_every_request() {
    for (keys, name) in
        [(json!({}), "rollcall-temporalcloud-default"), (json!({"host-id": "pod-7"}), "pod-7")]
    {
        let desk = Desk::scripted().await;
        set(&desk, &keys);
        desk.until_idle(&Script::new([])).await;
        let hello = desk.c1.hellos().pop().expect("a Hello");
        assert_eq!((&*hello.host_id, hello.task_id.is_empty()), (name, true));
    }
}

#[tokio::test]
async fn the_connector_is_introduced_again_only_when_something_about_it_has_changed() {
    let mut desk = Desk::scripted().await;
    desk.until_idle(&Script::new([])).await;
    desk.until_idle(&Script::new([])).await;
    assert_eq!(desk.c1.hellos().len(), 1);
    desk.event.metadata["displayName"] = "Another name".into();
    desk.until_idle(&Script::new([])).await;
    assert_eq!(desk.c1.hellos().len(), 2);
}

#[tokio::test]
async fn nothing_that_is_written_holds_the_secret_or_a_token() {
    let (desk, _vendor) = Desk::temporal_cloud().await;
    desk.c1.give(rollcall_simulators::c1::messages::SyncFullTask::default());
    desk.until_idle(&desk.functions()).await;
    let secret = desk.c1.credential().client_secret;
    let store = desk.folder.path().join("store");
    for entry in std::fs::read_dir(store.join("c1/temporalcloud")).expect("a folder") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        assert!(!text.contains(&secret) && !text.contains("Bearer"), "{text}");
    }
    assert!(!desk.notes.text().contains(&secret[40..]));
}
