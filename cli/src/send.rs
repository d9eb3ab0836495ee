//! Sends an event to a function in this process, until the change is done.

use jiff::Timestamp;
use rollcall_connector::event::{ChangeAnswer, Outcome};
use rollcall_connector::{Error, event};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_engine::store::get_json;
use rollcall_engine::store::keys::Keys;
use serde_json::Value;

use crate::failure::Failure;
use crate::progress::Display;
use crate::sync::{from_json, reason, wait};

/// When the request was answered, if its record has an answer.
pub(crate) async fn answered_at(
    cx: &Context,
    keys: Keys<'_>,
    id: &str,
) -> Result<Option<Timestamp>, Error> {
    event::check_request_id(id)?;
    event::check_connection(keys.connection)?;
    let found = get_json::<Value>(&*cx.audit, &keys.audit(id, "observed")).await?;
    Ok(found.and_then(|(record, _)| record["at"].as_str()?.parse().ok()))
}

/// Sends the event again until the vendor is done, or the operator asks to stop.
pub(crate) async fn until_done(
    cx: &Context,
    display: &Display,
    entry: &Entry,
    operation: Operation,
    event: &Value,
) -> Result<(ChangeAnswer, Value), Failure> {
    loop {
        let (answer, raw) = send(cx, entry, operation, event).await?;
        if answer.outcome != Outcome::InProgress {
            return Ok((answer, raw));
        }
        let report = |until| display.waiting(until, reason(answer.reason));
        if !wait(cx, answer.resume_at, report).await {
            return Ok((answer, raw));
        }
    }
}

/// Sends the event once.
pub(crate) async fn send(
    cx: &Context,
    entry: &Entry,
    operation: Operation,
    event: &Value,
) -> Result<(ChangeAnswer, Value), Failure> {
    let raw = entry.invoke(cx, operation, event).await?;
    Ok((from_json(&raw)?, raw))
}
