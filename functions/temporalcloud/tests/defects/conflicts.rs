//! Others who change the same things, answers that are lost, and limits: a change is made once and on what is so.

use rollcall_simulators::temporalcloud::StaleVersion;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use super::{create, delete, grant, operation_ids, outcome, revoke, shown_once, spec, stored};
use crate::Desk;

const DEVELOPER: &str = "account-role:a1b23-developer:member";
const READ: &str = "namespace:demo.a1b23:read";
const WHOM: &str = "user:u-read";

/// The public connector fails where somebody else has changed the user since it was read.
#[tokio::test]
async fn a_change_of_something_that_has_moved_on_is_made_again_on_how_it_is_now() {
    for answer in [
        StaleVersion::Aborted,
        StaleVersion::FailedPrecondition,
        StaleVersion::InvalidArgument,
    ] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_options(|o| o.stale_version = answer);
        let old = json!({"user": stored(&desk, "u-read")});
        desk.vendor.sim.with_world(|world| {
            world.set_namespace_permission("u-read", "orders.a1b23", "PERMISSION_WRITE");
            world.edit("u-read", |access| {
                access["accountAccess"]["customRoles"] = json!(["cr_2"])
            });
        });
        let mut expected = spec(&desk, "u-read");
        desk.vendor
            .sim
            .set_faults(vec![shown_once(1, "/cloud/users/u-read", old)]);
        outcome(grant(&desk, "r1", DEVELOPER, WHOM).await, "granted");
        expected["access"]["accountAccess"]["role"] = "ROLE_DEVELOPER".into();
        assert_eq!(spec(&desk, "u-read"), expected, "{answer:?}");
        let ids = operation_ids(&desk);
        assert_eq!(ids.len(), 2, "{answer:?}");
        assert_ne!(ids[0], ids[1], "another payload is another operation");
    }
}

/// The public connector fails; here the caller is told that it is not alone.
#[tokio::test]
async fn something_that_never_rests_is_given_up_after_a_few_tries() {
    let desk = Desk::new().await;
    let conflict = FaultKind::status(409);
    desk.vendor.sim.set_faults(vec![Fault::matching(
        "POST",
        "/cloud/users/u-read",
        conflict,
    )]);
    let error = grant(&desk, "r1", DEVELOPER, WHOM)
        .await
        .expect_err("a conflict");
    assert_eq!(
        (error.kind().as_str(), error.code().as_str()),
        ("Conflict", "Contended")
    );
    assert!((2..=4).contains(&desk.writes().len()));
}

/// The public connector names no operation: a request that is repeated is carried out again.
#[tokio::test]
async fn a_change_whose_answer_is_lost_is_recognized_when_it_is_sent_again() {
    for kind in [
        FaultKind::LoseAnswer,
        FaultKind::CutBody,
        FaultKind::Disconnect,
        FaultKind::status(503),
    ] {
        let desk = Desk::new().await;
        let counter = desk.vendor.sim.with_world(|world| world.counter);
        desk.vendor.sim.set_faults(vec![Fault::nth_matching(
            1,
            "POST",
            "/cloud/",
            kind.clone(),
        )]);
        outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
        let ids = operation_ids(&desk);
        assert_eq!((ids.len(), &ids[0]), (2, &ids[1]), "{kind:?}");
        assert_eq!(
            desk.vendor.sim.with_world(|world| world.counter),
            counter + 1,
            "{kind:?}"
        );
    }
}

/// The public connector fails where an account was made, or deleted, and the answer did not arrive.
#[tokio::test]
async fn an_account_is_made_and_deleted_once_whatever_becomes_of_the_answers() {
    for kind in [
        FaultKind::LoseAnswer,
        FaultKind::CutBody,
        FaultKind::Disconnect,
    ] {
        let desk = Desk::new().await;
        let users = || desk.vendor.sim.with_world(|world| world.users.len());
        let before = users();
        desk.vendor.sim.set_faults(vec![
            Fault::nth_matching(1, "POST", "/cloud/users", kind.clone()),
            Fault::nth_matching(1, "DELETE", "/cloud/users", kind.clone()),
        ]);
        let created = outcome(create(&desk, "r1", "new@example.com").await, "created");
        assert_eq!(users(), before + 1, "{kind:?}");
        let id = created["resource"]["id"].as_str().expect("an id");
        outcome(delete(&desk, "r2", id).await, "deleted");
        assert_eq!((users(), desk.writes().len()), (before, 4), "{kind:?}");
    }
}

