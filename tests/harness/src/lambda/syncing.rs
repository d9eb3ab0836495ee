//! What a function publishes and tells, and how it fails.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use rollcall_engine::runtime::function::Operation;
use serde_json::{Value, json};

use super::{Functions, fast, latest, small};

/// The snapshot, its manifest and the pointer to it are in the store; the log has a line that sums it up, and one of
/// metrics.
pub async fn a_sync_publishes_and_tells_what_it_did<S: Functions>() {
    let vendor = fast::<S>().await;
    let local = vendor.beside();
    let function = S::function(Operation::Sync, &local).await;
    let answer = function.answer(json!({"connection": "default"})).await;
    assert_eq!(answer["status"], "complete", "{answer:#}");
    let latest = local.json(latest::<S>());
    for same in ["sync_id", "snapshot", "content_digest"] {
        assert_eq!(latest[same], answer[same], "{latest:#}");
    }
    let snapshot = answer["snapshot"].as_str().expect("a key");
    assert!(local.store().join(snapshot).is_file());
    let manifest = latest["manifest"].as_str().expect("a key");
    assert_eq!(local.json(manifest)["counts"], answer["counts"]);

    let output = vendor.end(function, &["done"]).await;
    let name = S::entry().about.name;
    let lines = (&output.summaries()[0], &output.numbers()[0]);
    has(
        lines.0,
        [
            ("level", "INFO"),
            ("connector", name),
            ("connection", "default"),
            ("operation", "sync"),
        ],
    );
    has(
        lines.1,
        [
            ("Connector", name),
            ("Connection", "default"),
            ("Operation", "sync"),
        ],
    );
    assert_eq!(
        (&lines.1["Calls"], &lines.1["Grants"]),
        (&answer["calls"], &answer["counts"]["grants"])
    );
}

fn has<const N: usize>(line: &Value, expected: [(&str, &str); N]) {
    for (field, value) in expected {
        assert_eq!(line[field], value, "{line:#}");
    }
}

/// Lambda sees the type of a failure, whoever called sees the rest, and the process serves on.
pub async fn a_malformed_event_is_told_to_lambda_and_keeps_the_environment<S: Functions>() {
    let vendor = small::<S>().await;
    let local = vendor.beside();
    let function = S::function(Operation::Sync, &local).await;
    let refusal = function
        .refusal(json!({"connection": "default", "full": true}))
        .await;
    assert_eq!(refusal.kind, "InvalidRequest");
    let fields = refusal.message.as_object().expect("an object");
    let fields: Vec<_> = fields.keys().collect();
    assert_eq!(fields, ["code", "fix", "message", "request_id"]);
    assert_eq!(
        (refusal.text("code"), &refusal.message["request_id"]),
        ("MalformedEvent", &Value::Null)
    );
    let message = refusal.text("message");
    assert!(message.contains("unknown field `full`"), "{refusal:?}");
    assert_eq!(function.answer(json!({})).await["status"], "complete");
    vendor.end(function, &["failed", "done"]).await;
}

/// Whoever looks for a mistake turns everything on, and sends the log to others.
pub async fn the_token_is_in_no_log_however_much_is_logged<S: Functions>() {
    let vendor = fast::<S>().await;
    let local = vendor.beside();
    for operation in [Operation::Sync, Operation::Grant] {
        if !S::entry().operations.contains(&operation) {
            continue;
        }
        let function = S::function_with(operation, &local, "RUST_LOG", "trace").await;
        function.answer(S::sample(operation)).await;
        let unknown = json!({"connection": "nobody", "request_id": "r1"});
        function.refusal(unknown).await;
        let output = vendor.end(function, &["done", "failed"]).await;
        assert!(
            output.holds("\"TRACE\""),
            "too little is logged: {:#?}",
            output.stdout
        );
    }
}

/// Nothing is left in a process of one invocation that the next one could mistake for its own.
pub async fn one_environment_serves_one_invocation_after_another<S: Functions>() {
    let vendor = fast::<S>().await;
    let local = vendor.beside();
    let function = S::function(Operation::Sync, &local).await;
    let first = function.answer(json!({})).await;
    for _ in 0..4 {
        let next = function.answer(json!({})).await;
        assert_ne!(next["sync_id"], first["sync_id"]);
        assert_eq!(
            (&next["status"], &next["content_digest"]),
            (&json!("complete"), &first["content_digest"])
        );
        assert_eq!(
            next["calls"], first["calls"],
            "each invocation counts for itself"
        );
    }
    assert_eq!(local.json(latest::<S>())["generation"], 5);
    vendor.end(function, &["done"; 5]).await;
}
