//! Others who write the same user, and answers that are lost. The API has no versions: what somebody else writes between a
//! read and the write that follows it can be lost. So the last read comes right before the write: what is different then
//! is planned anew, and only what is written after that look can be lost.

use rollcall_simulators::elastic::{Change, Race, User};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{
    ADMIN, VIEWER, code, elasticsearch_says, grant, ids, outcome, revoke, sent, small, user,
};
use crate::Desk;

const WHOM: &str = "deploymentUser:svc";

fn race(desk: &Desk, race: Race) {
    desk.vendor.sim.set_options(|o| o.race = Some(race));
}

/// The public connector takes a conflict for success.
#[tokio::test]
async fn a_conflict_begins_again_with_a_look() {
    let desk = small().await;
    desk.vendor.sim.set_options(|o| o.conflicts = 2);
    outcome(grant(&desk, "r1", ADMIN, WHOM).await, "granted");
    assert_eq!(user(&desk, "svc")["roles"], json!(["viewer", "admin"]));
    let asked = desk.vendor.sim.deployment_requests("main");
    let lines = asked.iter().map(|r| r.method.clone());
    let lines: Vec<String> = lines.filter(|method| method != "HEAD").collect();
    // User and role are looked at before each of three writes, the user again right before, and once more at the end.
    let each = ["GET", "GET", "GET", "PUT"];
    assert_eq!(lines, [&each[..], &each, &each, &["GET"]].concat());
}

/// What somebody else changed while we were refused is in what is sent next. The public connector has no next.
#[tokio::test]
async fn what_was_changed_before_a_look_is_kept() {
    for (change, key, value) in [
        (
            Change::AddRole("superuser".to_owned()),
            "roles",
            json!(["viewer", "superuser", "admin"]),
        ),
        (Change::SetEnabled(false), "enabled", json!(false)),
        (
            Change::SetMetadata("left".to_owned(), json!(true)),
            "metadata",
            json!({"left": true}),
        ),
    ] {
        let desk = small().await;
        race(&desk, Race::new("svc", change));
        desk.vendor.sim.set_options(|o| o.conflicts = 1);
        outcome(grant(&desk, "r1", ADMIN, WHOM).await, "granted");
        assert_eq!(user(&desk, "svc")[key], value);
        assert_eq!(
            user(&desk, "svc")["roles"]
                .as_array()
                .and_then(|r| r.last()),
            Some(&json!("admin"))
        );
    }
}

/// Whoever is disabled, or given or denied something else, between what a plan read and its write stays so: the public
/// connector writes everything back as it had read it.
#[tokio::test]
async fn what_somebody_else_changes_before_the_write_is_never_written_back() {
    for (change, key, value) in [
        (Change::SetEnabled(false), "enabled", json!(false)),
        (
            Change::SetMetadata("left".to_owned(), json!(true)),
            "metadata",
            json!({"left": true}),
        ),
        (
            Change::AddRole("superuser".to_owned()),
            "roles",
            json!(["viewer", "superuser", "admin"]),
        ),
        (
            Change::RemoveRole("viewer".to_owned()),
            "roles",
            json!(["admin"]),
        ),
    ] {
        let desk = small().await;
        race(&desk, Race::new("svc", change.clone()));
        outcome(grant(&desk, "r1", ADMIN, WHOM).await, "granted");
        assert_eq!(user(&desk, "svc")[key], value, "{change:?}");
        assert_eq!(sent(&desk).len(), 1, "{change:?}");
    }
    // A leaver who is disabled while a role is taken.
    let desk = small().await;
    race(&desk, Race::new("svc", Change::SetEnabled(false)));
    outcome(revoke(&desk, "r1", VIEWER, WHOM).await, "revoked");
    let svc = user(&desk, "svc");
    assert_eq!(
        (&svc["enabled"], &svc["roles"]),
        (&json!(false), &json!([]))
    );
    // While a rate limit or an outage is waited out.
    for kind in [
        FaultKind::too_many_requests(Some(5)),
        FaultKind::too_many_requests(None),
        FaultKind::Disconnect,
    ] {
        let desk = small().await;
        race(&desk, Race::new("svc", Change::SetEnabled(false)).after(1));
        desk.vendor.sim.set_faults(vec![Fault::nth_matching(
            1,
            "PUT",
            "/_security/user/",
            kind.clone(),
        )]);
        outcome(grant(&desk, "r1", ADMIN, WHOM).await, "granted");
        assert_eq!(user(&desk, "svc")["enabled"], false, "{kind:?}");
    }
    // Whoever keeps changing is left alone.
    let desk = small().await;
    let faults = (1..=8).map(|n| {
        let document = format!(
            r#"{{"svc":{{"username":"svc","roles":["viewer"],"full_name":"{n}","email":null,"metadata":{{}},"enabled":true}}}}"#
        );
        let kind = elasticsearch_says(&document);
        Fault::nth_matching(n, "GET", "/_security/user/svc", kind)
    });
    desk.vendor.sim.set_faults(faults.collect());
    assert_eq!(code(grant(&desk, "r1", ADMIN, WHOM).await), "Contended");
    assert!(sent(&desk).is_empty());
}

