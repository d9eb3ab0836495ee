//! The command line as people meet it: the built program, its output and its exit codes.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod bad_input;
mod bucket;
mod changes;
mod documented;
mod exporting;
mod leaving;
mod looking;
mod reporting;
mod reviewing;
mod serving;
mod support;
mod syncing;
