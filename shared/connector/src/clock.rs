//! Time and unique ids, which tests control.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
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

/// `at`, rounded up to a second: Step Functions truncates the time to wait until, and would resume too early.
pub fn whole_second(at: Timestamp) -> Timestamp {
    let rounded = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
    at.round(rounded).unwrap_or(at)
}

/// The wait before attempt `n`, counted from 1: `first`, doubled with each attempt, and a random part of as much again.
pub fn backoff(clock: &dyn Clock, first: Duration, n: u32) -> Duration {
    let wait = first * 2_u32.saturating_pow(n.saturating_sub(1));
    let [.., random] = clock.unique();
    wait + wait * u32::from(random) / 256
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
    /// A clock that is stopped at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now), ids: AtomicU64::new(0) }
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
        // Other tasks run in between, as they would during a real wait.
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

    #[test]
    fn a_time_to_wait_until_is_rounded_up_to_a_whole_second() {
        for (at, rounded) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:01Z"),
            ("2026-12-31T23:59:59.5Z", "2027-01-01T00:00:00Z"),
        ] {
            let at: Timestamp = at.parse().expect("a time");
            assert_eq!(whole_second(at).to_string(), rounded);
        }
        assert_eq!(whole_second(Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn the_wait_doubles_and_at_most_doubles_again_by_chance() {
        let first = Duration::from_secs(10);
        for (n, least) in [(1, 10), (2, 20), (6, 320)] {
            let wait = backoff(&System, first, n).as_secs();
            assert!((least..2 * least).contains(&wait), "{n}: {wait}");
        }
    }
}
