//! The real binaries, as Lambda runs them.

use rollcall_simulators::temporalcloud::World;

use crate::Simulated;

/// The small sample world. Operations are finished at once: time is real.
async fn small() -> Simulated {
    let vendor = Simulated::of(World::worked_example()).await;
    vendor.sim.set_options(|options| options.operations.polls = 0);
    vendor
}

rollcall_harness::lambda!(
    Simulated,
    small(),
    "temporalcloud-sync",
    "temporalcloud-grant",
    "temporalcloud-revoke",
    "temporalcloud-create-account",
    "temporalcloud-delete-account",
);
