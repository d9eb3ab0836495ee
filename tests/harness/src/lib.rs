//! The common parts of the tests: a Lambda Runtime API with functions, a local AWS, an interpreter of workflows, and
//! everything that the connectors' tests share.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]
#![expect(missing_docs, reason = "most names are self-explanatory")]

pub mod answers;
pub mod bad_input;
pub mod changes;
pub mod conformance;
pub mod function;
pub mod lambda;
pub mod lambda_api;
pub mod lines;
pub mod moto;
pub mod planned;
pub mod process;
pub mod runtime_api;
pub mod script;
pub mod shown;
pub mod states;
pub mod stored;
pub mod wire;
pub mod workflow;
