//! The shared state of the HTTP clients of one invocation.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::call::Call;
use super::error::Error;
use super::limit::Meter;
use super::transport::Transport;
use crate::clock::{Clock, after, between};

/// The shared state of the HTTP clients of one invocation.
#[derive(Clone)]
pub struct Session {
    /// The process's connections.
    pub transport: Transport,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// When this invocation ends.
    pub deadline: Option<Timestamp>,
    /// The longest wait within the invocation; a longer one is an [`Error::RateLimited`].
    pub max_wait: Duration,
    /// The counters of calls, retries and waits.
    pub meter: Arc<Meter>,
}

impl Session {
    /// Whether a wait is short enough to stay in the invocation.
    pub(super) fn can_wait(&self, time: Duration) -> bool {
        let until = after(self.clock.now(), time);
        time <= self.max_wait && self.deadline.is_none_or(|deadline| until < deadline)
    }

    /// Waits, and counts the wait.
    pub(super) async fn pause(&self, time: Duration) {
        self.meter.wait(self.clock.now(), time);
        self.clock.sleep(time).await;
    }

    /// Waits until `at`, when `call` may be sent. Fails if that is too long.
    pub(super) async fn wait_until(&self, at: Timestamp, call: &Call) -> Result<(), Error> {
        let wait = between(self.clock.now(), at);
        if wait.is_zero() {
            return Ok(());
        }
        if !self.can_wait(wait) {
            return Err(Error::rate_limited(call, at));
        }
        self.pause(wait).await;
        Ok(())
    }
}
