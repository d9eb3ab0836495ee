//! Leases: one holder at a time, with an expiry, and a generation that rises with every holder.
//!
//! A lease is an object that is created and taken over by conditional writes. A holder that was too slow finds its
//! object changed and can do no more harm: its writes carry its old generation.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{Clock, after};
use rollcall_connector::{Chain, Code, Error, ErrorType};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{PutError, PutMode, Store, Version, get_json, put_json};

/// How long a suspended run or request keeps others away after the time at which it is to be resumed.
pub(crate) const RESUME_GRACE: Duration = Duration::from_secs(900);

/// The stored object: the holder of the lease, its expiry, and the state for resuming the work.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LeaseObject<T> {
    /// Rises with every acquisition, and survives release.
    generation: u64,
    /// The owner of the work, who may resume it.
    owner: String,
    /// Distinguishes two acquisitions by one owner, even at the same moment.
    #[serde(default)]
    nonce: String,
    /// Whether the owner is working; otherwise it waits to be called again.
    active: bool,
    /// Whether the work ended, successfully or not: only an event that names it resumes it.
    #[serde(default)]
    ended: bool,
    /// Whether the work was ended for good: not even its owner resumes it.
    #[serde(default)]
    closed: bool,
    expires_at: Timestamp,
    /// The owner that last sent a write under it; kept while later owners only read.
    #[serde(default)]
    last_sender: Option<String>,
    state: Option<T>,
}

/// An acquired lease.
#[derive(Debug)]
pub struct Lease<T> {
    key: String,
    version: Version,
    record: LeaseObject<T>,
}

/// A request for a lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest<'a> {
    /// The owner of the work.
    pub owner: &'a str,
    /// A generation that is known to be used: if the object was lost, its successor begins after it.
    pub floor: u64,
    /// How long the lease lasts: `Context::lease_duration`.
    pub ttl: Duration,
}

/// The result of a request for a lease.
#[derive(Debug)]
pub enum Acquired<T> {
    /// The lease was acquired.
    Held(Lease<T>),
    /// Another owner has it.
    Busy(LeaseStatus),
}

/// A lease as it was found, to be acquired in exactly this state.
#[derive(Debug)]
pub struct Found<T> {
    key: String,
    object: Option<(LeaseObject<T>, Version)>,
}

