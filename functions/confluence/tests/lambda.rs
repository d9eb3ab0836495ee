//! The real binaries, as Lambda runs them: a process in front of a Runtime API, a store in a folder, secrets in files.

use std::time::Duration;

use rollcall_harness::function::Output;
use rollcall_harness::runtime_api::Deadline;
use rollcall_simulators::confluence::{Confluence, TEST_TOKEN, World};
use serde_json::json;

use rollcall::function::Operation;

use crate::environment::{OPERATIONS, beside, simulator, start};
use crate::events::sample;

/// One summary for each invocation, in its order; no token anywhere.
fn told(output: &Output, outcomes: &[&str]) {
    let log = output.log();
    let said: Vec<_> = log
        .iter()
        .filter_map(|line| line["message"].as_str())
        .filter(|message| ["done", "failed"].contains(message))
        .collect();
    assert_eq!(said, outcomes, "{log:#?}");
    assert!(!output.holds(TEST_TOKEN), "the token is in the log");
    assert_eq!(output.stderr, Vec::<String>::new());
}

#[tokio::test]
async fn every_function_does_its_sample_event_and_tells_of_it() {
    for operation in OPERATIONS {
        let sim = simulator(World::worked_example()).await;
        let local = beside(&sim);
        let function = start(operation, &local).await;
        let answer = function.answer(sample(operation)).await;
        match operation {
            Operation::Sync => {
                let latest = local.json("latest/confluence/default.json");
                assert_eq!(latest["sync_id"], answer["sync_id"]);
                let snapshot = answer["snapshot"].as_str().expect("a key");
                assert!(local.store().join(snapshot).is_file());
            }
            _ => {
                let audit = answer["audit"].as_str().expect("a key");
                let observed = local.json(format!("{audit}/observed.json"));
                assert_eq!(observed["answer"], answer);
            }
        }
        told(&function.end().await, &["done"]);
        assert_eq!(sim.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_failure_names_its_type_and_what_to_do() {
    let sim = simulator(World::worked_example()).await;
    sim.with_world(|world| {
        world.revoke_token(TEST_TOKEN);
    });
    let local = beside(&sim);
    let function = start(Operation::Sync, &local).await;
    let refusal = function.refusal(json!({})).await;
    assert_eq!(
        (refusal.kind.as_str(), refusal.text("code")),
        ("Unauthenticated", "UnknownCaller")
    );
    assert!(refusal.text("fix").contains("domain-url"), "{refusal:?}");
    told(&function.end().await, &["failed"]);
}

/// A vendor so slow that a sync takes more than four seconds.
pub(crate) fn slow(sim: &Confluence) {
    sim.set_options(|options| {
        options.latency = Duration::from_millis(700);
        options.force_page_size = Some(1);
    });
}

/// The vendor as fast as it gets, with pages as they are.
pub(crate) fn fast(sim: &Confluence) {
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
    let function = start(Operation::Sync, &local).await;
    let cut = function.answer_by(json!({}), Deadline::In(4_000)).await;
    assert_eq!(
        (&cut["status"], &cut["reason"]),
        (&json!("continue"), &json!("deadline")),
        "{cut:#}"
    );
    told(&function.end().await, &["done"]);

    fast(&sim);
    let function = start(Operation::Sync, &local).await;
    let answer = function.answer(json!({"sync_id": cut["sync_id"]})).await;
    assert_eq!(
        (&answer["status"], &answer["content_digest"]),
        (&json!("complete"), &whole["content_digest"]),
        "{answer:#}"
    );
    told(&function.end().await, &["done"]);
}
