//! Runs whose id the caller chose, at the vendor of [`rollcall_harness::planned`].

use std::sync::Arc;
use std::time::Duration;

use rollcall_connector::ErrorType;
use rollcall_engine::store::Store;
use rollcall_harness::planned::{Desk, Reply};
use serde_json::Value;

const ID: &str = "2zzzzzzzzzzzzzzzzzzzzzzzzzz";

async fn start(desk: &Desk) -> Value {
    desk.name("start_as", ID).await.expect("an answer")
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
    let stored = desk.store.list("snapshots/").await.expect("a list");
    assert_eq!(stored.len(), 2, "a snapshot and its manifest: {stored:?}");
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
        match fails {
            None => desk.killed("start_as", ID, 2).await,
            Some(kind) => {
                desk.after(3, [Reply::Fails(kind)]);
                assert_eq!(desk.name("start_as", ID).await.is_ok(), kind == ErrorType::Unavailable);
            }
        }
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
