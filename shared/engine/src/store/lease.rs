//! Leases: one at a time, with an end, and a generation that rises with every holder.
//!
//! A lease is an object that is created and taken over by conditional writes. A holder that was too slow finds its
//! object changed and can do no more harm: whatever it writes carries its old generation.

use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{PutError, PutMode, Store, Version, get_json, put_json};
use rollcall_connector::clock::{Clock, after};
use rollcall_connector::{Chain, Code, Error, ErrorType};

/// What is stored: who holds the lease, until when, and what the holder left for whoever goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record<T> {
    /// Rises with every acquisition, and survives release.
    generation: u64,
    /// Whose work it is; the same owner may go on with it.
    owner: String,
    /// Tells two acquisitions of one owner apart, even at the same moment.
    #[serde(default)]
    nonce: String,
    /// Whether the owner is at work, or waits to be called again.
    active: bool,
    /// The work came to an end, good or bad: only an event that names it resumes it.
    #[serde(default)]
    ended: bool,
    /// When it ends by itself.
    expires_at: Timestamp,
    /// The owner who last sent a write under it; survives all later owners who only look.
    #[serde(default)]
    last_sender: Option<String>,
    /// The state of the work.
    state: Option<T>,
}

/// A lease that is held.
#[derive(Debug)]
pub struct Lease<T> {
    key: String,
    version: Version,
    record: Record<T>,
}

/// Who asks for which lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest<'a> {
    /// The key of its object.
    pub key: String,
    /// Whose work it is.
    pub owner: &'a str,
    /// A generation that is known to be past: should the object have been lost, its successor begins after it.
    pub floor: u64,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Acquired<T> {
    /// It is ours.
    Held(Lease<T>),
    /// Somebody else has it.
    Busy(Peek),
}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync> Lease<T> {
    /// Asks for the lease in the name of `owner`, for `ttl` from now. An owner that left it waiting gets it back at once.
    pub async fn acquire(
        store: &dyn Store,
        clock: &dyn Clock,
        LeaseRequest { key, owner, floor }: LeaseRequest<'_>,
        ttl: Duration,
    ) -> Result<Acquired<T>, Error> {
        // A conditional write that loses means somebody else took the lease just now: look again, once more.
        for _ in 0..3 {
            let now = clock.now();
            let found = get_json::<Record<T>>(store, &key).await?;
            let (mut record, mode) = match &found {
                None => (Record::first(owner), PutMode::Create),
                Some((record, version)) => {
                    let waiting_for_us = record.owner == owner && !record.active;
                    if record.expires_at > now && !waiting_for_us {
                        return Ok(Acquired::Busy(Peek::of(record)));
                    }
                    (record.clone(), PutMode::Update(version))
                }
            };
            if record.owner != owner {
                record.state = None;
            }
            record.owner = owner.to_owned();
            record.nonce = hex::encode(clock.unique());
            record.active = true;
            record.ended = false;
            record.generation = record.generation.max(floor) + 1;
            record.expires_at = after(now, ttl);
            match put_json(store, &key, &record, mode).await {
                Ok(version) => {
                    return Ok(Acquired::Held(Self {
                        key,
                        version,
                        record,
                    }));
                }
                Err(PutError::Condition(_)) => {}
                Err(PutError::Failed(error)) => return Err(error),
            }
        }
        match peek(store, &key).await? {
            Some(rival) => Ok(Acquired::Busy(rival)),
            None => Err(lost(&key)),
        }
    }

    /// The generation: higher than that of every earlier holder.
    pub fn generation(&self) -> u64 {
        self.record.generation
    }

    /// Who was the last to send a write under this lease, [`Lease::renew_to_send`].
    pub fn last_sender(&self) -> Option<&str> {
        self.record.last_sender.as_deref()
    }

    /// What the same owner left when it was here before.
    pub fn state(&self) -> Option<&T> {
        self.record.state.as_ref()
    }

    /// When it ends unless renewed.
    pub fn expires_at(&self) -> Timestamp {
        self.record.expires_at
    }

    /// Keeps the lease for `ttl` from now, with the state as it is.
    pub async fn renew(
        &mut self,
        store: &dyn Store,
        clock: &dyn Clock,
        ttl: Duration,
    ) -> Result<(), Error> {
        let mut record = self.record.clone();
        record.expires_at = after(clock.now(), ttl);
        self.save(store, record).await
    }

    /// Keeps the lease for `ttl` from now, and remembers that its owner is about to send a write.
    pub async fn renew_to_send(
        &mut self,
        store: &dyn Store,
        clock: &dyn Clock,
        ttl: Duration,
    ) -> Result<(), Error> {
        let mut record = self.record.clone();
        record.expires_at = after(clock.now(), ttl);
        record.last_sender = Some(record.owner.clone());
        self.save(store, record).await
    }

    /// Keeps the lease, and stores a new state.
    pub async fn update(
        &mut self,
        store: &dyn Store,
        clock: &dyn Clock,
        ttl: Duration,
        state: T,
    ) -> Result<(), Error> {
        let mut record = self.record.clone();
        record.expires_at = after(clock.now(), ttl);
        record.state = Some(state);
        self.save(store, record).await
    }

    /// Leaves the work to be resumed by the same owner, and by nobody else before `until`.
    pub async fn suspend(
        &mut self,
        store: &dyn Store,
        until: Timestamp,
        state: T,
    ) -> Result<(), Error> {
        let mut record = self.record.clone();
        record.active = false;
        record.expires_at = until;
        record.state = Some(state);
        self.save(store, record).await
    }

    /// Gives the lease back: the work came to an end. The state stays: only the same owner will ever see it again.
    pub async fn release(mut self, store: &dyn Store, clock: &dyn Clock) -> Result<(), Error> {
        let mut record = self.record.clone();
        record.active = false;
        record.ended = true;
        record.expires_at = clock.now();
        self.save(store, record).await
    }

    /// Drops the state, for [`Lease::give_back`]: no retry could succeed from it.
    #[must_use]
    pub fn without_state(mut self) -> Self {
        self.record.state = None;
        self
    }

    /// Gives the lease back where failing to changes nothing: the work is done, or has failed for another reason. `false`:
    /// it could not be given back.
    pub async fn give_back(self, store: &dyn Store, clock: &dyn Clock) -> bool {
        match self.release(store, clock).await {
            Ok(()) => true,
            Err(e) => {
                tracing::warn!(error = %Chain(&e), "the lease could not be given back, and ends by itself");
                false
            }
        }
    }

    async fn save(&mut self, store: &dyn Store, record: Record<T>) -> Result<(), Error> {
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
            let found = get_json::<Record<T>>(store, &self.key).await?;
            let ours = |found: &Record<T>| {
                found.nonce == self.record.nonce && found.generation == self.record.generation
            };
            match found {
                Some((found, version)) if ours(&found) => self.version = version,
                _ => return Err(lost(&self.key)),
            }
        }
        Err(lost(&self.key))
    }
}

