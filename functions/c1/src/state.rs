//! What the agent keeps in the store between invocations: the open tasks, in the object of its lease.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use prost::Message;
use rollcall_connector::clock::{after, before};
use rollcall_connector::event::SyncAnswer;
use rollcall_connector::{Code, Error};
use serde::{Deserialize, Serialize};

use crate::proto::{FinishTaskRequest, Task};
use crate::task;

/// The key of the agent's lease and state.
pub(crate) fn key(connector: &str, connection: &str) -> String {
    format!("c1/{connector}/{connection}.json")
}

/// The state of the agent of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AgentState {
    /// The digest of what the last Hello said.
    pub(crate) hello: Option<String>,
    /// The open tasks, in the order in which they came.
    pub(crate) open: Vec<OpenTask>,
}

/// A task that was taken and is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenTask {
    pub(crate) id: String,
    /// Its kind, for people.
    pub(crate) kind: String,
    /// The message, in base64.
    message: String,
    pub(crate) taken_at: Timestamp,
    /// When to resume it; `None`: at once.
    pub(crate) resume_at: Option<Timestamp>,
    /// The heartbeats that it needs; `None`: it needs none.
    pub(crate) beats: Option<Beats>,
    /// How often in a row its function was cut off.
    pub(crate) cuts: u32,
    /// How often its upload was begun.
    #[serde(default)]
    pub(crate) uploads: u32,
    /// The answer to its sync, if that published a snapshot.
    #[serde(default)]
    pub(crate) published: Option<SyncAnswer>,
    /// The result that was not taken yet, in base64.
    finish: Option<String>,
}

/// The heartbeats of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beats {
    /// The time between two of them, in seconds, as the service says.
    pub(crate) interval: u64,
    /// When the next one is due at the latest.
    pub(crate) due_at: Timestamp,
}

impl Beats {
    /// The service's limits of the interval, and its default, in seconds.
    const LIMITS: (u64, u64, u64) = (1, 300, 30);

    /// The first beat is due at once.
    pub(crate) fn first(now: Timestamp) -> Self {
        Self { interval: Self::LIMITS.2, due_at: now }
    }

    /// The next beat, after one at `now` that was answered with this interval.
    pub(crate) fn next(now: Timestamp, requested: Option<prost_types::Duration>) -> Self {
        let requested = requested.and_then(|d| Duration::try_from(d).ok()).filter(|d| !d.is_zero());
        let (least, most, default) = Self::LIMITS;
        let interval = requested.map_or(default, |d| d.as_secs()).clamp(least, most);
        Self { interval, due_at: after(now, Duration::from_secs(interval)) }
    }

    /// When to beat, so that no gap exceeds the interval although starting a function takes time.
    pub(crate) fn at(self) -> Timestamp {
        const SLACK: Duration = Duration::from_secs(5);
        before(self.due_at, SLACK.min(Duration::from_secs(self.interval) / 4))
    }
}

impl OpenTask {
    pub(crate) fn new(task: &Task, now: Timestamp) -> Self {
        let kind = task::name(task.kind.as_ref());
        Self {
            id: task.id.clone(),
            kind: kind.into(),
            message: STANDARD.encode(task.encode_to_vec()),
            taken_at: now,
            resume_at: None,
            beats: None,
            cuts: 0,
            uploads: 0,
            published: None,
            finish: None,
        }
    }

    /// The task as it came.
    pub(crate) fn task(&self) -> Result<Task, Error> {
        decode(&self.message)
    }

    /// The result that was not taken yet.
    pub(crate) fn unsent(&self) -> Result<Option<FinishTaskRequest>, Error> {
        self.finish.as_deref().map(decode).transpose()
    }

    /// Keeps a result until it is taken.
    pub(crate) fn keep(&mut self, finish: &FinishTaskRequest) {
        self.finish = Some(STANDARD.encode(finish.encode_to_vec()));
    }

    /// When something has to be done for it.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        let resume_at = self.resume_at?;
        // An unsent result needs no beats.
        let beat = self.beats.filter(|_| self.finish.is_none()).map(Beats::at);
        Some(beat.map_or(resume_at, |at| at.min(resume_at)))
    }
}

fn decode<T: Message + Default>(text: &str) -> Result<T, Error> {
    let unreadable = || {
        Error::internal(
            Code::UnreadableObject,
            "the agent's state in the store holds a task that cannot be read",
        )
    };
    let bytes = STANDARD.decode(text).map_err(|e| unreadable().with_source(e))?;
    T::decode(bytes.as_slice()).map_err(|e| unreadable().with_source(e))
}
