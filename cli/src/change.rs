//! `rollcall grant`, `revoke`, `create-account` and `delete-account`: change something, and wait until it is done.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rollcall_connector::clock::ksuid;
use rollcall_connector::event::{ChangeAnswer, Outcome};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::{Entry, Operation};
use serde_json::{Map, Value, json};

use crate::args::{ChangeArgs, CreateArgs, DeleteArgs, RequestArgs, Target};
use crate::failure::{Exit, Failure};
use crate::output::{self, ReportFormat};
use crate::shell::quoted;
use crate::sync::{from_json, wait, why};
use crate::{connectors, signals};

type Event = Map<String, Value>;

/// Runs `rollcall grant`.
pub(crate) async fn grant(args: ChangeArgs) -> Result<Exit, Failure> {
    let event = access_event(&args);
    run(Operation::Grant, &args.target, &args.request, event).await
}

/// Runs `rollcall revoke`.
pub(crate) async fn revoke(args: ChangeArgs) -> Result<Exit, Failure> {
    let event = access_event(&args);
    run(Operation::Revoke, &args.target, &args.request, event).await
}

/// Runs `rollcall create-account`.
pub(crate) async fn create_account(args: CreateArgs) -> Result<Exit, Failure> {
    let profile = args.profile.iter().map(|pair| profile_entry(pair));
    let profile = profile.collect::<Result<Map<String, Value>, Failure>>()?;
    let mut account = json!({"email": args.email});
    if !profile.is_empty() {
        account["profile"] = profile.into();
    }
    let event = Map::from_iter([("account".to_owned(), account)]);
    run(Operation::CreateAccount, &args.target, &args.request, event).await
}

/// Runs `rollcall delete-account`.
pub(crate) async fn delete_account(args: DeleteArgs) -> Result<Exit, Failure> {
    let event = Map::from_iter([("principal".to_owned(), json!(args.principal))]);
    run(Operation::DeleteAccount, &args.target, &args.request, event).await
}

fn access_event(args: &ChangeArgs) -> Event {
    let mut event = Map::from_iter([
        ("entitlement".to_owned(), json!(args.entitlement)),
        ("principal".to_owned(), json!(args.principal)),
    ]);
    if !args.allow.is_empty() {
        event.insert("allow".into(), json!(args.allow));
    }
    event
}

/// Reads `KEY=TEXT` or `KEY:=JSON`.
fn profile_entry(pair: &str) -> Result<(String, Value), Failure> {
    let wrong = |why: String| Failure::Usage(format!("--profile `{pair}` {why}"));
    let Some((key, text)) = pair.split_once('=') else {
        return Err(wrong("is not KEY=VALUE".into()));
    };
    let (key, value) = match key.strip_suffix(':') {
        Some(key) => (
            key,
            serde_json::from_str(text).map_err(|e| wrong(format!("holds no JSON: {e}")))?,
        ),
        None => (key, text.into()),
    };
    if key.is_empty() {
        return Err(wrong("names no key".into()));
    }
    Ok((key.to_owned(), value))
}

async fn run(
    operation: Operation,
    target: &Target,
    args: &RequestArgs,
    flags: Event,
) -> Result<Exit, Failure> {
    let entry = connectors::find(&target.connector)?;
    let mut cx = Context::from_environment_with_store(target.store.clone())?;
    if args.no_wait {
        cx.settings.max_operation = Duration::ZERO;
    }
    let event = complete(&cx, target, args, flags)?;
    signals::watch(&cx.interrupt, "the change under way is finished first")?;
    let (answer, raw) = until_done(&cx, &entry, operation, &event, args.no_wait).await?;
    match args.output {
        ReportFormat::Json => {
            output::json(&raw)?;
        }
        ReportFormat::Table => output::pairs(&describe(&cx, &answer))?,
    }
    if answer.outcome != Outcome::InProgress {
        return Ok(Exit::Done);
    }
    let from = answer
        .resume_at
        .map(|at| format!(", from {at:.0} on"))
        .unwrap_or_default();
    output::note(&format!("not finished: {}", why(answer.reason)));
    output::note(&format!(
        "to go on{from}: {}",
        again(operation, target, &event)
    ));
    Ok(Exit::NotFinished)
}

/// The event from the file or the flags, with all that both may leave out.
fn complete(
    cx: &Context,
    target: &Target,
    args: &RequestArgs,
    flags: Event,
) -> Result<Value, Failure> {
    let mut event = match &args.event {
        Some(file) => read(file)?,
        None => flags,
    };
    agree(
        &mut event,
        "connection",
        target.connection.as_deref(),
        "--connection",
    )?;
    agree(
        &mut event,
        "request_id",
        args.request_id.as_deref(),
        "--request-id",
    )?;
    if let Some(reason) = &args.reason {
        event.insert("reason".into(), json!(reason));
    }
    if args.dry_run {
        event.insert("dry_run".into(), json!(true));
    }
    if !event.contains_key("request_id") {
        let id = ksuid(&*cx.clock);
        output::note(&format!("request {id}"));
        event.insert("request_id".into(), json!(id));
    }
    Ok(event.into())
}

