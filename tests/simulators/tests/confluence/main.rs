//! Tests of the Confluence simulator, over a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod credentials;
mod granting;
mod groups;
mod limits;
mod lists;
mod open;
mod people;
mod roles;
mod searching;
mod spaces;
mod strict;
mod transcripts;
#[path = "../transcripts/wire.rs"]
mod wire;
mod worlds;
