//! `rollcall grant`, `revoke`, `create-account` and `delete-account`: makes a change, and waits until it is done.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rollcall_connector::clock::ksuid;
use rollcall_connector::event::{ChangeAnswer, Outcome};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::{Entry, Operation};
use serde_json::{Map, Value, json};

use crate::args::{ChangeArgs, CreateArgs, DeleteArgs, RequestArgs};
use crate::failure::{Exit, Failure};
use crate::output::{self, Report, ReportFormat};
use crate::progress::Display;
use crate::shell::quoted;
use crate::sync::{from, from_json, reason, wait};
use crate::{connectors, signals};

type Event = Map<String, Value>;

/// Runs `rollcall grant` or `rollcall revoke`.
pub(crate) async fn access(operation: Operation, args: ChangeArgs) -> Result<Exit, Failure> {
    let mut event = Map::from_iter([
        ("entitlement".to_owned(), json!(args.entitlement)),
        ("principal".to_owned(), json!(args.principal)),
    ]);
    if !args.allow.is_empty() {
        event.insert("allow".into(), json!(args.allow));
    }
    run(operation, &args.request, event).await
}

/// Runs `rollcall create-account`.
pub(crate) async fn create_account(args: CreateArgs) -> Result<Exit, Failure> {
    let profile = args.profile.iter().map(|pair| profile_entry(pair));
    let profile = profile.collect::<Result<Event, Failure>>()?;
    let mut account = json!({"email": args.email});
    if !profile.is_empty() {
        account["profile"] = profile.into();
    }
    let event = Map::from_iter([("account".to_owned(), account)]);
    run(Operation::CreateAccount, &args.request, event).await
}

/// Runs `rollcall delete-account`.
pub(crate) async fn delete_account(args: DeleteArgs) -> Result<Exit, Failure> {
    let event = Map::from_iter([("principal".to_owned(), json!(args.principal))]);
    run(Operation::DeleteAccount, &args.request, event).await
}

/// Reads `KEY=TEXT` or `KEY:=JSON`.
fn profile_entry(pair: &str) -> Result<(String, Value), Failure> {
    let wrong = |why: &str| Failure::Usage(format!("--profile `{pair}` {why}"));
    let (key, text) = pair.split_once('=').ok_or_else(|| wrong("is not KEY=VALUE"))?;
    let (key, value) = match key.strip_suffix(':') {
        None => (key, Ok(text.into())),
        Some(key) => (key, serde_json::from_str(text)),
    };
    let value = value.map_err(|e| wrong(&format!("does not hold JSON: {e}")))?;
    match key {
        "" => Err(wrong("does not name a key")),
        key => Ok((key.to_owned(), value)),
    }
}

async fn run(operation: Operation, args: &RequestArgs, flags: Event) -> Result<Exit, Failure> {
    let target = &args.target;
    let entry = connectors::find(&target.connector)?;
    let mut cx = Context::from_environment_with_store(target.store.clone())?;
    if args.no_wait {
        cx.settings.max_operation = Duration::ZERO;
    }
    let event = complete(&cx, args, flags)?;
    let display = Arc::new(Display::spinner());
    cx.retries = Some(display.clone());
    // A dry run leaves nothing behind: the first signal ends it.
    if event.get("dry_run") != Some(&Value::Bool(true)) {
        signals::watch(&cx.interrupt, display.clone(), "the request under way is finished first")?;
    }
    let outcome = until_done(&cx, &entry, operation, &event, args.no_wait, &display).await;
    display.end();
    let (answer, raw) = outcome?;
    match args.output {
        ReportFormat::Json => output::json(&raw)?,
        ReportFormat::Table => report(&cx, &answer).print()?,
    }
    if answer.outcome != Outcome::InProgress {
        return Ok(Exit::Done);
    }
    output::note(&format!("not finished: {}", reason(answer.reason)));
    let command = target.command(&[operation.as_str(), &target.connector]);
    output::note(&format!(
        "to resume{}: echo {} | {}",
        from(answer.resume_at),
        quoted(&event.to_string()),
        command.option("--event", Some("-"))
    ));
    Ok(Exit::NotFinished)
}