/// The public connector does not look whether what it wrote is so.
#[tokio::test]
async fn a_write_that_was_dropped_is_made_again_on_what_is_there_now() {
    let desk = small().await;
    desk.vendor.sim.set_options(|o| o.forgotten_writes = 1);
    race(
        &desk,
        Race::new("svc", Change::SetMetadata("n".to_owned(), json!(1))).after(1),
    );
    outcome(grant(&desk, "r1", ADMIN, WHOM).await, "granted");
    let svc = user(&desk, "svc");
    assert_eq!(svc["roles"], json!(["viewer", "admin"]));
    assert_eq!(svc["metadata"], json!({"n": 1}));
    assert_eq!(sent(&desk).len(), 2);
}

/// Between the last look and the write somebody else may be lost, and the API does not tell. What is added to metadata is not, and
/// the answer speaks of nothing but what was asked for and seen afterwards. The public connector does not look.
#[tokio::test]
async fn of_a_race_nothing_is_claimed_but_what_was_seen_afterwards() {
    for (change, kept) in [
        (Change::AddRole("superuser".to_owned()), json!({})),
        (
            Change::SetMetadata("n".to_owned(), json!(1)),
            json!({"n": 1}),
        ),
    ] {
        let desk = small().await;
        race(&desk, Race::new("svc", change).after(1));
        let answer = outcome(grant(&desk, "r1", ADMIN, WHOM).await, "granted");
        assert_eq!(
            ids(&answer, "grants"),
            ["role:admin:member:deploymentUser:svc"]
        );
        for field in ["replaced", "removed"] {
            assert!(ids(&answer, field).is_empty(), "{answer}");
        }
        let svc = user(&desk, "svc");
        let roles = svc["roles"].as_array().expect("roles");
        assert!(roles.contains(&json!("viewer")) && roles.contains(&json!("admin")));
        assert_eq!(svc["metadata"], kept);
    }
}

/// Somebody else does the same: the public connector writes it a second time.
#[tokio::test]
async fn what_somebody_else_did_meanwhile_is_there_once() {
    // Before the last look, and after it.
    for (after, granted, revoked) in [
        (0, "already_granted", "already_revoked"),
        (1, "granted", "revoked"),
    ] {
        let desk = small().await;
        let add = Change::AddRole("admin".to_owned());
        race(&desk, Race::new("svc", add).after(after));
        outcome(grant(&desk, "r1", ADMIN, WHOM).await, granted);
        assert_eq!(user(&desk, "svc")["roles"], json!(["viewer", "admin"]));
        let desk = small().await;
        let remove = Change::RemoveRole("viewer".to_owned());
        race(&desk, Race::new("svc", remove).after(after));
        outcome(revoke(&desk, "r1", VIEWER, WHOM).await, revoked);
        assert_eq!(user(&desk, "svc")["roles"], json!([]));
    }
}

