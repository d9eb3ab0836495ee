//! Rollcall's engine: it runs a connector's syncs and changes, stores what they leave, and is what a function is made with.
//!
//! A connector implements the traits of [`rollcall_connector`]. A function is one of the entry points of
//! [`runtime::lambda`]; the command line runs the same handlers by [`runtime::function::Entry`].

mod aws;
pub mod catalog;
pub mod context;
pub mod provision;
pub mod runtime;
pub mod store;
pub mod sync;