/// Puts a flag into the event, which must not say otherwise.
fn agree(event: &mut Event, key: &str, flag: Option<&str>, name: &str) -> Result<(), Failure> {
    let Some(flag) = flag else {
        return Ok(());
    };
    match event.get(key) {
        Some(other) if other != flag => Err(Failure::Usage(format!(
            "{name} says `{flag}`, but the event says {other}"
        ))),
        _ => {
            event.insert(key.into(), flag.into());
            Ok(())
        }
    }
}

fn read(file: &Path) -> Result<Event, Failure> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(file).map_err(|e| {
            Error::new(
                ErrorType::NotFound,
                Code::EventNotReadable,
                format!("could not read the event from {}", file.display()),
                "Check the file's name, and that this user may read it.",
            )
            .with_source(e)
        })?
    };
    let malformed = |why: String| {
        Failure::from(Error::invalid(
            Code::MalformedEvent,
            format!("the event in {} {why}", file.display()),
            "Give one JSON object, such as {\"entitlement\":\"…\",\"principal\":\"…\"}.",
        ))
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(event)) => Ok(event),
        Ok(_) => Err(malformed("is JSON, but not an object".into())),
        Err(e) => Err(malformed(format!("is not JSON: {e}"))),
    }
}

/// Sends the event again and again until the vendor is done.
async fn until_done(
    cx: &Context,
    entry: &Entry,
    operation: Operation,
    event: &Value,
    no_wait: bool,
) -> Result<(ChangeAnswer, Value), Failure> {
    loop {
        let raw = entry.invoke(cx, operation, event).await?;
        let answer: ChangeAnswer = from_json(&raw)?;
        if answer.outcome != Outcome::InProgress || no_wait {
            return Ok((answer, raw));
        }
        let tell = |until| {
            output::note(&format!("waiting until {until:.0}: {}", why(answer.reason)));
        };
        if !wait(cx, answer.resume_at, tell).await {
            return Ok((answer, raw));
        }
    }
}

fn describe(cx: &Context, answer: &ChangeAnswer) -> Vec<(&'static str, String)> {
    let mut outcome = match answer.outcome {
        Outcome::Granted => "granted",
        Outcome::AlreadyGranted => "was granted already",
        Outcome::Revoked => "revoked",
        Outcome::AlreadyRevoked => "was not granted",
        Outcome::Created => "created",
        Outcome::AlreadyExists => "exists already",
        Outcome::Deleted => "deleted",
        Outcome::AlreadyDeleted => "is deleted already",
        Outcome::InProgress => "in progress",
    }
    .to_owned();
    if answer.dry_run {
        outcome.push_str(" (dry run: nothing was changed)");
    }
    let mut lines = vec![("outcome", outcome)];
    lines.extend(
        answer
            .grants
            .iter()
            .map(|g| ("grant", format!("{} → {}", g.principal, g.entitlement))),
    );
    lines.extend(answer.replaced.iter().map(|id| ("replaced", id.clone())));
    lines.extend(answer.removed.iter().map(|id| ("removed", id.clone())));
    let resource = answer.resource.as_ref();
    lines.extend(resource.map(|r| {
        (
            "account",
            format!("{} {} ({})", r.id, r.display_name, r.status),
        )
    }));
    lines.push(("request", answer.request_id.clone()));
    lines.extend(
        answer
            .vendor_request_id
            .clone()
            .map(|id| ("vendor request", id)),
    );
    let audit = answer.audit.as_deref();
    lines.extend(audit.map(|key| ("audit", cx.audit.place(key))));
    lines
}

/// The command that sends this very event again.
fn again(operation: Operation, target: &Target, event: &Value) -> String {
    let line = target
        .command(&[operation.as_str(), &target.connector])
        .option("--event", Some("-"));
    format!("echo {} | {line}", quoted(&event.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_text_unless_it_says_that_it_is_json() {
        for (pair, key, value) in [
            ("role=read", "role", json!("read")),
            ("n=7", "n", json!("7")),
            ("n:=7", "n", json!(7)),
            ("formula=a=b", "formula", json!("a=b")),
            ("teams:=[\"a\"]", "teams", json!(["a"])),
        ] {
            let entry = profile_entry(pair).expect("understood");
            assert_eq!(entry, (key.to_owned(), value), "{pair}");
        }
        for bad in ["role", "=x", ":=1", "x:=nope"] {
            assert!(
                matches!(profile_entry(bad), Err(Failure::Usage(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_flag_never_contradicts_the_event_silently() {
        let mut event = Map::from_iter([("connection".to_owned(), json!("a"))]);
        assert!(agree(&mut event, "connection", Some("a"), "--connection").is_ok());
        assert!(matches!(
            agree(&mut event, "connection", Some("b"), "--connection"),
            Err(Failure::Usage(_))
        ));
        assert!(agree(&mut event, "request_id", Some("r"), "--request-id").is_ok());
        assert_eq!(event["request_id"], json!("r"));
    }
}
