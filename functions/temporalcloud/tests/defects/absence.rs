//! Principals and namespaces that a single 404 denies: nothing is concluded from it alone.

use rollcall_harness::shown::Shown;
use serde_json::json;

use super::{always, code, delete, desk_of, grant, outcome, revoke, shown_once, stored};
use crate::Desk;
use rollcall_simulators::temporalcloud::World;
use rollcall_simulators::{Fault, FaultKind};

const WRITE: &str = "namespace:demo.a1b23:write";

/// The public connector fails, whether they are there or not. To say that it is done would leave the access in place,
/// and the record would repeat that for the same request.
#[tokio::test]
async fn one_404_revokes_nothing_and_deletes_nobody() {
    for (entitlement, principal, path) in [
        (WRITE, "user:u2", "/cloud/users/u2"),
        (
            "account-role:a1b23-developer:member",
            "user:u2",
            "/cloud/users/u2",
        ),
        (
            "namespace:orders.a1b23:admin",
            "service-account:sa-deploy",
            "/cloud/service-accounts/sa-deploy",
        ),
        (
            "namespace:orders.a1b23:write",
            "group:g-cloud",
            "/cloud/user-groups/g-cloud",
        ),
        ("", "user:u2", "/cloud/users/u2"),
    ] {
        let desk = Desk::new().await;
        let change = |request| {
            let desk = &desk;
            async move {
                match entitlement {
                    "" => delete(desk, request, principal).await,
                    _ => revoke(desk, request, entitlement, principal).await,
                }
            }
        };
        desk.vendor.sim.set_faults(vec![always(path, 404)]);
        let error = change("r1").await.expect_err("a contradiction");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            ("Unavailable", "ContradictoryAnswers"),
            "{principal}: {error}"
        );
        assert_eq!(desk.writes().len(), 0);
        // The same event again does it, and so does the first one if the 404 passes.
        let done = if entitlement.is_empty() {
            "deleted"
        } else {
            "revoked"
        };
        desk.vendor.sim.set_faults(vec![always(path, 404).times(2)]);
        outcome(change("r1").await, done);
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    }
}

/// The public connector denies them both.
#[tokio::test]
async fn a_grant_denies_neither_principal_nor_namespace_that_a_list_shows() {
    for (path, denied) in [
        ("/cloud/users/u-read", "UnknownPrincipal"),
        ("/cloud/namespaces/demo.a1b23", "UnknownEntitlement"),
    ] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_faults(vec![always(path, 404)]);
        assert_eq!(
            code(grant(&desk, "r1", WRITE, "user:u-read").await),
            "ContradictoryAnswers"
        );
        desk.vendor.sim.set_faults(vec![always(path, 404).times(1)]);
        outcome(grant(&desk, "r1", WRITE, "user:u-read").await, "granted");
        // Where the list agrees, it is so.
        let desk = Desk::new().await;
        desk.vendor.sim.with_world(|world| {
            world.users.remove("u-read");
            world.namespaces.remove("demo.a1b23");
        });
        let principal = if denied == "UnknownPrincipal" {
            "user:u-read"
        } else {
            "user:u-no-role"
        };
        assert_eq!(code(grant(&desk, "r1", WRITE, principal).await), denied);
    }
}

/// The public connector reads no list. One that lacks what must be on it confirms nothing.
#[tokio::test]
async fn a_list_that_is_empty_confirms_no_absence() {
    for (key, principal, object, list, body) in [
        (
            "test-key",
            "user:u2",
            "/cloud/users/u2",
            "/cloud/users",
            json!({}),
        ),
        (
            "test-key",
            "service-account:sa-deploy",
            "/cloud/service-accounts/sa-deploy",
            "/cloud/service-accounts",
            json!({}),
        ),
        (
            "owner-key",
            "user:u2",
            "/cloud/users/u2",
            "/cloud/users",
            json!({"users": [{"id": "u-read", "spec": {}}]}),
        ),
    ] {
        let desk = Desk::new().await;
        desk.set_keys(&json!({"api-key": key}));
        let kind = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(body),
        };
        let list = Fault::matching("GET", list, kind).exactly();
        desk.vendor.sim.set_faults(vec![always(object, 404), list]);
        assert_eq!(
            code(revoke(&desk, "r1", WRITE, principal).await),
            "IncompleteAnswer",
            "{principal}"
        );
    }
}

