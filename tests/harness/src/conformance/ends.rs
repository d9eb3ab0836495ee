//! The requirements of temporary grants.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use Operation::{Grant, Revoke};
use async_trait::async_trait;
use rollcall_connector::{Error, ErrorType};
use rollcall_engine::runtime::function::Operation;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Body, Object, PutError, PutMode, Store, Version};
use rollcall_simulators::random::Random;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Bench, Case, Subject, answer_of, change_event};
use crate::changes::outcome;

const HOUR: Duration = Duration::from_secs(3600);

fn for_hours(case: &Case, request_id: &str, hours: u64) -> Value {
    let mut event = change_event(case, request_id);
    event["duration"] = format!("PT{hours}H").into();
    event
}

fn end_of<S: Subject>(case: &Case) -> Value {
    let keys = Keys { connector: S::entry().about.name, connection: "default" };
    let grant = format!("{}:{}", case.entitlement, case.principal);
    json!({"expiration": keys.expiration_id(&grant)})
}

/// What a grant replaced is back, and what it needed is gone, at its end and not before, once.
pub async fn a_temporary_grant_ends_as_if_it_had_not_been<S: Subject>() {
    for case in S::cases() {
        let bench = Bench::<S>::new().await;
        let (before, end) = (bench.vendor.view(), end_of::<S>(&case));
        let granted = outcome(bench.change(Grant, for_hours(&case, "r1", 4)).await, "granted");
        assert_eq!(granted["expiration"], end["expiration"]);
        let then = bench.vendor.view();
        // A shorter one changes nothing, a longer one is the end that counts.
        for (id, hours, at) in [("r2", 1, "16"), ("r3", 6, "18")] {
            let answer = bench.change(Grant, for_hours(&case, id, hours)).await;
            let again = outcome(answer, "already_granted");
            // The clock moves while the vendor is at work.
            let end = again["expires_at"].as_str().unwrap_or_default();
            assert!(end.starts_with(&format!("2026-06-01T{at}:00:0")), "{end}");
        }
        bench.clock.advance(3 * HOUR);
        outcome(bench.change(Revoke, end.clone()).await, "not_due");
        assert_eq!(bench.vendor.view(), then, "{case:?}");
        bench.clock.advance(4 * HOUR);
        outcome(bench.change(Revoke, end.clone()).await, "revoked");
        assert_eq!(bench.vendor.view(), before, "{case:?}");
        bench.vendor.clear_requests();
        outcome(bench.change(Revoke, end).await, "already_revoked");
        assert_eq!(bench.vendor.requests().len(), 0);
    }
}

/// A process that is killed before or after any write to the store, at the grant or at its end. If nobody sends the
/// grant's event again, it ends all the same.
pub async fn a_temporary_grant_ends_wherever_a_process_is_killed<S: Subject>() {
    let cases = S::cases();
    let (Some(first), Some(last)) = (cases.first(), cases.last()) else { return };
    let mut bench = Bench::<S>::new().await;
    for case in [first, last] {
        for is_repeated in [true, false] {
            for at in 0.. {
                bench = bench.renewed().await;
                let doomed = Doomed::at(bench.cx.store.clone(), at);
                (bench.cx.store, bench.cx.audit) = (doomed.clone(), doomed.clone());
                let what = format!("{case:?} {is_repeated} {at}");
                let before = bench.vendor.view();
                let event = for_hours(case, "r1", 4);
                if doomed.kills(bench.change(Grant, event.clone())).await && is_repeated {
                    bench.clock.advance(bench.cx.settings.lease);
                    answer_of(bench.change(Grant, event).await);
                }
                bench.clock.advance(5 * HOUR);
                if doomed.kills(bench.change(Revoke, end_of::<S>(case))).await {
                    bench.clock.advance(bench.cx.settings.lease);
                }
                let was_killed = doomed.is_over();
                doomed.left.store(0, Ordering::Relaxed);
                match bench.change(Revoke, end_of::<S>(case)).await {
                    Err(e) if e.kind() == ErrorType::NotFound && !is_repeated => {}
                    ended => {
                        let ended = answer_of(ended)["outcome"].clone();
                        let done = ["revoked", "already_revoked", "unchanged"];
                        assert!(done.iter().any(|one| ended == *one), "{what}: {ended}");
                    }
                }
                assert_eq!(bench.vendor.view(), before, "{what}");
                if !was_killed {
                    break;
                }
            }
        }
    }
}

