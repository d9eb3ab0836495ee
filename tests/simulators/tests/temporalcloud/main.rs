//! Tests of the Temporal Cloud simulator, over a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod encoding;
mod faults;
mod operations;
mod reading;
mod strict;
#[path = "../transcripts/wire.rs"]
mod wire;
mod worlds;
mod writing;
