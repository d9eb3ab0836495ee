//! The real binary, as Lambda runs it: a process in front of a Runtime API, a store in a folder, secrets in files.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::{Subject, answer_of};
use rollcall_harness::function::{Environment, Output};
use rollcall_harness::runtime_api::Deadline;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use crate::world::{Desk, Simulated};

/// Starts a function with these variables; those without a value are left out.
pub(crate) async fn start(
    operation: Operation,
    mut variables: Vec<(String, String)>,
    more: &[(&str, &str)],
) -> Environment {
    let name = format!("toybox-{}", operation.as_str());
    variables.push(("AWS_LAMBDA_FUNCTION_NAME".into(), name));
    variables.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    variables.retain(|(name, _)| !more.contains(&(name, "")));
    Environment::start(env!("CARGO_BIN_EXE_toybox"), variables).await
}

/// Ends a function whose log must have no token, and for each invocation one summary line and one line of numbers.
pub(crate) async fn end(function: Environment, outcomes: &[&str]) -> Output {
    let output = function.end(Simulated::TOKENS).await;
    let (summaries, numbers) = (output.summaries(), output.numbers());
    let told: Vec<_> = summaries.iter().map(|line| &line["message"]).collect();
    let counted = numbers.iter().map(|line| match line["Failures"].as_u64() {
        Some(0) => "done",
        _ => "failed",
    });
    assert_eq!(told, outcomes, "{output:#?}");
    assert_eq!(counted.collect::<Vec<_>>(), outcomes, "{output:#?}");
    output
}

/// Lambda sees the type of a failure, whoever called sees the rest. Nothing is left of one invocation that the next one could
/// mistake for its own.
#[tokio::test]
async fn one_environment_serves_one_invocation_after_another_and_its_log_tells_of_each() {
    let desk = Desk::new().await;
    let function = start(Operation::Sync, desk.variables(), &[]).await;
    let first = function.answer(json!({})).await;
    let refusal = function.refusal(json!({"connection": "default", "full": true})).await;
    assert_eq!(refusal.kind, "InvalidRequest");
    let (message, fix) = (refusal.text("message"), refusal.text("fix"));
    assert!(message.contains("unknown field `full`") && !fix.is_empty(), "{refusal:?}");
    let expected =
        json!({"code": "MalformedEvent", "fix": fix, "message": message, "request_id": null});
    assert_eq!(refusal.message, expected);

    let next = function.answer(json!({"connection": "default"})).await;
    assert_eq!(next["status"], "complete");
    assert_ne!(next["sync_id"], first["sync_id"]);
    for same in ["status", "content_digest", "calls"] {
        assert_eq!(next[same], first[same], "each invocation counts for itself");
    }
    let latest = desk.latest();
    for same in ["sync_id", "snapshot", "content_digest"] {
        assert_eq!(latest[same], next[same], "{latest:#}");
    }
    assert_eq!(latest["generation"], 2);
    assert_eq!(desk.manifest(&next)["counts"], next["counts"]);

    let output = end(function, &["done", "failed", "done"]).await;
    let (summary, numbers) = (&output.summaries()[2], &output.numbers()[2]);
    let named = ["level", "connector", "connection", "operation"].map(|name| &summary[name]);
    assert_eq!(named, ["INFO", "toybox", "default", "sync"]);
    let counted = (&numbers["Calls"], &numbers["Grants"]);
    assert_eq!(counted, (&next["calls"], &next["counts"]["grants"]));
}

#[tokio::test]
async fn a_sweep_reports_what_is_overdue_as_a_metric_and_so_that_nothing_is() {
    let desk = Desk::new().await;
    let mut grant = Simulated::good(Operation::Grant);
    grant["duration"] = "PT4H".into();
    let granted = answer_of(desk.invoke(Operation::Grant, grant).await);
    let id = granted["expiration"].as_str().expect("an id");
    let file = desk.file(&format!("expirations/toybox/default/{id}.json"));
    let text = std::fs::read_to_string(&file).expect("a record");
    let ends_at = granted["expires_at"].as_str().expect("a time");
    let function = start(Operation::Revoke, desk.variables(), &[]).await;
    // The real function has a real clock.
    for (at, overdue) in [("2000-01-01T00:00:00Z", 1), ("9999-01-01T00:00:00Z", 0)] {
        std::fs::write(&file, text.replace(ends_at, at)).expect("written");
        let swept = function.answer(json!({"overdue": true})).await;
        assert_eq!(swept["overdue"], overdue, "{swept:#}");
    }
    let output = end(function, &["done", "done"]).await;
    for (line, overdue) in output.numbers().iter().zip([1, 0]) {
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&line["Overdue"], &line["Connector"]), (&json!(overdue), &json!("toybox")));
        assert_eq!(metrics["Metrics"], json!([{"Name": "Overdue", "Unit": "Count"}]));
        assert_eq!(metrics["Dimensions"], json!([["Connector"]]));
    }
}

/// People who debug enable all logs, and send them to others.
#[tokio::test]
async fn the_token_is_in_no_log_however_much_is_logged() {
    let desk = Desk::new().await;
    for operation in [Operation::Sync, Operation::Grant, Operation::Revoke] {
        let function = start(operation, desk.variables(), &[("RUST_LOG", "trace")]).await;
        function.answer(Simulated::good(operation)).await;
        function.refusal(json!({"connection": "nobody"})).await;
        let output = end(function, &["done", "failed"]).await;
        assert!(output.holds("\"TRACE\""), "too little is logged");
    }
}

/// A rate limit is waited for if there is time. Emulators give a deadline in the past, or none: it is ignored, and the
/// operator's timeout replaces it.
#[tokio::test]
async fn a_function_does_not_wait_longer_than_its_deadline() {
    let desk = Desk::new().await;
    let timeout = &[("ROLLCALL_TIMEOUT_SECONDS", "10")];
    for (deadline, more, limits, status) in [
        (Deadline::Emulator, &[][..], 0, "complete"),
        (Deadline::Emulator, timeout, 1, "continue"),
        (Deadline::In(10_000), &[], 1, "continue"),
    ] {
        let limit = Fault::nth(2, FaultKind::too_many_requests(Some(12))).times(limits);
        desk.vendor.set_faults([limit]);
        let function = start(Operation::Sync, desk.variables(), more).await;
        let answer = function.answer_by(json!({}), deadline).await;
        assert_eq!(answer["status"], status, "{answer:#}");
        function.answer(json!({"sync_id": answer["sync_id"]})).await;
        end(function, &["done", "done"]).await;
    }
}

#[tokio::test]
async fn a_wrong_variable_is_named_by_every_invocation_and_ends_no_environment() {
    let desk = Desk::new().await;
    for (name, value, code) in [
        ("ROLLCALL_STORE", "s3:/bucket", "BadEnvironment"),
        ("ROLLCALL_CA_BUNDLE", "/nowhere.pem", "BadTrustRoots"),
    ] {
        for operation in [Operation::Sync, Operation::Grant] {
            let function = start(operation, desk.variables(), &[(name, value)]).await;
            for _ in 0..2 {
                let refusal = function.refusal(Simulated::good(operation)).await;
                let found = (refusal.kind.as_str(), refusal.text("code"));
                assert_eq!(found, ("Misconfigured", code), "{refusal:?}");
                assert!(!refusal.text("fix").is_empty(), "{refusal:?}");
            }
            end(function, &["failed", "failed"]).await;
        }
    }
    assert!(!desk.store().exists() && desk.vendor.requests().is_empty());
}
