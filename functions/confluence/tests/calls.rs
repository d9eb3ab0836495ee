//! How many requests things take. Nothing is asked twice in a sync, and nothing is asked per user.

use std::collections::BTreeMap;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_harness::shown::Shown;
use rollcall_simulators::Request;
use rollcall_simulators::confluence::{RoleMode, World};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

/// A thousand people, three hundred groups of up to two hundred, two thousand spaces.
fn large() -> World {
    let mut world = World::worked_example();
    // Ada, Bob and Bot are there already.
    for n in 0..997 {
        world.add_user(
            &format!("712020:p{n:03}"),
            &format!("Person {n}"),
            &format!("p{n}@acme.io"),
        );
    }
    for group in 0..298 {
        let size = 1 + group * 7 % 200;
        let members: Vec<String> = (0..size)
            .map(|n| format!("712020:p{:03}", (group * 31 + n) % 997))
            .collect();
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        world.add_group(
            &format!("g{group:03}"),
            &format!("group {group:03}"),
            &members,
        );
    }
    for n in 0..1998 {
        let id = 200_000 + n;
        world.add_space(id, &format!("S{n}"), &format!("Space {n}"), "global");
        for pair in ["read/space", "administer/space"] {
            world.grant(id, "user", "712020:a1", pair);
        }
        world.grant(id, "group", &format!("g{:03}", n % 298), "read/space");
        world.grant(id, "user", &format!("712020:p{:03}", n % 997), "read/space");
    }
    world
}

/// The kind of a call: its path without ids.
fn kind(request: &Request) -> String {
    let path = request
        .path
        .replace("/wiki/rest/api/", "")
        .replace("/wiki/api/v2/", "");
    let parts: Vec<&str> = path.split('/').collect();
    let parts = match parts[..] {
        [first, _, last] => vec![first, last],
        _ => parts,
    };
    parts.join("/").trim_start_matches('/').to_owned()
}

/// The public connector takes 6,616 calls for a site of this size, and shows a hundred people and the members of groups.
#[tokio::test]
async fn a_sync_of_a_thousand_users_three_hundred_groups_and_two_thousand_spaces_takes_2329_calls()
{
    let desk = Desk::around(Simulated::of(large()).await);
    let shown = Shown::by(&desk).await;
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for request in desk.vendor.sim.requests() {
        *calls.entry(kind(&request)).or_insert(0) += 1;
    }
    let expected = [
        // Who we are, whether the API v2 lets us in (counted with the spaces), and which site it is.
        ("user/current", 1),
        ("tenant_info", 1),
        // Whether there are roles.
        ("space-role-mode", 1),
        // Ten pages, since Bob is hidden, and one to see the end.
        ("search/user", 11),
        ("group", 2),
        ("group/membersByGroupId", 300),
        // Eight pages, and the one above.
        ("spaces", 9),
        ("spaces/permissions", 2000),
        // Whether the accounts are active: 250 at a time.
        ("users-bulk", 4),
    ];
    let expected: BTreeMap<String, usize> = expected.map(|(path, n)| (path.to_owned(), n)).into();
    assert_eq!(calls, expected);
    assert_eq!(shown.answer["calls"], expected.values().sum::<usize>());

    assert_eq!(
        [
            shown.count("user"),
            shown.count("group"),
            shown.count("space")
        ],
        [1000, 300, 2000]
    );
    let stated = desk.vendor.sim.with_world(|w| {
        let members: usize = w.groups.values().map(|g| g.members.len()).sum();
        let rows: usize = w.spaces.values().map(|s| s.permissions.len()).sum();
        // One row is of a noun that is not selected.
        members + rows - 1
    });
    assert_eq!(shown.direct().len(), stated);
}

/// Runs a change and tells the kinds of its calls.
async fn calls_of(desk: &Desk, operation: Operation, event: Value, outcome: &str) -> Vec<String> {
    desk.vendor.sim.clear_requests();
    let answer = answer_of(desk.invoke(operation, event).await);
    assert_eq!(answer["outcome"], outcome, "{answer:#}");
    desk.vendor
        .sim
        .requests()
        .iter()
        .map(|r| format!("{} {}", r.method, kind(r)))
        .collect()
}

#[tokio::test]
async fn a_change_takes_no_more_calls_than_it_needs_to_look_before_and_after() {
    let event = |request: &str, what: &str, whom: &str| json!({"request_id": request, "entitlement": what, "principal": whom});
    let (bot, eng) = ("user:712020:c3", "group:22-eng");
    let export = "space:98310:export-space";
    let member = "group:11-adm:member";
    for (mode, request, operation, what, whom, outcome, expected) in [
        (
            RoleMode::PreRoles,
            "new",
            Operation::Grant,
            export,
            bot,
            "granted",
            11,
        ),
        (
            RoleMode::PreRoles,
            "held",
            Operation::Grant,
            export,
            bot,
            "already_granted",
            6,
        ),
        (
            RoleMode::PreRoles,
            "held, revoked",
            Operation::Revoke,
            export,
            bot,
            "revoked",
            9,
        ),
        (
            RoleMode::PreRoles,
            "not there",
            Operation::Revoke,
            export,
            eng,
            "already_revoked",
            6,
        ),
        (
            RoleMode::PreRoles,
            "new member",
            Operation::Grant,
            member,
            bot,
            "granted",
            10,
        ),
        (
            RoleMode::PreRoles,
            "held, removed",
            Operation::Revoke,
            member,
            bot,
            "revoked",
            8,
        ),
        (
            RoleMode::Transition,
            "new on the way",
            Operation::Grant,
            export,
            bot,
            "granted",
            12,
        ),
        (
            RoleMode::Transition,
            "role",
            Operation::Grant,
            "space_role_assignment:98310:r1:assigned",
            eng,
            "granted",
            13,
        ),
        (
            RoleMode::Transition,
            "role taken",
            Operation::Revoke,
            "space_role_assignment:98310:r2:assigned",
            eng,
            "revoked",
            11,
        ),
    ] {
        let mut world = if mode == RoleMode::PreRoles {
            World::worked_example()
        } else {
            World::with_roles()
        };
        world.set_mode(mode);
        if request.starts_with("held") {
            world
                .grant(98310, "user", "712020:c3", "export/space")
                .add_member("11-adm", "712020:c3");
        }
        let desk = Desk::around(Simulated::of(world).await);
        let calls = calls_of(&desk, operation, event("r1", what, whom), outcome).await;
        assert_eq!(calls.len(), expected, "{request}: {calls:#?}");
    }
}
