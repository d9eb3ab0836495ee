//! Asynchronous operations: every write is accepted at once, and takes effect when its operation is fulfilled.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    options::{End, Options},
    refusal::{Code, Refusal},
    state::{Kind, World, now},
};
use crate::random::Random;

/// What a write does once it is fulfilled.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Create { kind: Kind, id: String, spec: Value },
    Update { id: String, spec: Value },
    Delete { id: String },
    AddMember { group: String, user: String },
    RemoveMember { group: String, user: String },
}

impl Change {
    /// The object that cannot be written to meanwhile. *Unknown*: whether membership changes block the group. Taken:
    /// they do not, as they carry no version either.
    fn target(&self) -> Option<(&str, &'static str)> {
        match self {
            Self::Update { id, .. } => Some((id, "RESOURCE_STATE_UPDATING")),
            Self::Delete { id } => Some((id, "RESOURCE_STATE_DELETING")),
            Self::Create { .. } | Self::AddMember { .. } | Self::RemoveMember { .. } => None,
        }
    }

    /// *Unknown*: the vendor's strings.
    fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Delete { .. } => "delete",
            Self::AddMember { .. } => "add-member",
            Self::RemoveMember { .. } => "remove-member",
        }
    }
}

#[derive(Clone, Debug)]
struct Operation {
    fingerprint: String,
    /// What the write's answer holds besides the operation: the id of what it creates.
    extra: Map<String, Value>,
    change: Change,
    /// The target's state before.
    before: Value,
    polls_left: usize,
    polled: bool,
    end: End,
    state: &'static str,
    check_duration: Option<String>,
    started: String,
    finished: Option<String>,
}

/// All operations ever begun. *Unknown*: how long the vendor remembers them. Taken: for ever.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operations {
    by_id: BTreeMap<String, Operation>,
    generated: u64,
}

impl Operations {
    /// A new id, for an operation or an object. Not from the world's counter: a write that is refused or fails leaves
    /// the world exactly as it was.
    pub(crate) fn new_id(&mut self) -> String {
        self.generated += 1;
        Random::new(self.generated ^ 0x0b0e_0000_0000_0000).hex32()
    }

    /// The answer to a repeated write, or a refusal if the id was used for something else. *Unknown*: the vendor's
    /// treatment of the latter. Taken: 400.
    pub(crate) fn replay(&self, id: &str, fingerprint: &str) -> Result<Option<Value>, Refusal> {
        match self.by_id.get(id) {
            None => Ok(None),
            Some(operation) if operation.fingerprint == fingerprint => {
                Ok(Some(answer(id, operation)))
            }
            Some(_) => Err(Refusal::invalid(format!(
                "async operation id {id} was already used for a different request"
            ))),
        }
    }

    /// Operations that have not ended.
    pub(crate) fn running(&self) -> usize {
        self.by_id
            .values()
            .filter(|operation| operation.finished.is_none())
            .count()
    }

    /// Addresses and the like that creations under way have taken already.
    pub(crate) fn creating(&self) -> impl Iterator<Item = (Kind, &Value)> {
        let open = self
            .by_id
            .values()
            .filter(|operation| operation.finished.is_none());
        open.filter_map(|operation| match &operation.change {
            Change::Create { kind, spec, .. } => Some((*kind, spec)),
            _ => None,
        })
    }

    /// Begins an operation; the answer to its write.
    pub(crate) fn begin(
        &mut self,
        id: &str,
        fingerprint: String,
        change: Change,
        extra: Map<String, Value>,
        world: &mut World,
        options: &Options,
    ) -> Result<Value, Refusal> {
        if self.running() >= options.max_running {
            // *Unknown*: code and text of this limit. Taken: those of the rate limits.
            return Err(Refusal::new(
                Code::ResourceExhausted,
                "too many async operations are running, please retry later.",
            ));
        }
        let mut before = Value::Null;
        if let Some((target, state)) = change.target()
            && let Some(object) = world.principal_mut(target)
        {
            before = object["state"].take();
            object["state"] = Value::from(state);
            object["asyncOperationId"] = Value::from(id);
        }
        let switches = &options.operations;
        let operation = Operation {
            fingerprint,
            extra,
            change,
            before,
            polls_left: switches.polls,
            polled: false,
            end: switches.end.clone(),
            state: "STATE_PENDING",
            check_duration: switches
                .check_duration
                .map(|duration| format!("{}s", duration.as_secs_f64())),
            started: now(),
            finished: None,
        };
        let operation = self.by_id.entry(id.to_owned()).or_insert(operation);
        if operation.polls_left == 0 {
            finish(operation, world, options);
        }
        Ok(answer(id, operation))
    }

