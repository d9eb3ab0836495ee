//! Deadlines: those that say nothing, and those that come too soon.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use rollcall_engine::runtime::function::Operation;
use serde_json::{Value, json};

use super::{Functions, fast, latest, small};
use crate::conformance::Bench;
use crate::runtime_api::Deadline;

/// Emulators give a deadline that is over, or none.
pub async fn the_deadline_of_an_emulator_says_nothing<S: Functions>() {
    let vendor = small::<S>().await;
    let local = vendor.beside();
    for (operation, field, value) in [
        (Operation::Sync, "status", "complete"),
        (Operation::Grant, "outcome", "granted"),
    ] {
        if !S::entry().operations.contains(&operation) {
            continue;
        }
        let function = S::function(operation, &local).await;
        let event = S::sample(operation);
        let answer = function.answer_by(event, Deadline::Emulator).await;
        assert_eq!(answer[field], value, "{answer:#}");
        vendor.end(function, &["done"]).await;
    }
}

/// Where nothing says how long a function may run, the operator can.
pub async fn a_configured_timeout_stands_in_for_a_deadline_that_says_nothing<S: Functions>() {
    let vendor = fast::<S>().await;
    vendor.slow();
    let (local, timeout) = (vendor.beside(), "ROLLCALL_TIMEOUT_SECONDS");
    let function = S::function_with(Operation::Sync, &local, timeout, "3").await;
    let answer = function.answer_by(json!({}), Deadline::Emulator).await;
    is_cut(&answer);
    vendor.end(function, &["done"]).await;
}

fn is_cut(answer: &Value) {
    assert_eq!(
        (&answer["status"], &answer["reason"]),
        (&json!("continue"), &json!("deadline")),
        "{answer:#}"
    );
    assert!(
        answer["resume_at"].is_string() && answer["snapshot"].is_null(),
        "{answer:#}"
    );
}

/// Half a sync publishes nothing and keeps others away; the other half shows what an uninterrupted one does.
pub async fn a_sync_cut_by_its_deadline_is_finished_by_another_process<S: Functions>() {
    let vendor = fast::<S>().await;
    let aside = vendor.beside();
    let function = S::function(Operation::Sync, &aside).await;
    let whole = function.answer(json!({})).await;

    let local = vendor.beside();
    vendor.slow();
    let function = S::function(Operation::Sync, &local).await;
    let cut = function.answer_by(json!({}), Deadline::In(3_000)).await;
    is_cut(&cut);
    let published = local.store().join("latest").exists();
    assert!(!published, "half a sync is published");
    let busy = function.answer(json!({})).await;
    assert_eq!(
        (&busy["status"], &busy["reason"]),
        (&json!("busy"), &json!("lease")),
        "{busy:#}"
    );
    vendor.end(function, &["done", "done"]).await;
    let before = vendor.requests().len();

    vendor.fast();
    let function = S::function(Operation::Sync, &local).await;
    let answer = function.answer(json!({"sync_id": cut["sync_id"]})).await;
    assert_eq!(
        (&answer["status"], &answer["sync_id"]),
        (&json!("complete"), &cut["sync_id"]),
        "{answer:#}"
    );
    assert_eq!(answer["content_digest"], whole["content_digest"]);
    assert_eq!(answer["counts"], whole["counts"]);
    let more = answer["calls"].as_u64() > cut["calls"].as_u64();
    assert!(vendor.requests().len() > before && more, "{answer:#}");
    assert_eq!(local.json(latest::<S>())["sync_id"], cut["sync_id"]);
    vendor.end(function, &["done"]).await;
}

/// Each slice brings the sync on by more than the question who we are, however short it is.
pub async fn a_deadline_that_leaves_hardly_any_time_still_gets_a_sync_on<S: Functions>() {
    let who_we_are = calls_to_identify::<S>().await;
    let vendor = fast::<S>().await;
    let local = vendor.beside();
    vendor.slow();
    let function = S::function(Operation::Sync, &local).await;
    let mut event = json!({});
    let mut calls = 0;
    for _ in 0..3 {
        let answer = function.answer_by(event, Deadline::In(2_000)).await;
        assert_eq!(answer["status"], "continue", "{answer:#}");
        let now = answer["calls"].as_u64().expect("a number");
        assert!(now > calls + who_we_are, "{answer:#}");
        calls = now;
        event = json!({"sync_id": answer["sync_id"]});
    }
    vendor.fast();
    assert_eq!(function.answer(event).await["status"], "complete");
    vendor.end(function, &["done"; 4]).await;
}

async fn calls_to_identify<S: Functions>() -> u64 {
    let bench = Bench::<S>::new().await;
    let who = S::entry().identify(&bench.cx, "default").await;
    assert!(who.is_ok(), "nobody knows us");
    bench.vendor.requests().len() as u64
}
