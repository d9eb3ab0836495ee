//! How the functions of a connector are called: on a laptop in the same process, in AWS by Lambda.

use async_trait::async_trait;
use jiff::Timestamp;
use rollcall_connector::{Chain, Error, ErrorType};
use rollcall_engine::context::Context;
use rollcall_engine::operation::Operation;
use rollcall_engine::runtime::function::Entry;
use serde_json::Value;

/// Calls the functions of one connector.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Calls a function with an event, and returns its answer.
    async fn call(&self, operation: Operation, event: &Value) -> Result<Value, FunctionFailure>;
}

/// The failure of a function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
#[expect(missing_docs, reason = "the other fields are those of an error")]
pub struct FunctionFailure {
    pub kind: ErrorType,
    pub code: String,
    pub message: String,
    pub fix: String,
    pub retry_at: Option<Timestamp>,
    /// Whether the function was not run, or not to its end: the same event finds out what was done.
    pub was_cut: bool,
}

impl From<Error> for FunctionFailure {
    fn from(e: Error) -> Self {
        Self {
            kind: e.kind(),
            code: e.code().to_string(),
            fix: e.fix().to_owned(),
            retry_at: e.retry_at(),
            message: Chain(&e).to_string(),
            was_cut: false,
        }
    }
}

/// The functions of a connector in this process.
pub struct InProcess<'a> {
    /// The connector.
    pub entry: &'a Entry,
    /// The environment of its functions.
    pub cx: &'a Context,
}

#[async_trait]
impl Functions for InProcess<'_> {
    async fn call(&self, operation: Operation, event: &Value) -> Result<Value, FunctionFailure> {
        Ok(self.entry.invoke(self.cx, operation, event).await?)
    }
}
