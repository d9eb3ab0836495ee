//! A limit of requests in flight that is known only from the vendor's refusals.
//!
//! The limit is found like a TCP window: a round of successful answers adds one, a refusal halves it. Requests sent
//! together are refused together, and that counts once. A `Retry-After` pauses all requests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::call::Call;
use super::error::Error;
use super::retry::retry_after;
use super::session::Session;
use crate::clock::after;

/// A limit of requests in flight that is found by trying: successful answers raise it, a 429 halves it.
#[derive(Debug, Clone, Copy)]
pub struct Concurrency {
    /// The limit at first. It never falls below one.
    pub start: usize,
    /// The highest limit.
    pub max: usize,
}

/// Admits a limited number of requests at a time, in the order in which they arrive.
#[derive(Debug)]
pub(super) struct Gate {
    places: Semaphore,
    max: usize,
    state: Mutex<GateState>,
}

#[derive(Debug)]
struct GateState {
    limit: usize,
    /// Requests in flight above the limit: their places are removed when they end.
    excess: usize,
    /// Consecutive successful answers since the limit last changed.
    good_answers: usize,
    /// Counts the decreases: a request sent before the last one says nothing about the present limit.
    epoch: u64,
    /// Nothing is sent before.
    paused_until: Timestamp,
}

/// A place among the requests in flight. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    gate: &'a Gate,
    place: Option<SemaphorePermit<'a>>,
    epoch: u64,
}

impl Gate {
    pub(super) fn new(concurrency: Concurrency) -> Self {
        let max = concurrency.max.clamp(1, Semaphore::MAX_PERMITS);
        let limit = concurrency.start.clamp(1, max);
        Self {
            places: Semaphore::new(limit),
            max,
            state: Mutex::new(GateState {
                limit,
                excess: 0,
                good_answers: 0,
                epoch: 0,
                paused_until: Timestamp::MIN,
            }),
        }
    }

