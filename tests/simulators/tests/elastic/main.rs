//! Tests of the Elastic simulator, over a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assigning;
mod client;
mod credentials;
mod deployments;
mod hooks;
mod limits;
mod named;
mod organizations;
mod parsing;
mod strict;
mod transcripts;
mod users;
#[path = "../transcripts/wire.rs"]
mod wire;
mod worlds;
mod writing;
