//! How many requests are left, which every answer says: <https://northflank.com/docs/v1/api/use-the-api>.

use std::time::Duration;

use super::{options::RateLimit, refusal::Refusal};

/// What has been used of the limit. The window opens with the first request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    began: Option<Duration>,
    used: usize,
    refused: usize,
}

/// Headers that tell how much is left.
pub(crate) type Headers = Vec<(String, String)>;

/// Says how many requests are left.
pub(crate) const REMAINING: &str = "x-ratelimit-remaining";

impl Meter {
    /// Counts a request at this time, and says whether it is still carried out.
    pub(crate) fn pass(
        &mut self,
        limit: &RateLimit,
        now: Duration,
    ) -> (Headers, Result<(), Refusal>) {
        let over = |began: Duration| now.saturating_sub(began) >= limit.window;
        let forgiven = limit.forgive_after.is_some_and(|most| self.refused >= most);
        if forgiven || self.began.is_none_or(over) {
            *self = Self {
                began: Some(now),
                ..Self::default()
            };
        }
        let passed = if self.used < limit.requests {
            self.used += 1;
            Ok(())
        } else {
            self.refused += 1;
            Err(refusal(limit))
        };
        (self.headers(limit, now), passed)
    }

    fn headers(&self, limit: &RateLimit, now: Duration) -> Headers {
        let gone = now.saturating_sub(self.began.unwrap_or(now));
        let left = whole_seconds(limit.window.saturating_sub(gone));
        [
            ("x-ratelimit-limit", limit.requests.to_string()),
            (
                REMAINING,
                limit.requests.saturating_sub(self.used).to_string(),
            ),
            ("x-ratelimit-reset", left.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// Seconds, begun ones included, so that whoever waits for them does not come too early.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// *Unknown*: status and body. Taken: 429 and the usual one.
fn refusal(limit: &RateLimit) -> Refusal {
    let refusal = Refusal::new(429, "the organization has used up its requests");
    match limit.retry_after {
        Some(seconds) => refusal.header("retry-after", seconds),
        None => refusal,
    }
}
