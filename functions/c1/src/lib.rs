//! The agent that works off ConductorOne's tasks, for every connector, in place of a pod that polls for them.
//!
//! It turns a task into the event that everybody else sends, calls the function that exists, and turns the answer into
//! the task's result. It contains no connector and knows no vendor. This crate's README describes how to set it up.

mod agent;
mod client;
mod credentials;
mod desk;
mod event;
mod functions;
mod lambda;
mod metadata;
mod outcome;
mod proto;
mod shift;
mod state;
mod task;
mod token;
mod upload;
mod work;

pub use agent::{Agent, Lifetime, Listener, no_credentials};
pub use event::{AgentAnswer, AgentEvent, AgentStatus, TaskReport};
pub use functions::{FunctionFailure, Functions, InProcess};
pub use lambda::run as lambda;

/// The header `user-agent` of every request to ConductorOne.
const USER_AGENT: &str = concat!("rollcall/", env!("CARGO_PKG_VERSION"));
