//! Retries: which requests are sent again, and when, by status, `Retry-After` and backoff.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use url::Url;

use super::call::{Call, Effect};
use super::error::Error;
use super::session::Session;
use crate::Chain;
use crate::clock::{after, backoff, between};
use crate::network::Fault;

/// The target of the log lines about what is tried again: a program that shows retries itself can leave them out.
pub const RETRY_LOG: &str = "rollcall::retry";

/// The delay before the first retry. It doubles with each, up to eight seconds, and a random part of as much is added, as
/// vendors' own clients do.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// The delay doubles this often.
const DOUBLINGS: u32 = 4;

/// A request that is answered with 429 more often than this is postponed, and with it all others of its client: each of
/// many requests would use up its retries while the limit lasts.
const MAX_REFUSALS: u32 = 4;

/// The assumed duration of a rate limit whose end is not given, or is given and has passed.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A request that failed and will be sent again. It is displayed as a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// What happened, such as `cannot reach api.example.com:443 (connection refused)`.
    pub problem: String,
    /// The time until the request is sent again.
    pub delay: Duration,
    /// The number of this retry, from 1.
    pub number: u32,
    /// The number of the last retry.
    pub of: u32,
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, delay, number, of } = self;
        let seconds = delay.as_secs_f64().ceil();
        write!(f, "{problem}, trying again in {seconds} s ({number} of {of})")
    }
}

/// Receives each retry before its delay.
pub trait RetryListener: Send + Sync {
    /// Called by each of the requests that are in flight at the same time.
    fn retrying(&self, retry: &Retry);
}

/// When the vendor accepts requests again after one was postponed; shared by all requests of a client.
#[derive(Debug, Default)]
pub(super) struct Postponed(Mutex<Option<Timestamp>>);

impl Postponed {
    /// Until when requests are postponed, if they are.
    pub(super) fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > now)
    }

    pub(super) fn postpone(&self, until: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = (*known).max(Some(until));
    }
}

/// Runs `attempt` until it succeeds, fails for good, or its next delay would be too long. `call` goes to the API at `base`.
pub(super) async fn with_retries<'a, T, F>(
    session: &Session,
    postponed: &Postponed,
    (call, base): (&Call, &Url),
    mut attempt: F,
) -> Result<T, Error>
where
    F: FnMut() -> BoxFuture<'a, Result<T, Error>>,
{
    let (mut number, mut refusals) = (0, 0);
    let failure = loop {
        let e = match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(e) if call.once => return Err(e),
            Err(e) => e,
        };
        number += 1;
        refusals += u32::from(e.status() == Some(429));
        let is_postponed = postponed.until(session.clock.now()).is_some();
        let is_over = number >= session.attempts || session.interrupt.is_raised();
        if is_over || refusals > MAX_REFUSALS || is_postponed {
            break e;
        }
        let delay = delay(session, &e, number);
        if !is_worth_it(call, &e) || !session.can_wait(delay) {
            break e;
        }
        let last = session.attempts - 1;
        let of = match e.status() {
            Some(429) => last.min(number + MAX_REFUSALS - refusals),
            _ => last,
        };
        tracing::warn!(target: RETRY_LOG, call = call.name(), error = %Chain(&e), ?delay, "trying again");
        if let Some(listener) = &session.retries {
            let problem = problem(&e, session.transport.server(base));
            listener.retrying(&Retry { problem, delay, number, of });
        }
        if !session.pause(delay).await {
            break e;
        }
        session.meter.retry();
    };
    Err(given_up(session, postponed, call, failure))
}

/// The delay before retry `number`: what the vendor asks for, if that is more than ours.
fn delay(session: &Session, e: &Error, number: u32) -> Duration {
    let requested = match e {
        Error::Status { retry_after, .. } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    backoff(&*session.clock, FIRST_DELAY, number.min(DOUBLINGS + 1)).max(requested)
}

/// What happened at `server`, in words for people.
fn problem(e: &Error, server: String) -> String {
    match e {
        Error::Transport { never_sent, source, .. } => {
            let words = Fault::of(source).words();
            match never_sent {
                true => format!("cannot reach {server} ({words})"),
                false => format!("no complete answer from {server} ({words})"),
            }
        }
        Error::Status { status: 429, .. } => format!("{server} limits the rate of requests"),
        Error::Status { status, .. } => format!("{server} answers with {status}"),
        _ => format!("{server} answers with something that is not JSON"),
    }
}

/// The error of a request that is not sent again: a rate limit, if the vendor accepts nothing for longer than one waits.
pub(super) fn given_up(session: &Session, postponed: &Postponed, call: &Call, e: Error) -> Error {
    let now = session.clock.now();
    let postponed_until = postponed.until(now);
    if let Some(wait) = wait_of(session, &e) {
        let retry_at = after(now, wait);
        postponed.postpone(retry_at);
        return Error::rate_limited(call, retry_at);
    }
    match (&e, postponed_until) {
        (Error::RateLimited { retry_at, .. }, _) => postponed.postpone(*retry_at),
        // It would be sent again, but the vendor accepts nothing now.
        (_, Some(until)) if is_worth_it(call, &e) => return Error::rate_limited(call, until),
        _ => {}
    }
    e
}

/// How long no request may be sent after this last answer: after a 429, and after a 503 with an announced end that is
/// too far away. A 503 without one, or whose end did not help, remains an outage.
fn wait_of(session: &Session, e: &Error) -> Option<Duration> {
    let Error::Status { status, retry_after, .. } = e else {
        return None;
    };
    let too_long = retry_after.filter(|wait| !session.can_wait(*wait));
    match status {
        // A shorter wait was tried more than once and did not help.
        429 => too_long.or(Some(retry_after.unwrap_or_default().max(DEFAULT_RETRY_AFTER))),
        503 => too_long,
        _ => None,
    }
}

/// Whether a request may be sent again. A 429 was not processed: always. After anything unclear, only a request that
/// reads or is idempotent; after a 500, which may come halfway through, only one that reads. Other answers are final.
fn is_worth_it(call: &Call, e: &Error) -> bool {
    let repeatable = call.effect != Effect::Repeating;
    match e {
        Error::Status { status, .. } => match status {
            429 => true,
            500 => call.effect == Effect::ReadOnly,
            408 | 502 | 503 | 504 => repeatable,
            _ => false,
        },
        // The operator must change something first: a trust root, an address, a proxy.
        Error::Transport { source, .. } if Fault::of(source).is_final() => false,
        Error::Transport { never_sent, .. } => *never_sent || repeatable,
        Error::Garbled { .. } => repeatable,
        _ => false,
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    /// A larger number means something else; a retry that is too early costs one request.
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
        assert_eq!(read("Thu, 01 Jan 2026 00:01:00 GMT"), Some(Duration::from_secs(60)));
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
