//! The end-to-end tests of the Temporal Cloud connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod bad_input;
mod complete;
/// What the public Baton connector for Temporal Cloud does wrong, and this one must not. Each test is named after what must hold;
/// the README's table says what the public connector does instead.
mod defects {
    mod absence;
    mod access;
    mod accounts;
    mod answers;
    mod incomplete;
    mod namespaces;
    mod operations;
    mod refusals;
    mod roles;
}
mod metadata;
mod script;
mod worked_example;
mod world;

mod conformance {
    rollcall_harness::conformance!(crate::Simulated);
}

/// Permissions on a namespace exclude each other, account roles too, and Global Admin removes all permissions.
#[tokio::test]
async fn temporary_grants_that_replace_each_other_leave_everything_as_it_was() {
    let rights = [
        "namespace:demo.a1b23:read",
        "namespace:demo.a1b23:write",
        "namespace:demo.a1b23:admin",
        "namespace:billing.a1b23:read",
        "account-role:a1b23-developer:member",
        "account-role:a1b23-admin:member",
    ];
    let cases = |principal| rights.map(|right| Case::new(right, principal));
    for principal in ["user:u2", "user:u-read", "group:g-cloud"] {
        temporary_grants_may_overlap::<Simulated>(&cases(principal), 20).await;
    }
}

async fn lend_admin(desk: &Desk) -> Value {
    let event = json!({
        "request_id": "r1", "principal": "user:u2", "duration": "PT4H",
        "entitlement": "account-role:a1b23-admin:member",
    });
    let lent = outcome(desk.change(Operation::Grant, event).await, "granted");
    desk.clock.advance(Duration::from_secs(5 * 3600));
    json!({"expiration": lent["expiration"]})
}

#[tokio::test]
async fn what_was_deleted_is_not_put_back_and_all_else_is() {
    for deleted in ["demo.a1b23", "billing.a1b23"] {
        let mut world = World::worked_example();
        world.add_namespace("billing").set_namespace_permission(
            "u2",
            "billing.a1b23",
            "PERMISSION_READ",
        );
        let desk = desk_of(world).await;
        let end = lend_admin(&desk).await;
        desk.vendor.sim.with_world(|world| world.namespaces.remove(deleted));
        let answer = outcome(desk.change(Operation::Revoke, end).await, "revoked");
        assert!(answer["warnings"].to_string().contains(deleted), "{answer:#}");
        let access = spec(&desk, "u2")["access"].clone();
        assert_eq!(access["accountAccess"]["role"], "ROLE_DEVELOPER", "{access}");
        let left = access["namespaceAccesses"].as_object().expect("permissions").len();
        assert_eq!(left, 1, "{access}");
    }
}

#[tokio::test]
async fn the_ends_of_an_account_that_is_deleted_are_closed() {
    let desk = desk_of(World::worked_example()).await;
    let end = lend_admin(&desk).await;
    let delete = json!({"request_id": "r2", "principal": "user:u2"});
    outcome(desk.change(Operation::DeleteAccount, delete).await, "deleted");
    let open = expiration::open(&*desk.cx.store, "expirations/").await.expect("read");
    assert_eq!(open, []);
    outcome(desk.change(Operation::Revoke, end).await, "already_revoked");
}

mod lambda {
    rollcall_harness::lambda!(
        crate::Simulated, "temporalcloud": "sync", "grant", "revoke", "create-account", "delete-account"
    );
}

use std::time::Duration;

use rollcall_engine::expiration;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::answers::{at, said as answer};
use rollcall_harness::changes::outcome;
use rollcall_harness::conformance::{Bench, Case, temporary_grants_may_overlap};
use rollcall_simulators::temporalcloud::{Options, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};
use world::Simulated;

type Desk = Bench<Simulated>;

async fn desk_of(world: World) -> Desk {
    Desk::around(Simulated::of(world).await)
}

fn edit(desk: &Desk, change: impl FnOnce(&mut World) -> &mut World) {
    desk.vendor.sim.with_world(|world| {
        change(world);
    });
}

fn set_options(desk: &Desk, change: impl FnOnce(&mut Options)) {
    desk.vendor.sim.set_options(change);
}

fn refused(path: &str, status: u16) -> Fault {
    at(path, FaultKind::status(status))
}

/// Answers every request for exactly this path with this body.
fn answered(path: &str, body: Value) -> Fault {
    at(path, answer(200, body))
}

/// A user, service account or group as the vendor stores it.
fn stored(desk: &Desk, id: &str) -> Value {
    let principal = |world: &mut World| world.principal(id).cloned();
    desk.vendor.sim.with_world(principal).expect("a principal")
}

/// What a user, service account or group is set to.
fn spec(desk: &Desk, id: &str) -> Value {
    stored(desk, id)["spec"].clone()
}
