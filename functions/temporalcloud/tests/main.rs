//! The end-to-end tests of the Temporal Cloud connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod bad_input;
mod calls;
mod complete;
mod conformance;
mod defects;
mod lambda;
mod worked_example;
mod world;

use rollcall_harness::conformance::Bench;
use world::Simulated;

/// A workbench for Temporal Cloud.
type Desk = Bench<Simulated>;
