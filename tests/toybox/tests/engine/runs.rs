//! Runs that are killed, fail, wait or are overtaken, at the vendor of [`rollcall_harness::planned`].

use std::sync::Arc;
use std::time::Duration;

use rollcall_connector::ErrorType;
use rollcall_connector::interrupt::Interrupt;
use rollcall_engine::context::{ProgressListener, SyncProgress};
use rollcall_engine::store::{Body, PutMode, Store};
use rollcall_harness::planned::{Desk, KEYS, Reply};
use serde_json::{Value, json};
use tokio::sync::Notify;

async fn read(desk: &Desk, key: &str) -> Vec<u8> {
    let object = desk.store.get(key).await.expect("readable");
    object.expect("an object").bytes
}

async fn write(desk: &Desk, key: &str, bytes: &[u8]) {
    desk.store.put(key, Body::Bytes(bytes), PutMode::Overwrite).await.expect("written");
}

#[tokio::test]
async fn a_killed_run_is_resumed_by_the_next_event_under_its_own_id_unless_it_is_too_old() {
    for (age, read) in [(1, vec![0, 1, 2, 2, 3]), (12, vec![0, 1, 2, 0, 1, 2, 3])] {
        let desk = Desk::new(4);
        desk.killed_at(2).await;
        let busy = desk.slice((), "lease").await;
        let (id, warning) = (busy["sync_id"].as_str().expect("an id"), &busy["warnings"][0]);
        assert_eq!([&busy["status"], &warning["code"]], ["busy", "RunAtWork"]);
        assert!(warning["message"].to_string().contains(id));
        desk.clock.advance(Duration::from_secs(age * 3600));
        let answer = desk.complete(()).await;
        assert_eq!(answer["sync_id"] == id, age == 1);
        assert_eq!(desk.pages(), read);
        // Its generation is a part of the key.
        assert_eq!(answer["snapshot"] == format!("snapshots/planned/default/{id}-2.c1z"), age == 1);
    }
}

#[tokio::test]
async fn a_waiting_run_keeps_others_away_until_its_time_is_over_and_answers_the_same_after_its_end()
{
    let mut desk = Desk::new(3);
    let first = desk.cut().await;
    let busy = desk.slice((), "lease").await;
    assert_eq!(busy["sync_id"], first["sync_id"]);
    assert_eq!([&busy["status"], &busy["warnings"][0]["code"]], ["busy", "RunWaiting"]);
    desk.clock.advance(Duration::from_secs(2 * 3600));
    let resumed = desk.complete(()).await;
    assert_eq!(resumed["sync_id"], first["sync_id"]);
    assert_eq!(desk.complete(&first["sync_id"]).await, resumed);
}

#[tokio::test]
async fn a_run_that_failed_is_resumed_only_by_its_id_whatever_it_left_half_written() {
    let desk = Desk::new(4);
    let fail = || desk.after(3, [Reply::Fails(ErrorType::Internal)]);
    fail();
    let error = desk.sync(()).await.expect_err("as planned");
    let id = error.resumable_sync_id().expect("a run to resume");
    // A wrong id does not harm any run.
    assert_eq!(desk.sync("0".repeat(27)).await.expect_err("unknown").code(), "UnknownRun");
    write(&desk, &KEYS.snapshot(id, 1), b"half a snapshot").await;
    let resumed = desk.complete(id).await;
    assert_eq!(desk.pages(), [0, 1, 2, 2, 3]);
    assert_eq!(resumed["sync_id"], id);
    assert!(read(&desk, resumed["snapshot"].as_str().expect("a key")).await.starts_with(b"C1ZF\0"));

    fail();
    let error = desk.sync(()).await.expect_err("as planned");
    assert_ne!(desk.complete(()).await["sync_id"].as_str(), error.resumable_sync_id());
    assert_eq!(desk.pages(), [0, 1, 2, 0, 1, 2, 3]);
}

#[tokio::test]
async fn a_run_that_cannot_be_saved_fails_with_its_id_unless_a_new_one_does_as_well() {
    // Neither the checkpoint nor, as it was free of it, the lease can be written.
    for (broken, is_resumed) in [(("", 9), true), (("runs/", 9), false)] {
        let mut desk = Desk::new(4);
        desk.cx.settings.max_steps = Some(2);
        desk.cx.settings.checkpoint_every = Duration::MAX;
        desk.after(2, [Reply::Breaks(broken)]);
        let error = desk.sync(()).await.expect_err("no checkpoint");
        *desk.store.broken.lock().expect("a lock") = ("", 0);
        assert_eq!(desk.pages(), [0, 1]);
        desk.cx.settings.max_steps = None;
        let id = error.resumable_sync_id();
        assert_eq!(id.is_some(), is_resumed, "{broken:?}");
        if is_resumed {
            // The lease expires.
            desk.clock.advance(desk.cx.settings.lease);
        }
        let answer = desk.complete(id).await;
        assert_eq!(desk.pages(), [0, 1, 2, 3], "{broken:?}");
        assert_eq!(answer["counts"]["resources"], 4);
    }
}

#[tokio::test]
async fn a_failure_that_stands_in_the_checkpoint_starts_a_new_run() {
    let desk = Desk::new(3);
    desk.vendor(|vendor| vendor.is_incomplete = true);
    let error = desk.sync(()).await.expect_err("an incomplete tenant");
    assert_eq!((error.kind(), error.resumable_sync_id()), (ErrorType::PermissionDenied, None));
    desk.vendor(|vendor| vendor.is_incomplete = false);
    desk.complete(()).await;
    assert_eq!(desk.pages(), [0, 1, 2, 0, 1, 2]);
}

