//! The real binary, as Lambda runs it.

use rollcall_simulators::northflank::World;

use crate::Simulated;

rollcall_harness::lambda!(Simulated, Simulated::of(World::worked_example()), "northflank-sync");
