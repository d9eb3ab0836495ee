//! `rollcall grant`, `revoke`, `create-account` and `delete-account`: makes a change, and waits until it is done.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::ksuid;
use rollcall_connector::event::{ChangeAnswer, Outcome};
use rollcall_connector::{Code, Error, ErrorType, event};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_engine::store::get_json;
use rollcall_engine::store::keys::Keys;
use serde_json::{Map, Value, json};

use crate::args::{ChangeArgs, CreateArgs, DeleteArgs, GrantArgs, Place, RequestArgs, Target};
use crate::confirm::is_confirmed;
use crate::failure::{Exit, Failure};
use crate::output::{self, Report, ReportFormat};
use crate::principal::resolve;
use crate::progress::Display;
use crate::shell::quoted;
use crate::sync::{from, from_json, reason, wait};
use crate::{connectors, signals};

type Event = Map<String, Value>;

/// A change of one connection.
struct Change<'a> {
    cx: Context,
    display: Arc<Display>,
    target: Target,
    args: &'a RequestArgs,
    operation: Operation,
    /// Whether other grants may be replaced without asking.
    yes: bool,
}

/// Runs `rollcall grant`.
pub(crate) async fn grant(args: GrantArgs, place: Place) -> Result<Exit, Failure> {
    let mut change = Change::new(Operation::Grant, &args.change.request, place)?;
    change.yes = args.yes;
    let mut event = change.access(&args.change).await?;
    event.extend(args.lasts.map(|text| ("duration".to_owned(), json!(text))));
    event.extend(args.until.map(|at| ("expires_at".to_owned(), json!(at))));
    change.run(event).await
}

/// Runs `rollcall revoke`.
pub(crate) async fn revoke(args: ChangeArgs, place: Place) -> Result<Exit, Failure> {
    let change = Change::new(Operation::Revoke, &args.request, place)?;
    let event = change.access(&args).await?;
    change.run(event).await
}

/// Runs `rollcall create-account`.
pub(crate) async fn create_account(args: CreateArgs, place: Place) -> Result<Exit, Failure> {
    let change = Change::new(Operation::CreateAccount, &args.request, place)?;
    let profile = args.profile.iter().map(|pair| profile_entry(pair));
    let profile = profile.collect::<Result<Event, Failure>>()?;
    let mut account = json!({"email": args.email});
    if !profile.is_empty() {
        account["profile"] = profile.into();
    }
    change.run(Map::from_iter([("account".to_owned(), account)])).await
}

