//! The end-to-end tests of the Confluence connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod bad_input;
mod calls;
mod complete;
mod conformance;
mod defects;
mod environment;
mod events;
mod lambda;
mod permissions;
mod shown;
mod worked_example;
mod world;

use world::{Simulated, WithRoles};