    /// Waits until the pause is over and there is a place. No place is held during the pause: the limit may change.
    pub(super) async fn enter(&self, session: &Session, call: &Call) -> Result<Permit<'_>, Error> {
        loop {
            let until = self.state().paused_until;
            session.wait_until(until, call).await?;
            // The semaphore is never closed.
            let place = self.places.acquire().await.ok();
            let permit = Permit { gate: self, place, epoch: self.state().epoch };
            if permit.is_valid(session.clock.now()) {
                return Ok(permit);
            }
        }
    }

    /// Adds one place after as many successful answers as there are places.
    fn grow(&self, epoch: u64) {
        let mut state = self.state();
        if state.epoch != epoch {
            return;
        }
        state.good_answers += 1;
        if state.good_answers < state.limit {
            return;
        }
        state.good_answers = 0;
        if state.limit < self.max {
            state.limit += 1;
            // There is no excess now: no request of this epoch was admitted before all of it was removed.
            self.places.add_permits(1);
        }
    }

    /// Halves the limit, once for all requests sent before, and pauses everything for `wait`, if it is given.
    fn shrink(&self, epoch: u64, wait: Option<Duration>, now: Timestamp) {
        let mut state = self.state();
        if let Some(wait) = wait {
            state.paused_until = state.paused_until.max(after(now, wait));
        }
        if state.epoch != epoch {
            return;
        }
        state.epoch += 1;
        state.good_answers = 0;
        let limit = (state.limit / 2).max(1);
        let fewer = state.limit - limit;
        state.excess += fewer - self.places.forget_permits(fewer);
        state.limit = limit;
        tracing::debug!(limit, ?wait, "fewer requests at a time");
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Whether it may still be used: the limit did not fall since it was issued, and nothing is paused.
    pub(super) fn is_valid(&self, now: Timestamp) -> bool {
        let state = self.gate.state();
        state.epoch == self.epoch && state.excess == 0 && state.paused_until <= now
    }

    /// Reads the head of an answer; other requests need not wait for its body. Another refusal (no such page) says nothing
    /// about the limit; an outage does not raise it.
    pub(super) fn learn(&self, status: StatusCode, headers: &HeaderMap, now: Timestamp) {
        let wait = retry_after(headers, now);
        match status {
            StatusCode::TOO_MANY_REQUESTS => self.gate.shrink(self.epoch, wait, now),
            StatusCode::SERVICE_UNAVAILABLE if wait.is_some() => {
                self.gate.shrink(self.epoch, wait, now);
            }
            status if status.is_success() => self.gate.grow(self.epoch),
            status if status.is_server_error() => self.gate.state().good_answers = 0,
            _ => {}
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        if state.excess > 0
            && let Some(place) = self.place.take()
        {
            state.excess -= 1;
            place.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::FutureExt;
    use proptest::prelude::*;
    use reqwest::header::RETRY_AFTER;

    use super::super::transport::Transport;
    use super::*;
    use crate::clock::{Manual, between};

    fn gate(start: usize, max: usize) -> Gate {
        Gate::new(Concurrency { start, max })
    }

    fn session() -> Session {
        let clock = Arc::new(Manual::at(Timestamp::UNIX_EPOCH));
        Session::new(Transport::new(None).expect("TLS"), clock)
    }

    /// A permit, unless one has to wait for it.
    fn enter<'a>(gate: &'a Gate, session: &Session) -> Option<Permit<'a>> {
        let entered = gate.enter(session, &Call::get(&["x"])).now_or_never();
        entered.map(|permit| permit.expect("no rate limit"))
    }

    /// All available permits.
    fn fill<'a>(gate: &'a Gate, session: &Session) -> Vec<Permit<'a>> {
        std::iter::from_fn(|| enter(gate, session)).collect()
    }

    fn learn(permit: &Permit<'_>, status: u16, wait: Option<u64>, now: Timestamp) {
        let status = StatusCode::from_u16(status).expect("a status");
        let headers = wait.map(|wait| (RETRY_AFTER, wait.into()));
        permit.learn(status, &headers.into_iter().collect(), now);
    }

    fn round(gate: &Gate, session: &Session, status: u16, wait: Option<u64>) -> usize {
        let permits = fill(gate, session);
        for permit in &permits {
            learn(permit, status, wait, session.clock.now());
        }
        permits.len()
    }

    #[test]
    fn a_round_of_good_answers_adds_one_place_up_to_the_highest_limit() {
        let (gate, session) = (gate(2, 5), session());
        let rounds: Vec<usize> = (0..6).map(|_| round(&gate, &session, 200, None)).collect();
        assert_eq!(rounds, [2, 3, 4, 5, 5, 5]);
    }

    #[test]
    fn a_round_that_is_not_good_adds_none() {
        let session = session();
        for status in [302, 404, 500, 503] {
            let gate = gate(2, 5);
            round(&gate, &session, status, None);
            assert_eq!(fill(&gate, &session).len(), 2, "{status}");
        }
        let gate = gate(2, 5);
        for (status, limit) in [(200, 2), (500, 2), (200, 2), (404, 2), (200, 3)] {
            let permit = enter(&gate, &session).expect("a place");
            learn(&permit, status, None, session.clock.now());
            assert_eq!(gate.state().limit, limit, "an outage ends a row");
        }
    }

    #[test]
    fn requests_that_are_refused_together_halve_the_limit_once_and_never_below_one() {
        let (gate, session) = (gate(9, 9), session());
        let rounds: Vec<usize> = (0..6).map(|_| round(&gate, &session, 429, None)).collect();
        assert_eq!(rounds, [9, 4, 2, 1, 1, 1]);
    }

    #[test]
    fn an_outage_with_an_announced_end_is_a_refusal() {
        let (gate, session) = (gate(8, 8), session());
        round(&gate, &session, 503, Some(0));
        assert_eq!(fill(&gate, &session).len(), 4);
    }

    #[test]
    fn good_answers_to_what_was_sent_before_a_refusal_add_none() {
        let (gate, session) = (gate(4, 8), session());
        let permits = fill(&gate, &session);
        learn(&permits[0], 429, None, session.clock.now());
        for permit in &permits[1..] {
            learn(permit, 200, None, session.clock.now());
        }
        drop(permits);
        assert_eq!(fill(&gate, &session).len(), 2);
    }

    #[test]
    fn a_row_of_good_answers_ends_with_a_refusal() {
        let (gate, session) = (gate(4, 8), session());
        for (status, limit) in [(200, 4), (200, 4), (429, 2), (200, 2), (200, 3)] {
            let permit = enter(&gate, &session).expect("a place");
            learn(&permit, status, None, session.clock.now());
            assert_eq!(gate.state().limit, limit);
        }
    }

    #[test]
    fn a_permit_from_before_a_refusal_is_not_valid() {
        let (gate, session) = (gate(4, 4), session());
        let [one, other] = [(); 2].map(|()| enter(&gate, &session).expect("a place"));
        assert!(one.is_valid(session.clock.now()));
        learn(&other, 429, None, session.clock.now());
        assert!(!one.is_valid(session.clock.now()));
    }

    #[test]
    fn after_a_refusal_no_request_enters_before_enough_have_ended() {
        let (gate, session) = (gate(4, 4), session());
        let mut permits = fill(&gate, &session);
        learn(&permits[0], 429, None, session.clock.now());
        for (left, enters) in [(3, false), (2, false), (1, true)] {
            permits.pop();
            assert_eq!(permits.len(), left);
            assert_eq!(enter(&gate, &session).is_some(), enters, "{left}");
        }
    }

    #[test]
    fn a_place_that_was_promised_before_a_refusal_is_not_taken_after_it() {
        let (gate, session) = (gate(2, 2), session());
        let call = Call::get(&["x"]);
        let mut permits = fill(&gate, &session);
        let mut waiting = Box::pin(gate.enter(&session, &call));
        assert!(waiting.as_mut().now_or_never().is_none());
        permits.pop();
        learn(&permits[0], 429, None, session.clock.now());
        assert!(waiting.as_mut().now_or_never().is_none(), "one is enough");
        permits.pop();
        assert!(waiting.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_retry_after_pauses_every_request() {
        let (gate, session) = (gate(2, 2), session());
        let began = session.clock.now();
        let call = Call::get(&["x"]);
        let permits = fill(&gate, &session);
        learn(&permits[0], 429, Some(30), began);
        learn(&permits[1], 429, Some(20), began);
        assert!(!permits[1].is_valid(began), "it would be sent too early");
        drop(permits);
        let permit = gate.enter(&session, &call).await.expect("a place");
        assert_eq!(between(began, session.clock.now()).as_secs(), 30);
        assert_eq!(session.meter.usage().wait_ms, 30_000);
        learn(&permit, 429, Some(61), session.clock.now());
        let error = gate.enter(&session, &call).await.expect_err("too long");
        let expected = after(session.clock.now(), Duration::from_secs(61));
        assert!(matches!(error, Error::RateLimited { retry_at, .. } if retry_at == expected));
        assert_eq!(session.meter.usage().waits, 1);
    }

    #[tokio::test]
    async fn a_request_that_waits_for_a_place_when_a_pause_begins_is_paused_too() {
        let (gate, session) = (gate(1, 1), session());
        let call = Call::get(&["x"]);
        let permit = enter(&gate, &session).expect("a place");
        let mut waiting = Box::pin(gate.enter(&session, &call));
        assert!(waiting.as_mut().now_or_never().is_none());
        learn(&permit, 429, Some(30), session.clock.now());
        drop(permit);
        waiting.await.expect("a place");
        assert_eq!(session.clock.now().as_second(), 30);
    }

    #[test]
    fn a_waiting_request_that_is_dropped_takes_no_place() {
        let (gate, session) = (gate(1, 1), session());
        let call = Call::get(&["x"]);
        let permit = enter(&gate, &session).expect("a place");
        let mut waiting = Box::pin(gate.enter(&session, &call));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(permit);
        assert!(enter(&gate, &session).is_none(), "others were here before");
        drop(waiting);
        assert!(enter(&gate, &session).is_some());
    }

    #[test]
    fn a_limit_outside_its_range_is_corrected() {
        let session = session();
        for (start, max, limit) in [(0, 0, 1), (9, 3, 3), (0, usize::MAX, 1)] {
            assert_eq!(fill(&gate(start, max), &session).len(), limit);
        }
    }

    proptest! {
        #[test]
        fn there_are_never_more_requests_in_flight_than_the_limit_and_no_place_is_lost(
            start in 1..6usize,
            events in prop::collection::vec((0..5u8, any::<prop::sample::Index>()), 1..200),
        ) {
            let (gate, session) = (gate(start, 8), session());
            let mut under_way: Vec<Permit<'_>> = Vec::new();
            for (event, which) in events {
                let limit = gate.state().limit;
                prop_assert!((1..=8).contains(&limit));
                if event < 2 || under_way.is_empty() {
                    let room = under_way.len() < limit;
                    let entered = enter(&gate, &session);
                    prop_assert_eq!(entered.is_some(), room);
                    under_way.extend(entered);
                    continue;
                }
                let permit = under_way.swap_remove(which.index(under_way.len()));
                match event {
                    2 => learn(&permit, 200, None, session.clock.now()),
                    3 => learn(&permit, 429, None, session.clock.now()),
                    _ => {}
                }
            }
            under_way.clear();
            prop_assert_eq!(fill(&gate, &session).len(), gate.state().limit);
        }
    }
}