/// Runs `rollcall delete-account`.
pub(crate) async fn delete_account(args: DeleteArgs, place: Place) -> Result<Exit, Failure> {
    let change = Change::new(Operation::DeleteAccount, &args.request, place)?;
    let principal = change.principal(args.principal.as_deref()).await;
    let principal = principal.map_err(|e| match e.code() {
        Code::UnknownPrincipal => {
            Error::new(e.kind(), e.code(), format!("no such account: {e}"), e.fix().to_owned())
        }
        _ => e,
    })?;
    change.run(Map::from_iter([("principal".to_owned(), json!(principal))])).await
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

impl<'a> Change<'a> {
    fn new(operation: Operation, args: &'a RequestArgs, place: Place) -> Result<Self, Error> {
        let mut cx = Context::from_environment_with_store(place.store.clone())?;
        if args.no_wait {
            cx.settings.max_operation = Duration::ZERO;
        }
        let display = Arc::new(Display::spinner());
        cx.retries = Some(display.clone());
        let target = Target { connector: args.connector.clone(), place };
        Ok(Self { cx, display, target, args, operation, yes: false })
    }

    /// The fields of a grant or revoke.
    async fn access(&self, args: &ChangeArgs) -> Result<Event, Error> {
        args.entitlement.as_deref().map(event::entitlement).transpose()?;
        let mut fields = Map::from_iter([
            ("entitlement".to_owned(), json!(args.entitlement)),
            ("principal".to_owned(), json!(self.principal(args.principal.as_deref()).await?)),
        ]);
        if !args.allow.is_empty() {
            fields.insert("allow".into(), json!(args.allow));
        }
        Ok(fields)
    }

    async fn principal(&self, text: Option<&str>) -> Result<Option<String>, Error> {
        match text {
            Some(text) => resolve(&self.cx, &self.target, text).await.map(Some),
            None => Ok(None),
        }
    }

    async fn run(&self, flags: Event) -> Result<Exit, Failure> {
        let entry = connectors::find(&self.target.connector)?;
        let event = complete(&self.cx, &self.target, self.args, flags)?;
        let outcome = self.carry_out(&entry, &event).await;
        self.display.end();
        match outcome? {
            Some((answer, raw)) => self.conclude(&event, &answer, &raw),
            None => {
                output::note("stopped: nothing was changed");
                Ok(Exit::ProblemFound)
            }
        }
    }

    /// The answer to the event; `None` if the operator does not confirm it.
    async fn carry_out(
        &self,
        entry: &Entry,
        event: &Value,
    ) -> Result<Option<(ChangeAnswer, Value)>, Failure> {
        let answered_at = self.answered_at(event).await?;
        let is_dry_run = event["dry_run"] == true;
        let needs_consent = self.operation == Operation::Grant && !self.yes && !is_dry_run;
        if needs_consent && answered_at.is_none() {
            let (planned, raw) = self.rehearse(entry, event).await?;
            if planned.outcome == Outcome::InProgress {
                return Ok(Some((planned, raw)));
            }
            if !self.display.paused(|| is_confirmed(&planned))? {
                return Ok(None);
            }
        }
        // A dry run leaves nothing behind: the first signal ends it.
        if !is_dry_run {
            let what_happens = "the request under way is finished first";
            signals::watch(&self.cx.interrupt, self.display.clone(), what_happens)?;
        }
        let (answer, raw) = self.until_done(entry, event).await?;
        if let Some(at) = answered_at {
            let id = &answer.request_id;
            self.display.note(&format!(
                "request {id} was carried out before: this is its answer of {at:.0}"
            ));
        }
        Ok(Some((answer, raw)))
    }

    /// What the event would do. Waits as the change itself does: a dry run fails at a rate limit instead of answering.
    async fn rehearse(
        &self,
        entry: &Entry,
        event: &Value,
    ) -> Result<(ChangeAnswer, Value), Failure> {
        let mut event = event.clone();
        event["dry_run"] = json!(true);
        loop {
            let failure = match self.until_done(entry, &event).await {
                Err(Failure::Failed(e)) if e.kind().is_retryable() && !self.args.no_wait => e,
                other => return other,
            };
            let Some(at) = failure.retry_at() else {
                return Err(failure.into());
            };
            let report = |until| self.display.waiting(until, &failure.to_string());
            if !wait(&self.cx, Some(at), report).await {
                return Err(failure.into());
            }
        }
    }

    /// When this request was answered, if its record has an answer: then that one is given again.
    async fn answered_at(&self, event: &Value) -> Result<Option<Timestamp>, Error> {
        let is_given = self.args.request_id.is_some() || self.args.event.is_some();
        let is_repeatable = is_given && event["dry_run"] != true;
        let text = |key: &str| event[key].as_str();
        let Some(id) = text("request_id").filter(|_| is_repeatable) else {
            return Ok(None);
        };
        let connection = text("connection").unwrap_or("default");
        event::check_request_id(id)?;
        event::check_connection(connection)?;
        let keys = Keys { connector: &self.target.connector, connection };
        let found = get_json::<Value>(&*self.cx.audit, &keys.audit(id, "observed")).await?;
        Ok(found.and_then(|(record, _)| record["at"].as_str()?.parse().ok()))
    }

    /// Sends the event again until the vendor is done.
    async fn until_done(
        &self,
        entry: &Entry,
        event: &Value,
    ) -> Result<(ChangeAnswer, Value), Failure> {
        loop {
            let raw = entry.invoke(&self.cx, self.operation, event).await?;
            let answer: ChangeAnswer = from_json(&raw)?;
            if answer.outcome != Outcome::InProgress || self.args.no_wait {
                return Ok((answer, raw));
            }
            let report = |until| self.display.waiting(until, reason(answer.reason));
            if !wait(&self.cx, answer.resume_at, report).await {
                return Ok((answer, raw));
            }
        }
    }

    /// Prints the answer, and how to resume the change if it is not finished.
    fn conclude(&self, event: &Value, answer: &ChangeAnswer, raw: &Value) -> Result<Exit, Failure> {
        match self.args.output {
            ReportFormat::Json => output::json(raw)?,
            ReportFormat::Table => report(&self.cx, event, answer).print()?,
        }
        if answer.outcome != Outcome::InProgress {
            if let Some(at) = answer.expires_at.filter(|_| !answer.dry_run) {
                let words = ["expirations", &self.target.connector, "--apply"];
                let command = self.target.command(&words);
                output::note(&format!("to end it, from {at} on: {command}"));
            }
            return Ok(Exit::Done);
        }
        output::note(&format!("not finished: {}", reason(answer.reason)));
        let command = self.target.command(&[self.operation.as_str(), &self.target.connector]);
        let mut command = command.option("--event", Some("-"));
        // A change that was sent is not asked about again.
        if self.operation == Operation::Grant && (self.yes || !answer.dry_run) {
            command = command.word("--yes");
        }
        output::note(&format!(
            "to resume{}: echo {} | {command}",
            from(answer.resume_at),
            quoted(&event.to_string()),
        ));
        Ok(Exit::NotFinished)
    }
}

/// The event from the file or the flags, with defaults for what both may leave out.
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
    let connection = target.place.connection.as_deref();
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

fn report(cx: &Context, event: &Value, answer: &ChangeAnswer) -> Report {
    let mut report = Report::default();
    let principal = event["principal"].as_str().unwrap_or_default();
    let no_account = format!("no such account: {principal} (already deleted, or never there)");
    let outcome = match answer.outcome {
        Outcome::NotDue => "not due yet",
        Outcome::Unchanged => "unchanged",
        Outcome::Granted => "granted",
        Outcome::AlreadyGranted => "already granted",
        Outcome::Revoked => "revoked",
        Outcome::AlreadyRevoked => "not granted: nothing to revoke",
        Outcome::Created => "created",
        Outcome::AlreadyExists => "already exists",
        Outcome::Deleted => "deleted",
        Outcome::AlreadyDeleted => no_account.as_str(),
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
    report.each("ends", answer.expires_at);
    report.each("replaced", &answer.replaced);
    report.each("removed", &answer.removed);
    if let Some(account) = &answer.resource {
        let account = format!("{} {} ({})", account.id, account.display_name, account.status);
        report.add("account", account);
    }
    report.add("request", &answer.request_id);
    report.each("vendor request", &answer.vendor_request_id);
    let warnings = answer.warnings.iter();
    report.each("warning", warnings.map(|w| format!("{}: {}", w.code, w.message)));
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
