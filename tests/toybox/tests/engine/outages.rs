//! Runs that meet an outage or their deadline, at the vendor of [`rollcall_harness::planned`].

use std::time::Duration;

use rollcall_connector::ErrorType;
use rollcall_connector::clock::{Clock, after};
use rollcall_harness::planned::{Answered, Desk, Reply};
use serde_json::Value;

const DOWN: Reply = Reply::Fails(ErrorType::Unavailable);

/// Syncs until it is complete or fails, through all outages; with the waits in between, in seconds.
async fn follow(desk: &Desk) -> (Answered, Vec<u64>) {
    desk.follow(async |last| desk.sync(&last["sync_id"]).await).await
}

#[tokio::test]
async fn a_list_that_never_ends_is_read_again_from_the_beginning_and_in_the_end_fails() {
    let round = vec![Reply::Good, Reply::StaleCursor];
    let slice = [vec![Reply::Good], vec![round; 3].concat()].concat();
    for times in [1, 7] {
        let desk = Desk::new(3);
        desk.after(0, vec![slice.clone(); times].concat());
        let (end, waits) = follow(&desk).await;
        assert_eq!(waits.len(), times.min(6));
        match end {
            Ok(answer) => {
                assert_eq!((times, &answer["counts"]["resources"]), (1, &3.into()));
                assert_eq!(desk.pages(), [0, 1, 0, 1, 0, 1, 0, 1, 2]);
            }
            Err(e) => {
                let found = (times, e.code().as_str(), e.resumable_sync_id());
                assert_eq!(found, (7, "EndlessList", None));
            }
        }
    }
}

#[tokio::test]
async fn an_outage_is_waited_out_six_times_in_a_row_and_then_fails_the_run() {
    // Before anything was read, and after the first page.
    for (good, rest) in [(0, vec![0, 1, 2]), (2, vec![1, 2])] {
        let desk = Desk::new(3);
        desk.after(good, vec![DOWN; 7]);
        let (end, waits) = follow(&desk).await;
        let error = end.expect_err("an outage");
        assert_eq!((error.kind(), waits.len()), (ErrorType::Unavailable, 6));
        for (wait, least) in waits.iter().zip([10, 20, 40, 80, 160, 320]) {
            assert!((least..2 * least).contains(wait), "{waits:?}");
        }
        let id = error.resumable_sync_id();
        assert_eq!(id.is_some(), good > 0, "something was read");
        // A later resumption has all attempts again.
        desk.clock.advance(Duration::from_secs(3600));
        desk.after(0, [DOWN]);
        let answer = desk.slice(id, "unavailable").await;
        desk.pages();
        desk.complete(&answer["sync_id"]).await;
        assert_eq!(desk.pages(), rest);
    }
}

#[tokio::test]
async fn a_step_between_two_outages_starts_the_count_anew() {
    let desk = Desk::new(3);
    desk.after(1, [DOWN, DOWN, Reply::Good, Reply::Good, DOWN]);
    let (end, waits) = follow(&desk).await;
    assert_eq!(end.expect("a sync")["status"], "complete");
    assert_eq!(desk.pages(), [0, 0, 1, 1, 2]);
    assert_eq!(waits.iter().map(|wait| wait / 10).collect::<Vec<_>>(), [1, 2, 1], "{waits:?}");
}

#[tokio::test]
async fn an_outage_that_outlasts_the_run_fails_it() {
    let mut desk = Desk::new(1);
    desk.cx.settings.max_run_age = Duration::from_secs(25);
    desk.after(0, vec![DOWN; 7]);
    let (end, waits) = follow(&desk).await;
    assert_eq!((end.expect_err("an outage").kind(), waits.len()), (ErrorType::Unavailable, 1));
}

#[tokio::test]
async fn a_run_whose_checkpoint_cannot_be_saved_at_once_is_saved_and_waits() {
    let mut desk = Desk::new(4);
    desk.cx.settings.max_steps = Some(2);
    desk.cx.settings.checkpoint_every = Duration::MAX;
    desk.after(2, [Reply::Breaks(("runs/", 1))]);
    let answer = desk.slice((), "unavailable").await;
    assert_eq!(answer["warnings"][0]["code"], "UnexpectedAnswer");
    desk.cx.settings.max_steps = None;
    desk.complete(&answer["sync_id"]).await;
    assert_eq!(desk.pages(), [0, 1, 2, 3]);
}

/// Each slice makes progress, however short its time and however slow the vendor.
#[tokio::test]
async fn a_slice_ends_before_its_deadline_and_every_slice_does_a_step() {
    // The time of a slice and of a step, in milliseconds, and the pages of the first slice.
    for (slice, step, pages) in [
        (60_000, 25_000, vec![0, 1]),
        (60_000, 9_000, vec![0, 1, 2, 3, 4, 5]),
        (3_000, 1_300, vec![0, 1]),
        (2_000, 5_000, vec![0]),
    ] {
        let (mut desk, takes) = (Desk::new(9), Reply::Takes(Duration::from_millis(step)));
        let (mut id, mut slices) = (Value::Null, Vec::<Vec<usize>>::new());
        while slices.concat().len() < 9 {
            desk.cx.deadline = Some(after(desk.clock.now(), Duration::from_millis(slice)));
            desk.after(1, vec![takes.clone(); 9]);
            let answer = desk.sync(&id).await.expect("an answer");
            slices.push(desk.pages());
            assert_ne!(slices.last(), Some(&vec![]), "{step} of {slice} ms");
            if id.is_null() {
                assert_eq!(answer["reason"], "deadline", "{answer:#}");
                assert!(answer["resume_at"].is_string() && answer["snapshot"].is_null());
            }
            id = answer["sync_id"].clone();
        }
        assert_eq!((&slices[0], slices.concat()), (&pages, (0..9).collect()));
    }
}

#[tokio::test]
async fn a_step_that_hangs_is_dropped_at_the_deadline_and_done_by_the_next_slice() {
    let mut desk = Desk::new(3);
    // The wait for a step is real time, and the clock stands still.
    desk.cx.deadline = Some(after(desk.clock.now(), Duration::from_millis(6)));
    desk.after(2, [Reply::Waits(Default::default())]);
    let cut = desk.slice((), "deadline").await;
    desk.cx.deadline = None;
    desk.complete(&cut["sync_id"]).await;
    assert_eq!(desk.pages(), [0, 1, 1, 2]);
}