/// Reads a lease.
pub async fn look<T: DeserializeOwned>(store: &dyn Store, key: String) -> Result<Found<T>, Error> {
    let object = get_json(store, &key).await?;
    Ok(Found { key, object })
}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync> Found<T> {
    /// The current or last holder of the lease.
    pub fn peek(&self) -> Option<LeaseStatus> {
        self.object.as_ref().map(|(record, _)| LeaseStatus::of(record))
    }

    /// Whether this owner is its current or last holder.
    pub fn is_of(&self, owner: &str) -> bool {
        self.object.as_ref().is_some_and(|(record, _)| record.owner == owner)
    }

    /// Ends the holder's work for good: its state is dropped, and a process that is still at work finds its lease lost.
    /// `false`: another process has written the lease since.
    pub async fn close(&self, store: &dyn Store, clock: &dyn Clock) -> Result<bool, Error> {
        let Some((found, version)) = &self.object else {
            return Ok(false);
        };
        let record = LeaseObject {
            nonce: hex::encode(clock.unique()),
            active: false,
            ended: true,
            closed: true,
            expires_at: clock.now(),
            state: None,
            ..found.clone()
        };
        match put_json(store, &self.key, &record, PutMode::Update(version)).await {
            Ok(_) => Ok(true),
            Err(PutError::Condition(_)) => Ok(false),
            Err(PutError::Failed(error)) => Err(error),
        }
    }

    /// Acquires the lease; an owner that suspended it gets it back at once. `None`: another process wrote it since.
    pub async fn acquire(
        self,
        store: &dyn Store,
        clock: &dyn Clock,
        request: &LeaseRequest<'_>,
    ) -> Result<Option<Acquired<T>>, Error> {
        let (owner, now) = (request.owner, clock.now());
        let (found, mode) = match &self.object {
            None => (None, PutMode::Create),
            Some((record, version)) => (Some(record), PutMode::Update(version)),
        };
        if let Some(found) = found {
            let waiting_for_us = found.owner == owner && !found.active;
            if found.expires_at > now && !waiting_for_us {
                return Ok(Some(Acquired::Busy(LeaseStatus::of(found))));
            }
        }
        let ours = found.filter(|found| found.owner == owner);
        let record = LeaseObject {
            generation: found.map_or(0, |found| found.generation).max(request.floor) + 1,
            owner: owner.to_owned(),
            nonce: hex::encode(clock.unique()),
            active: true,
            ended: false,
            closed: false,
            expires_at: after(now, request.ttl),
            last_sender: found.and_then(|found| found.last_sender.clone()),
            state: ours.and_then(|found| found.state.clone()),
        };
        match put_json(store, &self.key, &record, mode).await {
            Ok(version) => {
                let key = self.key;
                let lease = Lease { key, version, record };
                Ok(Some(Acquired::Held(lease)))
            }
            Err(PutError::Condition(_)) => Ok(None),
            Err(PutError::Failed(error)) => Err(error),
        }
    }
}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync> Lease<T> {
    /// Acquires the lease at `key` like [`Found::acquire`], in whatever state it is found.
    pub async fn acquire(
        store: &dyn Store,
        clock: &dyn Clock,
        key: &str,
        request: &LeaseRequest<'_>,
    ) -> Result<Acquired<T>, Error> {
        for _ in 0..3 {
            let found = look(store, key.to_owned()).await?;
            if let Some(acquired) = found.acquire(store, clock, request).await? {
                return Ok(acquired);
            }
        }
        match peek(store, key).await? {
            Some(rival) => Ok(Acquired::Busy(rival)),
            None => Err(lost(key)),
        }
    }

    /// The generation: higher than that of every earlier holder.
    pub fn generation(&self) -> u64 {
        self.record.generation
    }

    /// The owner that last sent a write under this lease, [`Lease::renew_to_send`].
    pub fn last_sender(&self) -> Option<&str> {
        self.record.last_sender.as_deref()
    }

    /// The state that the same owner saved before.
    pub fn state(&self) -> Option<&T> {
        self.record.state.as_ref()
    }

    /// When it expires unless it is renewed.
    pub fn expires_at(&self) -> Timestamp {
        self.record.expires_at
    }

    /// Renews the lease for `ttl` from now, with an unchanged state.
    pub async fn renew(
        &mut self,
        store: &dyn Store,
        clock: &dyn Clock,
        ttl: Duration,
    ) -> Result<(), Error> {
        let until = after(clock.now(), ttl);
        self.save(store, |record| record.expires_at = until).await
    }

    /// Renews the lease for `ttl` from now, and records that its owner is about to send a write.
    pub async fn renew_to_send(
        &mut self,
        store: &dyn Store,
        clock: &dyn Clock,
        ttl: Duration,
    ) -> Result<(), Error> {
        let until = after(clock.now(), ttl);
        let change = |record: &mut LeaseObject<T>| {
            record.expires_at = until;
            record.last_sender = Some(record.owner.clone());
        };
        self.save(store, change).await
    }

    /// Renews the lease for `ttl` from now, and stores a new state.
    pub async fn update(
        &mut self,
        store: &dyn Store,
        clock: &dyn Clock,
        ttl: Duration,
        state: T,
    ) -> Result<(), Error> {
        let until = after(clock.now(), ttl);
        let change = |record: &mut LeaseObject<T>| {
            record.expires_at = until;
            record.state = Some(state);
        };
        self.save(store, change).await
    }

    /// Suspends the work: only the same owner can resume it before `until`.
    pub async fn suspend(
        &mut self,
        store: &dyn Store,
        until: Timestamp,
        state: T,
    ) -> Result<(), Error> {
        let change = |record: &mut LeaseObject<T>| {
            record.active = false;
            record.expires_at = until;
            record.state = Some(state);
        };
        self.save(store, change).await
    }

    /// Releases the lease at the end of the work. The state stays, and only the same owner will ever see it again.
    pub async fn release(mut self, store: &dyn Store, clock: &dyn Clock) -> Result<(), Error> {
        let now = clock.now();
        let change = |record: &mut LeaseObject<T>| {
            record.active = false;
            record.ended = true;
            record.expires_at = now;
        };
        self.save(store, change).await
    }

    /// Drops the state, for [`Lease::give_back`], since no retry could succeed with it.
    #[must_use]
    pub fn without_state(mut self) -> Self {
        self.record.state = None;
        self
    }

    /// Releases the lease after the work is done, or has failed, so that failing to do so is harmless. Returns whether
    /// it is released.
    pub async fn give_back(self, store: &dyn Store, clock: &dyn Clock) -> bool {
        let released = self.release(store, clock).await;
        if let Err(e) = &released {
            tracing::warn!(error = %Chain(e), "the lease could not be released, and will expire");
        }
        released.is_ok()
    }

    async fn save(
        &mut self,
        store: &dyn Store,
        change: impl FnOnce(&mut LeaseObject<T>),
    ) -> Result<(), Error> {
        let mut record = self.record.clone();
        change(&mut record);
        for _ in 0..2 {
            match put_json(store, &self.key, &record, PutMode::Update(&self.version)).await {
                Ok(version) => {
                    self.record = record;
                    self.version = version;
                    return Ok(());
                }
                Err(PutError::Failed(error)) => return Err(error),
                Err(PutError::Condition(_)) => {}
            }
            // An earlier write of ours may have arrived although it was reported as failed.
            let found = get_json::<LeaseObject<T>>(store, &self.key).await?;
            let ours = |found: &LeaseObject<T>| {
                found.nonce == self.record.nonce && found.generation == self.record.generation
            };
            match found {
                Some((found, version)) if ours(&found) => self.version = version,
                _ => break,
            }
        }
        Err(lost(&self.key))
    }
}

