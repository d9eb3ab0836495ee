//! The shared state of the HTTP clients of one invocation.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::call::Call;
use super::error::Error;
use super::limit::Meter;
use super::retry::RetryListener;
use super::transport::Transport;
use crate::clock::{Clock, after, between};
use crate::interrupt::Interrupt;

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
    /// How often a request is sent at most, if it fails for reasons that may pass.
    pub attempts: u32,
    /// The counters of calls, retries and waits.
    pub meter: Arc<Meter>,
    /// Receives each retry before its delay.
    pub retries: Option<Arc<dyn RetryListener>>,
    /// The operator's request to stop soon: waits and retries end.
    pub interrupt: Interrupt,
}

/// As vendors' own clients do: with the delays of a retry that is some twenty seconds.
pub const DEFAULT_ATTEMPTS: u32 = 7;

impl Session {
    /// A session without a deadline, which waits for up to a minute at a time.
    pub fn new(transport: Transport, clock: Arc<dyn Clock>) -> Self {
        Self {
            transport,
            clock,
            deadline: None,
            max_wait: Duration::from_secs(60),
            attempts: DEFAULT_ATTEMPTS,
            meter: Arc::default(),
            retries: None,
            interrupt: Interrupt::default(),
        }
    }

    /// Whether a wait is short enough to stay in the invocation.
    pub(super) fn can_wait(&self, time: Duration) -> bool {
        let until = after(self.clock.now(), time);
        time <= self.max_wait && self.deadline.is_none_or(|deadline| until < deadline)
    }

    /// Waits, and counts the wait. The result is `false` if the operator asked to stop.
    #[must_use]
    pub(super) async fn pause(&self, time: Duration) -> bool {
        self.meter.wait(self.clock.now(), time);
        self.interrupt.sleep(&*self.clock, time).await
    }

    /// Waits until `at`, when `call` may be sent. Fails if that is too long, or if the operator asked to stop.
    pub(super) async fn wait_until(&self, at: Timestamp, call: &Call) -> Result<(), Error> {
        let wait = between(self.clock.now(), at);
        if wait.is_zero() {
            return Ok(());
        }
        match self.can_wait(wait) && self.pause(wait).await {
            true => Ok(()),
            false => Err(Error::rate_limited(call, at)),
        }
    }
}
