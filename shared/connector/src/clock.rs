//! Time and unique ids, which tests control.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use svix_ksuid::{Ksuid, KsuidLike};

/// The clock: current time, sleeping, and unique ids. Injected, so that tests control time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
    /// Waits.
    async fn sleep(&self, duration: Duration);
    /// Sixteen bytes that no other call returns.
    fn unique(&self) -> [u8; 16];
}

/// A new KSUID: 27 characters that sort by time; the form of Baton's sync ids.
pub fn ksuid(clock: &dyn Clock) -> String {
    Ksuid::from_seconds(Some(clock.now().as_second()), Some(&clock.unique())).to_string()
}

/// `at + duration`, saturating at the largest timestamp.
pub fn after(at: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    at.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// `at - duration`, saturating at the smallest timestamp.
pub fn before(at: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    at.saturating_sub(duration).unwrap_or(Timestamp::MIN)
}

/// `later - earlier`, or zero if that is negative.
pub fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

/// The machine's clock and random ids.
#[derive(Debug, Default, Clone, Copy)]
pub struct System;

#[async_trait]
impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn unique(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(Ksuid::from_seconds(None, None).payload());
        bytes
    }
}

/// A clock that a test moves. Sleeping moves it too, and takes no time; ids count up from one.
#[derive(Debug)]
pub struct Manual {
    now: Mutex<Timestamp>,
    ids: AtomicU64,
}

impl Manual {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Mutex::new(now),
            ids: AtomicU64::new(0),
        }
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = after(*now, by);
    }
}

#[async_trait]
impl Clock for Manual {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        // Other tasks run meanwhile, as they would during a real wait.
        tokio::task::yield_now().await;
    }

    fn unique(&self) -> [u8; 16] {
        let n = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        u128::from(n).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ksuid_has_27_characters_and_sorts_by_time() {
        let clock = Manual::at("2026-01-01T00:00:00Z".parse().expect("a time"));
        let first = ksuid(&clock);
        clock.advance(Duration::from_secs(1));
        let second = ksuid(&clock);
        assert_eq!(first.len(), 27);
        assert!(first < second);
    }
}
