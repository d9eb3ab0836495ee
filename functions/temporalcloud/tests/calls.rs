//! How many requests things take. Nothing is asked twice in a sync, and nothing is asked per user or per namespace.

use std::collections::BTreeMap;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::{Sizes, World};
use serde_json::json;

use crate::Desk;

/// The public connector lists the users once for each of five roles and once for each namespace: more than 600 calls
/// for an account of this size.
#[tokio::test]
async fn a_sync_of_a_thousand_users_and_five_hundred_namespaces_takes_60_calls() {
    let sizes = Sizes {
        users: 1000,
        namespaces: 500,
        service_accounts: 100,
        groups: 50,
        members_per_group: 40,
        ..Sizes::default()
    };
    let world = World::generate(&sizes, 7);
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|w| *w = world);
    let shown = Shown::by(&desk).await;

    // What somebody holds is all in the lists, so nothing is looked up by itself; and a page takes a thousand, so each
    // list is one page.
    let mut calls = BTreeMap::new();
    for request in desk.vendor.sim.requests() {
        assert_eq!(request.method, "GET");
        let of_each = ["/members", "/service-accounts"]
            .into_iter()
            .find(|list| request.path.ends_with(list) && request.path.matches('/').count() > 2);
        *calls
            .entry(of_each.map_or(request.path.clone(), str::to_owned))
            .or_insert(0) += 1;
    }
    let expected = [
        ("/cloud/account", 1),
        ("/cloud/current-identity", 1),
        ("/cloud/custom-roles", 1),
        ("/cloud/namespaces", 1),
        ("/cloud/projects", 1),
        ("/cloud/service-accounts", 1),
        ("/cloud/user-groups", 1),
        ("/cloud/users", 1),
        ("/members", 50),
        ("/service-accounts", 2),
    ];
    assert_eq!(calls, expected.map(|(path, n)| (path.to_owned(), n)).into());
    assert_eq!(calls.values().sum::<usize>(), 2 + 6 + 50 + 2);
    assert_eq!(shown.answer["calls"], 60);

    let counts = [
        shown.count("user"),
        shown.count("namespace"),
        shown.count("group"),
        shown.count("service-account"),
    ];
    // The connector's own service account comes on top.
    assert_eq!(counts, [1000, 500, 50, 101]);
}

#[tokio::test]
async fn a_grant_that_is_there_already_takes_three_calls_and_a_new_one_seven() {
    let desk = Desk::new().await;
    let event = |request: &str, principal: &str| json!({"request_id": request, "entitlement": "namespace:demo.a1b23:write", "principal": principal});
    for (request, principal, outcome, expected) in [
        (
            "r1",
            "user:u2",
            "already_granted",
            &["account", "current-identity", "users"][..],
        ),
        (
            "r2",
            "user:u-read",
            "granted",
            // To decide: the principal and the namespace. To see what came of it: the operation and the principal.
            &[
                "account",
                "current-identity",
                "users",
                "namespaces",
                "namespaces",
                "operations",
                "users",
            ],
        ),
    ] {
        desk.vendor.sim.clear_requests();
        let answer = answer_of(
            desk.invoke(Operation::Grant, event(request, principal))
                .await,
        );
        assert_eq!(answer["outcome"], outcome);
        let paths: Vec<String> = desk
            .vendor
            .sim
            .requests()
            .into_iter()
            .map(|r| r.path)
            .collect();
        let kinds: Vec<&str> = paths
            .iter()
            .filter_map(|path| path.split('/').nth(2))
            .collect();
        assert_eq!(kinds, expected);
    }
}
