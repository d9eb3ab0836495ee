//! Each simulator answers as its vendor's document says, and takes nothing that the document does not have: one text file
//! of requests and answers for each vendor, in the format of `player.rs`.

mod buildkite;
mod confluence;
mod elastic;
mod faults;
mod northflank;
mod player;
mod temporalcloud;
mod wire;
