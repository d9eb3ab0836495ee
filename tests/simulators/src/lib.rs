//! Strict simulators of the vendors' APIs.
//!
//! Each module is one vendor, written from that vendor's public documentation and sharing no type with the connector it
//! tests: a misreading in one is not repeated in the other. A simulator is a real HTTP server on the loopback
//! interface. It keeps a world that tests can build, inspect and change, records every request, can simulate faults
//! ([`Fault`]), and refuses whatever the vendor does not document, so that a client's mistake becomes an error instead
//! of being ignored. [`c1`] is made in the same way, but it is no vendor: it is ConductorOne, for which connectors work.

#![expect(
    clippy::result_large_err,
    reason = "a refusal is built once per request, and nothing here needs speed"
)]

pub mod buildkite;
pub mod c1;
pub mod confluence;
pub mod elastic;
pub mod fault;
pub mod northflank;
pub mod random;
pub mod server;
pub mod temporalcloud;

mod address;
mod clock;
mod configuration;
mod head;
#[doc(hidden)]
pub mod kit;
mod log;
mod paging;
mod refusal;
mod response;
mod routes;

pub use configuration::Configuration;
pub use fault::{Fault, FaultKind};
pub use kit::{Common, Simulator};
pub use paging::{EmptyPage, Ordering, Rows};
pub use refusal::Refusal;
pub use server::{Answer, Call, Request, Server};
