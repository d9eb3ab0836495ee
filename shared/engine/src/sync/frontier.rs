//! The frontier: runs the pending steps, a few at a time, phase by phase.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use rollcall_connector::clock::{after, between};
use rollcall_connector::{
    Chain, Code, Error, ErrorType, Identity, StepOutput, Syncer, is_stale_cursor,
};
use rollcall_model::proto::ResourceId;
use tokio::time::error::Elapsed;

use super::commit::{Commit, CommitKind};
use super::journal::Journal;
use super::work::Pending;

/// How often unlisted principals are looked up at the end of a phase: those that are found may name others.
const ROUNDS: u32 = 2;
/// How many names a connector looks up at a time.
const NAMES: usize = 5_000;

/// The reason why the frontier is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The vendor's rate limit, until this time.
    RateLimit(Timestamp),
    /// The time of this slice is over.
    Deadline,
    /// The operator requested a stop.
    Interrupted,
}

/// Runs steps until none is left, or until it is time to stop. Steps in progress when the time is over are dropped: a
/// step only reads, and is run again.
pub(super) async fn drain<C: Syncer>(
    run: &mut Journal<'_>,
    connector: &C,
    identity: &Identity,
) -> Result<Option<Stop>, Error> {
    let mut queue: VecDeque<Pending> = VecDeque::new();
    let mut running = FuturesUnordered::new();
    let mut phase = run.work.current_phase()?;
    let mut stop = None;
    let mut pace = Pace::new(run);
    loop {
        while stop.is_none() && running.len() < C::CONCURRENCY {
            if queue.is_empty() {
                queue.extend(run.work.take(phase, C::CONCURRENCY * 4)?);
            }
            let Some(step) = queue.pop_front() else { break };
            let clock = run.cx.clock.clone();
            running.push(async move {
                let began = clock.now();
                let result = run_step(connector, identity, &step).await;
                (step, result, between(began, clock.now()))
            });
        }
        let next = tokio::select! {
            biased;
            () = run.cx.interrupt.raised() => return Ok(Some(Stop::Interrupted)),
            next = in_time(pace.left(run), running.next()) => next,
        };
        let Ok(next) = next else {
            return Ok(stop.or(Some(Stop::Deadline)));
        };
        let Some((step, result, took)) = next else {
            if stop.is_some() {
                return Ok(stop);
            }
            match next_phase(run, connector, phase)? {
                Some(next) => phase = next,
                None => return Ok(None),
            }
            continue;
        };
        pace.slowest = pace.slowest.max(took);
        match result {
            Ok(output) => {
                run.commit(&Commit::done::<C>(step.id, output)?)?;
                pace.done += 1;
            }
            Err(e) if is_stale_cursor(&e) => {
                tracing::warn!(error = %Chain(&e), "a list is read again from its beginning");
                run.commit(&Commit::restart(step.id))?;
                for step in queue.drain(..) {
                    run.work.put_back(step.id)?;
                }
            }
            Err(e) if e.kind() == ErrorType::RateLimited => {
                stop = Some(later(stop, &e, run.cx.clock.now()));
            }
            // There is no time to try again. A later slice finds out whether the failure lasts.
            Err(e) if e.kind() == ErrorType::Unavailable && pace.is_over(run) => {
                tracing::warn!(error = %Chain(&e), "a step failed at the end of the slice");
                stop = stop.or(Some(Stop::Deadline));
            }
            Err(e) => return Err(e),
        }
        run.report_progress(false)?;
        run.heartbeat().await?;
        if stop.is_none() && pace.is_over(run) {
            stop = Some(Stop::Deadline);
        }
    }
}

/// Waits for `next`, at most for `left`: real time, like a deadline, whatever clock a test uses.
async fn in_time<F: Future>(left: Option<Duration>, next: F) -> Result<F::Output, Elapsed> {
    match left {
        Some(left) => tokio::time::timeout(left, next).await,
        None => Ok(next.await),
    }
}

/// When to come back after a rate limit.
pub(super) fn comes_back(e: &Error, now: Timestamp) -> Timestamp {
    let at = e.retry_at();
    at.unwrap_or_else(|| after(now, Duration::from_secs(60)))
}

/// The latest of the times at which rate limits end.
fn later(stop: Option<Stop>, e: &Error, now: Timestamp) -> Stop {
    let at = comes_back(e, now);
    match stop {
        Some(Stop::RateLimit(other)) => Stop::RateLimit(at.max(other)),
        _ => Stop::RateLimit(at),
    }
}

async fn run_step<C: Syncer>(
    connector: &C,
    identity: &Identity,
    step: &Pending,
) -> Result<StepOutput<C::Step>, Error> {
    let decoded = serde_json::from_str(&step.body).map_err(|e| {
        Error::new(
            ErrorType::Conflict,
            Code::ForeignStep,
            "another version of Rollcall began this run",
            "Start a new run: send the event without `sync_id`.",
        )
        .with_source(e)
        .with_run_restart()
    })?;
    connector.run(identity, &decoded).await
}

/// When to stop: early enough to save what was done.
struct Pace {
    done: usize,
    slowest: Duration,
    /// The minimum of remaining time when a new step begins.
    reserve: Duration,
}

impl Pace {
    fn new(run: &Journal<'_>) -> Self {
        Self {
            done: 0,
            slowest: Duration::ZERO,
            // A function with very little time must still make progress.
            reserve: Duration::from_secs(10).min(run.cx.remaining() / 3),
        }
    }

    /// How long steps in progress may still take.
    fn left(&self, run: &Journal<'_>) -> Option<Duration> {
        // Before requests end by themselves: that would look like an outage.
        let margin = Duration::from_millis(500).min(self.reserve / 4);
        let requests_end = between(run.cx.clock.now(), run.requests_end?);
        let left = run.cx.remaining().saturating_sub(self.reserve / 2);
        Some(left.min(requests_end.saturating_sub(margin)))
    }

    fn is_over(&self, run: &Journal<'_>) -> bool {
        let reserve = self.reserve.max(self.slowest.min(self.reserve * 2));
        let max_steps = run.cx.settings.max_steps;
        let enough = max_steps.is_some_and(|max| self.done >= max);
        enough || run.cx.remaining() < reserve
    }
}

/// Looks up unlisted principals, then advances the phase.
fn next_phase<C: Syncer>(
    run: &mut Journal<'_>,
    connector: &C,
    phase: u8,
) -> Result<Option<u8>, Error> {
    if run.work.rounds(phase)? < ROUNDS {
        look_up(run, connector, phase)?;
    }
    Ok(run.work.phase()?)
}

/// Adds the connector's steps for the resources that grants name but no list shows.
fn look_up<C: Syncer>(run: &mut Journal<'_>, connector: &C, phase: u8) -> Result<(), Error> {
    let mut last = ResourceId::default();
    loop {
        let missing = run.work.missing(&last, NAMES)?;
        let Some(end) = missing.last() else { break };
        last = end.clone();
        for same in missing.chunk_by(|a, b| a.resource_type == b.resource_type) {
            let ids: Vec<String> = same.iter().map(|name| name.resource.clone()).collect();
            let Some(steps) = connector.resolve(phase, &same[0].resource_type, &ids) else {
                continue;
            };
            let mut commit = Commit::steps::<C>(CommitKind::LookedUp, &steps)?;
            commit.phase = phase.into();
            commit.names = same.to_vec();
            run.commit(&commit)?;
        }
    }
    let mut round = Commit::steps::<C>(CommitKind::LookedUp, &[])?;
    round.phase = phase.into();
    run.commit(&round)
}
