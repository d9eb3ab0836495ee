//! What an execution leaves behind.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

/// An execution that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// How it ended.
    pub status: Status,
    /// When it began, in virtual time.
    pub started: Timestamp,
    /// When it ended, in virtual time.
    pub ended: Timestamp,
    /// Every state that was entered and every retry, in the order of virtual time. AWS bills a transition for each.
    pub visits: Vec<Visit>,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// With this output.
    Succeeded(Value),
    /// With an error that nothing caught.
    Failed(Failure),
    /// Because it took longer than the machine's `TimeoutSeconds`.
    TimedOut,
}

/// An error by its name, as in `ErrorEquals`, and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// As `States.Timeout` or `Lambda.TooManyRequestsException`.
    pub error: String,
    /// For people, or JSON when a Lambda function says it.
    pub cause: String,
}

impl Failure {
    /// An error by its name.
    #[must_use]
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            cause: cause.into(),
        }
    }

    /// What AWS reports, and lets nobody catch, when a path selects nothing or a value is of no use where it is.
    pub(super) fn runtime(cause: impl Into<String>) -> Self {
        Self::new("States.Runtime", cause)
    }

    /// The same, with the state that it happened in.
    pub(super) fn within(self, state: &str) -> Self {
        let cause = format!(
            "An error occurred while executing the state '{state}'. {}",
            self.cause
        );
        Self { cause, ..self }
    }
}

/// One transition: a state that was entered, or entered again by a retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The name of the state.
    pub state: String,
    /// Its `Type`.
    pub kind: &'static str,
    /// The index of the item that a Map state was at, the outermost first; empty outside of Map states.
    pub items: Vec<usize>,
    /// How many retries there were before.
    pub retry: u32,
    /// When it was entered, in virtual time.
    pub entered: Timestamp,
    /// When it was done, whether well or not; `None` when the execution ended before, or another item failed.
    pub left: Option<Timestamp>,
}

impl Execution {
    /// What it gave, if it succeeded.
    #[must_use]
    pub fn output(&self) -> Option<&Value> {
        match &self.status {
            Status::Succeeded(output) => Some(output),
            Status::Failed(_) | Status::TimedOut => None,
        }
    }

    /// Its virtual duration.
    #[must_use]
    pub fn duration(&self) -> Duration {
        between(self.started, self.ended)
    }

    /// How many transitions AWS bills: one for each state entered and each retry.
    #[must_use]
    pub fn transitions(&self) -> usize {
        self.visits.len()
    }

    /// The names of the states that were visited for this item, in order; `&[]` for the states outside of Map states.
    #[must_use]
    pub fn path(&self, items: &[usize]) -> Vec<&str> {
        self.visits
            .iter()
            .filter(|visit| visit.items == items)
            .map(|visit| visit.state.as_str())
            .collect()
    }

    /// The Wait states that were waited to the end, and how long each took.
    pub fn waits(&self) -> impl Iterator<Item = (&Visit, Duration)> {
        self.visits
            .iter()
            .filter(|visit| visit.kind == "Wait")
            .filter_map(|visit| visit.left.map(|left| (visit, between(visit.entered, left))))
    }
}

fn between(start: Timestamp, end: Timestamp) -> Duration {
    end.duration_since(start).unsigned_abs()
}
