//! Tests of the Northflank simulator, over a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod credentials;
mod errors;
mod faults;
mod holders;
mod limits;
mod meanwhile;
mod paging;
mod rich;
mod strict;
mod transcripts;
#[path = "../common/wire.rs"]
mod wire;
mod worlds;
