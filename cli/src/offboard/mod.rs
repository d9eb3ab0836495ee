//! `rollcall offboard`: plans how to take away all that a person has at every connection, and carries the plan out.

pub(crate) mod apply;
pub(crate) mod file;
pub(crate) mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rollcall_connector::{Code, Error, counted};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::Operation;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Store, get_json};
use rollcall_model::Capability;
use rollcall_published::bus::Bus;
use rollcall_snapshot::{AccessKind, HeldEntitlement};
use serde::Serialize;

use crate::access;
use crate::args::Place;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Listing, Row};
use crate::person::{AccountArgs, Newest, Person, Snapshots, listed};
use crate::progress::Display;
use crate::shell::CommandLine;
use crate::{confirm, connectors, signals};
use apply::{Route, StepOutcome, StepResult, Work, WorkKind};
use plan::{
    Abilities, Action, Basis, Held, Holder, HolderKind, Inherited, Plan, PlannedAccount, Step,
};

const EXAMPLES: &str = "\
Deletes the account where the connector can, else revokes each direct grant; the
plan also says who takes away what cannot be taken from here. It finds accounts
as the command `access` does. A plan is carried out once, however often it is
applied. Without a terminal, a plan that is not read from a file needs --yes.
With --bus, the same command shows later which steps are answered, and requests
all others again; that a step was refused or failed is only in its event on the
bus, with the source rollcall.outcome.

Examples:
  rollcall offboard dev@example.com
  rollcall offboard dev@example.com --out plan.json
  rollcall offboard --plan plan.json --apply";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct OffboardArgs {
    /// The person's e-mail address
    #[arg(value_name = "EMAIL", required_unless_present = "plan", conflicts_with = "plan")]
    who: Option<String>,
    #[command(flatten)]
    account: AccountArgs,
    /// Write the plan into a new file
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    out: Option<PathBuf>,
    /// Read the plan from this file instead of making one
    #[arg(long, value_name = "FILE", conflicts_with = "accounts")]
    plan: Option<PathBuf>,
    /// Carry the plan out
    #[arg(long)]
    apply: bool,
    /// Put the requests on this event bus, for the functions in AWS to carry out
    #[arg(long, value_name = "NAME", requires = "apply")]
    bus: Option<String>,
    /// Do not ask; apply an outdated plan, too
    #[arg(short, long, requires = "apply")]
    yes: bool,
    /// Print a `table` (default), `json` or `csv`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) output: Format,
}

/// Runs the command.
pub(crate) async fn run(args: OffboardArgs, place: Place) -> Result<Exit, Failure> {
    let mut cx = Context::from_environment_with_store(place.store.clone())?;
    let plan = match (&args.plan, &args.who) {
        (Some(file), _) => file::read(file)?,
        (None, who) => make(&*cx.store, who.as_deref().unwrap_or_default(), &args, &place).await?,
    };
    if let Some(file) = &args.out {
        file::write(file, &plan)?;
    }
    if !args.apply || args.output == Format::Table {
        show(&plan, args.output)?;
    }
    let is_incomplete = !plan.unreadable.is_empty();
    if !args.apply {
        return Ok(if is_incomplete { Exit::ProblemFound } else { Exit::Done });
    }
    if !may_apply(&cx, &plan, &args).await? {
        output::note("stopped: nothing was changed");
        return Ok(Exit::ProblemFound);
    }
    let display = Arc::new(Display::spinner());
    cx.retries = Some(display.clone());
    let what_happens = "the step under way is finished first";
    signals::watch(&cx.interrupt, display.clone(), what_happens)?;
    let bus = match &args.bus {
        Some(name) => Some(Bus::named(&cx, name).await),
        None => None,
    };
    let route = bus.as_ref().map_or(Route::Here(&display), Route::Bus);
    let work = Work { kind: WorkKind::Offboarding, id: &plan.id, steps: &plan.steps };
    let results = apply::apply(&cx, route, work).await;
    display.end();
    let mut list = Listing::new::<StepResult<'_>>(args.output)?;
    results.iter().try_for_each(|result| list.row(result))?;
    list.finish()?;
    Ok(conclude(&args, &place, &plan, &results, is_incomplete))
}

/// Makes a plan from the newest snapshots.
async fn make(
    store: &dyn Store,
    who: &str,
    args: &OffboardArgs,
    place: &Place,
) -> Result<Plan, Failure> {
    if !who.contains('@') {
        let why = "is not an e-mail address: a login alone may be another person's elsewhere";
        return Err(Failure::Usage(format!("`{who}` {why}")));
    }
    let snapshots = Snapshots::open(store, place.connection.as_deref()).await?;
    snapshots.report_unreadable();
    let person = snapshots.person(who, &args.account)?;
    if !person.alike.is_empty() {
        let alike = listed(person.alike.iter());
        output::note(&format!("not in the plan, but alike (--account adds one): {alike}"));
    }
    let bases = snapshots.readable.iter().map(Newest::basis);
    let unreadable = snapshots.unreadable.iter().map(|(name, _)| name.clone()).collect();
    Ok(plan::plan(who, bases.collect(), unreadable, &holders(&person)?))
}

