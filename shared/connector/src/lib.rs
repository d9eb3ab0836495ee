//! What a connector is made of: the traits that it implements, its configuration, its errors, events, time, and the HTTP
//! client that it talks to its vendor with.
//!
//! A connector implements [`Connector`] and, by what it can do, [`Syncer`] and [`provision::Provisioner`].

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
pub use rollcall_model::{Code, error};

pub use about::{About, Connector, Identity};
pub use syncer::{Records, StepOutput, Syncer, Tallies, is_stale_cursor, stale_cursor};
pub use warning::Warning;
