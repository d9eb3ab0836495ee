//! Operations: the vendor carries changes out asynchronously, or fails to; others change the same objects, answers are
//! lost, and there are limits: a change is made once and on the current state.

use std::time::Duration;

use rollcall_connector::clock::{Clock, between};
use rollcall_harness::changes::outcome;
use rollcall_harness::conformance::Subject;
use rollcall_simulators::temporalcloud::{End, StaleVersion, TEST_KEY};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use crate::script::{ask, ask_as, play};
use crate::{Desk, answer, answered, edit, set_options, spec, stored};

const GRANT: &str = "grant demo:read to user:u-read";

/// From now on, operations end like this at this poll, and announce this many seconds.
fn set_operations(desk: &Desk, polls: usize, end: End, seconds: Option<f64>) {
    set_options(desk, |o| {
        o.operations.polls = polls;
        o.operations.end = end;
        o.operations.check_duration = seconds.map(Duration::from_secs_f64);
    });
}

/// The number of polls of operations in between, and the seconds that pass.
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
    // The message may quote the key.
    let reason = format!("no such key: Bearer {TEST_KEY}");
    let failed = json!({"id": "o", "state": "STATE_FAILED", "failureReason": reason});
    let failed = json!({"asyncOperation": failed});
    let end = "Refused OperationFailed ~ no such key: Bearer …";
    play(&desk, &format!("{GRANT} ! {failed} POST /cloud/ = {end}")).await;
    assert_eq!(desk.leak(&[TEST_KEY.into()]), None);
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
        // Its end is recorded: the same event is answered from the record.
        assert_eq!(outcome(ask_as(&desk, end, asked).await, end), answer);
        play(&desk, "0 calls").await;
    }
}

#[tokio::test]
async fn polls_are_paced_as_the_vendor_says_within_1_to_30_seconds_or_every_2() {
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
        desk.vendor.set_faults(later);
        let found = looks(&desk, play(&desk, &granted)).await;
        assert_eq!(found, expected, "{said:?}");
        play(&desk, back).await;
    }
    // An unknown state is left to a later poll.
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
        desk.vendor.set_faults([user.times(2), running].into_iter().chain(ended));
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
        desk.vendor.set_faults([theirs(state)]);
        outcome(ask_as(&desk, "r1", GRANT).await, "in_progress");
    }
    let script = "
        grant demo:read to user:u-read ! 403 /cloud/operations/theirs = PermissionDenied VendorDenied
        0 writes";
    play(&desk, script).await;
    set(json!(null));
    outcome(ask_as(&desk, "r1", GRANT).await, "granted");
}

/// The operation ids of every change that was sent.
fn operation_ids(desk: &Desk) -> Vec<String> {
    let bodies = desk.writes().into_iter().filter_map(|r| r.body);
    let ids = bodies.map(|body| body["asyncOperationId"].clone());
    ids.map(|id| id.as_str().expect("an id").into()).collect()
}

