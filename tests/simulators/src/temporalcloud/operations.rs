//! Asynchronous operations: every write is accepted immediately, and takes effect when its operation is fulfilled.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    options::{End, Operations, Options},
    world::World,
};

/// A write in progress, or done.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operation {
    /// The request: the same id with anything else is another write.
    pub(super) request: String,
    pub(super) change: Change,
    switches: Operations,
    /// As the API has it.
    row: Value,
}

/// The effect of a write: its kind (*unknown* what the vendor calls these), and the id and the future spec of a
/// principal.
pub(super) type Change = (&'static str, String, Value);
/// The request that identifies it, and its effect.
type Write = (String, Change);

/// Some time from now in the API's form, without fractions.
fn after(hours: i64) -> String {
    let now = Timestamp::from_second(Timestamp::now().as_second());
    let then = now.and_then(|now| now.checked_add(SignedDuration::from_hours(hours)));
    then.unwrap_or_default().to_string()
}

impl Operation {
    fn is_running(&self) -> bool {
        self.row.get("finishedTime").is_none()
    }

    /// The answer to the write.
    pub(super) fn answer(&self) -> Value {
        match &self.change {
            ("create", user, _) => json!({"userId": user, "asyncOperation": self.row}),
            _ => json!({"asyncOperation": self.row}),
        }
    }
}

impl World {
    /// The operations that are running, by id.
    pub(super) fn running(&self) -> impl Iterator<Item = (&String, &Operation)> {
        let all = self.operations.iter();
        all.filter(|(_, operation)| operation.is_running())
    }

    /// Begins an operation; the answer to its write, unless too many are running.
    pub(super) fn begin(&mut self, options: &Options, id: &str, write: Write) -> Option<Value> {
        if self.running().count() >= options.max_running {
            return None;
        }
        let (request, change) = write;
        let switches = options.operations.clone();
        let check = |check: Duration| format!("{}s", check.as_secs_f64());
        let row = json!({
            "id": id, "state": "STATE_PENDING", "operationType": change.0, "startedTime": after(0),
            "checkDuration": switches.check_duration.map(check),
        });
        let operation = Operation { request, change, switches, row };
        self.operations.insert(id.to_owned(), operation);
        if options.operations.polls == 0 {
            self.finish(id);
        }
        Some(self.operations[id].answer())
    }

    /// A poll, which moves the operation on; the operation.
    pub(super) fn poll(&mut self, id: &str) -> Option<&Value> {
        let operation = self.operations.get_mut(id)?;
        let is_running = operation.is_running();
        match &mut operation.switches.polls {
            0 | 1 => self.finish(id),
            polls if is_running => {
                *polls -= usize::from(*polls < usize::MAX);
                operation.row["state"] = json!("STATE_IN_PROGRESS");
            }
            _ => {}
        }
        self.operations.get(id).map(|operation| &operation.row)
    }

    /// Ends everything that is still running.
    pub(super) fn finish_all(&mut self) {
        let ids: Vec<String> = self.operations.keys().cloned().collect();
        ids.iter().for_each(|id| self.finish(id));
    }

    /// Ends an operation. *Unknown*: whether one that fails leaves its target in a failed state. Taken: it does not.
    fn finish(&mut self, id: &str) {
        let operation = self.operations.get_mut(id);
        let Some(operation) = operation.filter(|operation| operation.is_running()) else {
            return;
        };
        let end = operation.switches.end;
        let reason = (end == End::Failed).then_some("the change could not be carried out");
        operation.row["state"] = json!(format!("STATE_{end:?}").to_uppercase());
        operation.row["failureReason"] = json!(reason);
        let now = json!(after(0));
        operation.row["finishedTime"] = now.clone();
        let (kind, target, spec) = operation.change.clone();
        match kind {
            _ if end != End::Fulfilled => {}
            "create" => {
                // An invitation is open from now on, and runs out after a week.
                let invitation = json!({"createdTime": now, "expiredTime": after(7 * 24)});
                self.add(|world| &mut world.users, &target, spec)
                    .set_state(&target, "RESOURCE_STATE_ACTIVATING")
                    .set_field(&target, "invitation", invitation)
                    .set_field(&target, "createdTime", now);
            }
            "update" => {
                self.touch(&target);
                self.set_field(&target, "lastModifiedTime", now);
                self.set_field(&target, "spec", spec);
            }
            _ => self.remove_principal(&target),
        }
    }
}
