//! Several deployments in one connection, of which the public connector has one.

use std::collections::BTreeSet;

use rollcall_harness::conformance::{Bench, Subject};
use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::{
    SECOND_DEPLOYMENT_KEY, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{ADMIN, code, grant, outcome, revoke};
use crate::Several;

type Bench2 = Bench<Several>;

async fn desk() -> Bench2 {
    Bench2::around(Several::of(World::rich()).await)
}

/// A row of `deployments`.
fn row(desk: &Bench2, name: &str, of: &str, bare: bool) -> Value {
    let key = match of {
        "main" => TEST_DEPLOYMENT_KEY,
        _ => SECOND_DEPLOYMENT_KEY,
    };
    json!({"name": name, "endpoint": desk.vendor.sim.deployment_url(of), "api-key": key, "bare-ids": bare})
}

fn set(desk: &Bench2, rows: &[Value]) {
    desk.write_secret(&json!({
        "api-key": TEST_CLOUD_KEY, "base-url": desk.vendor.sim.cloud_url(), "deployments": rows,
    }));
}

/// The ids of what is in deployments.
fn inside(shown: &Shown) -> BTreeSet<String> {
    let resources = shown.resources.values();
    let inside = resources.filter(|r| {
        [
            "role",
            "deploymentUser",
            "roleMapping",
            "externalUser",
            "externalGroup",
        ]
        .contains(&r.resource_type.as_str())
    });
    inside.map(|r| r.id.clone()).collect()
}

/// The names of two deployments are told apart: `jacknich` is two people.
#[tokio::test]
async fn users_of_the_same_name_in_two_deployments_are_two() {
    let desk = desk().await;
    let shown = Shown::by(&desk).await;
    for (id, name, role) in [
        (
            "deploymentUser:jacknich",
            "Jack Nicholson",
            "role:admin:member",
        ),
        (
            "deploymentUser:second›jacknich",
            "Jacqueline Nichols",
            "role:second›only-here:member",
        ),
    ] {
        assert_eq!(shown.resource(id).display_name, name);
        assert!(shown.held_directly(id).contains(&role), "{id}");
    }
    let elsewhere = shown.held_directly("deploymentUser:second›jacknich");
    assert!(elsewhere.iter().all(|e| e.starts_with("role:second›")));
    // A role of one is nothing to a user of the other.
    for (n, (what, whom)) in [
        (ADMIN, "deploymentUser:second›svc"),
        ("role:second›only-here:member", "deploymentUser:svc"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = grant(&desk, &format!("g{n}"), what, whom).await;
        assert_eq!(code(refused), "OtherDeployment");
        let refused = revoke(&desk, &format!("r{n}"), what, whom).await;
        assert_eq!(code(refused), "OtherDeployment");
    }
    assert!(desk.writes().is_empty());
}

/// Each deployment has seen its own key.
#[tokio::test]
async fn no_deployment_sees_the_key_of_another() {
    let desk = desk().await;
    desk.complete().await;
    outcome(
        grant(
            &desk,
            "r1",
            "role:second›only-here:member",
            "deploymentUser:second›svc",
        )
        .await,
        "granted",
    );
    for (name, key) in [
        ("main", TEST_DEPLOYMENT_KEY),
        ("second", SECOND_DEPLOYMENT_KEY),
    ] {
        let requests = desk.vendor.sim.deployment_requests(name);
        assert!(requests.len() >= 3);
        let expected = format!("ApiKey {key}");
        let own = |r: &rollcall_simulators::Request| r.header("authorization") == Some(&expected);
        assert!(requests.iter().all(own), "{name}");
    }
    assert_eq!(desk.vendor.violations(), Vec::<String>::new());
}

/// The ids of a deployment are its own, whichever others there are, and in whatever order.
#[tokio::test]
async fn no_deployment_takes_over_the_ids_of_another() {
    let mut desk = desk().await;
    let both = Shown::by(&desk).await;
    let all = inside(&both);
    // In another order.
    desk.afresh();
    let (main, second) = (
        row(&desk, "main", "main", true),
        row(&desk, "second", "second", false),
    );
    set(&desk, &[main.clone(), second.clone()]);
    let other = Shown::by(&desk).await;
    assert_eq!(
        other.answer["content_digest"],
        both.answer["content_digest"]
    );
    // With only one of them.
    let is_second = |id: &&String| id.contains("second›");
    for (rows, left) in [
        (
            &main,
            all.iter()
                .filter(|id| !is_second(id))
                .cloned()
                .collect::<BTreeSet<_>>(),
        ),
        (&second, all.iter().filter(is_second).cloned().collect()),
    ] {
        desk.afresh();
        set(&desk, std::slice::from_ref(rows));
        assert_eq!(inside(&Shown::by(&desk).await), left);
    }
    // Both with their names: no id is one of those without.
    desk.afresh();
    set(&desk, &[row(&desk, "main", "main", false), second.clone()]);
    let named = inside(&Shown::by(&desk).await);
    let bare: BTreeSet<String> = all.iter().filter(|id| !is_second(id)).cloned().collect();
    assert_eq!(named.intersection(&bare).count(), 0);
}

/// What was one deployment's does not become another's: neither its name, nor the ids without one.
#[tokio::test]
async fn a_name_that_leads_to_another_deployment_is_refused() {
    let rows = |desk: &Bench2| {
        [
            // The ids without a name lead elsewhere.
            vec![row(desk, "second", "second", true)],
            vec![
                row(desk, "main", "main", false),
                row(desk, "second", "second", true),
            ],
            // So does the name.
            vec![row(desk, "second", "main", false)],
        ]
    };
    for n in 0..3 {
        let desk = desk().await;
        desk.complete().await;
        set(&desk, &rows(&desk)[n]);
        assert_eq!(code(desk.sync().await), "AnotherTenant", "{n}");
        let change = match n {
            2 => {
                grant(
                    &desk,
                    "r1",
                    "role:second›admin:member",
                    "deploymentUser:second›svc",
                )
                .await
            }
            _ => grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
        };
        assert_eq!(code(change), "AnotherTenant", "{n}");
        assert!(desk.writes().is_empty());
    }
}

/// One that is taken away and one that is added are no other tenant.
#[tokio::test]
async fn deployments_may_come_and_go() {
    let desk = desk().await;
    let (main, second) = (
        row(&desk, "main", "main", true),
        row(&desk, "second", "second", false),
    );
    set(&desk, std::slice::from_ref(&main));
    desk.complete().await;
    set(&desk, &[second.clone(), main]);
    let shown = Shown::by(&desk).await;
    shown.resource("deploymentUser:second›jacknich");
    let unknown = grant(
        &desk,
        "r1",
        "role:third›admin:member",
        "deploymentUser:third›svc",
    )
    .await;
    assert_eq!(code(unknown), "UnknownEntitlement");
}

/// One deployment that does not answer: what is shown is shown of all, or not at all.
#[tokio::test]
async fn one_deployment_that_refuses_publishes_nothing_of_any() {
    let desk = desk().await;
    desk.vendor.sim.with_world(|world| {
        world.edit_deployment_key("second", SECOND_DEPLOYMENT_KEY, |key| key.expired = true);
    });
    let error = desk.sync().await.expect_err("a key that has ended");
    assert_eq!(error.code(), "CredentialRejected");
    assert!(error.to_string().contains("of second"), "{error}");
    assert!(!desk.is_published());
    // A change of the other needs nothing of it.
    outcome(
        grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
        "granted",
    );
}

/// A change asks the deployment that it is about, and nobody else.
#[tokio::test]
async fn a_change_needs_nothing_of_other_hosts() {
    let desk = desk().await;
    desk.vendor.sim.set_faults(vec![Fault::matching(
        "GET",
        "/api/",
        FaultKind::status(503),
    )]);
    outcome(
        grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
        "granted",
    );
    assert!(desk.vendor.sim.cloud_requests().is_empty());
    assert!(desk.vendor.sim.deployment_requests("second").is_empty());
}

/// Two that are one, or that cannot be told apart, are noticed before anything is sent.
#[tokio::test]
async fn deployments_that_cannot_be_told_apart_are_refused() {
    let desk = desk().await;
    let (main, second) = (
        row(&desk, "main", "main", true),
        row(&desk, "second", "second", false),
    );
    let mut same_host = row(&desk, "again", "main", false);
    same_host["endpoint"] = format!("{}//x/..", desk.vendor.sim.deployment_url("main")).into();
    let mut cloud = second.clone();
    cloud["endpoint"] = desk.vendor.sim.cloud_url().into();
    let mut owner = second.clone();
    owner["api-key"] = TEST_CLOUD_KEY.into();
    for (rows, expected) in [
        (
            vec![main.clone(), row(&desk, "main", "second", false)],
            "the name `main` twice",
        ),
        (
            vec![main.clone(), row(&desk, "second", "second", true)],
            "`bare-ids` twice",
        ),
        (
            vec![main.clone(), same_host],
            "`main` and `again` are the same deployment",
        ),
        (
            vec![main.clone(), cloud],
            "the endpoint of second is the address of the Elastic Cloud API",
        ),
        (vec![main.clone(), owner], "is a key of Elastic Cloud"),
        (
            vec![main, row(&desk, "a›b", "second", false)],
            "must be of a-z",
        ),
    ] {
        set(&desk, &rows);
        let error = desk.sync().await.expect_err(expected);
        assert_eq!(error.code(), "BadConfiguration");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(desk.vendor.requests().is_empty());
}