fn holders(person: &Person<'_>) -> Result<Vec<Holder>, Failure> {
    let all = person.accounts.iter().zip(access::held(person)?);
    let holders = all.map(|(found, access)| Holder {
        account: PlannedAccount {
            connector: found.at.connector.clone(),
            connection: found.at.connection.clone(),
            id: found.account.id.clone(),
            display_name: found.account.display_name.clone(),
        },
        abilities: abilities(&found.at.connector),
        holds: access.holds.iter().map(held).collect(),
    });
    Ok(holders.collect())
}

/// What a connector can take away.
pub(crate) fn abilities(connector: &str) -> Abilities {
    let Ok(entry) = connectors::find(connector) else {
        return Abilities::default();
    };
    let types = |operation: Operation, capability: Capability| -> BTreeSet<String> {
        let all = entry.about.resource_types.iter();
        let able = all.filter(|kind| kind.capabilities.contains(&capability));
        let able = able.filter(|_| entry.operations.contains(&operation));
        able.map(|kind| kind.id.to_owned()).collect()
    };
    Abilities {
        vendor: entry.about.display_name.to_owned(),
        deletes: types(Operation::DeleteAccount, Capability::ResourceDelete),
        revokes: types(Operation::Revoke, Capability::Provision),
        types: entry
            .about
            .resource_types
            .iter()
            .map(|kind| (kind.id.to_owned(), kind.display_name.to_owned()))
            .collect(),
    }
}

/// An entitlement, as far as a plan needs it.
pub(crate) fn held(held: &HeldEntitlement) -> Held {
    let has = |name| held.resource_traits.contains(&name);
    let roots = held.paths.iter().filter_map(|path| path.first());
    let roots = roots.map(|hop| &hop.entitlement).filter(|root| **root != held.entitlement);
    let roots: BTreeSet<&String> = roots.collect();
    Held {
        entitlement: held.entitlement.clone(),
        display_name: held.display_name.clone(),
        resource_name: held.resource_name.clone(),
        resource_type: held.resource.split(':').next().unwrap_or_default().to_owned(),
        kind: match () {
            () if has("group") => HolderKind::Group,
            () if has("role") || has("scope_binding") => HolderKind::Role,
            () => HolderKind::Thing,
        },
        direct: held.kind == AccessKind::Direct,
        immutable: held.immutable,
        kept_elsewhere: held.kept_elsewhere,
        through: roots.into_iter().cloned().collect(),
    }
}

/// Whether the plan may be carried out. Asks on a terminal; elsewhere a plan from a file is what was agreed to.
async fn may_apply(cx: &Context, plan: &Plan, args: &OffboardArgs) -> Result<bool, Failure> {
    let outdated = outdated(&*cx.store, plan).await?;
    if plan.steps.is_empty() {
        return Ok(true);
    }
    if args.yes {
        let outdated = outdated.iter();
        outdated.for_each(|name| {
            output::note(&format!("the plan is older than the snapshot of {name}"))
        });
        return Ok(true);
    }
    if !outdated.is_empty() {
        return Err(Failure::Failed(Error::refused(
            Code::PlanOutdated,
            format!("the plan is older than the newest snapshot of {}", outdated.join(", ")),
            "Make a new plan; or add --yes to apply this one all the same.",
        )));
    }
    if args.plan.is_some() && !confirm::can_ask() {
        return Ok(true);
    }
    let steps = counted(plan.steps.len(), "step");
    confirm::ask(
        format!("the plan takes away what {} has, in {steps}", plan.person),
        "Add --yes; or keep the plan with --out, read it, and apply it with --plan.",
    )
}

/// The connections whose newest snapshots have another content than those of the plan.
async fn outdated(store: &dyn Store, plan: &Plan) -> Result<Vec<String>, Error> {
    let mut outdated = Vec::new();
    for Basis { connector, connection, content_digest, .. } in &plan.snapshots {
        let latest = get_json::<Latest>(store, &Keys { connector, connection }.latest()).await?;
        if latest.is_none_or(|(latest, _)| latest.content_digest != *content_digest) {
            outdated.push(format!("{connector}/{connection}"));
        }
    }
    Ok(outdated)
}

