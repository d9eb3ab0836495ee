//! A simulator's time: real time, plus what a test adds.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::refusal::Refusal;

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

/// How many requests are carried out in a window of time that opens with the first of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// How many.
    pub requests: u64,
    /// How long until the count begins anew.
    pub window: Duration,
    /// `Retry-After` of refusals, in seconds.
    pub retry_after: Option<u64>,
    /// The count begins anew after so many refusals, for clients that do not really wait.
    pub forgive_after: Option<u64>,
}

impl Quota {
    pub(crate) fn new(requests: u64, window: Duration) -> Self {
        Self { requests, window, retry_after: None, forgive_after: None }
    }

    /// Counts a request, unless it is refused.
    pub(crate) fn spend(&self, used: &mut Window, now: Duration) -> Result<(), Refusal> {
        if self.forgive_after.is_some_and(|most| used.refused >= most) {
            *used = Window::default();
        }
        used.open(now, self.window);
        if used.used < self.requests {
            used.used += 1;
            return Ok(());
        }
        used.refused += 1;
        let refusal = Refusal::usual(429);
        Err(match self.retry_after {
            Some(seconds) => refusal.header("retry-after", seconds),
            None => refusal,
        })
    }

    /// How many requests are left.
    pub(crate) fn left(&self, used: &Window) -> u64 {
        self.requests.saturating_sub(used.used)
    }
}

/// What is used in a window of time that opens with the first use.
#[derive(Clone, Debug, Default)]
pub struct Window {
    began: Option<Duration>,
    pub(crate) used: u64,
    refused: u64,
}

impl Window {
    /// Opens a new window if this one, `long`, is over.
    pub(crate) fn open(&mut self, now: Duration, long: Duration) {
        let over = |began: Duration| now.saturating_sub(began) >= long;
        if self.began.is_none_or(over) {
            *self = Self { began: Some(now), ..Self::default() };
        }
    }

    /// How long until the window, `long`, is over.
    pub(crate) fn left(&self, now: Duration, long: Duration) -> Duration {
        long.saturating_sub(now.saturating_sub(self.began.unwrap_or(now)))
    }
}
