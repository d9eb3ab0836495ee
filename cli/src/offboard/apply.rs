//! Carries a plan out, step by step, through the functions themselves.

use rollcall_connector::event::{ChangeAnswer, Outcome};
use rollcall_connector::{About, Chain, Error, ErrorType};
use rollcall_engine::context::Context;
use rollcall_engine::store::keys::Keys;
use rollcall_published::bus::{Bus, BusEvent};
use serde::Serialize;
use serde_json::{Value, json};

use super::plan::{Step, request_id};
use crate::connectors;
use crate::output::Row;
use crate::progress::Display;
use crate::send::{answered_at, until_done};

/// Steps that belong together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) kind: WorkKind,
    /// The request ids come from it.
    pub(crate) id: &'a str,
    pub(crate) steps: &'a [Step],
}

/// What work is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkKind {
    /// Everything of a person goes: side effects on their other permissions are intended.
    Offboarding,
    /// Only what was decided goes.
    Review,
}

/// How the requests reach the functions.
#[derive(Clone, Copy)]
pub(crate) enum Route<'a> {
    /// They run in this process, one after the other.
    Here(&'a Display),
    /// The requests are put on this bus, and the functions of its stack carry them out.
    Bus(&'a Bus),
}

impl Work<'_> {
    fn request_id(&self, step: &Step) -> String {
        let kind = match self.kind {
            WorkKind::Offboarding => "offboard",
            WorkKind::Review => "review",
        };
        request_id(kind, self.id, step)
    }

    fn name(&self) -> &'static str {
        match self.kind {
            WorkKind::Offboarding => "plan",
            WorkKind::Review => "review",
        }
    }

    fn reason(&self) -> String {
        match self.kind {
            WorkKind::Offboarding => format!("offboarding, plan {}", self.id),
            WorkKind::Review => format!("access review {}", self.id),
        }
    }
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepOutcome {
    Done,
    AlreadySo,
    Refused,
    Failed,
    /// It is on the bus.
    Requested,
    NotFinished,
}

impl StepOutcome {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::AlreadySo => "already so",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Requested => "requested",
            Self::NotFinished => "not finished",
        }
    }
}

/// A step with what became of it.
#[derive(Debug, Serialize)]
pub(crate) struct StepResult<'a> {
    step: usize,
    pub(crate) connection: String,
    pub(crate) account: &'a str,
    action: &'static str,
    pub(crate) entitlement: &'a str,
    what: &'a str,
    pub(crate) result: StepOutcome,
    /// Why it was refused or failed, when it was done before, or what was removed with it.
    pub(crate) why: String,
    /// The ids of the grants that it removed.
    pub(crate) removed: Vec<String>,
    pub(crate) request_id: String,
}

impl Row for StepResult<'_> {
    const COLUMNS: &'static [&'static str] =
        &["Step", "Connection", "Account", "Action", "What", "Result", "Why"];

    fn cells(&self) -> Vec<String> {
        let (account, action, what) = (self.account, self.action, self.what);
        let number = self.step.to_string();
        let cells =
            [&number, &self.connection, account, action, what, self.result.name(), &self.why];
        cells.map(str::to_owned).into()
    }
}

/// Carries out every step, whatever became of the ones before, until the operator asks to stop.
pub(crate) async fn apply<'a>(
    cx: &Context,
    route: Route<'_>,
    work: Work<'a>,
) -> Vec<StepResult<'a>> {
    let mut results = Vec::with_capacity(work.steps.len());
    for (n, step) in work.steps.iter().enumerate() {
        let mut result = StepResult {
            step: n + 1,
            connection: format!("{}/{}", step.connector, step.connection),
            account: &step.account,
            action: step.action.name(),
            entitlement: step.action.entitlement(),
            what: &step.what,
            result: StepOutcome::NotFinished,
            why: String::new(),
            removed: Vec::new(),
            request_id: work.request_id(step),
        };
        if !cx.interrupt.is_raised()
            && let Err(e) = carry_out(cx, route, work, step, &mut result).await
        {
            result.failed(&e);
        }
        results.push(result);
    }
    results
}

async fn carry_out(
    cx: &Context,
    route: Route<'_>,
    work: Work<'_>,
    step: &Step,
    result: &mut StepResult<'_>,
) -> Result<(), Error> {
    let entry = connectors::find(&step.connector)?;
    let keys = Keys { connector: &step.connector, connection: &step.connection };
    if let Some(at) = answered_at(cx, keys, &result.request_id).await? {
        result.result = StepOutcome::AlreadySo;
        result.why = format!("this {} was applied before: answered at {at:.0}", work.name());
    }
    let event = event(work, step, entry.about, &result.request_id);
    let operation = step.action.operation();
    match route {
        Route::Here(display) => match until_done(cx, display, &entry, operation, &event).await {
            Ok((answer, _)) => result.answered(answer),
            Err(failure) => return Err(failure.into_error()),
        },
        Route::Bus(_) if result.result == StepOutcome::AlreadySo => {}
        Route::Bus(bus) => {
            let detail_type = format!("{}-{}", step.connector, operation.as_str());
            let detail = event.to_string();
            let request = BusEvent { source: "rollcall.provision", detail_type, detail };
            bus.put(&[request]).await?;
            result.result = StepOutcome::Requested;
        }
    }
    Ok(())
}

fn event(work: Work<'_>, step: &Step, about: &About, request_id: &str) -> Value {
    let mut event = json!({
        "connection": step.connection,
        "request_id": request_id,
        "principal": step.account,
        "reason": work.reason(),
    });
    let entitlement = step.action.entitlement();
    if !entitlement.is_empty() {
        event["entitlement"] = json!(entitlement);
        // Taking sight of a thing may take the person's other permissions on it: that is intended when everything goes.
        let effects = about.side_effects.iter().map(|effect| effect.name);
        let effects: Vec<_> = effects.filter(|_| work.kind == WorkKind::Offboarding).collect();
        if !effects.is_empty() {
            event["allow"] = json!(effects);
        }
    }
    event
}

impl StepResult<'_> {
    fn answered(&mut self, answer: ChangeAnswer) {
        let is_repetition = self.result == StepOutcome::AlreadySo;
        self.result = match answer.outcome {
            Outcome::InProgress => StepOutcome::NotFinished,
            Outcome::AlreadyRevoked | Outcome::AlreadyDeleted => StepOutcome::AlreadySo,
            _ if is_repetition => StepOutcome::AlreadySo,
            _ => StepOutcome::Done,
        };
        self.removed = answer.removed;
        let own = format!("{}:{}", self.entitlement, self.account);
        let more = self.removed.iter().filter(|id| **id != own);
        let more: Vec<_> = more.map(String::as_str).collect();
        if self.result == StepOutcome::Done && !self.entitlement.is_empty() && !more.is_empty() {
            self.why = format!("also removed: {}", more.join(", "));
        }
    }

    fn failed(&mut self, e: &Error) {
        self.result = match e.kind() {
            ErrorType::Refused => StepOutcome::Refused,
            _ => StepOutcome::Failed,
        };
        self.why = format!("{}: {}. {}", e.code(), Chain(e), e.fix());
    }
}
