//! Others who change the same things, answers that are lost, and limits: a change is made once and on what is so.

use std::time::Duration;

use rollcall_harness::changes::outcome;
use rollcall_simulators::temporalcloud::StaleVersion;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use crate::script::{ask, ask_as, play};
use crate::{Desk, answer, answered, edit, set_faults, set_options, spec, stored};

const GRANT: &str = "grant demo:read to user:u-read";

/// The operation ids of every change that was sent.
fn operation_ids(desk: &Desk) -> Vec<String> {
    let bodies = desk.writes().into_iter().filter_map(|r| r.body);
    let ids = bodies.map(|body| body["asyncOperationId"].clone());
    ids.map(|id| id.as_str().expect("an id").into()).collect()
}

#[tokio::test]
async fn a_change_of_something_that_has_moved_on_is_made_again_on_how_it_is_now() {
    let mut desk = Desk::new().await;
    let promote = "grant role:developer to user:u-read";
    for answer in
        [StaleVersion::Aborted, StaleVersion::FailedPrecondition, StaleVersion::InvalidArgument]
    {
        set_options(&desk, |o| o.stale_version = answer);
        let old = json!({"user": stored(&desk, "u-read")});
        set_faults(&desk, [answered("/cloud/users/u-read", old).times(1)]);
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
    let script = format!("{promote} ! 409 POST /cloud/users/u-read = Conflict Contended");
    play(&desk, &script).await;
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
        set_faults(&desk, [lost("POST", "/cloud/namespaces/")]);
        outcome(ask(&desk, GRANT).await, "granted");
        assert_eq!(world(), (counter + 1, users), "{kind:?}");
        let ids = operation_ids(&desk);
        assert!(ids.len() == 2 && ids[0] == ids[1], "{kind:?}: {ids:?}");

        let of_users = ["POST", "DELETE"].map(|method| lost(method, "/cloud/users"));
        set_faults(&desk, of_users);
        let created = outcome(ask(&desk, "create new@example.com").await, "created");
        assert_eq!(world().1, users + 1, "{kind:?}");
        let id = created["resource"]["id"].as_str().expect("an id");
        let script = format!("delete {id} = deleted, removed role:read\n6 writes");
        play(&desk, &script).await;
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
    let waits = format!("{GRANT} = in_progress ~ \"resume_at\":\"2026");
    set_options(&desk, |o| o.max_running = 0);
    play(&desk, &waits).await;
    set_options(&desk, |o| o.max_running = 10);
    for (code, says) in [
        (400, "too many concurrent operations (type: bad-request)"),
        (400, "Resource exhausted: 10 operations are running"),
        (409, "too many changes are under way"),
    ] {
        desk.vendor.sim.clear_requests();
        let busy = answer(code, json!({"code": 8, "message": says}));
        set_faults(&desk, [Fault::matching("POST", "/cloud/", busy)]);
        desk.clock.advance(Duration::from_secs(24 * 3600));
        play(&desk, &format!("{waits}\n1 writes")).await;
    }
    set_faults(&desk, []);
    desk.clock.advance(Duration::from_secs(24 * 3600));
    play(&desk, &format!("{GRANT} = granted demo:read")).await;
}