    /// A poll, which moves the operation on.
    pub(crate) fn poll(
        &mut self,
        id: &str,
        world: &mut World,
        options: &Options,
    ) -> Result<Value, Refusal> {
        let operation = self
            .by_id
            .get_mut(id)
            .ok_or_else(|| Refusal::not_found("async operation", id))?;
        if operation.finished.is_none() {
            if operation.polls_left != usize::MAX {
                operation.polls_left = operation.polls_left.saturating_sub(1);
            }
            if operation.polls_left == 0 {
                finish(operation, world, options);
            } else if operation.polled {
                operation.state = "STATE_IN_PROGRESS";
            }
            operation.polled = true;
        }
        Ok(json!({"asyncOperation": object(id, operation)}))
    }

    /// Ends everything that is still running.
    pub(crate) fn finish_all(&mut self, world: &mut World, options: &Options) {
        for operation in self
            .by_id
            .values_mut()
            .filter(|operation| operation.finished.is_none())
        {
            finish(operation, world, options);
        }
    }
}

fn answer(id: &str, operation: &Operation) -> Value {
    let mut out = operation.extra.clone();
    out.insert("asyncOperation".to_owned(), object(id, operation));
    Value::Object(out)
}

fn object(id: &str, operation: &Operation) -> Value {
    let mut out = json!({"id": id, "state": operation.state, "operationType": operation.change.name(), "startedTime": operation.started});
    if let Some(duration) = &operation.check_duration {
        out["checkDuration"] = Value::from(duration.as_str());
    }
    if let Some(finished) = &operation.finished {
        out["finishedTime"] = Value::from(finished.as_str());
    }
    if operation.state == "STATE_FAILED" {
        out["failureReason"] = Value::from("the change could not be carried out");
    }
    out
}

fn finish(operation: &mut Operation, world: &mut World, options: &Options) {
    operation.finished = Some(now());
    operation.state = match operation.end {
        End::Fulfilled => "STATE_FULFILLED",
        End::Failed => "STATE_FAILED",
        End::Cancelled => "STATE_CANCELLED",
        End::Rejected => "STATE_REJECTED",
        End::Unknown => "STATE_FUTURE",
    };
    // *Unknown*: whether a failed change leaves the object in a failed state. Taken: it is as before.
    if let Some(object) = operation
        .change
        .target()
        .and_then(|(target, _)| world.principal_mut(target))
    {
        object["state"] = operation.before.take();
        if let Some(object) = object.as_object_mut() {
            object.remove("asyncOperationId");
            object.retain(|key, value| key != "state" || !value.is_null());
        }
    }
    if operation.end == End::Fulfilled {
        apply(&operation.change, world, options);
    }
}

fn apply(change: &Change, world: &mut World, options: &Options) {
    match change {
        Change::Create { kind, id, spec } => {
            let mut object = json!({"id": id, "resourceVersion": world.next_version(), "state": "RESOURCE_STATE_ACTIVE", "spec": spec, "createdTime": now()});
            if *kind == Kind::User {
                // An invitation is open from now on, and runs out after a week.
                let expired = jiff::Timestamp::now()
                    .checked_add(jiff::SignedDuration::from_hours(7 * 24))
                    .map(|at| at.to_string());
                object["invitation"] =
                    json!({"createdTime": now(), "expiredTime": expired.unwrap_or_else(|_| now())});
                object["state"] = Value::from(options.created_user_state.as_str());
            }
            world.principals_mut(*kind).insert(id.clone(), object);
            if *kind == Kind::Group {
                world.members.entry(id.clone()).or_default();
            }
        }
        Change::Update { id, spec } => {
            if let Some(object) = world.principal_mut(id) {
                object["spec"] = spec.clone();
            }
            world.touch(id);
        }
        Change::Delete { id } => world.remove_principal(id),
        Change::AddMember { group, user } => {
            let member = json!({"memberId": {"userId": user}, "createdTime": now()});
            world
                .members
                .entry(group.clone())
                .or_default()
                .insert(user.clone(), member);
        }
        Change::RemoveMember { group, user } => {
            world.remove_member(group, user);
        }
    }
}