/// The public connector names no operation at all.
#[tokio::test]
async fn an_operation_is_named_after_its_request_and_what_was_read() {
    let one = |request: &'static str, touched: bool| async move {
        let desk = Desk::new().await;
        if touched {
            desk.vendor.sim.with_world(|world| world.touch("u-read"));
        }
        outcome(grant(&desk, request, READ, WHOM).await, "granted");
        outcome(
            revoke(&desk, &format!("{request}-back"), READ, WHOM).await,
            "revoked",
        );
        operation_ids(&desk)
    };
    let first = one("r1", false).await;
    assert_eq!(
        first,
        one("r1", false).await,
        "the same request says the same"
    );
    let others = [one("r2", false).await, one("r1", true).await];
    let mut all: Vec<&String> = first.iter().chain(others.iter().flatten()).collect();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "everything else has a name of its own");
    assert!(
        all.iter().all(|id| id.len() == 36),
        "the vendor's own clients send UUIDs: {all:?}"
    );
}

/// The public connector gives up a whole sync at the first rate limit, and a change too.
#[tokio::test]
async fn a_rate_limit_is_waited_for() {
    let desk = Desk::new().await;
    let whole = desk.complete().await;
    for retry_after in [None, Some(3)] {
        let limited = FaultKind::too_many_requests(retry_after);
        desk.vendor.sim.set_faults(vec![
            Fault::matching("GET", "/cloud/users", limited.clone()).times(2),
        ]);
        assert_eq!(
            desk.complete().await["content_digest"],
            whole["content_digest"]
        );
        let desk = Desk::new().await;
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("POST", "/cloud/", limited).times(2)]);
        outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
        assert_eq!(desk.writes().len(), 3);
    }
    // Ten changes may run at the same time in an account. That is a rate limit too.
    let desk = Desk::new().await;
    desk.vendor.sim.set_options(|o| o.max_running = 0);
    outcome(grant(&desk, "r1", READ, WHOM).await, "in_progress");
    desk.vendor.sim.set_options(|o| o.max_running = 10);
    desk.clock.advance(std::time::Duration::from_secs(3600));
    outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
    // With which status it is told is not documented.
    for (status, says) in [
        (400, "too many concurrent operations (type: bad-request)"),
        (400, "Resource exhausted: 10 operations are running"),
        (409, "too many changes are under way"),
    ] {
        let desk = Desk::new().await;
        let busy = FaultKind::Status {
            code: status,
            headers: Vec::new(),
            body: Some(json!({"code": 8, "message": says})),
        };
        let once = Fault::matching("POST", "/cloud/", busy).times(1);
        desk.vendor.sim.set_faults(vec![once]);
        let answer = outcome(grant(&desk, "r1", READ, WHOM).await, "in_progress");
        assert!(answer["resume_at"].is_string(), "{says}");
        desk.clock.advance(std::time::Duration::from_secs(60));
        outcome(grant(&desk, "r1", READ, WHOM).await, "granted");
    }
}

/// The public connector lets two changes of one user run into each other.
#[tokio::test]
async fn two_changes_of_one_principal_at_the_same_time_are_both_made() {
    let desk = Desk::new().await;
    let before = spec(&desk, "u-read");
    let (one, two) = tokio::join!(
        grant(&desk, "r1", DEVELOPER, WHOM),
        grant(&desk, "r2", READ, WHOM)
    );
    for (request, entitlement, result) in [("r1", DEVELOPER, one), ("r2", READ, two)] {
        if result.expect("an answer")["reason"] == "lease" {
            outcome(grant(&desk, request, entitlement, WHOM).await, "granted");
        }
    }
    let mut expected = before;
    expected["access"]["accountAccess"]["role"] = "ROLE_DEVELOPER".into();
    expected["access"]["namespaceAccesses"] =
        json!({"demo.a1b23": {"permission": "PERMISSION_READ"}});
    assert_eq!(spec(&desk, "u-read"), expected);
}
