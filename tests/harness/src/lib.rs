//! What the tests share: a Lambda Runtime API, functions in front of it, a local AWS, an interpreter of workflows.

pub mod conformance;
pub mod function;
pub mod http;
pub mod moto;
pub mod played;
pub mod process;
pub mod runtime_api;
pub mod states;