#[tokio::test]
async fn an_interrupted_run_frees_its_lease_and_the_next_event_resumes_it() {
    let mut desk = Desk::new(4);
    desk.after(3, [Reply::Waits(Arc::default())]);
    let (answer, ()) = futures::join!(desk.slice((), "interrupted"), async {
        while !desk.is_asked_for(2) {
            tokio::task::yield_now().await;
        }
        desk.cx.interrupt.raise();
    });
    assert_eq!(answer["status"], "continue");
    desk.cx.interrupt = Default::default();
    assert_eq!(desk.complete(()).await["sync_id"], answer["sync_id"]);
    assert_eq!(desk.pages(), [0, 1, 2, 2, 3]);
}

/// Asks to stop once all steps are done.
struct StopsAtTheEnd(Interrupt);

impl ProgressListener for StopsAtTheEnd {
    fn at(&self, progress: SyncProgress) {
        if progress.finishing {
            self.0.raise();
        }
    }
}

#[tokio::test]
async fn a_run_that_is_interrupted_while_its_snapshot_is_written_reads_nothing_again() {
    let mut desk = Desk::new(2);
    desk.cx.progress = Some(Arc::new(StopsAtTheEnd(desk.cx.interrupt.clone())));
    let answer = desk.slice((), "interrupted").await;
    (desk.cx.progress, desk.cx.interrupt) = Default::default();
    assert_eq!(desk.complete(()).await["sync_id"], answer["sync_id"]);
    assert_eq!(desk.pages(), [0, 1]);
}

#[tokio::test]
async fn a_run_that_was_killed_after_its_manifest_was_written_is_published_and_not_finished_again()
{
    // The second run is killed before it frees its lease, or before the pointer moves; or only its answer is lost.
    for (frees, moves) in [(false, true), (false, false), (true, false)] {
        let desk = Desk::new(2);
        desk.complete(()).await;
        let (lease, pointer) = (KEYS.lease(), KEYS.latest());
        let mut record: Value = serde_json::from_slice(&read(&desk, &lease).await).expect("JSON");
        let (older, second) = (read(&desk, &pointer).await, desk.complete(()).await);
        let id = &second["sync_id"];
        if !frees {
            (record["owner"], record["ended"]) = (id.clone(), json!(false));
            write(&desk, &lease, record.to_string().as_bytes()).await;
        }
        if !moves {
            write(&desk, &pointer, &older).await;
        }
        if !frees {
            assert_ne!(desk.complete(()).await["sync_id"], *id, "a new run");
        }
        assert_eq!(desk.complete(id).await, second);
        assert_eq!(desk.latest().await[0] == *id, frees, "moved by the question, and never back");
    }
}

#[tokio::test]
async fn a_sudden_loss_is_held_until_it_is_accepted_also_while_another_run_is_at_work() {
    let desk = Desk::new(40);
    let before = desk.complete(()).await["sync_id"].clone();
    desk.vendor(|vendor| vendor.people = 2);
    let mut held = Value::Null;
    for _ in 0..2 {
        let answer = desk.slice((), "loss").await;
        assert_eq!([&answer["status"], &answer["warnings"][0]["code"]], ["held", "SuddenLoss"]);
        // Later runs are compared with what was published, too.
        assert_eq!(desk.latest().await[0], before);
        held = answer["sync_id"].clone();
    }
    let accepted = Arc::new(Notify::new());
    desk.after(2, [Reply::Waits(accepted.clone())]);
    let meanwhile = async {
        let first = desk.accept(&held).await.expect("taken");
        assert_eq!(first["status"], "complete");
        assert_eq!(desk.latest().await[0], held);
        assert_eq!(desk.accept(&held).await.expect("once more"), first);
        accepted.notify_one();
    };
    let (answer, ()) = futures::join!(desk.complete(()), meanwhile);
    assert_eq!(desk.latest().await[0], answer["sync_id"]);
    assert_eq!(desk.accept(&before).await.expect_err("it was never held").code(), "NotHeld");
}

#[tokio::test]
async fn the_tenants_pin_outlives_a_run_that_was_not_told_who_we_are_and_holds_for_one_under_way() {
    let mut desk = Desk::new(2);
    for is in ["o=1 a=x", "", "o=1"] {
        desk.vendor(|vendor| vendor.tenant = is);
        desk.complete(()).await;
        assert_eq!(desk.latest().await[1], "o=1 a=x");
    }
    let begun = desk.cut().await;
    desk.vendor(|vendor| vendor.tenant = "o=1 a=other");
    for id in [&begun["sync_id"], &Value::Null] {
        let error = desk.sync(id).await.expect_err("another tenant");
        assert_eq!(error.code(), "AnotherTenant", "{id}");
    }
}

#[tokio::test]
async fn a_resumed_run_reads_its_lease_and_its_manifest_once() {
    let mut desk = Desk::new(2);
    let slice = desk.cut().await;
    desk.store.reads.lock().expect("a lock").clear();
    desk.complete(&slice["sync_id"]).await;
    let reads = desk.store.reads.lock().expect("a lock");
    for key in [KEYS.lease(), KEYS.manifest(slice["sync_id"].as_str().expect("an id"))] {
        assert_eq!(reads.iter().filter(|read| **read == key).count(), 1, "{key}");
    }
}
