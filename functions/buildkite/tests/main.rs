//! The end-to-end tests of the Buildkite connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod bad_input;
mod calls;
mod complete;
mod conformance;
mod defects;
mod graphql;
mod lambda;
mod limits;
mod worked_example;
mod world;

use rollcall_harness::conformance::Bench;
use world::{Simulated, WithGraphQl};

/// A workbench for Buildkite.
type Desk = Bench<Simulated>;
