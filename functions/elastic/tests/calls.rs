//! How many requests things take. No list has pages, and none is read twice: requests depend on the number of
//! organizations and deployments alone.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::{Bench, Subject, answer_of};
use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::{
    ORGANIZATION_ID, SECOND_ORGANIZATION_ID, Sizes, WIDE_CLOUD_KEY, World,
};
use serde_json::{Value, json};

use crate::{Desk, Several, Simulated};

/// Five hundred members and as many native users, 230 roles and fifty role mappings.
fn large() -> World {
    let sizes = Sizes {
        members: 500,
        invitations: 20,
        users: 500,
        roles: 200,
        mappings: 50,
        ..Sizes::default()
    };
    World::generate(&sizes, 7)
}

/// The calls of a sync, in order of their names. It must tell their number itself.
async fn calls_of_sync<S: Subject>(desk: &Bench<S>, keys: Value) -> Vec<String> {
    desk.set_keys(&keys);
    desk.vendor.clear_requests();
    let shown = Shown::by(desk).await;
    let mut calls = lines(desk);
    assert_eq!(shown.answer["calls"], calls.len());
    assert_eq!(desk.vendor.violations(), Vec::<String>::new());
    calls.sort();
    calls
}

fn lines<S: Subject>(desk: &Bench<S>) -> Vec<String> {
    desk.vendor.requests().iter().map(|r| r.line()).collect()
}

const ORGANIZATIONS: &str = "GET /api/v1/organizations";
const DEPLOYMENT: [&str; 3] = [
    "GET /_security/role",
    "GET /_security/role_mapping",
    "GET /_security/user",
];

fn of_organization(id: &str) -> [String; 2] {
    ["invitations", "members"].map(|list| format!("GET /api/v1/organizations/{id}/{list}"))
}

/// The calls for these organizations and so many deployments.
fn expected(organizations: &[&str], deployments: usize) -> Vec<String> {
    let lists = DEPLOYMENT
        .iter()
        .flat_map(|call| std::iter::repeat_n((*call).to_owned(), deployments));
    let mut calls: Vec<String> = lists.collect();
    if !organizations.is_empty() {
        calls.push(ORGANIZATIONS.to_owned());
    }
    calls.extend(organizations.iter().flat_map(|id| of_organization(id)));
    calls
}

/// The public connector takes 6 + 2·O and one more for every role and every role mapping, 288 here, and downloads all
/// users 231 times.
#[tokio::test]
async fn a_sync_takes_two_calls_per_organization_and_four_more_whatever_the_number_of_people() {
    for world in [World::worked_example(), large()] {
        let desk = Desk::around(Simulated::of(world).await);
        let calls = calls_of_sync(&desk, json!({})).await;
        assert_eq!(calls.len(), 2 + 4);
        assert_eq!(calls, expected(&[ORGANIZATION_ID], 1));
    }
}

#[tokio::test]
async fn a_sync_of_two_organizations_takes_two_calls_more_and_of_two_deployments_three_more() {
    let both = [ORGANIZATION_ID, SECOND_ORGANIZATION_ID];
    let wide = || json!({"api-key": WIDE_CLOUD_KEY});
    let desk = Desk::new().await;
    let calls = calls_of_sync(&desk, wide()).await;
    assert_eq!(calls.len(), 2 * 2 + 4);
    assert_eq!(calls, expected(&both, 1));

    let desk = Bench::<Several>::new().await;
    let calls = calls_of_sync(&desk, wide()).await;
    assert_eq!(calls.len(), 2 * 2 + 4 + 3);
    assert_eq!(calls, expected(&both, 2));
    // Three to each, and not six to one.
    for name in ["main", "second"] {
        assert_eq!(desk.vendor.sim.deployment_requests(name).len(), 3, "{name}");
    }
}

#[tokio::test]
async fn a_sync_asks_no_host_that_is_not_configured() {
    let none = json!({"deployment-endpoint": null, "deployment-api-key": null});
    for (key, organizations) in [
        (None, [ORGANIZATION_ID].as_slice()),
        (
            Some(WIDE_CLOUD_KEY),
            &[ORGANIZATION_ID, SECOND_ORGANIZATION_ID],
        ),
    ] {
        let desk = Desk::new().await;
        let mut keys = none.clone();
        if let Some(key) = key {
            keys["api-key"] = key.into();
        }
        let calls = calls_of_sync(&desk, keys).await;
        assert_eq!(calls.len(), 2 * organizations.len() + 1);
        assert_eq!(calls, expected(organizations, 0));
    }

    let desk = Desk::new().await;
    let calls = calls_of_sync(&desk, json!({"api-key": null})).await;
    assert_eq!(calls, DEPLOYMENT);
}

