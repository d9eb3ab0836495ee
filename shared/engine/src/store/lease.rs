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
        let last = found.map_or(0, |found| found.generation).max(request.floor);
        let generation = last.checked_add(1).ok_or_else(|| exhausted(store, &self.key))?;
        let ours = found.filter(|found| found.owner == owner);
        let record = LeaseObject {
            generation,
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

    /// The owner of the work.
    pub fn owner(&self) -> &str {
        &self.record.owner
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

/// No lease is acquired that often: a generation of this size was not written by Rollcall.
fn exhausted(store: &dyn Store, key: &str) -> Error {
    Error::new(
        ErrorType::Internal,
        Code::UnreadableObject,
        format!(
            "the generation in {} or in the pointer to the newest snapshot cannot rise",
            store.place(key)
        ),
        "Restore an earlier version of that object.",
    )
}

#[cfg(test)]
mod tests;
