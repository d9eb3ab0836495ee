//! What the public Baton connector for Buildkite does wrong, as far as its lines can be seen, what the vendor's own clients
//! did wrong, and what the API leaves open. Each test is named after what must hold.

mod answers;
mod paging;
mod people;
mod teams;
mod tokens;

use rollcall_simulators::buildkite::{Options, World};
use serde_json::Value;

use crate::{Desk, Simulated};

/// A desk before this organization, at a vendor that behaves like this.
async fn desk_of(world: World, change: impl FnOnce(&mut Options)) -> Desk {
    let desk = Desk::around(Simulated::of(world).await);
    desk.vendor.sim.set_options(change);
    desk
}

/// A desk before the small organization, changed.
async fn small_with(change: impl FnOnce(&mut World)) -> Desk {
    let mut world = World::worked_example();
    change(&mut world);
    desk_of(world, |_| {}).await
}

/// The digest of what a sync of this organization shows, when all goes well.
async fn digest_of(world: World) -> Value {
    let desk = desk_of(world, |_| {}).await;
    desk.complete().await["content_digest"].clone()
}

/// The id of a team that is in no sample.
fn team_id(number: usize) -> String {
    format!("f2000000-0000-4000-8000-{number:012x}")
}

/// The id of a person who is in no sample.
fn person_id(number: usize) -> String {
    format!("d2000000-0000-4000-8000-{number:012x}")
}