/// The public connector lists all organizations and then asks each for its own or the chosen one's members.
#[tokio::test]
async fn with_an_organization_given_it_is_asked_for_by_its_id_and_no_other_is_listed() {
    let desk = Desk::new().await;
    let keys = json!({"api-key": WIDE_CLOUD_KEY, "organization-id": SECOND_ORGANIZATION_ID});
    let calls = calls_of_sync(&desk, keys).await;
    let mut expected = expected(&[SECOND_ORGANIZATION_ID], 1);
    for call in &mut expected {
        if call == ORGANIZATIONS {
            *call = format!("{ORGANIZATIONS}/{SECOND_ORGANIZATION_ID}");
        }
    }
    assert_eq!(calls, expected);
}

/// What it is about, the operation, the entitlement, the principal, the outcome, and the calls.
type Row<'a> = (&'a str, Operation, &'a str, &'a str, &'a str, &'a [&'a str]);

/// The public connector takes two calls for each change, writes whether it is needed or not, and never looks again.
#[tokio::test]
async fn a_change_looks_twice_before_and_once_after_and_takes_no_call_more() {
    use Operation::{Grant, Revoke};
    let (get, put) = ("GET /_security/user/svc", "PUT /_security/user/svc");
    let list = "GET /_security/user";
    let rows: [Row<'_>; 9] = [
        (
            "new",
            Grant,
            "role:admin:member",
            "deploymentUser:svc",
            "granted",
            &[get, "GET /_security/role/admin", get, put, get],
        ),
        (
            "held",
            Grant,
            "role:viewer:member",
            "deploymentUser:svc",
            "already_granted",
            &[get],
        ),
        (
            "held",
            Revoke,
            "role:viewer:member",
            "deploymentUser:svc",
            "revoked",
            &[get, get, put, get],
        ),
        (
            "not held",
            Revoke,
            "role:admin:member",
            "deploymentUser:svc",
            "already_revoked",
            &[get],
        ),
        (
            "not even a role",
            Revoke,
            "role:never-was:member",
            "deploymentUser:svc",
            "already_revoked",
            &[get],
        ),
        // A part of a cluster that is late looks the same: a second look.
        (
            "nobody",
            Revoke,
            "role:admin:member",
            "deploymentUser:nobody",
            "already_revoked",
            &["GET /_security/user/nobody", "GET /_security/user"],
        ),
        // A role that is gone can still be taken.
        (
            "dangling",
            Revoke,
            "role:role-that-was:member",
            "deploymentUser:dangling",
            "revoked",
            &[
                "GET /_security/user/dangling",
                "GET /_security/user/dangling",
                "PUT /_security/user/dangling",
                "GET /_security/user/dangling",
            ],
        ),
        // A comma stands between names: whoever has one in theirs is looked for in the list.
        (
            "commas",
            Grant,
            "role:one,two:member",
            "deploymentUser:one,two",
            "granted",
            &[
                list,
                "GET /_security/role",
                list,
                "PUT /_security/user/one%2Ctwo",
                list,
            ],
        ),
        (
            "held by nobody with a comma",
            Revoke,
            "role:admin:member",
            "deploymentUser:no,body",
            "already_revoked",
            &[list, list],
        ),
    ];
    for (wrong, operation, entitlement, principal, outcome, expected) in rows {
        let desk = Desk::new().await;
        let event = json!({"request_id": "r1", "entitlement": entitlement, "principal": principal});
        let answer = answer_of(desk.invoke(operation, event).await);
        assert_eq!(answer["outcome"], outcome, "{wrong}: {answer:#}");
        assert_eq!(lines(&desk), expected, "{wrong}");
        assert!(desk.vendor.sim.cloud_requests().is_empty(), "{wrong}");
        assert_eq!(desk.vendor.violations(), Vec::<String>::new(), "{wrong}");
    }
}

#[tokio::test]
async fn a_change_in_one_deployment_asks_no_other() {
    let desk = Bench::<Several>::new().await;
    for (name, other, mark) in [("second", "main", "second›"), ("main", "second", "")] {
        desk.vendor.clear_requests();
        let event = json!({
            "request_id": name, "entitlement": format!("role:{mark}kibana_admin:member"),
            "principal": format!("deploymentUser:{mark}svc"),
        });
        let answer = answer_of(desk.invoke(Operation::Grant, event).await);
        assert_eq!(answer["outcome"], "granted", "{answer:#}");
        let sim = &desk.vendor.sim;
        assert_eq!(sim.deployment_requests(name).len(), 5, "{name}");
        assert!(sim.deployment_requests(other).is_empty(), "{name}");
        assert!(sim.cloud_requests().is_empty(), "{name}");
    }
}
