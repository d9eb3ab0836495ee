//! A simulator's time: real time, plus what a test adds.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A clock that can be put forward.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    started: Instant,
    advanced: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        Self { started: Instant::now(), advanced: Duration::ZERO }
    }
}

impl Clock {
    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }

    /// How far it was put forward.
    pub(crate) fn advanced(&self) -> Duration {
        self.advanced
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

/// Seconds, rounded up, so that a client that waits for them does not come too early.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Counts what is used in a window of time that opens with the first use.
#[derive(Clone, Debug, Default)]
pub struct Window {
    began: Option<Duration>,
    /// The used part of this window.
    pub used: u64,
    refused: u64,
}

impl Window {
    /// Opens a new window if this one, `long`, is over at `now`, or if it has refused `forgive_after` times.
    pub(crate) fn open(&mut self, now: Duration, long: Duration, forgive_after: Option<u64>) {
        let over = |began: Duration| now.saturating_sub(began) >= long;
        let forgiven = forgive_after.is_some_and(|most| self.refused >= most);
        if forgiven || self.began.is_none_or(over) {
            *self = Self { began: Some(now), ..Self::default() };
        }
    }

    /// Uses `points` of `most`, if as many are left.
    pub(crate) fn spend(&mut self, points: u64, most: u64) -> bool {
        let fits = self.used + points <= most;
        match fits {
            true => self.used += points,
            false => self.refused += 1,
        }
        fits
    }

    /// How long until the window, `long`, is over.
    pub(crate) fn left(&self, now: Duration, long: Duration) -> Duration {
        long.saturating_sub(now.saturating_sub(self.began.unwrap_or(now)))
    }
}
