//! The end-to-end tests of the Confluence connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod conformance;
mod environment;
mod events;
mod lambda;
mod permissions;
mod world;

use world::{Simulated, WithRoles};
