//! What becomes of runs that are killed, fail, wait or are overtaken, at the vendor of [`super::planned`].

use std::sync::Arc;
use std::time::Duration;

use rollcall_connector::ErrorType;
use rollcall_connector::clock::Clock;
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
async fn a_run_that_failed_is_resumed_only_by_its_id() {
    let desk = Desk::new(4);
    let fail = || desk.after(3, [Reply::Fails(ErrorType::Internal)]);
    fail();
    let error = desk.sync(None).await.expect_err("as planned");
    let id = error
        .resumable_sync_id()
        .expect("a run to resume")
        .to_owned();
    let resumed = desk.complete(Some(&id)).await;
    assert_eq!(desk.pages(), [0, 1, 2, 2, 3]);
    assert_eq!(resumed.sync_id.as_deref(), Some(id.as_str()));
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
        assert_eq!(
            error.resumable_sync_id().is_some(),
            resumed.is_some(),
            "{broken:?}"
        );
        if broken.0.is_empty() {
            // The lease ends by itself.
            desk.clock.advance(desk.cx.settings.lease);
        }
        let answer = desk.complete(error.resumable_sync_id()).await;
        let again = resumed.unwrap_or_else(|| vec![0, 1, 2, 3]);
        assert_eq!(desk.pages(), again, "{broken:?}");
        assert_eq!(answer.counts.resources, 4);
    }
}

#[tokio::test]
async fn a_failure_that_stands_in_the_checkpoint_starts_a_new_run() {
    let desk = Desk::new(3);
    desk.planned.plan(|plan| plan.is_incomplete = true);
    let error = desk.sync(None).await.expect_err("an incomplete tenant");
    assert_eq!(
        (error.code().as_str(), error.resumable_sync_id()),
        ("IncompleteAnswer", None)
    );
    desk.planned.plan(|plan| plan.is_incomplete = false);
    desk.pages();
    desk.complete(None).await;
    assert_eq!(desk.pages(), [0, 1, 2]);
}

#[tokio::test]
async fn a_rate_limit_on_the_first_request_is_waited_out_like_any_other() {
    let desk = Desk::new(1);
    desk.after(0, [Reply::Fails(ErrorType::RateLimited)]);
    let answer = desk.sync(None).await.expect("an answer");
    assert_eq!(
        (answer.status, answer.reason),
        (SyncStatus::Continue, Some(Reason::RateLimit))
    );
    assert!(answer.resume_at > Some(desk.clock.now()));
    desk.complete(answer.sync_id.as_deref()).await;
}

#[tokio::test]
async fn an_interrupted_run_frees_its_lease_and_the_next_event_resumes_it() {
    let mut desk = Desk::new(4);
    desk.after(3, [Reply::Waits(Arc::new(Notify::new()))]);
    let (answer, ()) = futures::join!(desk.sync(None), async {
        while !desk.planned.plan(|plan| plan.asked.contains(&Some(2))) {
            tokio::task::yield_now().await;
        }
        desk.cx.interrupt.raise();
    });
    let answer = answer.expect("an answer");
    assert_eq!(
        (answer.status, answer.reason),
        (SyncStatus::Continue, Some(Reason::Interrupted))
    );
    desk.cx.interrupt = Default::default();
    assert_eq!(desk.complete(None).await.sync_id, answer.sync_id);
    assert_eq!(desk.pages(), [0, 1, 2, 2, 3]);
}

#[tokio::test]
async fn a_run_that_was_killed_after_its_manifest_was_written_is_published_and_not_finished_again()
{
    for broken in ["latest/", "locks/"] {
        let desk = Desk::new(2);
        desk.complete(None).await;
        // The second run is killed before the pointer moves, or before it frees its lease.
        let lease = desk.store.get(&KEYS.lease()).await.expect("readable");
        let pointer = desk.store.get(&KEYS.latest()).await.expect("readable");
        let second = desk.complete(None).await;
        let id = second.sync_id.clone().expect("an id");
        let mut record: serde_json::Value =
            serde_json::from_slice(&lease.expect("a lease").bytes).expect("JSON");
        (record["owner"], record["ended"]) = (json!(id), json!(false));
        let mut writes = vec![(KEYS.lease(), record.to_string().into_bytes())];
        if broken == "latest/" {
            writes.push((KEYS.latest(), pointer.expect("a pointer").bytes));
        }
        for (key, bytes) in writes {
            let written = desk
                .store
                .put(&key, Body::Bytes(&bytes), PutMode::Overwrite)
                .await;
            written.expect("written");
        }
        let third = desk.complete(None).await;
        assert_ne!(third.sync_id, second.sync_id, "{broken}: a new run");
        let again = desk.complete(Some(&id)).await;
        assert_eq!(again, second, "{broken}");
    }
}

#[tokio::test]
async fn what_was_accepted_while_a_run_was_at_work_counts_for_it() {
    let desk = Desk::new(40);
    desk.complete(None).await;
    desk.planned.plan(|plan| plan.people = 2);
    let held = desk.sync(None).await.expect("an answer");
    assert_eq!(held.status, SyncStatus::Held);
    let accepted = Arc::new(Notify::new());
    desk.after(2, [Reply::Waits(accepted.clone())]);
    let accept = async {
        let event = SyncEvent {
            connection: "default".into(),
            sync_id: None,
            accept: held.sync_id.clone(),
        };
        rollcall_engine::sync::run::<Planned>(&desk.cx, &event)
            .await
            .expect("taken");
        accepted.notify_one();
    };
    let (answer, ()) = futures::join!(desk.complete(None), accept);
    assert_eq!(desk.latest().await.sync_id, answer.sync_id.expect("an id"));
}

#[tokio::test]
async fn the_tenants_pin_outlives_a_run_that_was_not_told_who_we_are() {
    let desk = Desk::new(1);
    for tenant in ["o=1 a=x", "", "o=1"] {
        desk.planned.plan(|plan| plan.tenant = tenant);
        desk.complete(None).await;
        assert_eq!(desk.latest().await.tenant, "o=1 a=x");
    }
    desk.planned.plan(|plan| plan.tenant = "o=1 a=other");
    let error = desk.sync(None).await.expect_err("another tenant");
    assert_eq!(error.code().as_str(), "AnotherTenant");
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
        assert_eq!(
            reads.iter().filter(|read| **read == key).count(),
            1,
            "{key}"
        );
    }
}
