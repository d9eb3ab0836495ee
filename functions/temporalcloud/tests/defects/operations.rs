//! Operations: the vendor carries changes out in its own time, or does not.

use std::time::Duration;

use rollcall_connector::clock::{Clock, between};
use rollcall_simulators::temporalcloud::End;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{code, create, delete, grant, outcome, shown_once, stored};
use crate::Desk;

const READ: &str = "namespace:demo.a1b23:read";
const WHOM: &str = "user:u-read";

async fn desk_with(polls: usize, end: End, check: Option<Duration>) -> Desk {
    let desk = Desk::new().await;
    desk.vendor.sim.set_options(|o| {
        o.operations.polls = polls;
        o.operations.end = end;
        o.operations.check_duration = check;
    });
    desk
}

fn polls(desk: &Desk) -> usize {
    desk.vendor
        .sim
        .requests()
        .iter()
        .filter(|r| r.path.starts_with("/cloud/operations/"))
        .count()
}

fn seconds_since(desk: &Desk, start: jiff::Timestamp) -> u64 {
    between(start, desk.clock.now()).as_secs()
}

/// The public connector polls an operation that was rejected for ten minutes.
#[tokio::test]
async fn an_operation_that_ended_badly_fails_at_once_in_the_vendors_words() {
    for (end, word) in [
        (End::Failed, "failed"),
        (End::Cancelled, "cancelled"),
        (End::Rejected, "rejected"),
    ] {
        let desk = desk_with(2, end.clone(), Some(Duration::from_secs(1))).await;
        let before = stored(&desk, "u-read")["spec"].clone();
        let error = grant(&desk, "r1", READ, WHOM)
            .await
            .expect_err("an operation that ended badly");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            ("Refused", "OperationFailed"),
            "{end:?}"
        );
        assert!(
            error.to_string().contains(word) && !error.fix().is_empty(),
            "{error}"
        );
        if end == End::Failed {
            assert!(
                error.to_string().contains("could not be carried out"),
                "{error}"
            );
        }
        assert_eq!(
            (polls(&desk), stored(&desk, "u-read")["spec"].clone()),
            (2, before)
        );
        // The same request fails the same way; a new one is a new try.
        assert_eq!(
            code(grant(&desk, "r1", READ, WHOM).await),
            "OperationFailed"
        );
        desk.vendor
            .sim
            .set_options(|o| o.operations.end = End::Fulfilled);
        outcome(grant(&desk, "r2", READ, WHOM).await, "granted");
    }
}

