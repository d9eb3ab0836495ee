//! The real binaries, as Lambda runs them: a process in front of a Runtime API, a store in a folder, secrets in files.

use std::time::Duration;

use rollcall::function::Operation;
use rollcall_harness::runtime_api::Deadline;
use rollcall_simulators::temporalcloud::{TEST_KEY, TemporalCloud, World};
use serde_json::{Value, json};

use crate::environment::{Environment, Output, beside, binary, simulator, start};
use crate::events::sample;

/// The lines that sum an invocation up.
fn summaries(log: &[Value]) -> Vec<&Value> {
    log.iter()
        .filter(|line| matches!(line["message"].as_str(), Some("done" | "failed")))
        .collect()
}

/// The lines that CloudWatch takes metrics from.
fn metrics(log: &[Value]) -> Vec<&Value> {
    log.iter()
        .filter(|line| line.get("_aws").is_some())
        .collect()
}

/// One summary and one line of metrics for each invocation, in its order; no token anywhere.
fn told(output: &Output, outcomes: &[&str]) {
    let log = output.log();
    let said: Vec<_> = summaries(&log)
        .iter()
        .map(|line| line["message"].clone())
        .collect();
    assert_eq!(said, outcomes, "{log:#?}");
    let failures: Vec<_> = metrics(&log)
        .iter()
        .map(|line| line["Failures"].clone())
        .collect();
    let expected: Vec<_> = outcomes
        .iter()
        .map(|said| json!(u8::from(*said == "failed")))
        .collect();
    assert_eq!(failures, expected, "{log:#?}");
    assert!(!output.holds(TEST_KEY), "the key is in the log");
    assert_eq!(output.stderr, Vec::<String>::new());
}

#[tokio::test]
async fn a_sync_publishes_and_tells_what_it_did() {
    let sim = simulator(World::rich()).await;
    let local = beside(&sim);
    let environment = start(Operation::Sync, &local).await;
    let answer = environment.answer(json!({"connection": "default"})).await;
    assert_eq!(answer["status"], "complete", "{answer:#}");
    let latest = local.json("latest/temporalcloud/default.json");
    for same in ["sync_id", "snapshot", "content_digest"] {
        assert_eq!(latest[same], answer[same], "{latest:#}");
    }
    assert!(
        local
            .store()
            .join(answer["snapshot"].as_str().expect("a key"))
            .is_file()
    );
    assert_eq!(
        local.json(latest["manifest"].as_str().expect("a key"))["counts"],
        answer["counts"]
    );

    let output = environment.end().await;
    told(&output, &["done"]);
    let log = output.log();
    let summary = summaries(&log)[0];
    let expected = [
        ("level", "INFO"),
        ("connector", "temporalcloud"),
        ("connection", "default"),
        ("operation", "sync"),
    ];
    for (field, value) in expected {
        assert_eq!(summary[field], value, "{summary:#}");
    }
    let metrics = metrics(&log)[0];
    let dimensions = [
        ("Connector", "temporalcloud"),
        ("Connection", "default"),
        ("Operation", "sync"),
    ];
    for (field, value) in dimensions {
        assert_eq!(metrics[field], value, "{metrics:#}");
    }
    assert_eq!(
        (&metrics["Calls"], &metrics["Grants"]),
        (&answer["calls"], &answer["counts"]["grants"])
    );
}

#[tokio::test]
async fn the_token_is_in_no_log_however_much_is_logged() {
    let sim = simulator(World::rich()).await;
    let local = beside(&sim);
    for operation in [Operation::Sync, Operation::Grant] {
        let variables = local
            .variables()
            .into_iter()
            .chain([("RUST_LOG".to_owned(), "trace".to_owned())]);
        let environment = Environment::start(binary(operation), variables).await;
        environment.answer(sample(operation)).await;
        environment
            .refusal(json!({"connection": "nobody", "request_id": "r1"}))
            .await;
        let output = environment.end().await;
        assert!(
            output.holds("\"TRACE\""),
            "too little is logged: {:#?}",
            output.stdout
        );
        told(&output, &["done", "failed"]);
    }
}

