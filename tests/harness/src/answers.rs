//! Answers in place of a vendor's own, and what a sync makes of them; and what a simulator's view of its world holds.

use std::time::Duration;

use rollcall_connector::Chain;
use rollcall_connector::clock::{Clock as _, between};
use rollcall_engine::runtime::function::Operation;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Map, Value, json};

use crate::conformance::{Bench, Subject, answer_of};

/// An answer with this status and this body.
pub fn said(code: u16, body: Value) -> FaultKind {
    FaultKind::Status { code, headers: Vec::new(), body: Some(body) }
}

/// Answers every look at exactly this path like this.
pub fn at(path: &str, kind: FaultKind) -> Fault {
    Fault::matching("GET", path, kind).exactly()
}

/// A sync that must fail with this code, say this in its message or in what to do, and publish nothing.
pub async fn sync_fails<S: Subject>(desk: &Bench<S>, code: &str, part: &str, what: &str) {
    let error = desk.sync().await.expect_err(what);
    let text = format!("{}. {}", Chain(&error), error.fix());
    assert_eq!(error.code(), code, "{what}: {text}");
    assert!(text.contains(part), "{what}: {text}");
    assert!(!desk.is_published(), "{what}: something was published");
}

/// The slice of a sync after this answer, and how long is to be waited before the next, which must be for a limit.
pub async fn slice<S: Subject>(desk: &Bench<S>, before: &Value) -> (Value, Option<Duration>) {
    let event = match &before["sync_id"] {
        Value::Null => json!({}),
        id => json!({"sync_id": id}),
    };
    let answer = answer_of(desk.invoke(Operation::Sync, event).await);
    if answer["status"] == "complete" {
        return (answer, None);
    }
    assert!(!desk.is_published(), "half a sync is published");
    assert_eq!(answer["reason"], "rate_limit", "{answer:#}");
    let at = answer["resume_at"].as_str().and_then(|at| at.parse().ok());
    let wait = between(desk.clock.now(), at.expect("a time"));
    (answer, Some(wait))
}

/// The fields of an object.
pub fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// The texts in a list.
pub fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}