#[tokio::test]
async fn a_change_of_something_that_changed_in_between_is_planned_again() {
    let mut desk = Desk::new().await;
    let promote = "grant role:developer to user:u-read";
    for answer in
        [StaleVersion::Aborted, StaleVersion::FailedPrecondition, StaleVersion::InvalidArgument]
    {
        set_options(&desk, |o| o.stale_version = answer);
        let old = json!({"user": stored(&desk, "u-read")});
        desk.vendor.set_faults([answered("/cloud/users/u-read", old).times(1)]);
        edit(&desk, |w| {
            w.edit("u-read", |access| {
                access["projectAccesses"] = json!({"prj_1": {"role": "PROJECT_ROLE_READ"}});
                access["accountAccess"]["customRoles"] = json!(["cr_2"]);
            })
        });
        let mut expected = spec(&desk, "u-read");
        outcome(ask(&desk, promote).await, "granted");
        expected["access"]["accountAccess"]["role"] = "ROLE_DEVELOPER".into();
        assert_eq!(spec(&desk, "u-read"), expected, "{answer:?}");
        // Another payload is another operation.
        let ids = operation_ids(&desk);
        assert!(ids.len() == 2 && ids[0] != ids[1], "{answer:?}: {ids:?}");
        desk = desk.renewed().await;
    }
    // What never rests is given up, and the caller is told that it is not alone.
    play(&desk, &format!("{promote} ! 409 POST /cloud/users/u-read = Conflict Contended")).await;
    assert!((2..=4).contains(&desk.writes().len()));
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_made_once() {
    let mut desk = Desk::new().await;
    for kind in
        [FaultKind::LoseAnswer, FaultKind::CutBody, FaultKind::Disconnect, FaultKind::status(503)]
    {
        let lost = |method, path| Fault::nth_matching(1, method, path, kind.clone());
        let world = || desk.vendor.sim.with_world(|w| (w.counter, w.users.len()));
        let (counter, users) = world();
        desk.vendor.set_faults([lost("POST", "/cloud/namespaces/")]);
        outcome(ask(&desk, GRANT).await, "granted");
        assert_eq!(world(), (counter + 1, users), "{kind:?}");
        let ids = operation_ids(&desk);
        assert!(ids.len() == 2 && ids[0] == ids[1], "{kind:?}: {ids:?}");

        desk.vendor.set_faults(["POST", "DELETE"].map(|method| lost(method, "/cloud/users")));
        let created = outcome(ask(&desk, "create new@example.com").await, "created");
        assert_eq!(world().1, users + 1, "{kind:?}");
        let id = created["resource"]["id"].as_str().expect("an id");
        play(&desk, &format!("delete {id} = deleted, removed role:read\n6 writes")).await;
        desk = desk.renewed().await;
    }
}

#[tokio::test]
async fn an_operation_is_named_after_its_request_and_what_was_read() {
    let mut desk = Desk::new().await;
    let mut names = Vec::new();
    for (request, is_touched) in [("r1", false), ("r1", false), ("r2", false), ("r1", true)] {
        if is_touched {
            desk.vendor.sim.with_world(|w| w.touch("u-read"));
        }
        outcome(ask_as(&desk, request, GRANT).await, "granted");
        let (back, revoke) = (format!("{request}-"), "revoke demo:read from user:u-read");
        outcome(ask_as(&desk, &back, revoke).await, "revoked");
        names.push(operation_ids(&desk));
        desk = desk.renewed().await;
    }
    assert_eq!(names[0], names[1], "the same request says the same");
    let mut others = names[1..].concat();
    others.sort();
    others.dedup();
    // The vendor's clients send UUIDs.
    assert!(others.iter().all(|id| id.len() == 36), "{others:?}");
    assert_eq!(others.len(), 6, "all others have names of their own");
}

/// Ten changes may run at the same time in an account; with which status a further one is refused is not documented.
#[tokio::test]
async fn too_many_changes_at_a_time_are_waited_for() {
    let desk = Desk::new().await;
    let waits = "in_progress ~ \"resume_at\":\"2026";
    set_options(&desk, |o| o.max_running = 0);
    play(&desk, &format!("{GRANT} = {waits}")).await;
    set_options(&desk, |o| o.max_running = 10);
    for busy in [
        r#"400 {"code": 8, "message": "too many concurrent operations (type: bad-request)"}"#,
        r#"400 {"code": 8, "message": "Resource exhausted: 10 operations are running"}"#,
        r#"409 {"code": 8, "message": "too many changes are under way"}"#,
    ] {
        desk.vendor.sim.clear_requests();
        desk.clock.advance(Duration::from_secs(24 * 3600));
        play(&desk, &format!("{GRANT} ! {busy} POST /cloud/ = {waits}\n1 writes")).await;
    }
    desk.clock.advance(Duration::from_secs(24 * 3600));
    play(&desk, &format!("{GRANT} = granted demo:read")).await;
}
