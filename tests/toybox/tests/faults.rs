//! What becomes of faults of the vendor's API, and what the snapshot checker finds where nothing is expanded.

use std::time::Duration;

use rollcall_connector::clock::{Clock, after};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::{
    Subject, answer_of, change_event, check, faults_of_a_change, is_survived,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use crate::simulator::Simulated;
use crate::world::Desk;

#[tokio::test]
async fn a_change_survives_every_fault_at_every_call() {
    let case = &Simulated::cases()[0];
    let mut desk = Desk::new().await;
    let event = change_event(case, "r1");
    answer_of(desk.invoke(Operation::Grant, event).await);
    let expected = desk.vendor.view();
    for n in 1..=desk.vendor.requests().len() {
        for kind in faults_of_a_change() {
            let what = format!("{kind:?} at call {n}");
            desk = desk.renewed().await;
            is_survived(&mut desk, case, Fault::nth(n, kind), &expected, &what).await;
        }
    }
}

/// A rate limit that lasts longer than it pays to wait is an answer, with the time to come back.
#[tokio::test]
async fn a_long_rate_limit_is_waited_for_outside() {
    let mut desk = Desk::new().await;
    let whole = desk.complete().await;
    for n in [1, desk.vendor.requests().len()] {
        desk.afresh();
        let limit = FaultKind::too_many_requests(Some(600));
        desk.vendor.set_faults(vec![Fault::nth(n, limit)]);
        let answer = answer_of(desk.invoke(Operation::Sync, json!({})).await);
        let found = (&answer["status"], &answer["reason"]);
        assert_eq!(found, (&json!("continue"), &json!("rate_limit")));
        let at = answer["resume_at"].as_str().expect("a time");
        let expected = after(desk.clock.now(), Duration::from_secs(600));
        assert_eq!(at, expected.to_string());
        let rest = desk.finish(json!({"sync_id": answer["sync_id"]})).await;
        assert_eq!(answer_of(rest)["content_digest"], whole["content_digest"]);
    }
}

#[tokio::test]
async fn an_independent_reader_finds_nothing_wrong_where_nothing_is_expanded() {
    let Some(python) = std::env::var_os("ROLLCALL_PYTHON") else {
        return;
    };
    let mut desk = Desk::new().await;
    desk.cx.settings.expand = false;
    check(&desk, &python, "unexpanded").await;
}