/// The public connector holds its process for ten minutes and then fails, without knowing what became of the change.
#[tokio::test]
async fn a_slow_operation_is_left_and_found_again_by_the_same_event() {
    let desk = desk_with(usize::MAX, End::Fulfilled, Some(Duration::from_secs(5))).await;
    let counter = desk.vendor.sim.with_world(|world| world.counter);
    let start = desk.clock.now();
    for _ in 0..3 {
        let answer = outcome(grant(&desk, "r1", READ, WHOM).await, "in_progress");
        let at: jiff::Timestamp = answer["resume_at"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time");
        assert!(at > desk.clock.now());
        desk.clock.advance(between(desk.clock.now(), at));
    }
    assert!(seconds_since(&desk, start) < 300);
    desk.vendor.sim.finish_operations();
    let answer = outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
    assert!(answer["vendor_request_id"].is_string() && answer["resume_at"].is_null());
    // Sent once, carried out once.
    assert_eq!(desk.writes().len(), 1);
    assert_eq!(
        desk.vendor.sim.with_world(|world| world.counter),
        counter + 1
    );
    // Its end is on record: the same event is answered from there.
    desk.vendor.sim.clear_requests();
    assert_eq!(
        outcome(grant(&desk, "r1", READ, WHOM).await, "granted"),
        answer
    );
    assert_eq!(desk.vendor.sim.calls(), 0);
}

/// The public connector does the same for accounts.
#[tokio::test]
async fn a_slow_creation_and_a_slow_deletion_are_sent_once() {
    let desk = desk_with(usize::MAX, End::Fulfilled, None).await;
    outcome(create(&desk, "r1", "new@example.com").await, "in_progress");
    outcome(create(&desk, "r1", "new@example.com").await, "in_progress");
    desk.vendor.sim.finish_operations();
    let created = outcome(create(&desk, "r1", "new@example.com").await, "created");
    assert_eq!(created["resource"]["status"], "invited");
    outcome(delete(&desk, "r2", WHOM).await, "in_progress");
    desk.vendor.sim.finish_operations();
    outcome(delete(&desk, "r2", WHOM).await, "deleted");
    assert_eq!(desk.writes().len(), 2);
}

/// The public connector asks without a pause where the vendor does not say when to ask again.
#[tokio::test]
async fn without_a_word_of_the_vendor_there_are_two_seconds_between_two_looks() {
    let desk = desk_with(5, End::Fulfilled, None).await;
    let start = desk.clock.now();
    outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
    assert_eq!((polls(&desk), seconds_since(&desk, start)), (5, 10));
}

/// The public connector takes any word of the vendor for it, however long or short.
#[tokio::test]
async fn the_vendors_word_counts_between_one_second_and_thirty() {
    for (said, kept) in [
        (Duration::from_millis(10), 1),
        (Duration::from_secs(7), 7),
        (Duration::from_secs(600), 30),
    ] {
        let desk = desk_with(2, End::Fulfilled, Some(said)).await;
        let start = desk.clock.now();
        outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
        assert_eq!(
            (polls(&desk), seconds_since(&desk, start)),
            (2, 2 * kept),
            "{said:?}"
        );
    }
}

/// The public connector goes by the first answer and ignores what the later ones say.
#[tokio::test]
async fn the_vendors_latest_word_counts() {
    let desk = desk_with(2, End::Fulfilled, Some(Duration::from_secs(1))).await;
    let later = json!({"asyncOperation": {"id": "x", "state": "STATE_IN_PROGRESS", "checkDuration": "20s"}});
    desk.vendor
        .sim
        .set_faults(vec![shown_once(1, "/cloud/operations/", later)]);
    let start = desk.clock.now();
    outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
    // One second before the first look, twenty before the second, one before the third.
    assert_eq!((polls(&desk), seconds_since(&desk, start)), (3, 22));
}

/// The public connector polls a state that it does not know for ten minutes.
#[tokio::test]
async fn a_state_that_nobody_here_knows_is_left_to_a_later_look() {
    let desk = desk_with(1, End::Unknown, Some(Duration::from_secs(10))).await;
    let start = desk.clock.now();
    let answer = outcome(grant(&desk, "r1", READ, WHOM).await, "in_progress");
    assert!(answer["resume_at"].is_string());
    assert!(polls(&desk) <= 7 && seconds_since(&desk, start) <= 60);
    assert_eq!(desk.writes().len(), 1);
}

/// An operation of somebody else's.
fn theirs(state: &str) -> Value {
    json!({"asyncOperation": {"id": "theirs", "state": state, "checkDuration": "1s"}})
}

/// The public connector begins its change in the middle of somebody else's.
#[tokio::test]
async fn somebody_elses_change_of_the_same_object_is_waited_for() {
    // It ends while we wait.
    let desk = Desk::new().await;
    for busy in [
        json!({"state": "RESOURCE_STATE_UPDATING"}),
        json!({"asyncOperationId": "theirs"}),
    ] {
        let mut user = stored(&desk, "u-read");
        for (field, value) in busy.as_object().expect("an object") {
            user[field] = value.clone();
        }
        desk.vendor.sim.set_faults(vec![
            shown_once(1, "/cloud/users/u-read", json!({"user": user})),
            shown_once(1, "/cloud/operations/theirs", theirs("STATE_IN_PROGRESS")),
        ]);
        let request = format!(
            "grant-{}",
            busy.as_object()
                .expect("an object")
                .keys()
                .next()
                .expect("a part")
        );
        let start = desk.clock.now();
        outcome(grant(&desk, &request, READ, WHOM).await, "granted");
        assert!(seconds_since(&desk, start) >= 2, "{busy}");
        outcome(
            super::revoke(&desk, &format!("no-{request}"), READ, WHOM).await,
            "revoked",
        );
    }
    // It does not: the caller is told when to come back, and nothing is sent until then.
    desk.vendor.sim.clear_requests();
    let state = |state: &str| {
        desk.vendor.sim.with_world(|world| {
            world.set_state("u-read", state);
        });
    };
    state("RESOURCE_STATE_UPDATING");
    for (request, change) in [
        ("a", grant(&desk, "a", READ, WHOM).await),
        ("b", delete(&desk, "b", WHOM).await),
    ] {
        let answer = outcome(change, "in_progress");
        assert!(answer["resume_at"].is_string(), "{request}");
    }
    let role: Value = outcome(
        grant(&desk, "c", "account-role:a1b23-developer:member", WHOM).await,
        "in_progress",
    );
    assert_eq!(
        (role["grants"].clone(), desk.writes().len()),
        (json!([]), 0)
    );
    state("RESOURCE_STATE_ACTIVE");
    outcome(grant(&desk, "a", READ, WHOM).await, "granted");
}

/// The public connector does not look at operations of others. Whether the vendor stops naming one that has ended is not
/// documented: if not, whatever was changed once could never be changed again.
#[tokio::test]
async fn an_operation_that_has_ended_keeps_nobody_out_although_it_is_still_named() {
    let looks = |desk: &Desk| {
        let requests = desk.vendor.sim.requests();
        let of_theirs = requests
            .iter()
            .filter(|r| r.path == "/cloud/operations/theirs");
        of_theirs.count()
    };
    for state in [
        None,
        Some("STATE_FULFILLED"),
        Some("STATE_FAILED"),
        Some("STATE_CANCELLED"),
        Some("STATE_REJECTED"),
    ] {
        let desk = Desk::new().await;
        let name_theirs = || {
            let mut user = stored(&desk, "u-read");
            user["asyncOperationId"] = "theirs".into();
            let named = shown_once(1, "/cloud/users/u-read", json!({"user": user}));
            // Without a state, the vendor has forgotten the operation.
            let known = state.map(|state| shown_once(1, "/cloud/operations/theirs", theirs(state)));
            desk.vendor
                .sim
                .set_faults(known.into_iter().chain([named]).collect());
        };
        let role = "account-role:a1b23-developer:member";
        name_theirs();
        outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
        name_theirs();
        outcome(super::revoke(&desk, "r2", READ, WHOM).await, "revoked");
        name_theirs();
        outcome(grant(&desk, "r3", role, WHOM).await, "granted");
        name_theirs();
        outcome(super::revoke(&desk, "r4", role, WHOM).await, "revoked");
        name_theirs();
        outcome(delete(&desk, "r5", WHOM).await, "deleted");
        assert_eq!((looks(&desk), desk.writes().len()), (5, 5), "{state:?}");
    }
}

/// The public connector begins its change all the same.
#[tokio::test]
async fn an_operation_that_runs_or_cannot_be_seen_keeps_us_out_although_the_state_is_settled() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        world.set_field("u-read", "asyncOperationId", json!("theirs"));
    });
    let answers = |code, body| {
        let headers = Vec::new();
        let kind = FaultKind::Status {
            code,
            headers,
            body,
        };
        vec![Fault::matching("GET", "/cloud/operations/theirs", kind)]
    };
    for (request, state) in [("r1", "STATE_PENDING"), ("r2", "STATE_FUTURE")] {
        desk.vendor
            .sim
            .set_faults(answers(200, Some(theirs(state))));
        let answer = outcome(grant(&desk, request, READ, WHOM).await, "in_progress");
        assert!(answer["resume_at"].is_string(), "{state}");
    }
    desk.vendor.sim.set_faults(answers(403, None));
    assert_eq!(code(grant(&desk, "r3", READ, WHOM).await), "VendorDenied");
    assert_eq!(desk.writes().len(), 0);
}
