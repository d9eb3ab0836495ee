//! The history of an execution while it runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::definition::State;
use super::execution::{Failure, Visit};

/// AWS ends an execution whose history has more events; here it also ends a loop that waits for nothing.
pub(super) const EVENTS: usize = 25_000;

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    visits: Vec<Visit>,
    events: usize,
}

impl Log {
    fn hold(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A state is entered, or entered again by a retry; gives what [`Log::leave`] wants.
    pub(super) fn enter(
        &self,
        state: &State,
        retry: u32,
        items: &[usize],
        now: Timestamp,
    ) -> Result<usize, Failure> {
        // Entered and exited; a task is also scheduled, started and done, at each attempt.
        self.count(match (state.kind, retry) {
            ("Task", 0) => 5,
            ("Task", _) => 3,
            ("Map", _) => 4,
            _ => 2,
        })?;
        let mut log = self.hold();
        log.visits.push(Visit {
            state: state.name.clone(),
            kind: state.kind,
            items: items.to_vec(),
            retry,
            entered: now,
            left: None,
        });
        Ok(log.visits.len() - 1)
    }

    pub(super) fn leave(&self, visit: usize, now: Timestamp) {
        if let Some(visit) = self.hold().visits.get_mut(visit) {
            visit.left = Some(now);
        }
    }

    /// So many items of a Map state are begun.
    pub(super) fn items(&self, number: usize) -> Result<(), Failure> {
        self.count(2 * number)
    }

    fn count(&self, events: usize) -> Result<(), Failure> {
        let mut log = self.hold();
        log.events += events;
        match log.events {
            ..=EVENTS => Ok(()),
            _ => Err(Failure::runtime(format!(
                "The execution reached the maximum number of history events ({EVENTS})."
            ))),
        }
    }

    /// The visits, at the end.
    pub(super) fn visits(&self) -> Vec<Visit> {
        std::mem::take(&mut self.hold().visits)
    }
}
