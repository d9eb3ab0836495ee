//! The simulator's time: what really passes, and what a test says has passed.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A clock that can be put forward.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    started: Instant,
    advanced: Duration,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            advanced: Duration::ZERO,
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }

    /// Since the simulator was started.
    pub(crate) fn running(&self) -> Duration {
        self.started.elapsed().saturating_add(self.advanced)
    }

    /// The date.
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now().checked_add(self.advanced);
        now.unwrap_or(Timestamp::MAX)
    }
}
