//! Client-side pacing and rate-limit budgets, and the counters of calls, retries and waits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::clock::{after, between};

/// Counts requests, retries and waits.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Counters>);

#[derive(Debug, Default)]
struct Counters {
    /// All counts except `wait_ms`.
    usage: Usage,
    waited: Duration,
    /// The end of the present wait. Requests wait at the same time: waits that overlap are one.
    waiting_until: Option<Timestamp>,
}

/// The counts of a [`Meter`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Requests sent, retries included.
    pub calls: u64,
    /// Requests that were retries.
    pub retries: u64,
    /// Waits; requests that wait at the same time wait once.
    pub waits: u64,
    /// The time waited, in milliseconds.
    pub wait_ms: u64,
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            retries: self.retries + other.retries,
            waits: self.waits + other.waits,
            wait_ms: self.wait_ms + other.wait_ms,
        }
    }
}

impl Meter {
    /// The counts so far.
    pub fn usage(&self) -> Usage {
        let counters = self.counters();
        Usage {
            wait_ms: u64::try_from(counters.waited.as_millis()).unwrap_or(u64::MAX),
            ..counters.usage
        }
    }

    pub(super) fn call(&self) {
        self.counters().usage.calls += 1;
    }

    pub(super) fn retry(&self) {
        self.counters().usage.retries += 1;
    }

    pub(super) fn wait(&self, now: Timestamp, time: Duration) {
        let mut counters = self.counters();
        let until = after(now, time);
        let known = counters.waiting_until.filter(|known| *known > now);
        counters.usage.waits += u64::from(known.is_none());
        counters.waited += between(known.unwrap_or(now), until);
        counters.waiting_until = counters.waiting_until.max(Some(until));
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Spreads requests evenly over time.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Mutex<Timestamp>,
}

impl Pace {
    /// The requests of this much time may be sent at once before they are spread.
    const BURST: Duration = Duration::from_secs(1);

    pub(super) fn per_second(n: u32) -> Self {
        Self { interval: Duration::from_secs(1) / n.max(1), next: Mutex::new(Timestamp::MIN) }
    }

    /// Takes the next slot, and returns how long to wait for it.
    pub(super) fn reserve(&self, now: Timestamp) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (*next).max(now);
        *next = after(place, self.interval);
        between(now, place).saturating_sub(Self::BURST)
    }
}

/// The headers that show the remaining budget of a rate limit, in lower case.
#[derive(Debug, Clone, Copy)]
pub struct BudgetHeaders {
    /// The requests of a window.
    pub limit: &'static str,
    /// The remaining requests.
    pub remaining: &'static str,
    /// When the next window begins: seconds from now, or since 1970.
    pub reset: &'static str,
    /// The share of a window that is reserved for the customer's own traffic, in percent.
    pub reserve_percent: u64,
}

/// The remaining budget of a rate limit, without the reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemainingBudget {
    /// Remaining requests in this window.
    pub left: u64,
    /// Requests of a whole window.
    pub per_window: u64,
    /// When the next window begins.
    pub resets_at: Timestamp,
}

/// One of a vendor's rate limits, as its answers show it.
#[derive(Debug)]
pub(super) struct Budget {
    names: BudgetHeaders,
    window: Mutex<Option<Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    limit: u64,
    remaining: u64,
    reset_at: Timestamp,
}

impl Budget {
    pub(super) fn new(names: BudgetHeaders) -> Self {
        Self { names, window: Mutex::new(None) }
    }

