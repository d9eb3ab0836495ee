//! What time it is for the limits.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

/// The clock that the windows of the limits go by. [`Buildkite::advance`](super::Buildkite::advance) puts any of them
/// forward.
#[derive(Clone, Default)]
pub enum Clock {
    /// The time that passes.
    #[default]
    Real,
    /// Stands still unless it is put forward.
    Manual,
    /// Whatever this says: the time since some moment.
    Given(Arc<dyn Fn() -> Duration + Send + Sync>),
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Real => "Real",
            Self::Manual => "Manual",
            Self::Given(_) => "Given",
        })
    }
}

/// A simulator's time.
#[derive(Debug)]
pub(crate) struct Time {
    began: Instant,
    pub(crate) advanced: Duration,
}

impl Time {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            advanced: Duration::ZERO,
        }
    }

    /// For the limits: the time since some moment.
    pub(crate) fn now(&self, clock: &Clock) -> Duration {
        let base = match clock {
            Clock::Real => self.began.elapsed(),
            Clock::Manual => Duration::ZERO,
            Clock::Given(read) => read(),
        };
        base + self.advanced
    }

    /// For the expiry of tokens: today's date, put forward likewise.
    pub(crate) fn date(&self) -> Timestamp {
        let advanced = SignedDuration::try_from(self.advanced).unwrap_or(SignedDuration::MAX);
        Timestamp::now()
            .checked_add(advanced)
            .unwrap_or(Timestamp::MAX)
    }
}