/// Reports what is left to do, and the exit code.
fn conclude(
    args: &OffboardArgs,
    place: &Place,
    plan: &Plan,
    results: &[StepResult<'_>],
    is_incomplete: bool,
) -> Exit {
    let has = |wanted: &[StepOutcome]| results.iter().any(|one| wanted.contains(&one.result));
    if !plan.elsewhere.is_empty() {
        output::note(&format!("left to others (see the plan): {}", plan.elsewhere.len()));
    }
    if !plan.unreadable.is_empty() {
        output::note(&format!("not looked through: {}", plan.unreadable.join(", ")));
    }
    let is_requested = has(&[StepOutcome::Requested]);
    if is_requested || has(&[StepOutcome::NotFinished]) {
        let file = args.plan.as_ref().map(|file| file.display().to_string());
        let words: Vec<_> = ["offboard"].into_iter().chain(args.who.as_deref()).collect();
        let again = CommandLine::new(&words).option("--plan", file.as_deref());
        let accounts = args.account.accounts.iter();
        let again = accounts.fold(again, |line, id| line.option("--account", Some(id)));
        let again = again
            .option("--connection", place.connection.as_deref())
            .option("--store", place.store.as_deref())
            .option("--bus", args.bus.as_deref())
            .word("--apply");
        output::note(&match is_requested {
            true => format!(
                "requested; refusals and failures are on the bus (rollcall.outcome); to see which steps are answered, later: {again}"
            ),
            false => format!("not finished: to resume: {again}"),
        });
    }
    match () {
        () if has(&[StepOutcome::Refused, StepOutcome::Failed]) => Exit::ProblemFound,
        () if is_requested || has(&[StepOutcome::NotFinished]) => Exit::NotFinished,
        () if is_incomplete => Exit::ProblemFound,
        () => Exit::Done,
    }
}

/// A line of a plan for people and spreadsheets.
#[derive(Serialize)]
struct PlanRow<'a> {
    step: String,
    connection: String,
    account: &'a str,
    action: &'static str,
    what: String,
    note: String,
}

impl Row for PlanRow<'_> {
    const COLUMNS: &'static [&'static str] =
        &["Step", "Connection", "Account", "Action", "What", "Note"];

    fn cells(&self) -> Vec<String> {
        let (account, action) = (self.account, self.action);
        [&self.step, &self.connection, account, action, &self.what, &self.note]
            .map(str::to_owned)
            .into()
    }
}

fn show(plan: &Plan, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        return Ok(output::json(plan)?);
    }
    if format == Format::Table {
        let taken =
            plan.snapshots.iter().map(|Basis { connector, connection, taken_at, .. }| {
                format!("{connector}/{connection} {taken_at:.0}")
            });
        let taken = taken.collect::<Vec<_>>().join(", ");
        let (id, person) = (&plan.id, &plan.person);
        output::line(&format!("plan {id} for {person}, from the snapshots {taken}"))?;
    }
    let mut list = Listing::new::<PlanRow<'_>>(format)?;
    let name = |connector: &str, connection: &str| format!("{connector}/{connection}");
    for (n, Step { connector, connection, account, action, what }) in plan.steps.iter().enumerate()
    {
        list.row(&PlanRow {
            step: (n + 1).to_string(),
            connection: name(connector, connection),
            account,
            action: action.name(),
            what: what.clone(),
            note: action.entitlement().to_owned(),
        })?;
    }
    for left in &plan.elsewhere {
        let (why, who, place) = (&left.why, &left.who, &left.place);
        list.row(&PlanRow {
            step: String::new(),
            connection: name(&left.connector, &left.connection),
            account: &left.account,
            action: "left to others",
            what: left.what.clone(),
            note: format!("{why}; who can: {who}; where: {place}"),
        })?;
    }
    for (place, whats) in along(plan) {
        let (connection, account, note) = place;
        let row = |what: &str| PlanRow {
            step: String::new(),
            connection: connection.clone(),
            account,
            action: "goes along",
            what: what.to_owned(),
            note: note.clone(),
        };
        match whats.len() {
            // Whoever is in an administrators' group may inherit thousands.
            many @ 2.. if format == Format::Table => {
                list.row(&row(&counted(many, "entitlement")))?
            }
            _ => whats.iter().try_for_each(|what| list.row(&row(what)))?,
        }
    }
    Ok(list.finish()?)
}

/// The inherited access by connection, account, and what it goes along with.
fn along(plan: &Plan) -> BTreeMap<(String, &str, String), Vec<&str>> {
    let mut along = BTreeMap::<_, Vec<&str>>::new();
    for Inherited { connector, connection, account, what, through, .. } in &plan.inherited {
        let note = match through.as_slice() {
            [] => "the vendor gives it with another grant".to_owned(),
            through => format!("through {}", through.join(", ")),
        };
        let place = (format!("{connector}/{connection}"), account.as_str(), note);
        along.entry(place).or_default().push(what);
    }
    along
}

impl Action {
    /// Its name for people.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::DeleteAccount => "delete account",
            Self::Revoke(_) => "revoke",
        }
    }
}
