//! The end-to-end tests of the Elastic connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod bad_input;
mod calls;
mod complete;
mod conformance;
mod defects;
mod expected;
mod lambda;
mod properties;
mod worked_example;
mod world;

use rollcall_harness::conformance::Bench;
use world::{Several, Simulated};

/// A workbench for Elastic.
type Desk = Bench<Simulated>;
