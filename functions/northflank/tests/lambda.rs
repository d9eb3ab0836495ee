//! The real binary, as Lambda runs it: a process in front of a Runtime API, a store in a folder, secrets in files.

use std::time::Duration;

use async_trait::async_trait;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::lambda::Functions;
use rollcall_simulators::northflank::World;

use crate::Simulated;

#[async_trait]
impl Functions for Simulated {
    fn binary(operation: Operation) -> &'static str {
        match operation {
            Operation::Sync => env!("CARGO_BIN_EXE_northflank-sync"),
            other => panic!("there is no function to {}", other.as_str()),
        }
    }

    async fn small() -> Self {
        Self::of(World::worked_example()).await
    }

    fn slow(&self) {
        self.sim.set_options(|options| {
            options.latency = Duration::from_millis(250);
            options.force_page_size = Some(2);
        });
    }

    fn fast(&self) {
        self.sim.set_options(|options| {
            options.latency = Duration::ZERO;
            options.force_page_size = None;
        });
    }
}

rollcall_harness::lambda!(Simulated);
