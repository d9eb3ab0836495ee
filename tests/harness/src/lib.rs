//! What the tests share: a Lambda Runtime API, child processes, a local AWS, an interpreter of workflows.

pub mod conformance;
pub mod http;
pub mod moto;
pub mod process;
pub mod runtime_api;
pub mod states;
