//! The end-to-end tests of the Northflank connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod bad_input;
mod complete;
mod limits;
mod lists;
mod rows;
mod worked_example;
mod world;

use world::Simulated;

mod conformance {
    rollcall_harness::conformance!(crate::Simulated);
}

mod lambda {
    rollcall_harness::lambda!(crate::Simulated, "northflank": "sync");
}
