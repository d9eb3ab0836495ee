//! How many requests are left, which every answer says.

use std::time::Instant;

use super::refusal::Refusal;
use crate::elastic::options::Quota;

/// What has been used of the quota.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    began: Option<Instant>,
    used: usize,
    refused: usize,
}

/// Headers that tell how much is left.
pub(crate) type Headers = Vec<(String, String)>;

impl Meter {
    /// Counts a request, and says whether it is still carried out.
    pub(crate) fn pass(&mut self, quota: &Quota) -> (Headers, Result<(), Refusal>) {
        let over = |began: Instant| began.elapsed() >= quota.interval;
        let forgiven = quota.forgive_after.is_some_and(|most| self.refused >= most);
        if forgiven || self.began.is_none_or(over) {
            *self = Self {
                began: Some(Instant::now()),
                ..Self::default()
            };
        }
        let passes = self.used < quota.limit;
        if passes {
            self.used += 1;
        } else {
            self.refused += 1;
        }
        let headers = headers(quota, quota.limit.saturating_sub(self.used));
        (headers, if passes { Ok(()) } else { Err(refusal(quota)) })
    }
}

/// *Unknown*: in which unit the interval is. Taken: seconds.
fn headers(quota: &Quota, left: usize) -> Headers {
    [
        ("x-ratelimit-interval", quota.interval.as_secs().to_string()),
        ("x-ratelimit-limit", quota.limit.to_string()),
        ("x-ratelimit-remaining", left.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// *Unknown*: the code; only those of invitations and billing are documented. Taken: one like theirs.
fn refusal(quota: &Quota) -> Refusal {
    let refusal = Refusal::new(429, "root.rate_limited", "Too many requests");
    match quota.retry_after {
        Some(seconds) => refusal.header("retry-after", seconds),
        None => refusal,
    }
}
