//! What the tests of running machines share.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Execution, Failure, Machine, Reply, Services, Status};

/// Answers with what was planned for a resource, one reply after another, the last again and again; echoes otherwise.
#[derive(Default)]
pub(super) struct Planned {
    replies: Mutex<BTreeMap<String, Vec<Reply>>>,
    calls: Mutex<Vec<(i64, Value)>>,
}

impl Planned {
    pub(super) fn new(plan: impl IntoIterator<Item = (&'static str, Vec<Reply>)>) -> Self {
        let replies = plan
            .into_iter()
            .map(|(name, replies)| (format!("arn:{name}"), replies))
            .collect();
        Self {
            replies: Mutex::new(replies),
            calls: Mutex::default(),
        }
    }

    /// When each call came, in seconds since the start, and what it was given.
    pub(super) fn calls(&self) -> Vec<(i64, Value)> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl Services for Planned {
    async fn call(&self, resource: &str, parameters: Value, now: Timestamp) -> Reply {
        tokio::task::yield_now().await;
        let since = now.as_second() - start().as_second();
        self.calls.lock().unwrap().push((since, parameters.clone()));
        match self.replies.lock().unwrap().get_mut(resource) {
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
            None => {
                let took = parameters["took"].as_u64().unwrap_or_default();
                let reply = match parameters["error"].as_str() {
                    Some(error) => Reply::failed(error, "said"),
                    None => Reply::new(parameters),
                };
                reply.after(Duration::from_secs(took))
            }
        }
    }
}

pub(super) fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub(super) async fn run(definition: &Value, input: Value, services: &Planned) -> Execution {
    let machine =
        Machine::parse(&definition.to_string(), &[]).unwrap_or_else(|problem| panic!("{problem}"));
    machine.run(input, services, start(), 1).await
}

/// A machine of the states, which begins with `A`.
pub(super) fn machine(states: Value) -> Value {
    json!({"StartAt": "A", "States": states})
}

/// A task that ends, with more fields.
pub(super) fn task(more: Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": "arn:task", "End": true});
    state
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    state
}

pub(super) fn failed(execution: &Execution) -> (&str, &str) {
    match &execution.status {
        Status::Failed(Failure { error, cause }) => (error, cause),
        status => panic!("{status:?}"),
    }
}

pub(super) fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}
