//! Rollcall's engine: runs a connector's syncs and changes, and stores their results.
//!
//! A connector implements the traits of [`rollcall_connector`]. The binary of a function is one line, [`function!`]; the
//! command line runs the same handlers through [`runtime::function::Entry`].

pub mod aws;
pub mod catalog;
pub mod context;
pub mod expiration;
pub mod operation;
pub mod provision;
pub mod runtime;
pub mod store;
pub mod sync;
