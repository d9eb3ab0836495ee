//! What becomes of runs that are killed, fail, wait or are overtaken, at the vendor of [`super::planned`].

use std::sync::Arc;
use std::time::Duration;

use rollcall_connector::ErrorType;
use rollcall_connector::event::{Reason, SyncEvent, SyncStatus};
use rollcall_engine::store::{Body, PutMode, Store};
use serde_json::json;
use tokio::sync::Notify;

use super::planned::{Desk, KEYS, Planned, Reply};

#[tokio::test]
async fn a_killed_run_is_resumed_by_the_next_event_under_its_own_id() {
    let desk = Desk::new(6);
    desk.killed_at(4).await;
    let busy = desk.sync(None).await.expect("an answer");
    assert_eq!(busy.status, SyncStatus::Busy);
    let id = busy.sync_id.expect("whose lease it is");
    assert_eq!(busy.warnings[0].code, "RunAtWork");
    assert!(busy.warnings[0].message.contains(&id));

    desk.clock.advance(desk.cx.settings.lease);
    let answer = desk.complete(None).await;
    assert_eq!(answer.sync_id, Some(id.clone()));
    assert_eq!(desk.pages(), [0, 1, 2, 3, 4, 4, 5]);
    let key = answer.snapshot.expect("a snapshot");
    assert!(
        key.ends_with(&format!("{id}-2.c1z")),
        "{key}: its generation"
    );
}

#[tokio::test]
async fn a_waiting_run_keeps_others_away_until_its_time_is_over_and_answers_the_same_after_its_end()
{
    let mut desk = Desk::new(3);
    desk.cx.settings.max_steps = Some(1);
    let first = desk.sync(None).await.expect("a slice");
    let id = first.sync_id.as_deref();
    desk.cx.settings.max_steps = None;
    let busy = desk.sync(None).await.expect("an answer");
    let found = (busy.status, busy.reason, busy.sync_id.as_deref());
    assert_eq!(found, (SyncStatus::Busy, Some(Reason::Lease), id));
    assert_eq!(busy.warnings[0].code, "RunWaiting");
    desk.clock.advance(Duration::from_secs(2 * 3600));
    let resumed = desk.complete(None).await;
    assert_eq!(resumed.sync_id.as_deref(), id);
    assert_eq!(desk.complete(id).await, resumed);
}

#[tokio::test]
async fn a_killed_run_that_is_too_old_starts_again_under_a_new_id() {
    let desk = Desk::new(2);
    desk.killed_at(1).await;
    let busy = desk.sync(None).await.expect("an answer");
    desk.clock.advance(desk.cx.settings.max_run_age * 2);
    let answer = desk.complete(None).await;
    assert_ne!(answer.sync_id, busy.sync_id);
    assert_eq!(desk.pages(), [0, 1, 0, 1]);
}

#[tokio::test]
async fn a_run_that_failed_is_resumed_only_by_its_id_whatever_it_left_half_written() {
    let desk = Desk::new(4);
    let fail = || desk.after(3, [Reply::Fails(ErrorType::Internal)]);
    fail();
    let error = desk.sync(None).await.expect_err("as planned");
    let id = error.resumable_sync_id().expect("a run to resume");
    // A wrong id harms nobody's run.
    let other = desk.sync(Some(&"0".repeat(27))).await;
    assert_eq!(other.expect_err("unknown").code(), "UnknownRun");
    let half = (KEYS.snapshot(id, 1), Body::Bytes(b"half a snapshot"));
    let written = desk.store.put(&half.0, half.1, PutMode::Overwrite).await;
    written.expect("written");
    let resumed = desk.complete(Some(id)).await;
    assert_eq!(desk.pages(), [0, 1, 2, 2, 3]);
    assert_eq!(resumed.sync_id.as_deref(), Some(id));
    let key = resumed.snapshot.expect("a snapshot");
    let snapshot = desk.store.get(&key).await.expect("readable");
    assert!(snapshot.expect("there").bytes.starts_with(b"C1ZF\0"));

    fail();
    let error = desk.sync(None).await.expect_err("as planned");
    let other = desk.complete(None).await;
    assert_ne!(other.sync_id.as_deref(), error.resumable_sync_id());
    assert_eq!(desk.pages(), [0, 1, 2, 0, 1, 2, 3]);
}

