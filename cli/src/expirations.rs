//! `rollcall expirations`: lists temporary grants, and ends those that are overdue.

use std::sync::Arc;

use jiff::Timestamp;
use rollcall_connector::event::{ChangeAnswer, Outcome, check_connection};
use rollcall_connector::{Chain, Error};
use rollcall_engine::context::Context;
use rollcall_engine::expiration::{self, Expiration};
use rollcall_engine::runtime::function::Operation;
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::{ExpirationsArgs, Place, Target};
use crate::failure::{Exit, Failure};
use crate::output::{self, Listing, Row};
use crate::progress::Display;
use crate::sync::{from, from_json, reason, wait};
use crate::{connectors, signals};

/// A temporary grant.
#[derive(Serialize)]
struct End {
    expiration: String,
    connector: String,
    connection: String,
    principal: String,
    entitlement: String,
    request_id: String,
    granted_at: Timestamp,
    ends_at: Timestamp,
    is_overdue: bool,
    /// The entitlements that its end grants again.
    puts_back: Vec<String>,
    /// The outcome of its end, if that was to be carried out.
    outcome: Option<Value>,
    /// Why its end failed, or what it did not do.
    message: Option<String>,
}

impl Row for End {
    const COLUMNS: &'static [&'static str] =
        &["Ends", "Connection", "Principal", "Entitlement", "Puts back", "Status", "Message"];

    fn cells(&self) -> Vec<String> {
        let status = match (&self.outcome, &self.message, self.is_overdue) {
            (Some(outcome), ..) => outcome.as_str().unwrap_or_default(),
            (None, Some(_), _) => "failed",
            (None, None, true) => "overdue",
            (None, None, false) => "",
        };
        vec![
            self.ends_at.to_string(),
            format!("{}/{}", self.connector, self.connection),
            self.principal.clone(),
            self.entitlement.clone(),
            self.puts_back.join(" "),
            status.to_owned(),
            self.message.clone().unwrap_or_default(),
        ]
    }
}

/// Runs `rollcall expirations`.
pub(crate) async fn run(args: ExpirationsArgs, place: Place) -> Result<Exit, Failure> {
    place.connection.as_deref().map(check_connection).transpose()?;
    let cx = Context::from_environment_with_store(place.store.clone())?;
    let prefix = args.connector.as_ref().map_or_else(String::new, |name| format!("{name}/"));
    let mut found = expiration::open(&*cx.store, &format!("expirations/{prefix}")).await?;
    if let Some(connection) = &place.connection {
        found.retain(|one| one.connection == *connection);
    }
    let (mut exit, mut list) = (Exit::Done, Listing::new::<End>(args.output)?);
    if !args.apply {
        let now = cx.clock.now();
        found.into_iter().try_for_each(|one| list.row(&End::of(one, now)))?;
        list.finish()?;
        return Ok(exit);
    }
    let now = cx.clock.now();
    let applying = Applying::new(cx, place)?;
    for one in expiration::due(found, now) {
        let end = applying.end(one, now).await;
        let is_pending = end.outcome.as_ref().is_some_and(|outcome| outcome == "in_progress");
        match (&end.outcome, exit) {
            (None, _) => exit = Exit::ProblemFound,
            (Some(_), Exit::Done) if is_pending => exit = Exit::NotFinished,
            _ => {}
        }
        list.row(&end)?;
    }
    applying.display.end();
    list.finish()?;
    if exit == Exit::NotFinished {
        let again = Target { connector: String::new(), place: applying.place.clone() };
        let connector: Vec<&str> = args.connector.iter().map(String::as_str).collect();
        let words = [vec!["expirations"], connector, vec!["--apply"]].concat();
        output::note(&format!("to resume: {}", again.command(&words)));
    }
    Ok(exit)
}

/// Ends grants, and waits until each is done.
struct Applying {
    cx: Context,
    place: Place,
    display: Arc<Display>,
}

impl Applying {
    fn new(mut cx: Context, place: Place) -> Result<Self, Failure> {
        let display = Arc::new(Display::spinner());
        cx.retries = Some(display.clone());
        let what_happens = "the request under way is finished first";
        signals::watch(&cx.interrupt, display.clone(), what_happens)?;
        Ok(Self { cx, place, display })
    }

    /// Ends a grant. A failure is reported with it, and the next one is ended all the same.
    async fn end(&self, one: Expiration, now: Timestamp) -> End {
        let mut end = End::of(one, now);
        if let Err(e) = self.carry_out(&mut end).await {
            end.outcome = None;
            end.message = Some(format!("{}: {} {}", e.code(), Chain(&e), e.fix()));
        }
        end
    }

    async fn carry_out(&self, end: &mut End) -> Result<(), Error> {
        let entry = connectors::find(&end.connector)?;
        let event = json!({"connection": end.connection, "expiration": end.expiration});
        loop {
            let raw = entry.invoke(&self.cx, Operation::Revoke, &event).await?;
            let answer: ChangeAnswer = from_json(&raw)?;
            end.outcome = Some(raw["outcome"].clone());
            end.message = answer.warnings.first().map(|warning| warning.message.clone());
            if answer.outcome != Outcome::InProgress {
                return Ok(());
            }
            let report = |until| self.display.waiting(until, reason(answer.reason));
            if !wait(&self.cx, answer.resume_at, report).await {
                end.message = Some(format!("{}{}", reason(answer.reason), from(answer.resume_at)));
                return Ok(());
            }
        }
    }
}

impl End {
    fn of(one: Expiration, now: Timestamp) -> Self {
        Self {
            is_overdue: one.is_due(now),
            expiration: one.id,
            connector: one.connector,
            connection: one.connection,
            principal: one.principal,
            entitlement: one.entitlement,
            request_id: one.request_id,
            granted_at: one.granted_at,
            ends_at: one.ends_at,
            puts_back: one.puts_back.into_iter().map(|back| back.entitlement).collect(),
            outcome: None,
            message: None,
        }
    }
}
