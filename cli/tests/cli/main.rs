//! The command line as people meet it: the built program, its output and its exit codes.

mod bad_input;
mod changes;
mod looking;
mod support;
mod syncing;
