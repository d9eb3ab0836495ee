//! `rollcall sync`: runs a sync to its end, slice by slice.

use std::sync::Arc;

use jiff::Timestamp;
use rollcall_connector::clock::between;
use rollcall_connector::event::{Reason, SyncAnswer, SyncEvent, SyncStatus};
use rollcall_connector::{Code, Error, Warning};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::{Entry, Operation};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::args::{Place, SyncArgs, Target};
use crate::failure::{Exit, Failure};
use crate::output::{self, Report, ReportFormat, stated_and_inherited};
use crate::progress::Display;
use crate::{connectors, publish, signals};

/// Runs the command.
pub(crate) async fn run(args: SyncArgs, place: Place) -> Result<Exit, Failure> {
    let target = Target { connector: args.connector.clone(), place };
    let entry = connectors::find(&target.connector)?;
    let mut cx = Context::from_environment_with_store(target.place.store.clone())?;
    cx.settings.max_steps = args.max_steps;
    let display = Arc::new(Display::bar());
    cx.progress = Some(display.clone());
    cx.retries = Some(display.clone());
    signals::watch(&cx.interrupt, display.clone(), "the records read so far are saved")?;
    let outcome = slices(&cx, &entry, &target, &args, &display).await;
    display.end();
    let (answer, raw) = outcome?;
    match args.output {
        ReportFormat::Json => output::json(&raw)?,
        ReportFormat::Table => report(&cx, &answer).print()?,
    }
    if !args.no_report {
        publish::after(&cx, &target, &answer).await;
    }
    Ok(conclude(&target, &answer))
}

/// Calls the function again until the run ends, or until only a later command can resume it.
async fn slices(
    cx: &Context,
    entry: &Entry,
    target: &Target,
    args: &SyncArgs,
    display: &Display,
) -> Result<(SyncAnswer, Value), Failure> {
    let mut event = SyncEvent {
        connection: target.connection().to_owned(),
        sync_id: args.sync_id.clone(),
        start_as: None,
        cancel: None,
        accept: args.accept.clone(),
    };
    loop {
        let json = serde_json::to_value(&event).map_err(Error::not_json)?;
        let raw = entry.invoke(cx, Operation::Sync, &json).await?;
        let answer: SyncAnswer = from_json(&raw)?;
        let is_stopped = args.no_wait || answer.reason == Some(Reason::Interrupted);
        if answer.status != SyncStatus::Continue || is_stopped {
            return Ok((answer, raw));
        }
        note_warnings(&answer, |text| display.note(text));
        let report = |until| display.waiting(until, reason(answer.reason));
        if !wait(cx, answer.resume_at, report).await {
            return Ok((answer, raw));
        }
        event.sync_id = answer.sync_id;
    }
}

/// Waits until then, after reporting it, unless that is now. The result is `false` if the operator asked to stop.
pub(crate) async fn wait(
    cx: &Context,
    until: Option<Timestamp>,
    report: impl FnOnce(Timestamp),
) -> bool {
    let now = cx.clock.now();
    if cx.interrupt.is_raised() {
        return false;
    }
    let Some(until) = until.filter(|until| *until > now) else {
        return true;
    };
    report(until);
    cx.interrupt.sleep(&*cx.clock, between(now, until)).await
}

/// Reads the answer of a function.
pub(crate) fn from_json<T: DeserializeOwned>(answer: &Value) -> Result<T, Error> {
    T::deserialize(answer).map_err(|e| {
        let message = "the answer of a function does not have the documented form";
        Error::internal(Code::UnreadableAnswer, message).with_source(e)
    })
}

/// Why something is not finished.
pub(crate) fn reason(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::RateLimit) => "the vendor's rate limit is used up",
        Some(Reason::Unavailable) => "the vendor, AWS or the network does not answer properly",
        Some(Reason::Deadline) => "the time of this slice is over",
        Some(Reason::Finishing) => "writing the snapshot takes a slice of its own",
        Some(Reason::Loss) => "it lost much more than usual",
        Some(Reason::Lease) => "another run or change has the lease",
        Some(Reason::Interrupted) => "it was stopped",
        None => "the vendor is still applying the change",
    }
}

fn report(cx: &Context, answer: &SyncAnswer) -> Report {
    let mut report = Report::default();
    let status = match answer.status {
        SyncStatus::Complete => "complete",
        SyncStatus::Continue => "not finished",
        SyncStatus::Held => "held: the snapshot is quarantined, not published",
        SyncStatus::Busy => "busy",
        SyncStatus::Cancelled => "cancelled",
    };
    report.add("status", status);
    report.add("connection", &answer.connection);
    report.each("sync", &answer.sync_id);
    if answer.snapshot.is_none() {
        return report;
    }
    let snapshot = answer.snapshot.as_ref();
    report.each("snapshot", snapshot.map(|key| cx.store.place(key)));
    report.each("digest", &answer.content_digest);
    report.add("resources", answer.counts.resources);
    report.add("entitlements", answer.counts.entitlements);
    let (stated, inherited) = (answer.counts.grants, answer.counts.expanded);
    report.add("grants", stated_and_inherited(stated, inherited));
    report.add("calls", answer.calls);
    let warnings = answer.warnings.iter();
    let warnings = warnings.map(|w| format!("{}: {}", w.code, w.message));
    report.each("warning", warnings);
    report
}

/// Prints the failures for which a run waits.
fn note_warnings(answer: &SyncAnswer, note: impl Fn(&str)) {
    for Warning { code, message } in &answer.warnings {
        note(&format!("{code}: {message}"));
    }
}

/// Prints how to resume or accept the run, if there is something to resume or accept.
fn conclude(target: &Target, answer: &SyncAnswer) -> Exit {
    let again = || target.command(&["sync", &target.connector]);
    let id = answer.sync_id.as_deref();
    let resume = again().option("--sync-id", id);
    let from = from(answer.resume_at);
    match answer.status {
        SyncStatus::Complete => return Exit::Done,
        SyncStatus::Continue => {
            output::note(&format!("not finished: {}", reason(answer.reason)));
            note_warnings(answer, output::note);
            output::note(&format!("to resume{from}: {resume}"));
        }
        SyncStatus::Held => {
            let reason = reason(answer.reason);
            output::note(&format!("held: {reason}; the previous snapshot stays the newest"));
            let show = target.command(&["snapshot", "manifest", id.unwrap_or_default()]);
            output::note(&format!("to see what was lost: {show}"));
            let accept = again().option("--accept", id);
            output::note(&format!("to publish it anyway: {accept}"));
            // The sync is done: no command but the operator's decision changes the result.
            return Exit::ProblemFound;
        }
        SyncStatus::Busy => {
            for warning in &answer.warnings {
                output::note(&format!("busy: {}", warning.message));
            }
            output::note(&format!("to sync{from}: {}", again()));
            output::note(&format!("to resume that run: {resume}"));
        }
        SyncStatus::Cancelled => {
            output::note("cancelled: this run publishes nothing, and cannot be resumed");
            output::note(&format!("to start a new run: {}", again()));
            return Exit::ProblemFound;
        }
    }
    Exit::NotFinished
}

/// The earliest time to repeat a command, as part of a message.
pub(crate) fn from(time: Option<Timestamp>) -> String {
    time.map_or_else(String::new, |at| format!(", from {at:.0} on"))
}
