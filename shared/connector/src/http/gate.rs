//! How many requests may be under way at once, where only the vendor's refusals tell.
//!
//! The limit is felt for as TCP does it: a round of good answers adds one, a refusal halves it. Requests sent together
//! are refused together, and that counts once. When the vendor says how long it wants to be left alone, all are.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::Error;
use super::retry::retry_after;
use super::{Call, Concurrency, Session};
use crate::clock::{after, between};

/// Lets so many requests through at a time, in the order in which they come.
#[derive(Debug)]
pub(super) struct Gate {
    places: Semaphore,
    max: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    /// Places that are no more, and still taken by requests that were sent when there were more.
    owed: usize,
    /// Good answers since the limit last changed.
    row: usize,
    /// Counts the decreases: what was sent before the last one says nothing about the limit of now.
    epoch: u64,
    /// Nothing is sent before.
    held_until: Timestamp,
}

/// A place among the requests that are under way. Dropping it gives it back, whatever became of the request.
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
            state: Mutex::new(State {
                limit,
                owed: 0,
                row: 0,
                epoch: 0,
                held_until: Timestamp::MIN,
            }),
        }
    }

    /// Waits until the vendor wants to hear from us and there is a place. Nobody has a place while waiting for the
    /// former: the limit may be another one afterwards.
    pub(super) async fn enter(&self, session: &Session, call: &Call) -> Result<Permit<'_>, Error> {
        loop {
            self.wait(session, call).await?;
            // It is never closed.
            let place = self.places.acquire().await.ok();
            let epoch = self.state().epoch;
            let permit = Permit {
                gate: self,
                place,
                epoch,
            };
            if permit.stands(session.clock.now()) {
                return Ok(permit);
            }
        }
    }

    async fn wait(&self, session: &Session, call: &Call) -> Result<(), Error> {
        let until = self.state().held_until;
        let wait = between(session.clock.now(), until);
        if wait.is_zero() {
            return Ok(());
        }
        if !session.can_wait(wait) {
            return Err(Error::RateLimited {
                call: call.name(),
                retry_at: until,
            });
        }
        session.pause(wait).await;
        Ok(())
    }

    /// One more, after as many good answers as may be under way.
    fn grow(&self, epoch: u64) {
        let mut state = self.state();
        if state.epoch != epoch {
            return;
        }
        state.row += 1;
        if state.row < state.limit {
            return;
        }
        state.row = 0;
        if state.limit == self.max {
            return;
        }
        state.limit += 1;
        // Nothing is owed here: nobody has entered since the last decrease before all of it was paid.
        self.places.add_permits(1);
    }

    /// Half as many, once for all that was sent before; and nobody until `wait` is over, if it is given.
    fn shrink(&self, epoch: u64, wait: Option<Duration>, now: Timestamp) {
        let mut state = self.state();
        if let Some(wait) = wait {
            state.held_until = state.held_until.max(after(now, wait));
        }
        if state.epoch != epoch {
            return;
        }
        state.epoch += 1;
        state.row = 0;
        let limit = (state.limit / 2).max(1);
        let fewer = state.limit - limit;
        state.owed += fewer - self.places.forget_permits(fewer);
        state.limit = limit;
        tracing::debug!(limit, ?wait, "fewer requests at a time");
    }

    fn interrupt(&self) {
        self.state().row = 0;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Whether it may still be used: not if, since it was given, the vendor asked for fewer requests or for none.
    pub(super) fn stands(&self, now: Timestamp) -> bool {
        let state = self.gate.state();
        state.epoch == self.epoch && state.owed == 0 && state.held_until <= now
    }

    /// Reads what the head of an answer says: others need not wait for the body to know it. A refusal of another kind
    /// (no such page) says nothing about the limit; an outage does not raise it.
    pub(super) fn learn(&self, status: StatusCode, headers: &HeaderMap, now: Timestamp) {
        let wait = retry_after(headers, now);
        match status {
            StatusCode::TOO_MANY_REQUESTS => self.gate.shrink(self.epoch, wait, now),
            StatusCode::SERVICE_UNAVAILABLE if wait.is_some() => {
                self.gate.shrink(self.epoch, wait, now);
            }
            status if status.is_success() => self.gate.grow(self.epoch),
            status if status.is_server_error() => self.gate.interrupt(),
            _ => {}
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        if state.owed > 0
            && let Some(place) = self.place.take()
        {
            state.owed -= 1;
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

    use super::super::Transport;
    use super::*;
    use crate::clock::Manual;

    fn gate(start: usize, max: usize) -> Gate {
        Gate::new(Concurrency { start, max })
    }

    fn session() -> Session {
        Session {
            transport: Transport::new(None).expect("TLS"),
            clock: Arc::new(Manual::at(Timestamp::UNIX_EPOCH)),
            deadline: None,
            max_wait: Duration::from_secs(60),
            meter: Arc::default(),
        }
    }

    /// A permit, unless one has to wait for it.
    fn enter<'a>(gate: &'a Gate, session: &Session) -> Option<Permit<'a>> {
        let entered = gate.enter(session, &Call::get(&["x"])).now_or_never();
        entered.map(|permit| permit.expect("no rate limit"))
    }

    /// As many permits as there are.
    fn fill<'a>(gate: &'a Gate, session: &Session) -> Vec<Permit<'a>> {
        std::iter::from_fn(|| enter(gate, session)).collect()
    }

    fn told(permit: &Permit<'_>, status: u16, wait: Option<u64>, now: Timestamp) {
        let status = StatusCode::from_u16(status).expect("a status");
        let headers = wait.map(|wait| (RETRY_AFTER, wait.into()));
        permit.learn(status, &headers.into_iter().collect(), now);
    }

    fn round(gate: &Gate, session: &Session, status: u16, wait: Option<u64>) -> usize {
        let permits = fill(gate, session);
        for permit in &permits {
            told(permit, status, wait, session.clock.now());
        }
        permits.len()
    }

    #[test]
    fn a_round_of_good_answers_adds_one_place_up_to_the_most_there_may_be() {
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
            told(&permit, status, None, session.clock.now());
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
        told(&permits[0], 429, None, session.clock.now());
        for permit in &permits[1..] {
            told(permit, 200, None, session.clock.now());
        }
        drop(permits);
        assert_eq!(fill(&gate, &session).len(), 2);
    }

    #[test]
    fn a_row_of_good_answers_ends_with_a_refusal() {
        let (gate, session) = (gate(4, 8), session());
        for (status, limit) in [(200, 4), (200, 4), (429, 2), (200, 2), (200, 3)] {
            let permit = enter(&gate, &session).expect("a place");
            told(&permit, status, None, session.clock.now());
            assert_eq!(gate.state().limit, limit);
        }
    }

    #[test]
    fn a_place_from_before_a_refusal_does_not_stand() {
        let (gate, session) = (gate(4, 4), session());
        let [one, other] = [(); 2].map(|()| enter(&gate, &session).expect("a place"));
        assert!(one.stands(session.clock.now()));
        told(&other, 429, None, session.clock.now());
        assert!(!one.stands(session.clock.now()));
    }

    #[test]
    fn after_a_refusal_nobody_enters_before_enough_have_left() {
        let (gate, session) = (gate(4, 4), session());
        let mut permits = fill(&gate, &session);
        told(&permits[0], 429, None, session.clock.now());
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
        told(&permits[0], 429, None, session.clock.now());
        assert!(waiting.as_mut().now_or_never().is_none(), "one is enough");
        permits.pop();
        assert!(waiting.now_or_never().is_some());
    }

    #[tokio::test]
    async fn the_time_that_the_vendor_asks_for_holds_everybody() {
        let (gate, session) = (gate(2, 2), session());
        let began = session.clock.now();
        let call = Call::get(&["x"]);
        let permits = fill(&gate, &session);
        told(&permits[0], 429, Some(30), began);
        told(&permits[1], 429, Some(20), began);
        assert!(!permits[1].stands(began), "it would be sent too early");
        drop(permits);
        let permit = gate.enter(&session, &call).await.expect("a place");
        assert_eq!(between(began, session.clock.now()).as_secs(), 30);
        assert_eq!(session.meter.usage().wait_ms, 30_000);
        told(&permit, 429, Some(61), session.clock.now());
        let error = gate.enter(&session, &call).await.expect_err("too long");
        let expected = after(session.clock.now(), Duration::from_secs(61));
        assert!(matches!(error, Error::RateLimited { retry_at, .. } if retry_at == expected));
        assert_eq!(session.meter.usage().waits, 1);
    }

    #[tokio::test]
    async fn whoever_waits_for_a_place_when_a_hold_begins_is_held_too() {
        let (gate, session) = (gate(1, 1), session());
        let call = Call::get(&["x"]);
        let permit = enter(&gate, &session).expect("a place");
        let mut waiting = Box::pin(gate.enter(&session, &call));
        assert!(waiting.as_mut().now_or_never().is_none());
        told(&permit, 429, Some(30), session.clock.now());
        drop(permit);
        waiting.await.expect("a place");
        assert_eq!(session.clock.now().as_second(), 30);
    }

    #[test]
    fn whoever_waits_and_gives_up_takes_no_place_along() {
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
    fn a_limit_that_makes_no_sense_becomes_one_that_does() {
        let session = session();
        for (start, max, limit) in [(0, 0, 1), (9, 3, 3), (0, usize::MAX, 1)] {
            assert_eq!(fill(&gate(start, max), &session).len(), limit);
        }
    }

    proptest! {
        #[test]
        fn there_are_never_more_under_way_than_the_limit_allows_and_no_place_is_lost(
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
                    2 => told(&permit, 200, None, session.clock.now()),
                    3 => told(&permit, 429, None, session.clock.now()),
                    _ => {}
                }
            }
            under_way.clear();
            prop_assert_eq!(fill(&gate, &session).len(), gate.state().limit);
        }
    }
}
