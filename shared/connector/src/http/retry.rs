//! What is tried again, and when.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::error::Error;
use super::{Call, Effect, Session};
use crate::clock::{after, between};
use crate::network::Fault;

/// Half a second, doubling, up to eight seconds, with jitter: about what vendors' own clients do.
fn delays() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(8))
        .with_max_times(6)
        .with_jitter()
}

/// A request that is refused once more for going too fast is put off, and with it everything else: while a limit lasts,
/// each of many requests would use up all of its tries.
const MAX_REFUSALS: u32 = 4;

/// When the vendor takes requests again, once one of them was put off. All other requests of the same client are put off,
/// too, instead of trying for themselves.
#[derive(Debug, Default)]
pub(super) struct Postponed(Mutex<Option<Timestamp>>);

impl Postponed {
    /// Until when requests are put off, if they are.
    pub(super) fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > now)
    }

    fn postpone(&self, until: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = (*known).max(Some(until));
    }
}

/// Runs `attempt` until it succeeds, fails for good, or would have to wait too long.
pub(super) async fn with_retries<'a, T, F>(
    session: &Session,
    postponed: &Postponed,
    call: &Call,
    mut attempt: F,
) -> Result<T, Error>
where
    F: FnMut() -> futures::future::BoxFuture<'a, Result<T, Error>>,
{
    let sleeper = session.clone();
    let mut refusals = 0;
    let outcome = (|| attempt())
        .retry(delays())
        .when(|e| !call.once && is_worth_it(call, e))
        .adjust(|e, planned| {
            let delay = planned?.max(asked_for(e).unwrap_or_default());
            refusals += u32::from(e.status() == Some(429));
            let is_put_off =
                refusals > MAX_REFUSALS || postponed.until(session.clock.now()).is_some();
            (!is_put_off && session.can_wait(delay)).then_some(delay)
        })
        .notify(|e, delay| {
            session.meter.retry();
            tracing::warn!(call = call.name(), error = %crate::Chain(e), ?delay, "trying again");
        })
        .sleep(move |delay| {
            let session = sleeper.clone();
            async move { session.pause(delay).await }
        })
        .await;
    outcome.map_err(|e| {
        if call.once {
            return e;
        }
        let put_off_until = postponed.until(session.clock.now());
        match rate_limited(session, call, e) {
            Error::RateLimited { call, retry_at } => {
                postponed.postpone(retry_at);
                Error::RateLimited { call, retry_at }
            }
            // It was to be tried again, and the vendor takes nothing now.
            e => match put_off_until {
                Some(retry_at) if is_worth_it(call, &e) => Error::RateLimited {
                    call: call.name(),
                    retry_at,
                },
                _ => e,
            },
        }
    })
}

/// How long a rate limit lasts whose end is not given, or was given and did not come.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A wait that the vendor asks for and that outlasts our patience becomes a time to come back at: of a rate limit, and
/// of an outage with an announced end. Without one, or if it was over and did not help, an outage stays an outage.
fn rate_limited(session: &Session, call: &Call, e: Error) -> Error {
    let wait = match &e {
        Error::Status {
            status: 429,
            retry_after,
            ..
        } => match retry_after {
            Some(wait) if !session.can_wait(*wait) => Some(*wait),
            // It was waited for, more than once, and did not help.
            wait => Some(wait.unwrap_or_default().max(DEFAULT_RETRY_AFTER)),
        },
        Error::Status {
            status: 503,
            retry_after,
            ..
        } => retry_after.filter(|wait| !session.can_wait(*wait)),
        _ => None,
    };
    match wait {
        Some(wait) => Error::RateLimited {
            call: call.name(),
            retry_at: after(session.clock.now(), wait),
        },
        None => e,
    }
}

fn asked_for(e: &Error) -> Option<Duration> {
    match e {
        Error::Status { retry_after, .. } => *retry_after,
        _ => None,
    }
}

/// A 429 was not processed and may always be sent again. After anything unclear only what changes nothing, or what the
/// vendor recognizes as a repetition, is sent again; after a 500, where the vendor may have got half way, only the
/// former. All other answers are final.
fn is_worth_it(call: &Call, e: &Error) -> bool {
    let repeatable = call.effect != Effect::Each;
    match e {
        Error::Status { status, .. } => match status {
            429 => true,
            500 => call.effect == Effect::None,
            408 | 502 | 503 | 504 => repeatable,
            _ => false,
        },
        // Somebody must change something first: a trust root, an address, a proxy.
        Error::Transport { source, .. } if Fault::of(source).is_final() => false,
        Error::Transport { never_sent, .. } => *never_sent || repeatable,
        Error::Garbled { .. } => repeatable,
        Error::RateLimited { .. }
        | Error::Circle { .. }
        | Error::InvalidPathSegment { .. }
        | Error::Unexpected { .. }
        | Error::Redirect { .. } => false,
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    /// Whoever says more means something else; coming back sooner costs one request.
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => between(now, rfc2822::parse(text).ok()?.timestamp()),
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        let read = |text: &str| {
            let headers = [(RETRY_AFTER, text.parse().expect("a value"))];
            retry_after(&headers.into_iter().collect(), now)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(
            read("Thu, 01 Jan 2026 00:01:00 GMT"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(read("Wed, 31 Dec 2025 00:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
        assert_eq!(read("1767225600"), Some(Duration::from_secs(86_400)));
    }

    #[test]
    fn a_write_with_an_unclear_answer_is_not_sent_again() {
        let body = || serde_json::json!({});
        let writes = [
            Call::post(&["x"], body()),
            Call::put(&["x"], body()),
            Call::patch(&["x"], body()),
            Call::delete(&["x"]),
        ];
        let reads = [
            Call::get(&["x"]),
            Call::post(&["x"], body()).read_only(),
            Call::post(&["x"], body()).read_only().repeatable(),
        ];
        let status = |status| Error::Status {
            call: String::new(),
            status,
            message: String::new(),
            is_json: false,
            retry_after: None,
            request_id: None,
        };
        for (code, on_read, on_write, on_repeatable) in [
            (400, false, false, false),
            (401, false, false, false),
            (403, false, false, false),
            (409, false, false, false),
            (429, true, true, true),
            (500, true, false, false),
            (503, true, false, true),
        ] {
            for read in &reads {
                assert_eq!(is_worth_it(read, &status(code)), on_read, "{code} {read:?}");
            }
            for write in &writes {
                let repeatable = write.clone().repeatable();
                let found = [write, &repeatable].map(|call| is_worth_it(call, &status(code)));
                assert_eq!(found, [on_write, on_repeatable], "{code} {write:?}");
            }
        }
    }
}
