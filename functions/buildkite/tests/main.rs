//! The end-to-end tests of the Buildkite connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod answers;
mod bad_input;
mod complete;
mod conformance;
mod graphql;
mod lambda;
mod limits;
mod lists;
mod people_and_teams;
mod worked_example;
mod world;

use world::{Simulated, WithGraphQl};