/// The public connector knows no projects. Whether the list of all service accounts has those of a project is not
/// documented.
#[tokio::test]
async fn a_service_account_that_only_its_project_lists_is_not_taken_for_deleted() {
    let desk = Desk::new().await;
    desk.vendor
        .sim
        .set_options(|o| o.scoped_on_main_list = false);
    let object = always("/cloud/service-accounts/sa-prj", 404);
    desk.vendor.sim.set_faults(vec![object]);
    let result = revoke(&desk, "r1", WRITE, "service-account:sa-prj").await;
    assert_eq!(code(result), "ContradictoryAnswers");
    // Nor where the project's list is denied, once or for good, as long as the project is there or listed.
    let list = "/cloud/projects/prj_1/service-accounts";
    let project = || always("/cloud/projects/prj_1", 404);
    for (n, lists) in [
        vec![always(list, 404).times(1)],
        vec![always(list, 501).times(1)],
        vec![always(list, 404)],
        vec![always(list, 404), project()],
    ]
    .into_iter()
    .enumerate()
    {
        let object = always("/cloud/service-accounts/sa-prj", 404);
        desk.vendor.sim.set_faults([vec![object], lists].concat());
        let result = revoke(&desk, &format!("p{n}"), WRITE, "service-account:sa-prj").await;
        assert_eq!(code(result), "ContradictoryAnswers", "{n}");
    }
    // A project that is being deleted hides nobody, and the API may have no such list.
    for (request, status, state) in [
        ("q1", 404, "RESOURCE_STATE_DELETING"),
        ("q2", 501, "RESOURCE_STATE_ACTIVE"),
    ] {
        desk.vendor.sim.with_world(|world| {
            world.set_state("prj_1", state);
        });
        desk.vendor.sim.set_faults(vec![always(list, status)]);
        outcome(
            revoke(&desk, request, WRITE, "service-account:sa-nobody").await,
            "already_revoked",
        );
    }
    desk.vendor.sim.set_faults(Vec::new());
    outcome(
        revoke(&desk, "r2", WRITE, "service-account:sa-nobody").await,
        "already_revoked",
    );
}

/// The public connector takes whatever it is answered for what it asked for.
#[tokio::test]
async fn another_object_than_was_asked_for_is_not_changed() {
    let desk = Desk::new().await;
    let other = json!({"user": stored(&desk, "u-read")});
    let shown = shown_once(1, "/cloud/users/u2", other);
    desk.vendor.sim.set_faults(vec![shown]);
    assert_eq!(
        code(revoke(&desk, "r1", WRITE, "user:u2").await),
        "UnexpectedAnswer"
    );
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector fails where a namespace was made a moment ago: the vendor may deny it for a while.
#[tokio::test]
async fn a_403_on_one_object_is_believed_only_when_it_stays() {
    let post = |times| {
        Fault::matching(
            "POST",
            "/cloud/namespaces/demo.a1b23",
            FaultKind::status(403),
        )
        .times(times)
    };
    let get = |times| always("/cloud/namespaces/demo.a1b23", 403).times(times);
    for faults in [vec![get(2)], vec![post(2)], vec![get(3), post(3)]] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_faults(faults);
        outcome(grant(&desk, "r1", WRITE, "user:u-read").await, "granted");
    }
    for faults in [vec![get(4)], vec![post(4)]] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_faults(faults);
        let error = grant(&desk, "r1", WRITE, "user:u-read")
            .await
            .expect_err("denied");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            ("PermissionDenied", "VendorDenied")
        );
    }
    // A sync looks a namespace up that it was not shown.
    let desk = desk_of(World::worked_example()).await;
    let nothing = shown_once(1, "/cloud/namespaces", json!({"namespaces": []}));
    desk.vendor.sim.set_faults(vec![
        nothing,
        always("/cloud/namespaces/demo.a1b23", 403).times(2),
    ]);
    let shown = Shown::by(&desk).await;
    assert!(shown.grant("namespace:demo.a1b23:write:user:u2").direct);
}
