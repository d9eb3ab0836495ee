//! Handles a failed run: it is postponed and retried, or it fails.

use std::time::Duration;

use jiff::Timestamp;

use super::frontier;
use super::journal::Journal;
use super::warnings::bounded;
use crate::context::IN_A_ROW;
use rollcall_connector::clock::{after, backoff};
use rollcall_connector::event::{Reason, SyncAnswer};
use rollcall_connector::http::RETRY_LOG;
use rollcall_connector::{Chain, Error, ErrorType, Warning};

/// How long a run waits after an outage before the first new attempt; see [`backoff`].
const FIRST_BACKOFF: Duration = Duration::from_secs(10);

impl Journal<'_> {
    /// Handles a failed run: it waits for temporary failures to pass, as long as attempts and time are left.
    pub(super) async fn postpone(mut self, failure: Error) -> Result<SyncAnswer, Error> {
        let Some((reason, at)) = self.comes_back(&failure) else {
            return Err(self.give_up(failure).await);
        };
        tracing::warn!(target: RETRY_LOG, error = %Chain(&failure), until = %at, "the run is postponed and will be retried");
        if failure.restarts_run() {
            self.start_over();
        }
        match self.suspend(reason, at).await {
            Ok(mut answer) if reason == Reason::Unavailable => {
                let why = format!("{}. {}", Chain(&failure), failure.fix());
                let why = Warning::new(failure.code(), why);
                answer.warnings = bounded(vec![why]);
                Ok(answer)
            }
            Ok(answer) => Ok(answer),
            Err(e) => {
                tracing::warn!(error = %Chain(&e), "the run could not be saved");
                Err(self.give_up(failure).await)
            }
        }
    }

    /// When to retry a failed run, and why not now; `None`: not automatically. Counts the outages.
    fn comes_back(&mut self, failure: &Error) -> Option<(Reason, Timestamp)> {
        let now = self.cx.clock.now();
        match failure.kind() {
            ErrorType::RateLimited => Some((Reason::RateLimit, frontier::comes_back(failure, now))),
            ErrorType::Unavailable => {
                let last = self.saved.failed_at.replace(now);
                if last.is_none_or(|at| after(at, IN_A_ROW) < now) {
                    self.saved.failures = 0;
                }
                self.saved.failures += 1;
                let wait = backoff(&*self.cx.clock, FIRST_BACKOFF, self.saved.failures);
                let at = failure.retry_at().unwrap_or_else(|| after(now, wait));
                let end = after(self.saved.started_at, self.cx.settings.max_run_age);
                (self.saved.failures <= self.cx.settings.retries && at <= end)
                    .then_some((Reason::Unavailable, at))
            }
            _ => None,
        }
    }

    /// Drops what was read, since it cannot lead to a snapshot.
    fn start_over(&mut self) {
        self.saved.parts.clear();
        self.saved.tenant = None;
        self.log.discard();
    }
}