#[tokio::test]
async fn a_run_that_cannot_be_saved_fails_with_its_id_unless_a_new_one_does_as_well() {
    // Neither the checkpoint nor, as it was free of it, the lease can be written.
    let all_fails = (("", 9), Some(vec![0, 1, 2, 3]));
    let runs_fail = (("runs/", 9), None);
    for (broken, resumed) in [all_fails, runs_fail] {
        let mut desk = Desk::new(4);
        desk.cx.settings.max_steps = Some(2);
        desk.cx.settings.checkpoint_every = Duration::MAX;
        desk.after(2, [Reply::Breaks(broken)]);
        let error = desk.sync(None).await.expect_err("no checkpoint");
        *desk.store.broken.lock().expect("a lock") = ("", 0);
        assert_eq!(desk.pages(), [0, 1]);
        desk.cx.settings.max_steps = None;
        let id = error.resumable_sync_id();
        assert_eq!(id.is_some(), resumed.is_some(), "{broken:?}");
        if broken.0.is_empty() {
            // The lease ends by itself.
            desk.clock.advance(desk.cx.settings.lease);
        }
        let answer = desk.complete(id).await;
        let again = resumed.unwrap_or_else(|| vec![0, 1, 2, 3]);
        assert_eq!(
            (desk.pages(), answer.counts.resources),
            (again, 4),
            "{broken:?}"
        );
    }
}

#[tokio::test]
async fn a_failure_that_stands_in_the_checkpoint_starts_a_new_run() {
    let desk = Desk::new(3);
    desk.planned.vendor(|vendor| vendor.is_incomplete = true);
    let error = desk.sync(None).await.expect_err("an incomplete tenant");
    let found = (error.code().as_str(), error.resumable_sync_id());
    assert_eq!(found, ("IncompleteAnswer", None));
    desk.planned.vendor(|vendor| vendor.is_incomplete = false);
    desk.pages();
    desk.complete(None).await;
    assert_eq!(desk.pages(), [0, 1, 2]);
}

#[tokio::test]
async fn an_interrupted_run_frees_its_lease_and_the_next_event_resumes_it() {
    let mut desk = Desk::new(4);
    desk.after(3, [Reply::Waits(Arc::default())]);
    let (answer, ()) = futures::join!(desk.sync(None), async {
        while !desk.is_asked_for(2) {
            tokio::task::yield_now().await;
        }
        desk.cx.interrupt.raise();
    });
    let answer = answer.expect("an answer");
    let found = (answer.status, answer.reason);
    assert_eq!(found, (SyncStatus::Continue, Some(Reason::Interrupted)));
    desk.cx.interrupt = Default::default();
    assert_eq!(desk.complete(None).await.sync_id, answer.sync_id);
    assert_eq!(desk.pages(), [0, 1, 2, 2, 3]);
}

#[tokio::test]
async fn a_run_that_was_killed_after_its_manifest_was_written_is_published_and_not_finished_again()
{
    // The second run is killed before it frees its lease, or before the pointer moves; or only its answer is lost.
    for (frees, moves) in [(false, true), (false, false), (true, false)] {
        let desk = Desk::new(2);
        desk.complete(None).await;
        let lease = desk.store.get(&KEYS.lease()).await.expect("readable");
        let pointer = desk.store.get(&KEYS.latest()).await.expect("readable");
        let second = desk.complete(None).await;
        let id = second.sync_id.clone().expect("an id");
        let mut record: serde_json::Value =
            serde_json::from_slice(&lease.expect("a lease").bytes).expect("JSON");
        (record["owner"], record["ended"]) = (json!(id), json!(false));
        let lease = (KEYS.lease(), record.to_string().into_bytes());
        let pointer = (KEYS.latest(), pointer.expect("a pointer").bytes);
        let lease = (!frees).then_some(lease);
        for (key, bytes) in lease.into_iter().chain((!moves).then_some(pointer)) {
            let body = Body::Bytes(&bytes);
            let written = desk.store.put(&key, body, PutMode::Overwrite).await;
            written.expect("written");
        }
        if !frees {
            let third = desk.complete(None).await;
            assert_ne!(third.sync_id, second.sync_id, "a new run");
        }
        assert_eq!(desk.complete(Some(&id)).await, second);
        let newest = desk.latest().await.sync_id;
        assert_eq!(newest == id, frees, "moved by the question, and never back");
    }
}

