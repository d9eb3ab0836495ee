//! Runs whose id the caller chose, at the vendor of [`rollcall_harness::planned`].

use std::sync::Arc;
use std::time::Duration;

use rollcall_connector::ErrorType;
use rollcall_engine::store::Store;
use rollcall_harness::planned::{Desk, Reply};
use serde_json::{Value, json};

const ID: &str = "2zzzzzzzzzzzzzzzzzzzzzzzzzz";

async fn ask(desk: &Desk, field: &str) -> Value {
    desk.name(field, ID).await.expect("an answer")
}

async fn stored(desk: &Desk) -> usize {
    desk.store.list("snapshots/").await.expect("a list").len()
}

async fn start(desk: &Desk) -> Value {
    ask(desk, "start_as").await
}

/// A run that fails at the third page, or is killed there.
async fn stop(desk: &Desk, fails: Option<ErrorType>) {
    let Some(kind) = fails else { return desk.killed("start_as", ID, 2).await };
    desk.after(3, [Reply::Fails(kind)]);
    assert_eq!(desk.name("start_as", ID).await.is_ok(), kind == ErrorType::Unavailable);
}

#[track_caller]
fn is(answer: &Value, status: &str, reason: Option<&str>) {
    let found = (answer["status"].as_str(), answer["reason"].as_str());
    assert_eq!(found, (Some(status), reason), "{answer:#}");
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_starts_one_run() {
    let desk = Desk::new(4);
    let until = Arc::default();
    desk.after(3, [Reply::Waits(Arc::clone(&until))]);
    let (answer, ()) = futures::join!(start(&desk), async {
        while !desk.is_asked_for(2) {
            tokio::task::yield_now().await;
        }
        let twice = start(&desk).await;
        is(&twice, "continue", Some("lease"));
        assert_eq!(twice["sync_id"], ID);
        is(&desk.sync(()).await.expect("an answer"), "busy", Some("lease"));
        until.notify_one();
    });
    is(&answer, "complete", None);
    assert_eq!(answer["sync_id"], ID);
    assert_eq!(start(&desk).await, answer);
    assert_eq!(desk.pages(), [0, 1, 2, 3]);
    assert_eq!(stored(&desk).await, 2, "a snapshot and its manifest");
}

#[tokio::test]
async fn an_event_that_is_delivered_again_resumes_its_run_however_it_stopped() {
    let resumed = vec![0, 1, 2, 2, 3];
    // How it fails at the third page, or that it is killed there; after how many hours the event comes again; what is read.
    for (fails, hours, pages) in [
        (None, 1, resumed.clone()),
        (None, 12, vec![0, 1, 2, 0, 1, 2, 3]),
        (Some(ErrorType::Internal), 0, resumed.clone()),
        (Some(ErrorType::Unavailable), 0, resumed.clone()),
        (Some(ErrorType::Unavailable), 1, resumed),
    ] {
        let desk = Desk::new(4);
        stop(&desk, fails).await;
        desk.clock.advance(Duration::from_secs(hours * 3600));
        let answer = start(&desk).await;
        is(&answer, "complete", None);
        assert_eq!(answer["sync_id"], ID);
        assert_eq!(desk.pages(), pages);
    }
}

#[tokio::test]
async fn a_run_does_not_start_while_another_one_has_the_lease_and_does_not_resume_it_later() {
    let desk = Desk::new(3);
    desk.killed_at(2).await;
    let busy = start(&desk).await;
    is(&busy, "busy", Some("lease"));
    assert_ne!(busy["sync_id"], ID);
    desk.clock.advance(desk.cx.settings.lease);
    is(&start(&desk).await, "complete", None);
    assert_eq!(desk.pages(), [0, 1, 2, 0, 1, 2]);
    assert_eq!(desk.sync(&busy["sync_id"]).await.expect_err("dropped").code(), "UnknownRun");
}

/// The run is over for everybody, until another run has the lease.
async fn is_gone(desk: &Desk) {
    for field in ["cancel", "start_as", "sync_id"] {
        let answer = ask(desk, field).await;
        is(&answer, "cancelled", None);
        assert_eq!([&answer["sync_id"], &answer["snapshot"]], [&json!(ID), &Value::Null]);
    }
    assert_eq!(stored(desk).await, 0);
    desk.pages();
    assert_ne!(desk.complete(()).await["sync_id"], ID);
    assert_eq!(desk.pages(), [0, 1, 2, 3], "the lease is free and the state dropped");
    assert_eq!(desk.name("cancel", ID).await.expect_err("forgotten").code(), "UnknownRun");
}

#[tokio::test]
async fn a_run_that_is_cancelled_at_work_publishes_nothing() {
    // It notices that at the next checkpoint, or before it publishes.
    for (checkpoint_every, pages) in
        [(Duration::ZERO, vec![0, 1, 2]), (Duration::MAX, vec![0, 1, 2, 3])]
    {
        let mut desk = Desk::new(4);
        desk.cx.settings.checkpoint_every = checkpoint_every;
        let until = Arc::default();
        desk.after(3, [Reply::Waits(Arc::clone(&until))]);
        let (answer, ()) = futures::join!(start(&desk), async {
            while !desk.is_asked_for(2) {
                tokio::task::yield_now().await;
            }
            is(&ask(&desk, "cancel").await, "cancelled", None);
            until.notify_one();
        });
        is(&answer, "cancelled", None);
        assert_eq!(desk.pages(), pages);
        is_gone(&desk).await;
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_while_it_is_stopped_is_not_resumed() {
    for fails in [None, Some(ErrorType::Internal), Some(ErrorType::Unavailable)] {
        let desk = Desk::new(4);
        stop(&desk, fails).await;
        is(&ask(&desk, "cancel").await, "cancelled", None);
        is_gone(&desk).await;
    }
}

#[tokio::test]
async fn a_run_that_is_published_is_not_cancelled_and_neither_is_another_one() {
    let desk = Desk::new(40);
    let published = start(&desk).await;
    assert_eq!(ask(&desk, "cancel").await, published);
    desk.vendor(|vendor| vendor.people = 2);
    let held = desk.slice((), "loss").await;
    let id = &held["sync_id"];
    assert_eq!(desk.name("cancel", id).await.expect("an answer"), held);

    desk.pages();
    desk.killed_at(1).await;
    let other = "2".repeat(27);
    assert_eq!(desk.name("cancel", other).await.expect_err("unknown").code(), "UnknownRun");
    is(&desk.sync(()).await.expect("an answer"), "busy", Some("lease"));
}
