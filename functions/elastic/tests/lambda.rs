//! The real binaries, as Lambda runs them.

use rollcall_simulators::elastic::World;

use crate::Simulated;

rollcall_harness::lambda!(
    Simulated,
    Simulated::of(World::worked_example()),
    "elastic-sync",
    "elastic-grant",
    "elastic-revoke",
);
