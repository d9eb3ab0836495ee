//! What can go wrong between the API and a snapshot, one file for each kind.

mod deleted;
mod lists;
mod people;

use rollcall_connector::Error;
use rollcall_simulators::northflank::{ENGINEERING_ID, World};
use rollcall_simulators::{Fault, FaultKind};

use crate::{Desk, Simulated};

pub(crate) const DEVELOPERS: &str = "/v1/org-roles/developer/members";

async fn desk_of(world: World) -> Desk {
    Desk::around(Simulated::of(world).await)
}

pub(crate) async fn small() -> Desk {
    desk_of(World::worked_example()).await
}

/// The small organization with a change.
pub(crate) async fn small_with(change: impl FnOnce(&mut World)) -> Desk {
    let mut world = World::worked_example();
    change(&mut world);
    desk_of(world).await
}

pub(crate) fn engineers() -> String {
    format!("/v1/directory-groups/{ENGINEERING_ID}/members")
}

/// A sync that must fail, and publish nothing.
pub(crate) async fn failure(desk: &Desk, what: &str) -> Error {
    let error = match desk.sync().await {
        Ok(answer) => panic!("{what}: it succeeded: {answer:#}"),
        Err(error) => error,
    };
    assert!(!desk.is_published(), "{what}: something was published");
    error
}

pub(crate) fn fault(desk: &Desk, path: &str, kind: FaultKind) {
    let fault = Fault::matching("GET", path, kind).exactly();
    desk.vendor.sim.set_faults(vec![fault]);
}

/// The queries with which a path was asked.
fn queries(desk: &Desk, path: &str) -> Vec<String> {
    let requests = desk.vendor.sim.requests().into_iter();
    requests
        .filter(|r| r.path == path)
        .map(|r| r.query)
        .collect()
}
