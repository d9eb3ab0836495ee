//! The common crate of Rollcall: everything that connectors share, and nothing that names a vendor.
//!
//! A connector implements [`connector::Connector`] and, by what it can do, [`connector::Syncer`] and
//! [`provision::Provisioner`]. A function is one of the entry points of [`lambda`]; the command line runs the same
//! handlers.
//!
//! Feature `aws` brings S3 and Secrets Manager, feature `snapshot` the sync engine and its SQLite: a function that only
//! writes to a vendor carries neither more nor less than it needs.

#[cfg(feature = "aws")]
mod aws;
pub mod clock;
pub mod config;
pub mod connector;
pub mod context;
pub mod error;
pub mod event;
pub mod function;
pub mod gauges;
pub mod http;
pub mod interrupt;
pub mod lambda;
pub mod model;
pub mod network;
pub mod pages;
pub mod provision;
pub mod secrets;
#[cfg(feature = "snapshot")]
pub mod snapshot;
pub mod store;
#[cfg(feature = "snapshot")]
pub mod sync;
pub mod telemetry;

pub use error::{Chain, Error, ErrorType};
