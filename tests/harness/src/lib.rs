//! What the tests share: a Lambda Runtime API, functions in front of it, a local AWS, an interpreter of workflows; and of
//! the tests of connectors all that is the same for each.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]
#![expect(missing_docs, reason = "most names say it all")]

pub mod answers;
pub mod bad_input;
pub mod changes;
pub mod conformance;
pub mod function;
pub mod lambda;
pub mod lines;
pub mod moto;
pub mod planned;
pub mod process;
pub mod runtime_api;
pub mod script;
pub mod shown;
pub mod states;
pub mod workflow;
