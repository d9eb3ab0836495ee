//! Tests of the agent, against a simulated ConductorOne.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod binaries;
mod connectors;
mod credentials;
mod faults;
mod kinds;
mod options;
mod processes;
mod schemas;
mod syncs;
mod world;
