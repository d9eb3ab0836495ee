//! Virtual time: when nobody is at work, the clock jumps to the next one who sleeps.
//!
//! A branch is a sequence of states: the machine's own, or that of one item of a Map state. It is awake unless it sleeps
//! here or waits for branches of its own. While a branch is awake, also while it waits for a real answer, time stands still.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;

/// A moment, and the order of those who sleep until the same one.
type Key = (Timestamp, u64);

/// The time of one execution.
#[derive(Debug)]
pub(super) struct Clock(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    now: Timestamp,
    awake: usize,
    count: u64,
    sleepers: BTreeMap<Key, Waker>,
}

enum Step {
    /// Somebody is at work.
    Busy,
    /// The first sleeper was woken.
    Moved,
    /// The first sleeper sleeps beyond the deadline.
    Passed,
}

impl Clock {
    pub(super) fn new(start: Timestamp) -> Self {
        Self(Mutex::new(Inner {
            now: start,
            awake: 0,
            count: 0,
            sleepers: BTreeMap::new(),
        }))
    }

    fn hold(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.hold().now
    }

    /// A branch begins, awake; it ends when this is dropped.
    pub(super) fn branch(&self) -> Branch<'_> {
        self.hold().awake += 1;
        Branch(self)
    }

    /// A branch waits for branches of its own, until this is dropped.
    pub(super) fn rest(&self) -> Rest<'_> {
        self.hold().awake -= 1;
        Rest(self)
    }

    /// A branch sleeps.
    pub(super) fn sleep(&self, until: Timestamp) -> Sleep<'_> {
        Sleep {
            clock: self,
            until,
            key: None,
        }
    }

    /// Runs to the end, or to the moment before the clock would pass the deadline (then `None`).
    pub(super) async fn drive<F: Future>(
        &self,
        deadline: Option<Timestamp>,
        work: F,
    ) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|context| {
            loop {
                if let Poll::Ready(output) = work.as_mut().poll(context) {
                    return Poll::Ready(Some(output));
                }
                match self.step(deadline) {
                    Step::Busy => return Poll::Pending,
                    Step::Passed => return Poll::Ready(None),
                    Step::Moved => {}
                }
            }
        })
        .await
    }

    fn step(&self, deadline: Option<Timestamp>) -> Step {
        let mut inner = self.hold();
        if inner.awake > 0 {
            return Step::Busy;
        }
        let Some(first) = inner.sleepers.first_entry() else {
            return Step::Busy;
        };
        let until = first.key().0;
        if let Some(deadline) = deadline.filter(|deadline| until > *deadline) {
            inner.now = deadline;
            return Step::Passed;
        }
        let waker = first.remove();
        inner.now = until;
        inner.awake += 1;
        drop(inner);
        waker.wake();
        Step::Moved
    }
}

/// A branch that has not ended.
#[derive(Debug)]
pub(super) struct Branch<'a>(&'a Clock);

impl Drop for Branch<'_> {
    fn drop(&mut self) {
        self.0.hold().awake -= 1;
    }
}

/// A branch that waits for others.
#[derive(Debug)]
pub(super) struct Rest<'a>(&'a Clock);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.hold().awake += 1;
    }
}

/// A branch that sleeps. Dropping it leaves the branch awake.
#[derive(Debug)]
pub(super) struct Sleep<'a> {
    clock: &'a Clock,
    until: Timestamp,
    key: Option<Key>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.clock.hold();
        match self.key {
            None if self.until <= inner.now => Poll::Ready(()),
            None => {
                let key = (self.until, inner.count);
                inner.count += 1;
                inner.awake -= 1;
                inner.sleepers.insert(key, context.waker().clone());
                drop(inner);
                self.key = Some(key);
                Poll::Pending
            }
            Some(key) => match inner.sleepers.get_mut(&key) {
                None => Poll::Ready(()),
                Some(waker) => {
                    waker.clone_from(context.waker());
                    Poll::Pending
                }
            },
        }
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        let mut inner = self.clock.hold();
        if self
            .key
            .is_some_and(|key| inner.sleepers.remove(&key).is_some())
        {
            inner.awake += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures::future::{join, join_all, select};

    use super::*;

    fn second(number: i64) -> Timestamp {
        Timestamp::from_second(number).unwrap()
    }

    #[tokio::test]
    async fn the_clock_jumps_from_one_sleeper_to_the_next_in_order() {
        let (clock, began) = (Clock::new(second(0)), Instant::now());
        let _root = clock.branch();
        let order = Mutex::new(Vec::new());
        let sleeper = |name: &'static str, naps: [i64; 2]| {
            let branch = clock.branch();
            let (clock, order) = (&clock, &order);
            async move {
                for nap in naps {
                    clock.sleep(second(nap)).await;
                    order.lock().unwrap().push((name, clock.now().as_second()));
                }
                drop(branch);
            }
        };
        let work = async {
            let _rest = clock.rest();
            join_all([
                sleeper("a", [5, 90_000]),
                sleeper("b", [3, 5]),
                sleeper("c", [-1, 4]),
            ])
            .await;
        };
        clock.drive(None, work).await.unwrap();
        assert_eq!(
            *order.lock().unwrap(),
            [
                ("c", 0),
                ("b", 3),
                ("c", 4),
                ("a", 5),
                ("b", 5),
                ("a", 90_000)
            ]
        );
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn time_stands_still_while_a_branch_is_at_real_work() {
        let clock = Clock::new(second(0));
        let _root = clock.branch();
        let (one, two) = (clock.branch(), clock.branch());
        let work = async {
            let _rest = clock.rest();
            let sleeps = async {
                clock.sleep(second(10)).await;
                drop(one);
            };
            let works = async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let now = clock.now();
                drop(two);
                now
            };
            join(sleeps, works).await.1
        };
        assert_eq!(clock.drive(None, work).await, Some(second(0)));
        assert_eq!(clock.now(), second(10));
    }

    #[tokio::test]
    async fn the_clock_stops_at_the_deadline_but_reaches_it() {
        for (until, ends) in [(7, Some(())), (8, None)] {
            let clock = Clock::new(second(0));
            let _root = clock.branch();
            assert_eq!(
                clock
                    .drive(Some(second(7)), clock.sleep(second(until)))
                    .await,
                ends
            );
            assert_eq!(clock.now(), second(7));
        }
    }

    #[tokio::test]
    async fn a_sleeper_that_is_dropped_holds_nobody_up() {
        let clock = Clock::new(second(0));
        let _root = clock.branch();
        let work = async {
            let rest = clock.rest();
            let (one, two) = (clock.branch(), clock.branch());
            let first = async {
                clock.sleep(second(1)).await;
                drop(one);
            };
            let second_one = async {
                clock.sleep(second(100)).await;
                drop(two);
            };
            select(pin!(first), pin!(second_one)).await;
            drop(rest);
        };
        let work = async {
            work.await;
            clock.sleep(second(2)).await;
        };
        clock.drive(None, work).await.unwrap();
        assert_eq!(clock.now(), second(2));
    }
}