#[tokio::test]
async fn a_failure_names_its_type_to_lambda_and_keeps_the_environment() {
    let sim = simulator(World::worked_example()).await;
    let local = beside(&sim);
    let environment = start(Operation::Sync, &local).await;
    let refusal = environment
        .refusal(json!({"connection": "default", "full": true}))
        .await;
    assert_eq!(refusal.kind, "InvalidRequest");
    let fields: Vec<_> = refusal
        .message
        .as_object()
        .expect("an object")
        .keys()
        .collect();
    assert_eq!(fields, ["code", "fix", "message", "request_id"]);
    assert_eq!(
        (refusal.text("code"), &refusal.message["request_id"]),
        ("MalformedEvent", &Value::Null)
    );
    assert!(
        refusal.text("message").contains("unknown field `full`"),
        "{refusal:?}"
    );
    assert_eq!(environment.answer(json!({})).await["status"], "complete");
    told(&environment.end().await, &["failed", "done"]);

    let environment = start(Operation::Grant, &local).await;
    let mut event = sample(Operation::Grant);
    event["entitlement"] = "account-role:a1b23-owner:member".into();
    let refusal = environment.refusal(event.clone()).await;
    assert_eq!(
        (refusal.kind.as_str(), refusal.text("code")),
        ("Refused", "ImmutableRole")
    );
    assert_eq!(refusal.message["request_id"], event["request_id"]);
    // A refusal uses nothing up: the same id is good for the corrected request.
    assert_eq!(
        environment.answer(sample(Operation::Grant)).await["outcome"],
        "granted"
    );
    told(&environment.end().await, &["failed", "done"]);
}

