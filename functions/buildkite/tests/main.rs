//! The end-to-end tests of the Buildkite connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod conformance;
mod lambda;
mod world;

use world::Simulated;
