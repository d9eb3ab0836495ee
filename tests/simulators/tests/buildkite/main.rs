//! Tests of the Buildkite simulator, over a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod changes;
mod client;
mod credentials;
mod faults;
mod graphql;
mod graphql_refusals;
mod limits;
mod members;
mod paging;
mod strict;
mod teams;
mod transcripts;
#[path = "../transcripts/wire.rs"]
mod wire;
mod worlds;
