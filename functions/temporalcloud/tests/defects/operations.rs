//! Operations: the vendor carries changes out in its own time, or does not.

use std::time::Duration;

use rollcall_connector::clock::{Clock, between};
use rollcall_harness::changes::outcome;
use rollcall_simulators::Fault;
use rollcall_simulators::temporalcloud::{End, TEST_KEY};
use serde_json::json;

use crate::script::{ask_as, play};
use crate::{Desk, answer, answered, edit, set_faults, set_options, spec, stored};

const GRANT: &str = "grant demo:read to user:u-read";

/// From now on, operations end like this at this look, and are said to need so many seconds.
fn set_operations(desk: &Desk, polls: usize, end: End, seconds: Option<f64>) {
    set_options(desk, |o| {
        o.operations.polls = polls;
        o.operations.end = end;
        o.operations.check_duration = seconds.map(Duration::from_secs_f64);
    });
}

/// How many looks at operations there are meanwhile, and how many seconds pass.
async fn looks(desk: &Desk, meanwhile: impl Future<Output = ()>) -> (usize, u64) {
    desk.vendor.sim.clear_requests();
    let start = desk.clock.now();
    meanwhile.await;
    let requests = desk.vendor.sim.requests().into_iter();
    let looks = requests.filter(|r| r.path.starts_with("/cloud/operations/"));
    (looks.count(), between(start, desk.clock.now()).as_secs())
}

/// Somebody else's operation.
fn theirs(state: &str) -> Fault {
    let operation = json!({"asyncOperation": {"id": "theirs", "state": state}});
    answered("/cloud/operations/theirs", operation)
}

#[tokio::test]
async fn an_operation_that_ended_badly_fails_at_once_in_the_vendors_words() {
    let desk = Desk::new().await;
    let before = spec(&desk, "u-read");
    for (end, says) in [
        (End::Failed, "failed: the change could not be carried out"),
        (End::Cancelled, "cancelled: "),
        (End::Rejected, "rejected: "),
    ] {
        set_operations(&desk, 2, end, Some(1.0));
        let script = format!("{GRANT} = Refused OperationFailed ~ ended as {says}");
        assert_eq!(looks(&desk, play(&desk, &script)).await, (2, 2));
        assert_eq!(spec(&desk, "u-read"), before);
    }
    // Those words may quote the key.
    let reason = format!("no such key: Bearer {TEST_KEY}");
    let operation = json!({"id": "o", "state": "STATE_FAILED", "failureReason": reason});
    let failed = answer(200, json!({"asyncOperation": operation}));
    set_faults(&desk, [Fault::matching("POST", "/cloud/", failed)]);
    let script = format!("{GRANT} = Refused OperationFailed ~ no such key: Bearer …");
    play(&desk, &script).await;
    assert_eq!(desk.leak(&[TEST_KEY.into()]), None);
    set_faults(&desk, []);
    set_operations(&desk, 1, End::Fulfilled, None);
    play(&desk, &format!("{GRANT} = granted demo:read")).await;
}

#[tokio::test]
async fn a_slow_operation_is_left_and_found_again_by_the_same_event() {
    let desk = Desk::new().await;
    set_operations(&desk, usize::MAX, End::Fulfilled, None);
    for (asked, end) in [
        (GRANT, "granted"),
        ("create new@example.com", "created"),
        ("delete user:u-capital", "deleted"),
    ] {
        desk.vendor.sim.clear_requests();
        for _ in 0..3 {
            let answer = outcome(ask_as(&desk, end, asked).await, "in_progress");
            let at = answer["resume_at"].as_str().expect("a time");
            let left = between(desk.clock.now(), at.parse().expect("a time"));
            assert!((1..100).contains(&left.as_secs()), "{left:?}");
            desk.clock.advance(left);
        }
        desk.vendor.sim.finish_operations();
        let answer = outcome(ask_as(&desk, end, asked).await, end);
        assert!(answer["vendor_request_id"].is_string() && answer["resume_at"].is_null());
        play(&desk, "1 writes").await;
        // Its end is on record: the same event is answered from there.
        assert_eq!(outcome(ask_as(&desk, end, asked).await, end), answer);
        play(&desk, "0 calls").await;
    }
}

