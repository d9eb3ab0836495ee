//! What follows a published snapshot, for every connector: changes as events, a report, tables.
//!
//! It reads snapshots and talks to no vendor. A sync neither waits for it nor fails with it. This crate's README
//! describes what it writes.

pub mod bus;
mod changes;
mod event;
pub mod html;
mod lambda;
mod publish;
pub mod report;
mod source;
mod stored;
pub mod tables;

pub use event::{Products, PublishedAnswer, PublishedEvent};
pub use lambda::run as lambda;
pub use publish::publish;
pub use source::Published;