/// The public connector would make a new user of one that has gone.
#[tokio::test]
async fn a_user_that_vanishes_is_not_made_again() {
    for after in [0, 1] {
        let desk = small().await;
        race(&desk, Race::new("svc", Change::Delete).after(after));
        let granted = grant(&desk, "r1", ADMIN, WHOM).await;
        assert_eq!(code(granted), "UnknownPrincipal");
        assert_eq!(user(&desk, "svc"), Value::Null);
        let desk = small().await;
        race(&desk, Race::new("svc", Change::Delete).after(after));
        outcome(revoke(&desk, "r1", VIEWER, WHOM).await, "already_revoked");
        assert_eq!(user(&desk, "svc"), Value::Null);
    }
}

/// A user that is reserved by the time of the write: the public connector takes the refusal for success.
#[tokio::test]
async fn a_user_that_becomes_reserved_is_refused() {
    let mut metadata = serde_json::Map::new();
    metadata.insert("_reserved".to_owned(), true.into());
    let reserved = User {
        roles: vec!["viewer".to_owned()],
        full_name: None,
        email: None,
        metadata,
        enabled: true,
        password: String::new(),
    };
    for after in [0, 1] {
        let desk = small().await;
        let become_reserved = Change::Become(reserved.clone());
        race(&desk, Race::new("svc", become_reserved).after(after));
        let granted = grant(&desk, "r1", ADMIN, WHOM).await;
        assert_eq!(code(granted), "ReservedUser");
        assert_eq!(user(&desk, "svc")["roles"], json!(["viewer"]));
    }
}

/// The public connector fails, whatever became of the change.
#[tokio::test]
async fn a_change_whose_answer_is_lost_is_made_once() {
    for (kind, writes) in [
        (FaultKind::LoseAnswer, 1),
        (FaultKind::CutBody, 1),
        (FaultKind::Disconnect, 2),
        (FaultKind::status(500), 2),
        (FaultKind::status(503), 2),
        (FaultKind::status(504), 2),
        (FaultKind::too_many_requests(Some(1)), 2),
    ] {
        let desk = small().await;
        desk.vendor.sim.set_faults(vec![
            Fault::nth_matching(1, "PUT", "/_security/user/", kind.clone()),
            Fault::nth_matching(writes + 1, "PUT", "/_security/user/", kind.clone()),
        ]);
        let answer = grant(&desk, "r1", ADMIN, WHOM).await.expect("an answer");
        assert_eq!(answer["outcome"], "granted", "{kind:?}: {answer}");
        assert_eq!(
            answer["grants"][0]["id"],
            "role:admin:member:deploymentUser:svc"
        );
        assert_eq!(user(&desk, "svc")["roles"], json!(["viewer", "admin"]));
        let answer = revoke(&desk, "r2", ADMIN, WHOM).await.expect("an answer");
        assert_eq!(answer["outcome"], "revoked", "{kind:?}: {answer}");
        assert_eq!(user(&desk, "svc")["roles"], json!(["viewer"]));
        assert_eq!(sent(&desk).len(), 2 * writes, "{kind:?}");
    }
}

/// Two changes of one user at the same time: one of the public connector's is lost.
#[tokio::test]
async fn two_changes_of_one_user_at_the_same_time_are_both_made() {
    let desk = small().await;
    let superuser = "role:superuser:member";
    let (one, two) = tokio::join!(
        grant(&desk, "r1", ADMIN, WHOM),
        grant(&desk, "r2", superuser, WHOM)
    );
    for (request, what, result) in [("r1", ADMIN, one), ("r2", superuser, two)] {
        if result.expect("an answer")["reason"] == "lease" {
            outcome(grant(&desk, request, what, WHOM).await, "granted");
        }
    }
    let svc = user(&desk, "svc");
    let mut roles: Vec<&str> = svc["roles"]
        .as_array()
        .expect("roles")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    roles.sort_unstable();
    assert_eq!(roles, ["admin", "superuser", "viewer"]);
}
