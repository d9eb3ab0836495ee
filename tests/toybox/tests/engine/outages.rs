//! What becomes of runs that meet an outage, at the made-up vendor of [`super::planned`].

use std::time::Duration;

use super::planned::{Desk, Reply};
use rollcall_connector::clock::{Clock, between};
use rollcall_connector::event::{Reason, SyncAnswer, SyncStatus};
use rollcall_connector::{Error, ErrorType};

impl Desk {
    /// Syncs until it is complete or fails, through all outages; with the waits in between, in seconds.
    async fn follow(&self) -> (Result<SyncAnswer, Error>, Vec<u64>) {
        let (mut id, mut waits) = (None, Vec::new());
        loop {
            match self.sync(id.as_deref()).await {
                Ok(answer) if answer.reason == Some(Reason::Unavailable) => {
                    let at = answer.resume_at.expect("a time");
                    let wait = between(self.clock.now(), at);
                    self.clock.advance(wait);
                    waits.push(wait.as_secs());
                    id = answer.sync_id;
                }
                end => return (end, waits),
            }
        }
    }
}

#[tokio::test]
async fn a_list_that_never_ends_is_read_again_from_the_beginning_and_in_the_end_fails() {
    let round = vec![Reply::Good, Reply::StaleCursor];
    let slice = [vec![Reply::Good], vec![round; 3].concat()].concat();
    for (times, is_complete) in [(1, true), (7, false)] {
        let desk = Desk::new(3);
        desk.after(0, vec![slice.clone(); times].concat());
        let (end, waits) = desk.follow().await;
        assert_eq!(waits.len(), times.min(6));
        let read = [[0, 1, 0, 1, 0, 1].repeat(times), vec![0, 1, 2]].concat();
        match end {
            Ok(answer) => {
                assert_eq!((answer.counts.resources, desk.pages()), (3, read));
                assert!(is_complete);
            }
            Err(e) => {
                assert_eq!(
                    (e.code().as_str(), e.resumable_sync_id()),
                    ("EndlessList", None)
                );
                assert!(!is_complete);
            }
        }
    }
}

#[tokio::test]
async fn an_outage_is_waited_out_six_times_in_a_row_and_then_fails_the_run() {
    // Before anything was read, and after the first page.
    for good in [0, 2] {
        let desk = Desk::new(3);
        desk.after(good, vec![Reply::Fails(ErrorType::Unavailable); 7]);
        let (end, waits) = desk.follow().await;
        let error = end.expect_err("an outage");
        assert_eq!(
            (error.code().as_str(), waits.len()),
            ("UnexpectedAnswer", 6)
        );
        for (wait, least) in waits.iter().zip([10, 20, 40, 80, 160, 320]) {
            assert!((least..2 * least).contains(wait), "{waits:?}");
        }
        assert_eq!(
            error.resumable_sync_id().is_some(),
            good > 0,
            "something was read"
        );
        desk.pages();
        // Whoever resumes it later has all attempts again.
        desk.clock.advance(Duration::from_secs(3600));
        desk.after(0, [Reply::Fails(ErrorType::Unavailable)]);
        let answer = desk
            .sync(error.resumable_sync_id())
            .await
            .expect("an answer");
        assert_eq!(answer.reason, Some(Reason::Unavailable));
        desk.pages();
        desk.complete(answer.sync_id.as_deref()).await;
        let rest = if good > 0 { vec![1, 2] } else { vec![0, 1, 2] };
        assert_eq!(desk.pages(), rest);
    }
}

#[tokio::test]
async fn a_step_between_two_outages_starts_the_count_anew() {
    let (good, down) = (Reply::Good, Reply::Fails(ErrorType::Unavailable));
    let desk = Desk::new(3);
    let slices = [
        vec![good.clone(), down.clone()],
        vec![down.clone()],
        vec![good.clone(), good, down],
    ];
    desk.after(0, slices.concat());
    let (end, waits) = desk.follow().await;
    assert_eq!(end.expect("a sync").status, SyncStatus::Complete);
    assert_eq!(desk.pages(), [0, 0, 1, 1, 2]);
    let first = waits.iter().map(|wait| wait / 10);
    assert_eq!(first.collect::<Vec<_>>(), [1, 2, 1], "{waits:?}");
}

#[tokio::test]
async fn an_outage_that_outlasts_the_run_fails_it() {
    let mut desk = Desk::new(1);
    desk.cx.settings.max_run_age = Duration::from_secs(25);
    desk.after(0, vec![Reply::Fails(ErrorType::Unavailable); 7]);
    let (end, waits) = desk.follow().await;
    assert_eq!(
        (end.expect_err("an outage").code().as_str(), waits.len()),
        ("UnexpectedAnswer", 1)
    );
}

#[tokio::test]
async fn a_run_whose_checkpoint_cannot_be_saved_at_once_is_saved_and_waits() {
    let mut desk = Desk::new(4);
    desk.cx.settings.max_steps = Some(2);
    desk.cx.settings.checkpoint_every = Duration::MAX;
    desk.after(2, [Reply::Breaks(("runs/", 1))]);
    let answer = desk.sync(None).await.expect("an answer");
    assert_eq!(answer.reason, Some(Reason::Unavailable));
    assert_eq!(answer.warnings[0].code, "VendorUnavailable");
    desk.cx.settings.max_steps = None;
    desk.complete(answer.sync_id.as_deref()).await;
    assert_eq!(desk.pages(), [0, 1, 2, 3]);
}
