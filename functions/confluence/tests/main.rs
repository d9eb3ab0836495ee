//! The end-to-end tests of the Confluence connector, against its simulator. What the public connector does instead, the table
//! in the README says.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod answers;
mod bad_input;
mod calls;
mod complete;
mod lists;
mod people;
mod permissions;
mod roles;
mod script;
mod shapes;
mod worked_example;
mod world;

use rollcall_harness::conformance::Bench;
use world::Simulated;

type Desk = Bench<Simulated>;

mod conformance {
    rollcall_harness::conformance!(crate::Simulated);
}

mod lambda {
    rollcall_harness::lambda!(crate::Simulated, "confluence": "sync", "grant", "revoke");
}