/// The status of a lease, independent of the state that its holder saved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LeaseStatus {
    /// The owner of the work.
    pub owner: String,
    /// Whether the owner is working; otherwise it waits to be called again.
    pub active: bool,
    /// Whether the work ended, successfully or not.
    #[serde(default)]
    pub ended: bool,
    /// Whether the work was ended for good: not even its owner resumes it.
    #[serde(default)]
    pub closed: bool,
    /// Its expiry, past or future.
    pub expires_at: Timestamp,
    /// How often the lease was acquired.
    pub generation: u64,
    /// Whether the holder saved a state to resume from.
    #[serde(rename = "state", deserialize_with = "is_there")]
    pub has_state: bool,
}

impl LeaseStatus {
    fn of<T>(record: &LeaseObject<T>) -> Self {
        Self {
            owner: record.owner.clone(),
            active: record.active,
            ended: record.ended,
            closed: record.closed,
            expires_at: record.expires_at,
            generation: record.generation,
            has_state: record.state.is_some(),
        }
    }

    /// Whether the holder was killed or never called again, and left a state to resume from.
    pub fn is_abandoned(&self, now: Timestamp) -> bool {
        !self.ended && self.has_state && self.expires_at <= now
    }
}

fn is_there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(deserializer)?.is_some())
}

/// Reads a lease without changing it.
pub async fn peek(store: &dyn Store, key: &str) -> Result<Option<LeaseStatus>, Error> {
    Ok(get_json(store, key).await?.map(|(peek, _)| peek))
}

