//! Handles a call that could not finish its request: the request is postponed and retried, or it fails.
//!
//! An outage without a known end is retried six times (`Settings::retries`) after 5, 10 … 160 s and a random part of as
//! much again; the audit record counts. A wait whose end is known (a rate limit, a lease) is not counted. No request
//! waits longer than six hours (`MAX_AGE` in `writer`).

use std::time::Duration;

use jiff::Timestamp;

use super::Order;
use super::answer::in_progress;
use super::audit::Record;
use super::writer::RequestHistory;
use crate::context::Context;
use crate::store::lease::{Lease, RESUME_GRACE};
use rollcall_connector::clock::{after, backoff};
use rollcall_connector::event::{ChangeAnswer, Reason};
use rollcall_connector::http::RETRY_LOG;
use rollcall_connector::{Chain, Code, Error, ErrorType, counted};

/// How long a request waits after an outage before the first new attempt; see [`backoff`].
const FIRST_BACKOFF: Duration = Duration::from_secs(5);
/// The maximum number of writes of a request, for a vendor that limits the rate after each of them.
const MAX_WRITES: usize = 100;
/// Handles a failed call: it waits for temporary failures to pass, as long as attempts and time are left.
pub(super) async fn postpone(
    cx: &Context,
    (order, record): (&Order, &Record<'_>),
    lease: Option<Lease<()>>,
    mut trail: RequestHistory,
    failure: Error,
) -> Result<ChangeAnswer, Error> {
    let at = match comes_back(cx, record, &mut trail, &failure).await {
        Ok(at) => at,
        Err(e) if e.code() == Code::RequestIdUsed => return Err(e),
        Err(e) => {
            tracing::warn!(error = %Chain(&e), "the failure of this request could not be recorded");
            None
        }
    };
    let Some(at) = at else {
        return Err(give_up(cx, record, lease, &trail, failure).await);
    };
    tracing::warn!(target: RETRY_LOG, error = %Chain(&failure), until = %at, "the request is postponed and will be retried");
    let at = match lease {
        Some(lease) => wait_outside(cx, lease, &trail, at).await,
        None => at,
    };
    let reason = match reason(&failure) {
        // What waits for a vendor returns the end of the wait, whoever ended it.
        Some(Reason::RateLimit) if cx.interrupt.is_raised() => Some(Reason::Interrupted),
        reason => reason,
    };
    Ok(in_progress(order, record, at, reason))
}

/// When to retry a failed request; `None`: not automatically.
async fn comes_back(
    cx: &Context,
    record: &Record<'_>,
    trail: &mut RequestHistory,
    failure: &Error,
) -> Result<Option<Timestamp>, Error> {
    if !failure.kind().is_retryable() {
        return Ok(None);
    }
    if trail.since.is_none() {
        trail.since = record.failed_at().await?;
    }
    if trail.intended >= MAX_WRITES {
        return Ok(None);
    }
    let now = cx.clock.now();
    let Some(at) = failure.retry_at() else {
        let number = record.fail(failure, &trail.carried_out, now).await?;
        trail.is_failure_on_record = true;
        let wait = backoff(&*cx.clock, FIRST_BACKOFF, number);
        return Ok((number <= cx.settings.retries).then(|| after(now, wait)));
    };
    if trail.since.is_none() {
        // From now on the record shows the request's age.
        record.fail(failure, &trail.carried_out, now).await?;
        trail.is_failure_on_record = true;
        trail.since = Some(now);
    }
    Ok(trail.has_time(at).then_some(at))
}

/// Ends a call that failed permanently: others may change the principal, and what was sent is recorded.
pub(super) async fn give_up(
    cx: &Context,
    record: &Record<'_>,
    lease: Option<Lease<()>>,
    trail: &RequestHistory,
    failure: Error,
) -> Error {
    if trail.sent && !trail.is_failure_on_record {
        let now = cx.clock.now();
        if let Err(e) = record.fail(&failure, &trail.carried_out, now).await {
            tracing::warn!(error = %Chain(&e), "the failure of this request could not be recorded");
        }
    }
    if let Some(lease) = lease {
        lease.give_back(&*cx.store, &*cx.clock).await;
    }
    match trail.carried_out.len() {
        0 => failure,
        n => failure.with_fix(format!(
            "{} already carried out and still in effect: see the audit record `{}`.",
            counted(n, "write"),
            record.key()
        )),
    }
}

/// Why a failed request is in progress; `None`: the vendor is still applying it, or another change to the same object.
pub(super) fn reason(failure: &Error) -> Option<Reason> {
    match (failure.kind(), failure.code()) {
        (ErrorType::RateLimited, _) => Some(Reason::RateLimit),
        (_, Code::PrincipalBusy) => Some(Reason::Lease),
        (_, Code::ObjectBusy) => None,
        _ => Some(Reason::Unavailable),
    }
}

/// Keeps others away from the principal until the request comes back, if it sent anything. Returns when it can come
/// back: not before the lease expires, if that could not be suspended.
pub(super) async fn wait_outside(
    cx: &Context,
    mut lease: Lease<()>,
    trail: &RequestHistory,
    until: Timestamp,
) -> Timestamp {
    if !trail.sent {
        lease.give_back(&*cx.store, &*cx.clock).await;
        return until;
    }
    let expires_at = lease.expires_at();
    let suspended = lease.suspend(&*cx.store, after(until, RESUME_GRACE), ());
    match suspended.await {
        Ok(()) => until,
        Err(e) => {
            tracing::warn!(error = %Chain(&e), "the lease could not be suspended");
            until.max(expires_at)
        }
    }
}