#[tokio::test]
async fn between_two_looks_is_what_the_vendor_last_said_within_one_and_thirty_seconds_or_two() {
    let desk = Desk::new().await;
    let running = json!({"id": "x", "state": "STATE_IN_PROGRESS", "checkDuration": "20s"});
    let later = answer(200, json!({"asyncOperation": running}));
    let later = Fault::nth_matching(1, "GET", "/cloud/operations/", later);
    let granted = format!("{GRANT} = granted demo:read");
    let back = "revoke demo:read from user:u-read = revoked, removed demo:read";
    for (said, later, expected) in [
        (None, None, (5, 5 * 2)),
        (Some(0.01), None, (2, 2)),
        (Some(7.0), None, (2, 2 * 7)),
        (Some(600.0), None, (2, 2 * 30)),
        // One second before the first look, twenty before the second, one before the third.
        (Some(1.0), Some(later), (3, 1 + 20 + 1)),
    ] {
        let own = expected.0 - later.iter().len();
        set_operations(&desk, own, End::Fulfilled, said);
        set_faults(&desk, later);
        let found = looks(&desk, play(&desk, &granted)).await;
        assert_eq!(found, expected, "{said:?}");
        play(&desk, back).await;
    }
    // A state that nobody here knows is left to a later look.
    set_operations(&desk, 1, End::Unknown, Some(10.0));
    let script = format!("{GRANT} = in_progress ~ \"resume_at\":\"2026");
    let (polls, seconds) = looks(&desk, play(&desk, &script)).await;
    assert!(polls <= 7 && seconds <= 60, "{polls} in {seconds} s");
    play(&desk, "1 writes").await;
}

/// Whether the vendor stops naming an operation that has ended is not documented: if not, whatever was changed once could
/// never be changed again.
#[tokio::test]
async fn somebody_elses_change_of_the_same_object_is_waited_for_and_not_once_it_has_ended() {
    let desk = Desk::new().await;
    let script = "
        STATE_FULFILLED: grant demo:read to user:u-read = granted demo:read
        STATE_FAILED: revoke demo:read from user:u-read = revoked, removed demo:read
        STATE_CANCELLED: grant role:admin to user:u-read = granted role:admin, replaced role:read, removed role:read
        STATE_REJECTED: revoke role:admin from user:u-read = revoked role:developer, removed role:admin
        forgotten: delete user:u-read = deleted, removed role:developer";
    for line in script.lines().skip(1) {
        let (state, line) = line.trim().split_once(": ").expect("an end of theirs");
        let mut user = stored(&desk, "u-read");
        user["asyncOperationId"] = "theirs".into();
        let user = answered("/cloud/users/u-read", json!({"user": user}));
        let running = theirs("STATE_IN_PROGRESS").times(1);
        let ended = (state != "forgotten").then(|| theirs(state));
        set_faults(&desk, [user.times(2), running].into_iter().chain(ended));
        // Two seconds until the second look at theirs, and one until the first at ours.
        assert_eq!(looks(&desk, play(&desk, line)).await, (3, 3), "{line}");
    }
}

#[tokio::test]
async fn a_change_that_goes_on_or_cannot_be_seen_keeps_us_out() {
    let desk = Desk::new().await;
    let set = |value| edit(&desk, |w| w.set_field("u-read", "asyncOperationId", value));
    // Always the same request, to which its own wait is no obstacle.
    for state in ["UPDATING", "DELETING"] {
        play(&desk, &format!("u-read is {state}")).await;
        outcome(ask_as(&desk, "r1", GRANT).await, "in_progress");
    }
    play(&desk, "u-read is ACTIVE").await;
    set("theirs".into());
    for state in ["STATE_PENDING", "STATE_FUTURE", ""] {
        set_faults(&desk, [theirs(state)]);
        outcome(ask_as(&desk, "r1", GRANT).await, "in_progress");
    }
    let script = "
        grant demo:read to user:u-read ! 403 /cloud/operations/theirs = PermissionDenied VendorDenied
        0 writes";
    play(&desk, script).await;
    set(json!(null));
    outcome(ask_as(&desk, "r1", GRANT).await, "granted");
}