/// Temporary grants upon each other, whose ends come early, twice, late and in any order. At the end of all, everything
/// is as before.
pub async fn temporary_grants_may_overlap<S: Subject>(cases: &[Case], rounds: u64) {
    let mut bench = Bench::<S>::new().await;
    for seed in 0..rounds {
        bench = bench.renewed().await;
        let (before, mut random, mut log) = (bench.vendor.view(), Random::new(seed), Vec::new());
        for n in 0..12 {
            let case = &cases[random.below(cases.len())];
            let (hours, id) = (1 + random.next_u64() % 6, format!("r{n}"));
            let (what, result) = match random.below(3) {
                0 => {
                    (0..hours).for_each(|_| bench.clock.advance(HOUR));
                    log.push(format!("{hours} h"));
                    continue;
                }
                1 => ("end", bench.change(Revoke, end_of::<S>(case)).await),
                _ => ("grant", bench.change(Grant, for_hours(case, &id, hours)).await),
            };
            log.push(format!("{what} {} {hours}: {}", case.entitlement, summary(&result)));
            let may_fail = |e: &Error| matches!(e.kind(), ErrorType::NotFound | ErrorType::Refused);
            assert!(result.as_ref().err().is_none_or(may_fail), "{seed}: {log:#?}");
        }
        bench.clock.advance(100 * HOUR);
        let shift = random.below(cases.len());
        for case in cases.iter().cycle().skip(shift).take(2 * cases.len()) {
            let ended = bench.change(Revoke, end_of::<S>(case)).await;
            log.push(format!("end {}: {}", case.entitlement, summary(&ended)));
            let is_unknown = |e: &Error| e.kind() == ErrorType::NotFound;
            assert!(ended.as_ref().err().is_none_or(is_unknown), "{seed}: {log:#?}");
        }
        assert_eq!(bench.vendor.view(), before, "{seed}: {log:#?}");
    }
}

fn summary(result: &Result<Value, Error>) -> String {
    match result {
        Ok(answer) => format!("{} {}", answer["outcome"], answer["expires_at"]),
        Err(e) => format!("{} {e}", e.code()),
    }
}

/// A store whose process is killed once: before a write, or after it.
struct Doomed {
    store: Arc<dyn Store>,
    /// How many halves of writes are left.
    left: AtomicUsize,
    killed: Notify,
}

impl Doomed {
    fn at(store: Arc<dyn Store>, half: usize) -> Arc<Self> {
        Arc::new(Self { store, left: AtomicUsize::new(half + 1), killed: Notify::new() })
    }

    fn is_over(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    async fn half(&self) {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        if left == 1 {
            self.killed.notify_one();
            std::future::pending().await
        }
    }

    /// Whether the process is killed while it does this; then its work is dropped where it is.
    async fn kills(&self, work: impl Future<Output = Result<Value, Error>>) -> bool {
        tokio::select! {
            biased;
            () = self.killed.notified() => true,
            done = work => {
                let unknown = |e: &Error| e.kind() == ErrorType::NotFound;
                assert!(done.as_ref().err().is_none_or(unknown), "{done:?}");
                false
            }
        }
    }
}

#[async_trait]
impl Store for Doomed {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        self.store.get(key).await
    }

    async fn download(&self, key: &str, to: &Path) -> Result<Option<u64>, Error> {
        self.store.download(key, to).await
    }

    async fn put(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError> {
        self.half().await;
        let put = self.store.put(key, body, mode).await;
        self.half().await;
        put
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        self.store.list(prefix).await
    }

    fn place(&self, key: &str) -> String {
        self.store.place(key)
    }
}