/// A look at a lease.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Peek {
    /// Whose work it is.
    pub owner: String,
    /// Whether the owner is at work, or waits to be called again.
    pub active: bool,
    /// Whether the work came to an end, good or bad.
    #[serde(default)]
    pub ended: bool,
    /// When it ends, or ended.
    pub expires_at: Timestamp,
    /// How often the lease was taken.
    pub generation: u64,
    /// Whether the holder saved a state to resume from.
    #[serde(rename = "state", deserialize_with = "is_there")]
    pub has_state: bool,
}

impl Peek {
    fn of<T>(record: &Record<T>) -> Self {
        Self {
            owner: record.owner.clone(),
            active: record.active,
            ended: record.ended,
            expires_at: record.expires_at,
            generation: record.generation,
            has_state: record.state.is_some(),
        }
    }

    /// Whether the holder was killed, or was never called again, and left a state to resume from.
    pub fn is_abandoned(&self, now: Timestamp) -> bool {
        !self.ended && self.has_state && self.expires_at <= now
    }
}

fn is_there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(deserializer)?.is_some())
}

/// Looks at a lease without touching it.
pub async fn peek(store: &dyn Store, key: &str) -> Result<Option<Peek>, Error> {
    Ok(get_json(store, key).await?.map(|(peek, _)| peek))
}

impl<T> Record<T> {
    fn first(owner: &str) -> Self {
        Self {
            generation: 0,
            owner: owner.to_owned(),
            nonce: String::new(),
            active: true,
            ended: false,
            expires_at: Timestamp::MIN,
            last_sender: None,
            state: None,
        }
    }
}

/// The code of the error of a holder that was too slow.
pub(crate) const LOST: Code = Code::LeaseLost;

fn lost(key: &str) -> Error {
    Error::new(
        ErrorType::Conflict,
        LOST,
        format!("this run was slower than its lease, and another took over (`{key}`)"),
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
        let asked = LeaseRequest {
            key: "locks/x.json".into(),
            owner,
            floor: 0,
        };
        Lease::acquire(store, clock, asked, TTL)
            .await
            .expect("a store")
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
        killed
            .update(&store, &clock, TTL, 1)
            .await
            .expect("updated");
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
        unnoticed
            .update(&store, &clock, TTL, 1)
            .await
            .expect("arrived");
        lease.update(&store, &clock, TTL, 2).await.expect("ours");
        assert_eq!(lease.state(), Some(&2));
    }
}