fn lost(key: &str) -> Error {
    Error::new(
        ErrorType::Conflict,
        Code::LeaseLost,
        format!("this run outlasted its lease, and another run took over (`{key}`)"),
        "Nothing of this run was published. If it happens again, give the function more time or memory.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::folder::Folder;
    use rollcall_connector::clock::Manual;

    const TTL: Duration = Duration::from_secs(60);

    fn place() -> (tempfile::TempDir, Folder, Manual) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Folder::new(folder.path());
        (folder, store, Manual::at(Timestamp::UNIX_EPOCH))
    }

    async fn ask(store: &Folder, clock: &Manual, owner: &str) -> Acquired<u32> {
        let request = LeaseRequest { owner, floor: 0, ttl: TTL };
        let acquired = Lease::acquire(store, clock, "locks/x.json", &request).await;
        acquired.expect("a store")
    }

    fn held(acquired: Acquired<u32>) -> Lease<u32> {
        match acquired {
            Acquired::Held(lease) => lease,
            Acquired::Busy(peek) => panic!("busy: {peek:?}"),
        }
    }

    #[tokio::test]
    async fn a_lease_has_one_holder_and_its_generation_only_rises() {
        let (_folder, store, clock) = place();

        let mut first = held(ask(&store, &clock, "a").await);
        assert_eq!(first.generation(), 1);
        assert!(matches!(ask(&store, &clock, "b").await, Acquired::Busy(_)));
        assert!(
            matches!(ask(&store, &clock, "a").await, Acquired::Busy(_)),
            "two deliveries of one event do not work side by side"
        );

        clock.advance(TTL);
        let second = held(ask(&store, &clock, "b").await);
        assert_eq!(second.generation(), 2);
        let late = first.renew(&store, &clock, TTL).await.expect_err("lost");
        assert_eq!(late.code(), "LeaseLost");

        second.release(&store, &clock).await.expect("released");
        assert_eq!(held(ask(&store, &clock, "c").await).generation(), 3);
    }

    #[tokio::test]
    async fn a_lease_that_was_written_since_the_look_is_not_acquired() {
        let (_folder, store, clock) = place();
        let look = || look::<u32>(&store, "locks/x.json".into());
        let (first, second) = (look().await.expect("a look"), look().await.expect("a look"));
        let request = |owner| LeaseRequest { owner, floor: 0, ttl: TTL };
        let acquired = first.acquire(&store, &clock, &request("a")).await;
        assert!(matches!(acquired, Ok(Some(Acquired::Held(_)))));
        let overtaken = second.acquire(&store, &clock, &request("b")).await;
        assert!(matches!(overtaken, Ok(None)));
    }

    #[tokio::test]
    async fn who_left_work_waiting_finds_it_and_nobody_else_does() {
        let (_folder, store, clock) = place();
        let mut lease = held(ask(&store, &clock, "a").await);
        let until = after(clock.now(), TTL);
        lease.suspend(&store, until, 7).await.expect("suspended");

        assert!(matches!(ask(&store, &clock, "b").await, Acquired::Busy(_)));
        let again = held(ask(&store, &clock, "a").await);
        assert_eq!((again.state(), again.generation()), (Some(&7), 2));

        again.release(&store, &clock).await.expect("released");
        let other = held(ask(&store, &clock, "b").await);
        assert_eq!(other.state(), None);
    }

    #[tokio::test]
    async fn only_work_that_stopped_without_an_end_and_left_a_state_is_abandoned() {
        let (_folder, store, clock) = place();
        let is_abandoned = async || {
            let peek = peek(&store, "locks/x.json").await.expect("readable");
            peek.expect("a lease").is_abandoned(clock.now())
        };
        held(ask(&store, &clock, "a").await);
        clock.advance(TTL);
        assert!(!is_abandoned().await, "there is nothing to resume from");
        let mut killed = held(ask(&store, &clock, "a").await);
        killed.update(&store, &clock, TTL, 1).await.expect("updated");
        assert!(!is_abandoned().await, "it is at work");
        clock.advance(TTL);
        assert!(is_abandoned().await);

        let mut waiting = held(ask(&store, &clock, "a").await);
        let until = after(clock.now(), TTL);
        waiting.suspend(&store, until, 2).await.expect("suspended");
        assert!(!is_abandoned().await, "it may still be called");
        clock.advance(TTL);
        assert!(is_abandoned().await);

        let ended = held(ask(&store, &clock, "a").await);
        ended.release(&store, &clock).await.expect("released");
        assert!(!is_abandoned().await, "it came to an end");
    }

    #[tokio::test]
    async fn a_write_of_the_holder_that_arrived_unnoticed_does_not_lose_the_lease() {
        let (_folder, store, clock) = place();
        let mut lease = held(ask(&store, &clock, "a").await);
        let mut unnoticed = Lease {
            key: lease.key.clone(),
            version: lease.version.clone(),
            record: lease.record.clone(),
        };
        unnoticed.update(&store, &clock, TTL, 1).await.expect("arrived");
        lease.update(&store, &clock, TTL, 2).await.expect("ours");
        assert_eq!(lease.state(), Some(&2));
    }
}
