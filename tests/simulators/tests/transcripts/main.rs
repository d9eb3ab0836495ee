//! Each simulator answers as its vendor documents, and accepts nothing undocumented: one text file of requests and
//! answers for each vendor, in the format of `player.rs`.

#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod buildkite;
mod c1;
mod confluence;
mod elastic;
mod faults;
mod grpc;
mod northflank;
mod player;
mod temporalcloud;
mod wire;