#[tokio::test]
async fn every_write_answers_what_it_did() {
    let sim = simulator(World::worked_example()).await;
    let local = beside(&sim);
    let grant = json!({
        "id": "namespace:demo.a1b23:write:service-account:sa1",
        "entitlement": "namespace:demo.a1b23:write",
        "principal": "service-account:sa1",
    });
    let rows = [
        (
            Operation::Grant,
            "granted",
            json!([grant]),
            json!([]),
            "already_granted",
        ),
        (
            Operation::Revoke,
            "revoked",
            json!([]),
            json!([grant["id"]]),
            "already_revoked",
        ),
        (
            Operation::CreateAccount,
            "created",
            json!([]),
            json!([]),
            "already_exists",
        ),
        (
            Operation::DeleteAccount,
            "deleted",
            json!([]),
            json!([
                "account-role:a1b23-developer:member:user:u2",
                "namespace:demo.a1b23:write:user:u2"
            ]),
            "already_deleted",
        ),
    ];
    for (operation, outcome, grants, removed, again) in rows {
        let environment = start(operation, &local).await;
        let mut event = sample(operation);
        let answer = environment.answer(event.clone()).await;
        let what = operation.as_str();
        assert_eq!(answer["outcome"], outcome, "{what}: {answer:#}");
        assert_eq!(
            (&answer["grants"], &answer["removed"]),
            (&grants, &removed),
            "{what}: {answer:#}"
        );
        assert_eq!(
            (&answer["dry_run"], &answer["resume_at"]),
            (&json!(false), &Value::Null)
        );
        assert_eq!(answer["request_id"], event["request_id"]);
        assert!(
            answer["vendor_request_id"].is_string(),
            "{what}: {answer:#}"
        );
        let audit = answer["audit"].as_str().expect("a key");
        assert_eq!(
            local.json(format!("{audit}/intended.json"))["request"],
            event,
            "{what}"
        );
        assert_eq!(
            local.json(format!("{audit}/observed.json"))["answer"],
            answer,
            "{what}"
        );

        // The same process: the record's answer, then a new request for what is done already.
        sim.clear_requests();
        assert_eq!(environment.answer(event.clone()).await, answer, "{what}");
        assert_eq!(sim.calls(), 0, "{what}: the vendor was asked");
        event["request_id"] = format!("again-{what}").into();
        assert_eq!(environment.answer(event).await["outcome"], again, "{what}");
        told(&environment.end().await, &["done", "done", "done"]);
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn one_environment_serves_one_invocation_after_another() {
    let sim = simulator(World::rich()).await;
    let local = beside(&sim);
    let environment = start(Operation::Sync, &local).await;
    let first = environment.answer(json!({})).await;
    for _ in 0..4 {
        let next = environment.answer(json!({})).await;
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
    assert_eq!(
        local.json("latest/temporalcloud/default.json")["generation"],
        5
    );
    told(&environment.end().await, &["done"; 5]);
}

#[tokio::test]
async fn the_deadline_of_an_emulator_says_nothing() {
    let sim = simulator(World::worked_example()).await;
    let local = beside(&sim);
    let environment = start(Operation::Sync, &local).await;
    let answer = environment
        .answer_by(sample(Operation::Sync), Deadline::Emulator)
        .await;
    assert_eq!(answer["status"], "complete", "{answer:#}");
    told(&environment.end().await, &["done"]);
    let environment = start(Operation::Grant, &local).await;
    let answer = environment
        .answer_by(sample(Operation::Grant), Deadline::Emulator)
        .await;
    assert_eq!(answer["outcome"], "granted", "{answer:#}");
    told(&environment.end().await, &["done"]);
}

#[tokio::test]
async fn a_configured_timeout_stands_in_for_a_deadline_that_says_nothing() {
    let sim = simulator(World::rich()).await;
    slow(&sim);
    let local = beside(&sim);
    let timeout = ("ROLLCALL_TIMEOUT_SECONDS".to_owned(), "3".to_owned());
    let environment = Environment::start(
        binary(Operation::Sync),
        local.variables().into_iter().chain([timeout]),
    )
    .await;
    let answer = environment.answer_by(json!({}), Deadline::Emulator).await;
    assert_eq!(
        (&answer["status"], &answer["reason"]),
        (&json!("continue"), &json!("deadline")),
        "{answer:#}"
    );
    environment.end().await;
}

/// A vendor so slow, with pages so small, that a sync takes more than a few seconds.
pub(crate) fn slow(sim: &TemporalCloud) {
    sim.set_options(|options| {
        options.latency = Duration::from_millis(250);
        options.force_page_size = Some(1);
    });
}

/// The vendor as fast as it gets, with pages as they are.
pub(crate) fn fast(sim: &TemporalCloud) {
    sim.set_options(|options| {
        options.latency = Duration::ZERO;
        options.force_page_size = None;
    });
}

#[tokio::test]
async fn a_sync_cut_by_its_deadline_is_finished_by_another_process() {
    let sim = simulator(World::rich()).await;
    let aside = beside(&sim);
    let function = start(Operation::Sync, &aside).await;
    let whole = function.answer(json!({})).await;

    let local = beside(&sim);
    slow(&sim);
    let environment = start(Operation::Sync, &local).await;
    let cut = environment.answer_by(json!({}), Deadline::In(3_000)).await;
    assert_eq!(
        (&cut["status"], &cut["reason"]),
        (&json!("continue"), &json!("deadline")),
        "{cut:#}"
    );
    assert!(
        cut["resume_at"].is_string() && cut["snapshot"].is_null(),
        "{cut:#}"
    );
    assert!(
        !local.store().join("latest").exists(),
        "half a sync is published"
    );
    let busy = environment.answer(json!({})).await;
    assert_eq!(
        (&busy["status"], &busy["reason"]),
        (&json!("busy"), &json!("lease")),
        "{busy:#}"
    );
    told(&environment.end().await, &["done", "done"]);
    let before = sim.calls();

    fast(&sim);
    let environment = start(Operation::Sync, &local).await;
    let answer = environment.answer(json!({"sync_id": cut["sync_id"]})).await;
    assert_eq!(
        (&answer["status"], &answer["sync_id"]),
        (&json!("complete"), &cut["sync_id"]),
        "{answer:#}"
    );
    assert_eq!(answer["content_digest"], whole["content_digest"]);
    assert_eq!(answer["counts"], whole["counts"]);
    assert!(
        sim.calls() > before && answer["calls"].as_u64() > cut["calls"].as_u64(),
        "{answer:#}"
    );
    assert_eq!(
        local.json("latest/temporalcloud/default.json")["sync_id"],
        cut["sync_id"]
    );
    told(&environment.end().await, &["done"]);
}

#[tokio::test]
async fn a_deadline_that_leaves_hardly_any_time_still_gets_a_sync_on() {
    let sim = simulator(World::rich()).await;
    let local = beside(&sim);
    slow(&sim);
    let environment = start(Operation::Sync, &local).await;
    let mut event = json!({});
    let mut calls = 0;
    for _ in 0..3 {
        let answer = environment.answer_by(event, Deadline::In(2_000)).await;
        assert_eq!(answer["status"], "continue", "{answer:#}");
        // More than who we are was asked: each slice brings steps.
        assert!(answer["calls"].as_u64() > Some(calls + 2), "{answer:#}");
        calls = answer["calls"].as_u64().expect("a number");
        event = json!({"sync_id": answer["sync_id"]});
    }
    fast(&sim);
    assert_eq!(environment.answer(event).await["status"], "complete");
    environment.end().await;
}

#[tokio::test]
async fn a_write_whose_operation_outlasts_the_deadline_is_in_progress_and_then_done() {
    let sim = simulator(World::worked_example()).await;
    sim.set_options(|options| options.operations.polls = usize::MAX);
    let local = beside(&sim);
    let event = sample(Operation::Grant);
    let environment = start(Operation::Grant, &local).await;
    let answer = environment
        .answer_by(event.clone(), Deadline::In(7_000))
        .await;
    assert_eq!(answer["outcome"], "in_progress", "{answer:#}");
    assert!(answer["resume_at"].is_string(), "{answer:#}");
    let audit = local.store().join(answer["audit"].as_str().expect("a key"));
    assert!(audit.join("intended.json").exists() && !audit.join("observed.json").exists());
    environment.end().await;

    sim.finish_operations();
    let environment = start(Operation::Grant, &local).await;
    let answer = environment.answer(event).await;
    assert_eq!(answer["outcome"], "granted", "{answer:#}");
    assert!(audit.join("observed.json").exists());
    let writes = sim
        .requests()
        .into_iter()
        .filter(|request| request.method != "GET")
        .count();
    assert_eq!(writes, 1, "the vendor was told once");
    told(&environment.end().await, &["done"]);
}
