//! `rollcall sync`: runs a sync to its end, slice by slice.

use std::sync::Arc;

use jiff::Timestamp;
use rollcall_connector::clock::between;
use rollcall_connector::event::{Reason, SyncAnswer, SyncEvent, SyncStatus};
use rollcall_connector::{Code, Error};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::{Entry, Operation};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::args::{SyncArgs, Target};
use crate::failure::{Exit, Failure};
use crate::output::{self, ReportFormat};
use crate::progress::Display;
use crate::{connectors, signals};

/// Runs the command.
pub(crate) async fn run(args: SyncArgs, verbose: bool) -> Result<Exit, Failure> {
    let entry = connectors::find(&args.target.connector)?;
    let mut cx = Context::from_environment_with_store(args.target.store.clone())?;
    cx.settings.max_steps = args.max_steps;
    let display = Arc::new(Display::new(verbose));
    cx.progress = Some(display.clone());
    signals::watch(&cx.interrupt, "what was read is saved")?;
    let outcome = slices(&cx, &entry, &args, &display).await;
    display.end();
    let (answer, raw) = outcome?;
    match args.output {
        ReportFormat::Json => {
            output::json(&raw)?;
        }
        ReportFormat::Table => output::pairs(&describe(&cx, &answer))?,
    }
    Ok(conclude(&args.target, &answer))
}

/// Calls the function again and again until there is nothing to wait for.
async fn slices(
    cx: &Context,
    entry: &Entry,
    args: &SyncArgs,
    display: &Display,
) -> Result<(SyncAnswer, Value), Failure> {
    let mut event = SyncEvent {
        connection: args.target.connection().to_owned(),
        sync_id: args.sync_id.clone(),
        accept: args.accept.clone(),
    };
    loop {
        let raw = entry.invoke(cx, Operation::Sync, &to_json(&event)?).await?;
        let answer: SyncAnswer = from_json(&raw)?;
        let is_stopped = args.no_wait || answer.reason == Some(Reason::Interrupted);
        if answer.status != SyncStatus::Continue || is_stopped {
            return Ok((answer, raw));
        }
        let tell = |until| display.waiting(until, why(answer.reason));
        if !wait(cx, answer.resume_at, tell).await {
            return Ok((answer, raw));
        }
        event.sync_id = answer.sync_id;
    }
}

/// Waits until then, telling so first, if that is not now. `false`: the operator asked to stop.
pub(crate) async fn wait(
    cx: &Context,
    until: Option<Timestamp>,
    tell: impl FnOnce(Timestamp),
) -> bool {
    let now = cx.clock.now();
    let until = until.unwrap_or(now);
    if until <= now {
        return true;
    }
    tell(until);
    tokio::select! {
        () = cx.interrupt.raised() => false,
        () = cx.clock.sleep(between(now, until)) => true,
    }
}

/// An event as it goes to a function.
fn to_json(event: &SyncEvent) -> Result<Value, Error> {
    serde_json::to_value(event).map_err(Error::no_json)
}

/// An answer as it comes from a function.
pub(crate) fn from_json<T: DeserializeOwned>(answer: &Value) -> Result<T, Error> {
    T::deserialize(answer).map_err(|e| {
        Error::internal(
            Code::UnreadableAnswer,
            "a function answers what its type does not say",
        )
        .with_source(e)
    })
}

pub(crate) fn why(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::RateLimit) => "the vendor asks for patience",
        Some(Reason::Unavailable) => "something that it needs does not answer properly",
        Some(Reason::Deadline) => "the time of this slice is over",
        Some(Reason::Finishing) => "writing the snapshot takes a slice of its own",
        Some(Reason::Loss) => "it lost much more than is usual",
        Some(Reason::Lease) => "another run or change has the lease",
        Some(Reason::Interrupted) => "it was stopped",
        None => "the vendor is still at it",
    }
}

fn describe(cx: &Context, answer: &SyncAnswer) -> Vec<(&'static str, String)> {
    let status = match answer.status {
        SyncStatus::Complete => "complete",
        SyncStatus::Continue => "not finished",
        SyncStatus::Held => "held: the snapshot is stored, but not published",
        SyncStatus::Busy => "busy",
    };
    let mut lines = vec![
        ("status", status.to_owned()),
        ("connection", answer.connection.clone()),
    ];
    lines.extend(answer.sync_id.clone().map(|id| ("sync", id)));
    if matches!(answer.status, SyncStatus::Busy | SyncStatus::Continue) {
        return lines;
    }
    lines.extend(
        answer
            .snapshot
            .as_ref()
            .map(|key| ("snapshot", cx.store.place(key))),
    );
    lines.extend(
        answer
            .content_digest
            .clone()
            .map(|digest| ("digest", digest)),
    );
    let counts = &answer.counts;
    lines.push(("resources", counts.resources.to_string()));
    lines.push(("entitlements", counts.entitlements.to_string()));
    let grants = match counts.expanded {
        0 => counts.grants.to_string(),
        expanded => format!(
            "{} stated by the vendor, {expanded} that follow from them",
            counts.grants
        ),
    };
    lines.push(("grants", grants));
    lines.push(("calls", answer.calls.to_string()));
    let warnings = answer.warnings.iter();
    lines.extend(warnings.map(|w| ("warning", format!("{}: {}", w.code, w.message))));
    lines
}

/// Says how to go on, if there is something to go on with.
fn conclude(target: &Target, answer: &SyncAnswer) -> Exit {
    let again = || target.command(&["sync", &target.connector]);
    let from = answer
        .resume_at
        .map(|at| format!(", from {at:.0} on"))
        .unwrap_or_default();
    let id = answer.sync_id.as_deref();
    match answer.status {
        SyncStatus::Complete => return Exit::Done,
        SyncStatus::Continue => {
            output::note(&format!("not finished: {}", why(answer.reason)));
            output::note(&format!(
                "to go on{from}: {}",
                again().option("--sync-id", id)
            ));
        }
        SyncStatus::Held => {
            output::note(&format!(
                "held: {}; `latest` still names the snapshot before",
                why(answer.reason)
            ));
            let look = target.command(&["snapshot", "manifest", id.unwrap_or_default()]);
            let look = look.option("--connector", Some(&target.connector));
            output::note(&format!("to see what was lost: {look}"));
            output::note(&format!(
                "to take it all the same: {}",
                again().option("--accept", id)
            ));
        }
        SyncStatus::Busy => {
            for warning in &answer.warnings {
                output::note(&format!("busy: {}", warning.message));
            }
            output::note(&format!("to sync{from}: {}", again()));
            output::note(&format!(
                "to resume that run: {}",
                again().option("--sync-id", id)
            ));
        }
    }
    Exit::NotFinished
}
