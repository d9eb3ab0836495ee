//! What the public Baton connector for Temporal Cloud does wrong, and this one must not. Each test is named after what
//! must hold, and says what the public connector does instead.

mod absence;
mod access;
mod accounts;
mod answers;
mod conflicts;
mod ids;
mod incomplete;
mod keys;
mod namespaces;
mod operations;
mod refusals;
mod roles;

use rollcall_harness::changes::{code, create, delete, grant, ids, outcome, revoke};
use rollcall_simulators::temporalcloud::World;
use rollcall_simulators::{Fault, FaultKind, Request};
use serde_json::Value;

use crate::Desk;

/// A desk before an account of one's own making.
async fn desk_of(world: World) -> Desk {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|w| *w = world);
    desk
}

/// The operation ids of every change that was sent.
fn operation_ids(desk: &Desk) -> Vec<String> {
    let of = |r: &Request| {
        r.body.as_ref().expect("a body")["asyncOperationId"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    desk.writes().iter().map(of).collect()
}

/// A user, service account or group as the vendor keeps it.
fn stored(desk: &Desk, id: &str) -> Value {
    desk.vendor
        .sim
        .with_world(|world| world.principal(id).expect("a principal").clone())
}

/// What a user, service account or group is set to.
fn spec(desk: &Desk, id: &str) -> Value {
    stored(desk, id)["spec"].clone()
}

/// Answers every request for exactly this path with this status.
fn always(path: &str, status: u16) -> Fault {
    Fault::matching("GET", path, FaultKind::status(status)).exactly()
}

/// Lets the `n`-th look at something bring this instead of how it is: what was so a moment ago, or will be.
fn shown_once(n: usize, path: &str, body: Value) -> Fault {
    let kind = FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(body),
    };
    Fault::nth_matching(n, "GET", path, kind)
}
