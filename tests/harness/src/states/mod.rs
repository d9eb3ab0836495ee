//! The Amazon States Language (<https://states-language.net/spec.html>), as far as our workflows use it: definitions are
//! read strictly and run in virtual time, against whatever a test has behind their tasks.
//!
//! ```
//! # use rollcall_harness::states::{Failure, Machine, Reply, Services};
//! # use serde_json::{Value, json};
//! struct Adder;
//!
//! #[async_trait::async_trait]
//! impl Services for Adder {
//!     async fn call(&self, _: &str, parameters: Value, _: jiff::Timestamp) -> Reply {
//!         Reply::new(json!(parameters["a"].as_i64().map(|a| a + 1)))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let definition = r#"{"StartAt": "Wait", "States": {
//!     "Wait": {"Type": "Wait", "Seconds": 86400, "Next": "Add"},
//!     "Add": {"Type": "Task", "Resource": "${Adder}", "End": true}
//! }}"#;
//! let machine = Machine::parse(definition, &[("Adder", "arn:aws:lambda:us-east-1:123456789012:function:adder")])?;
//! let execution = machine.run(json!({"a": 1}), &Adder, "2026-01-01T00:00:00Z".parse()?, 1).await;
//! assert_eq!(execution.output(), Some(&json!(2)));
//! assert_eq!(execution.duration().as_secs(), 86400);
//! # Ok(())
//! # }
//! ```

mod choice;
#[cfg(test)]
mod choice_tests;
mod clock;
mod definition;
#[cfg(test)]
mod definition_tests;
mod document;
mod execution;
mod expression;
#[cfg(test)]
mod failure_tests;
mod fields;
mod flow;
mod functions;
mod log;
#[cfg(test)]
mod map_tests;
mod path;
mod policy;
#[cfg(test)]
mod policy_tests;
mod random;
mod run;
#[cfg(test)]
mod run_tests;
mod syntax;
mod template;
#[cfg(test)]
mod testing;
mod time;
mod validate;
#[cfg(test)]
mod validate_tests;
mod work;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

pub use execution::{Execution, Failure, Status, Visit};
pub use fields::Invalid;

use definition::{Graph, only_json_path};
use fields::Fields;

/// What is behind the tasks of a machine.
#[async_trait]
pub trait Services: Sync {
    /// Does what the task's `Resource` stands for, with its evaluated `Parameters`, at a moment of virtual time.
    ///
    /// Calls come one after another, in the order of virtual time, which stands still meanwhile. For `lambda:invoke` the
    /// outcome has the function's answer in `Payload`, as from AWS.
    async fn call(&self, resource: &str, parameters: Value, now: Timestamp) -> Reply;
}

/// What a call gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The result, or an error by its name.
    pub outcome: Result<Value, Failure>,
    /// How long it took, in virtual time.
    pub took: Duration,
}

impl Reply {
    /// A result that took no time.
    #[must_use]
    pub fn new(result: Value) -> Self {
        Self {
            outcome: Ok(result),
            took: Duration::ZERO,
        }
    }

    /// An error that took no time.
    #[must_use]
    pub fn failed(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            outcome: Err(Failure::new(error, cause)),
            took: Duration::ZERO,
        }
    }

    /// The same after a while.
    #[must_use]
    pub fn after(self, took: Duration) -> Self {
        Self { took, ..self }
    }
}

/// A definition that was read without finding a mistake.
#[derive(Debug)]
pub struct Machine {
    graph: Graph,
    timeout: Option<Duration>,
}

impl Machine {
    /// Reads a definition, with each `${Name}` in its text replaced.
    ///
    /// # Errors
    /// When a substitution is missing or not used, and when anything in the definition is not known here or of no use: a
    /// field, a function, an operator, a state that does not exist or is never reached.
    pub fn parse(definition: &str, substitutions: &[(&str, &str)]) -> Result<Self, Invalid> {
        let mut fields = Fields::new(document::read(definition, substitutions)?, "")?;
        fields.text("Comment")?;
        only_json_path(&mut fields)?;
        if fields
            .text("Version")?
            .is_some_and(|version| version != "1.0")
        {
            return Err(fields.invalid("Version", "must be 1.0"));
        }
        let timeout = fields.whole("TimeoutSeconds", 1..=time::LONGEST)?;
        let graph = Graph::take(&mut fields, &mut BTreeSet::new())?;
        fields.done()?;
        validate::validate(&graph, "")?;
        Ok(Self {
            graph,
            timeout: timeout.map(Duration::from_secs),
        })
    }

    /// Runs it to its end. Nobody sleeps: time is virtual and begins at `start`. The seed decides all chance.
    pub async fn run(
        &self,
        input: Value,
        services: &dyn Services,
        start: Timestamp,
        seed: u64,
    ) -> Execution {
        run::execute(self, input, services, start, seed).await
    }
}