#[tokio::test]
async fn a_sudden_loss_is_held_until_it_is_accepted_also_while_another_run_is_at_work() {
    let desk = Desk::new(40);
    let accept = async |id: &Option<String>| {
        let event = SyncEvent {
            connection: "default".into(),
            sync_id: None,
            accept: id.clone(),
        };
        rollcall_engine::sync::run::<Planned>(&desk.cx, &event).await
    };
    let before = desk.complete(None).await.sync_id;
    desk.planned.vendor(|vendor| vendor.people = 2);
    let mut held = Vec::new();
    for _ in 0..2 {
        let answer = desk.sync(None).await.expect("an answer");
        let found = (answer.status, answer.reason);
        assert_eq!(found, (SyncStatus::Held, Some(Reason::Loss)));
        let codes = answer.warnings.iter().map(|warning| warning.code.as_str());
        assert_eq!(codes.collect::<Vec<_>>(), ["SuddenLoss"]);
        let newest = Some(desk.latest().await.sync_id);
        assert_eq!(newest, before, "later runs are compared with it too");
        held.push(answer.sync_id);
    }
    let accepted = Arc::new(Notify::new());
    desk.after(2, [Reply::Waits(accepted.clone())]);
    let meanwhile = async {
        let first = accept(&held[0]).await.expect("taken");
        assert_eq!(first.status, SyncStatus::Complete);
        assert_eq!(Some(desk.latest().await.sync_id), held[0]);
        assert_eq!(accept(&held[0]).await.expect("once more"), first);
        accepted.notify_one();
    };
    let (answer, ()) = futures::join!(desk.complete(None), meanwhile);
    assert_eq!(Some(desk.latest().await.sync_id), answer.sync_id);
    let error = accept(&before).await.expect_err("it was never held");
    assert_eq!(error.code(), "NotHeld");
}

#[tokio::test]
async fn the_tenants_pin_outlives_a_run_that_was_not_told_who_we_are_and_holds_for_one_under_way() {
    let mut desk = Desk::new(2);
    let tenant = |desk: &Desk, is| desk.planned.vendor(|vendor| vendor.tenant = is);
    for is in ["o=1 a=x", "", "o=1"] {
        tenant(&desk, is);
        desk.complete(None).await;
        assert_eq!(desk.latest().await.tenant, "o=1 a=x");
    }
    desk.cx.settings.max_steps = Some(1);
    let begun = desk.sync(None).await.expect("a slice").sync_id;
    desk.cx.settings.max_steps = None;
    tenant(&desk, "o=1 a=other");
    for id in [begun.as_deref(), None] {
        let error = desk.sync(id).await.expect_err("another tenant");
        assert_eq!(error.code(), "AnotherTenant", "{id:?}");
    }
}

#[tokio::test]
async fn a_resumed_run_reads_its_lease_and_its_manifest_once() {
    let mut desk = Desk::new(2);
    desk.cx.settings.max_steps = Some(1);
    let slice = desk.sync(None).await.expect("a slice");
    desk.store.reads.lock().expect("a lock").clear();
    desk.cx.settings.max_steps = None;
    let answer = desk.complete(slice.sync_id.as_deref()).await;
    let reads = desk.store.reads.lock().expect("a lock");
    for key in [KEYS.lease(), KEYS.manifest(&answer.sync_id.expect("an id"))] {
        let times = reads.iter().filter(|read| **read == key).count();
        assert_eq!(times, 1, "{key}");
    }
}