    /// Takes one request from the window. If only the reserve is left, returns when the next window begins.
    pub(super) fn take(&self, now: Timestamp) -> Option<Timestamp> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let known = window.as_mut().filter(|w| w.reset_at > now)?;
        if known.remaining <= self.reserve(known) {
            return Some(known.reset_at);
        }
        known.remaining -= 1;
        None
    }

    fn reserve(&self, window: &Window) -> u64 {
        window.limit * self.names.reserve_percent / 100
    }

    /// The remaining budget, if a current window is known.
    pub(super) fn room(&self, now: Timestamp) -> Option<RemainingBudget> {
        let window = *self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let known = window.filter(|w| w.reset_at > now)?;
        let reserve = self.reserve(&known);
        Some(RemainingBudget {
            left: known.remaining.saturating_sub(reserve),
            per_window: known.limit.saturating_sub(reserve),
            resets_at: known.reset_at,
        })
    }

    /// Reads an answer's headers. An older answer may arrive later: within a window the lower number counts.
    pub(super) fn learn(&self, headers: &HeaderMap, now: Timestamp) {
        // The remainder may be negative where refused requests count, too.
        let number = |name: &str| {
            let number: i64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
            Some(number.max(0).unsigned_abs())
        };
        let names = &self.names;
        let read = [names.limit, names.remaining, names.reset].map(number);
        let [Some(limit), Some(remaining), Some(reset)] = read else {
            return;
        };
        let since_1970 = i64::try_from(reset).ok().filter(|s| *s > 1_000_000_000);
        let reset_at = since_1970
            .and_then(|s| Timestamp::from_second(s).ok())
            .unwrap_or_else(|| after(now, Duration::from_secs(reset)));
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same =
            |w: &Window| between(w.reset_at, reset_at) < Duration::from_secs(2) && w.reset_at > now;
        let same = window.filter(is_same);
        let remaining = same.map_or(remaining, |w| w.remaining.min(remaining));
        *window = Some(Window { limit, remaining, reset_at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: BudgetHeaders = BudgetHeaders {
        limit: "ratelimit-limit",
        remaining: "ratelimit-remaining",
        reset: "ratelimit-reset",
        reserve_percent: 10,
    };

    #[test]
    fn a_reserve_is_left_for_the_customers_own_traffic() {
        let now = Timestamp::UNIX_EPOCH;
        let budget = Budget::new(NAMES);
        let answer = |remaining: &str| {
            [
                ("ratelimit-limit", "100"),
                ("ratelimit-remaining", remaining),
                ("ratelimit-reset", "30"),
            ]
            .into_iter()
            .map(|(k, v)| (k.parse().expect("a name"), v.parse().expect("a value")))
            .collect::<HeaderMap>()
        };
        assert_eq!(budget.take(now), None, "nothing is known yet");
        assert_eq!(budget.room(now), None);
        budget.learn(&answer("12"), now);
        let reset = after(now, Duration::from_secs(30));
        let room = |left| RemainingBudget { left, per_window: 90, resets_at: reset };
        assert_eq!(budget.room(now), Some(room(2)));
        assert_eq!((budget.take(now), budget.take(now)), (None, None));
        assert_eq!(budget.room(now), Some(room(0)));
        assert_eq!(budget.take(now), Some(reset), "ten percent stay");
        budget.learn(&answer("50"), now);
        assert_eq!(budget.take(now), Some(reset), "an answer that was overtaken changes nothing");
        budget.learn(&answer("-14"), now);
        assert_eq!(budget.take(now), Some(reset), "less than nothing is left");
        assert_eq!(budget.room(now), Some(room(0)));
        assert_eq!(budget.take(reset), None, "the next window is a new one");
        assert_eq!(budget.room(reset), None);
    }

    #[test]
    fn requests_are_spread_after_a_burst() {
        let now = Timestamp::UNIX_EPOCH;
        let pace = Pace::per_second(10);
        let waits: Vec<u128> = (0..13).map(|_| pace.reserve(now).as_millis()).collect();
        assert!(waits[..=10].iter().all(|ms| *ms == 0));
        assert_eq!(waits[11..], [100, 200]);
    }

    #[test]
    fn requests_that_wait_side_by_side_wait_once() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let meter = Meter::default();
        for (now, seconds) in [(0, 10), (2, 3), (5, 10), (30, 1)] {
            meter.wait(at(now), Duration::from_secs(seconds));
        }
        let usage = meter.usage();
        assert_eq!((usage.waits, usage.wait_ms), (2, 16_000));
    }
}
