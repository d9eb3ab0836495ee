//! The parts of a connector: the traits that it implements, its configuration, errors, events, clock, and the HTTP
//! client for its vendor.
//!
//! A connector implements [`Connector`] and, depending on its capabilities, [`Syncer`] and [`provision::Provisioner`].

mod about;
pub mod clock;
pub mod config;
pub mod event;
pub mod http;
pub mod interrupt;
pub mod network;
pub mod pages;
pub mod provision;
mod syncer;
mod warning;

pub use rollcall_model::error::{Chain, Error, ErrorType};
pub use rollcall_model::{Code, counted, error};

pub use about::{About, AccountField, Connector, Identity, SideEffect};
pub use syncer::{Records, StepOutput, Syncer, Tallies, is_stale_cursor, stale_cursor};
pub use warning::Warning;
