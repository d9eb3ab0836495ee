//! Refusals because there are too many requests.

use std::time::{Duration, Instant};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    options::{Options, RateLimit},
    refusal::Refusal,
};

/// What has been used of the budget.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    began: Option<Instant>,
    used: usize,
    refused: usize,
}

/// Headers that tell how much is left.
pub(crate) type Headers = Vec<(String, String)>;

impl Limiter {
    /// Counts a request that arrived when so many were under way.
    pub(crate) fn pass(&mut self, options: &Options, running: usize) -> Result<Headers, Refusal> {
        match options.rate_limit {
            None => Ok(Vec::new()),
            Some(RateLimit::Concurrency { most, retry_after }) if running > most => {
                Err(refusal(most, retry_after, "conf-global-based"))
            }
            Some(RateLimit::Concurrency { .. }) => Ok(Vec::new()),
            Some(RateLimit::Budget {
                requests,
                window,
                forgive_after,
            }) => self.spend(requests, window, forgive_after),
        }
    }

    fn spend(
        &mut self,
        requests: usize,
        window: Duration,
        forgive_after: Option<usize>,
    ) -> Result<Headers, Refusal> {
        let over = self.began.is_none_or(|began| began.elapsed() >= window);
        if over || forgive_after.is_some_and(|most| self.refused >= most) {
            *self = Self {
                began: Some(Instant::now()),
                ..Self::default()
            };
        }
        let passed = self.began.map(|began| began.elapsed()).unwrap_or_default();
        let left = window.saturating_sub(passed).as_secs_f64().ceil();
        // Seconds of a test's window: nothing is lost.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small and positive"
        )]
        let left = (left as u64).max(1);
        if self.used >= requests {
            self.refused += 1;
            return Err(refusal(requests, left, "confluence-quota-tenant-based"));
        }
        self.used += 1;
        let remaining = requests - self.used;
        Ok(vec![
            ("x-ratelimit-limit".to_owned(), requests.to_string()),
            ("x-ratelimit-remaining".to_owned(), remaining.to_string()),
            ("x-ratelimit-reset".to_owned(), reset(left)),
            (
                "x-ratelimit-nearlimit".to_owned(),
                (remaining * 5 < requests).to_string(),
            ),
        ])
    }
}

fn refusal(limit: usize, retry_after: u64, reason: &str) -> Refusal {
    Refusal::new(429, "Rate limit exceeded")
        .header("retry-after", retry_after)
        .header("x-ratelimit-limit", limit)
        .header("x-ratelimit-remaining", 0)
        .header("x-ratelimit-reset", reset(retry_after))
        .header("x-ratelimit-nearlimit", true)
        .header("ratelimit-reason", reason)
}

/// The time in so many seconds, in the API's form: whole minutes, the next if need be.
fn reset(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX / 2);
    let then = Timestamp::now().as_second().saturating_add(seconds);
    let minute = Timestamp::from_second(then.saturating_add(59) / 60 * 60);
    minute
        .unwrap_or(Timestamp::MAX)
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%MZ")
        .to_string()
}
