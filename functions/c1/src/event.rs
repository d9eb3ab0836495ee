//! The event that the agent takes as a Lambda function, and its answer.

use jiff::Timestamp;
use rollcall_connector::event::SyncAnswer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The event that has the agent look for tasks, and work them off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentEvent {
    /// The connection.
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// The description of the connector: `c1.connector.v2.ConnectorMetadata` as JSON.
    pub metadata: Value,
}

fn default_connection() -> String {
    "default".into()
}

/// What the agent left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// No task is open.
    Idle,
    /// A task is not finished: send the same event at `resume_at`.
    Continue,
    /// Another agent serves this connection: send the same event at `resume_at`.
    Busy,
}

/// The answer of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentAnswer {
    /// What it left behind.
    pub status: AgentStatus,
    /// The connection.
    pub connection: String,
    /// The id of an unfinished task.
    pub task: Option<String>,
    /// When to send the event again.
    #[schemars(with = "Option<String>")]
    pub resume_at: Option<Timestamp>,
    /// The tasks that were finished.
    pub tasks: Vec<TaskReport>,
    /// The answers to their syncs that published a snapshot, without warnings: each is an event for the bus.
    pub published: Vec<SyncAnswer>,
}

impl AgentAnswer {
    /// The answer that nothing was done, and nothing is left to do.
    pub(crate) fn idle(connection: String) -> Self {
        let status = AgentStatus::Idle;
        let (tasks, published) = (Vec::new(), Vec::new());
        Self { status, connection, task: None, resume_at: None, tasks, published }
    }
}

/// A task that was finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskReport {
    /// ConductorOne's id of it.
    pub id: String,
    /// Its kind, such as `sync` or `grant`.
    pub kind: String,
    /// Its result, in a few words.
    pub outcome: String,
}
