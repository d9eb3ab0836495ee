//! The real binaries, as Lambda runs them.

use rollcall_simulators::confluence::World;

use crate::Simulated;

rollcall_harness::lambda!(
    Simulated,
    Simulated::of(World::worked_example()),
    "confluence-sync",
    "confluence-grant",
    "confluence-revoke",
);
