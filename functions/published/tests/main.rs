//! The tests of what follows a published snapshot.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod binary;
mod changes;
mod publish;
mod report;
mod schemas;
mod tables;