/// The event from the file or the flags, with defaults for what both may leave out.
fn complete(cx: &Context, args: &RequestArgs, flags: Event) -> Result<Value, Failure> {
    let mut event = match &args.event {
        Some(file) => read(file)?,
        None => flags,
    };
    let connection = args.target.connection.as_deref();
    agree(&mut event, "connection", connection, "--connection")?;
    let id = args.request_id.as_deref();
    agree(&mut event, "request_id", id, "--request-id")?;
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

/// Puts the value of a flag into the event, which must not have another value.
fn agree(event: &mut Event, key: &str, flag: Option<&str>, name: &str) -> Result<(), Failure> {
    let Some(flag) = flag else {
        return Ok(());
    };
    match event.get(key) {
        Some(other) if other != flag => {
            Err(Failure::Usage(format!("{name} is `{flag}`, but the event has {other}")))
        }
        _ => {
            event.insert(key.into(), flag.into());
            Ok(())
        }
    }
}

fn read(file: &Path) -> Result<Event, Failure> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file).map_err(|e| {
            Error::new(
                ErrorType::NotFound,
                Code::EventNotReadable,
                format!("could not read the event from {}", file.display()),
                "Check the file's name, and that this user may read it.",
            )
            .with_source(e)
        })?;
    }
    let why = match serde_json::from_str(&text) {
        Ok(Value::Object(event)) => return Ok(event),
        Ok(_) => "is JSON, but not an object".to_owned(),
        Err(e) => format!("is not JSON: {e}"),
    };
    Err(Failure::from(Error::invalid(
        Code::MalformedEvent,
        format!("the event in {} {why}", file.display()),
        "Give one JSON object, such as {\"entitlement\":\"…\",\"principal\":\"…\"}.",
    )))
}

/// Sends the event again until the vendor is done.
async fn until_done(
    cx: &Context,
    entry: &Entry,
    operation: Operation,
    event: &Value,
    no_wait: bool,
    display: &Display,
) -> Result<(ChangeAnswer, Value), Failure> {
    loop {
        let raw = entry.invoke(cx, operation, event).await?;
        let answer: ChangeAnswer = from_json(&raw)?;
        if answer.outcome != Outcome::InProgress || no_wait {
            return Ok((answer, raw));
        }
        let report = |until| display.waiting(until, reason(answer.reason));
        if !wait(cx, answer.resume_at, report).await {
            return Ok((answer, raw));
        }
    }
}

fn report(cx: &Context, answer: &ChangeAnswer) -> Report {
    let mut report = Report::default();
    let outcome = match answer.outcome {
        Outcome::Granted => "granted",
        Outcome::AlreadyGranted => "was granted already",
        Outcome::Revoked => "revoked",
        Outcome::AlreadyRevoked => "was not granted",
        Outcome::Created => "created",
        Outcome::AlreadyExists => "exists already",
        Outcome::Deleted => "deleted",
        Outcome::AlreadyDeleted => "is deleted already",
        Outcome::InProgress => "in progress",
    };
    match answer.dry_run {
        true => report.add("outcome", format!("{outcome} (dry run: nothing was changed)")),
        false => report.add("outcome", outcome),
    }
    for grant in &answer.grants {
        let grant = format!("{} → {}", grant.principal, grant.entitlement);
        report.add("grant", grant);
    }
    report.each("replaced", &answer.replaced);
    report.each("removed", &answer.removed);
    if let Some(account) = &answer.resource {
        let account = format!("{} {} ({})", account.id, account.display_name, account.status);
        report.add("account", account);
    }
    report.add("request", &answer.request_id);
    report.each("vendor request", &answer.vendor_request_id);
    let audit = answer.audit.as_ref();
    report.each("audit", audit.map(|key| cx.audit.place(key)));
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_value_is_text_unless_it_is_marked_as_json() {
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
            assert!(matches!(profile_entry(bad), Err(Failure::Usage(_))), "{bad}");
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
