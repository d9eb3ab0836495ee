//! `rollcall review`: writes a file of what can be decided, and carries out what was decided in it.

mod agenda;
mod decision;
mod gather;
mod journal;
mod page;
mod row;
mod sheet;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use rollcall_connector::{Code, Error, ErrorType, counted};
use rollcall_engine::context::Context;
use serde_json::json;

use crate::args::Place;
use crate::failure::{Exit, Failure};
use crate::offboard::apply::{Route, Work, WorkKind, apply as carry_out};
use crate::offboard::file::write_new;
use crate::output::{self, Format, Listing, Report, ReportFormat};
use crate::progress::Display;
use crate::shell::CommandLine;
use crate::{confirm, connectors, signals};
use agenda::{Agenda, Item, ItemResult};
use gather::{History, State};
use journal::{Added, By, Journal, Verified, What};
use row::{Review, Selection};

const SHEET: &str = "review.csv";
const BINDING: &str = "review.json";
const PAGE: &str = "review.html";

/// How many rows a message lists.
const LISTED: usize = 10;

const EXAMPLES: &str = "\
`new` writes review.csv with a row for each account and each direct grant. The
reviewer writes keep, revoke or `revoke on 2030-01-31` into its `decision`.
`apply` checks the file, shows what it would do, and does it with --apply. The
store keeps the evidence, which `verify` checks.

Examples:
  rollcall review new --out q4
  rollcall review apply q4
  rollcall review apply q4 --apply --reviewer 'Ada Lovelace'
  rollcall review verify q4";

const NEW_EXAMPLES: &str = "\
review.html does the same as review.csv with buttons and keys, in a browser, and
saves the decisions as review.csv. review.json binds them to the snapshots; the
store keeps a copy under reviews/. `seen_since` is the oldest snapshot in a row
that has the grant, of at most 100, evenly spread. Inherited access is not
listed: it goes with the grant that gives it. Flags: account disabled, other
domain than most accounts have, held twice (also inherited), temporary until.

Examples:
  rollcall review new --connector temporalcloud --out cloud
  rollcall review new --type namespace --out namespaces";

const APPLY_EXAMPLES: &str = "\
Every row needs a decision, but those of an account that is revoked, which take
that of the account. A revoke on a later day is not carried out before it: run
the command again then. Each revoke is carried out once, however often it is
applied; side effects on other grants are refused. Where what was shown is not
so any more, --yes is needed. The store keeps the decisions and results.

Examples:
  rollcall review apply cloud
  rollcall review apply cloud --apply --reviewer 'Ada Lovelace'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReviewArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the files of a new review
    New(NewArgs),
    /// Check the decisions, show what they do, and do it
    Apply(ApplyArgs),
    /// Check that nobody altered the evidence
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
#[command(after_help = NEW_EXAMPLES)]
struct NewArgs {
    /// Only this connector; may be repeated, as the next two
    #[arg(long = "connector", value_name = "CONNECTOR", value_parser = connectors::names())]
    #[arg(hide_possible_values = true)]
    connectors: Vec<String>,
    /// Only accounts of this type, and grants on resources of it
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only grants of this entitlement
    #[arg(long = "entitlement", value_name = "ID")]
    entitlements: Vec<String>,
    /// The folder for the files; existing files are not replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print a `table` (default) or `json`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    output: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = APPLY_EXAMPLES)]
struct ApplyArgs {
    /// The folder with review.csv and review.json
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Carry the decisions out
    #[arg(long)]
    apply: bool,
    /// The reviewer, for the evidence
    #[arg(long, value_name = "NAME")]
    reviewer: Option<String>,
    /// Do not ask; revoke what has changed, too
    #[arg(short, long, requires = "apply")]
    yes: bool,
    /// Print a `table` (default), `json` or `csv`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    output: Format,
}

const VERIFY_EXAMPLES: &str = "\
Each record has its own digest and that of the one before it. Whoever can write
all of them can compute new digests or remove the last ones: keep the SHA-256 of
the last record elsewhere and compare it, or lock the objects in the bucket.

Examples:
  rollcall review verify q4
  rollcall review verify q4 -o json | jq '.[-1].sha256'";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
struct VerifyArgs {
    /// The id of the review, or its folder
    #[arg(value_name = "REVIEW")]
    review: String,
    /// Print a `table` (default), `json` or `csv`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    output: Format,
}

impl ReviewArgs {
    /// Whether results are printed as JSON.
    pub(crate) fn prints_json(&self) -> bool {
        match &self.command {
            Command::New(args) => args.output == ReportFormat::Json,
            Command::Apply(args) => args.output == Format::Json,
            Command::Verify(args) => args.output == Format::Json,
        }
    }
}

/// Runs the command.
pub(crate) async fn run(args: ReviewArgs, place: Place) -> Result<Exit, Failure> {
    match args.command {
        Command::New(args) => new(args, place).await,
        Command::Apply(args) => apply(args, place).await,
        Command::Verify(args) => verify(args, place).await,
    }
}

async fn new(args: NewArgs, place: Place) -> Result<Exit, Failure> {
    let cx = Context::from_environment_with_store(place.store.clone())?;
    let NewArgs { connectors, types, entitlements, out, output } = args;
    let selection = Selection { connection: place.connection, connectors, types, entitlements };
    // What principals hold beyond the rows is dropped here: it may be large.
    let State { snapshots, unreadable, rows, .. } =
        gather::state(&*cx.store, &selection, History::Read).await?;
    if rows.is_empty() {
        return Err(Failure::Failed(nothing()));
    }
    let by = By::this_user(None)?;
    let now = cx.clock.now();
    let review = Review::new(now, snapshots, unreadable, selection, rows);
    let sheet = sheet::write(&review)?;
    std::fs::create_dir_all(&out).map_err(|e| not_written(&out, e))?;
    for name in [SHEET, BINDING, PAGE] {
        if out.join(name).exists() {
            return Err(
                not_written(&out.join(name), std::io::ErrorKind::AlreadyExists.into()).into()
            );
        }
    }
    let journal = Journal { store: &*cx.store, review: &review.id, by };
    let evidence = journal.add(What::Shown, now, Some(&sheet), &review).await?.place;
    // Each is made when it is written: of many rows, all at once would be large.
    let write = |name: &str, content: Vec<u8>| {
        let file = out.join(name);
        write_new(&file, &content).map_err(|e| not_written(&file, e))
    };
    write(SHEET, sheet)?;
    let mut binding = serde_json::to_vec_pretty(&review).map_err(Error::not_json)?;
    binding.push(b'\n');
    write(BINDING, binding)?;
    write(PAGE, page::write(&review)?)?;
    let file = out.join(SHEET);
    match output {
        ReportFormat::Json => output::json(&json!({
            "id": review.id, "rows": review.rows.len(), "file": file, "evidence": evidence,
            "snapshots": review.snapshots, "unreadable": review.unreadable,
        }))?,
        ReportFormat::Table => {
            let mut report = Report::default();
            report.add("review", &review.id);
            report.add("rows", review.rows.len());
            report.add("file", file.display());
            report.add("evidence", evidence);
            report.each(
                "snapshot",
                review.snapshots.iter().map(|basis| {
                    format!("{}/{} {:.0}", basis.connector, basis.connection, basis.taken_at)
                }),
            );
            report.print()?;
        }
    }
    Ok(if review.unreadable.is_empty() { Exit::Done } else { Exit::ProblemFound })
}

async fn apply(args: ApplyArgs, place: Place) -> Result<Exit, Failure> {
    let mut cx = Context::from_environment_with_store(place.store.clone())?;
    let review = binding(&args.folder)?;
    if journal::shown(&*cx.store, &review.id).await? != review {
        let what = "differs from what the store has of the review";
        return Err(Failure::Failed(not_readable(&args.folder.join(BINDING), what)));
    }
    let file = args.folder.join(SHEET);
    let bytes =
        std::fs::read(&file).map_err(|e| not_readable(&file, "cannot be read").with_source(e))?;
    let decided = decision::check(&review, &sheet::read(&bytes)?)?;
    let state = gather::state(&*cx.store, &review.selection, History::Skip).await?;
    let looked_at = state.snapshots.iter();
    let looked_at = looked_at.map(|basis| format!("{}/{}", basis.connector, basis.connection));
    let now = cx.clock.now();
    let mut agenda =
        agenda::agenda(&decided, &state.rows, &state.principals, &looked_at.collect(), now);
    if !args.apply || args.output == Format::Table {
        show(&agenda, args.output)?;
    }
    if !args.apply {
        report_changes(&agenda);
        return Ok(conclude(&args, &place, &agenda));
    }
    let by = By::this_user(args.reviewer.clone())?;
    if !may_apply(&agenda, &args)? {
        output::note("stopped: nothing was changed");
        return Ok(Exit::ProblemFound);
    }
    let store = cx.store.clone();
    let journal = Journal { store: &*store, review: &review.id, by };
    journal.add(What::Decided, now, Some(&bytes), &decided).await?;
    let display = Arc::new(Display::spinner());
    cx.retries = Some(display.clone());
    signals::watch(&cx.interrupt, display.clone(), "the step under way is finished first")?;
    let steps = agenda.steps.clone();
    let work = Work { kind: WorkKind::Review, id: &review.id, steps: &steps };
    let results = carry_out(&cx, Route::Here(&display), work).await;
    display.end();
    agenda.enter(&results);
    let evidence = journal.add(What::Done, cx.clock.now(), None, &agenda.items).await;
    show(&agenda, args.output)?;
    let Added { place: at, sha256 } = evidence?;
    output::note(&format!("evidence: {at}, SHA-256 {sha256}: keep the digest elsewhere"));
    Ok(conclude(&args, &place, &agenda))
}

async fn verify(args: VerifyArgs, place: Place) -> Result<Exit, Failure> {
    let store = Context::from_environment_with_store(place.store)?.store;
    let folder = Path::new(&args.review);
    let id = match folder.join(BINDING).exists() {
        true => binding(folder)?.id,
        false => args.review,
    };
    let records = journal::records(&*store, &id).await?;
    let verified = journal::verify(&id, &records)?;
    let mut list = Listing::new::<Verified>(args.output)?;
    verified.iter().try_for_each(|record| list.row(record))?;
    list.finish()?;
    if let Some(last) = verified.last() {
        output::note(&format!("the last record has the SHA-256 {}", last.sha256));
    }
    Ok(Exit::Done)
}

/// Prints all decisions but to keep.
fn show(agenda: &Agenda<'_>, format: Format) -> Result<(), Failure> {
    let mut list = Listing::new::<Item<'_>>(format)?;
    let items = agenda.items.iter().filter(|item| item.result != ItemResult::Kept);
    items.into_iter().try_for_each(|item| list.row(item))?;
    Ok(list.finish()?)
}

/// Whether the decisions may be carried out. Asks on a terminal.
fn may_apply(agenda: &Agenda<'_>, args: &ApplyArgs) -> Result<bool, Failure> {
    if args.yes || agenda.steps.is_empty() {
        report_changes(agenda);
        return Ok(true);
    }
    let changed = changed(agenda);
    if !changed.is_empty() {
        return Err(Failure::Failed(Error::refused(
            Code::ReviewOutdated,
            format!("what was shown is not so any more: {}", listed(&changed)),
            "Make a new review; or add --yes to carry the decisions out all the same.",
        )));
    }
    let steps = counted(agenda.steps.len(), "step");
    confirm::ask(
        format!("the decisions take access away, in {steps}"),
        "Run the command without --apply to see them, then add --yes.",
    )
}

fn report_changes(agenda: &Agenda<'_>) {
    let changed = changed(agenda);
    if !changed.is_empty() {
        output::note(&format!("what was shown is not so any more: {}", listed(&changed)));
    }
}

/// The rows to be revoked that are not as they were shown.
fn changed(agenda: &Agenda<'_>) -> Vec<String> {
    let items = agenda.items.iter().filter(|item| item.result == ItemResult::Planned);
    let changed = items.filter(|item| !item.changes.is_empty());
    changed.map(|item| format!("{}: {}", item.label(), item.changes.join(", "))).collect()
}

fn listed(texts: &[String]) -> String {
    let mut text = texts.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join("; ");
    if let more @ 1.. = texts.len().saturating_sub(LISTED) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// Reports what is left to do, and the exit code.
fn conclude(args: &ApplyArgs, place: &Place, agenda: &Agenda<'_>) -> Exit {
    for (result, text) in [
        (ItemResult::Kept, "kept"),
        (ItemResult::NotDue, "not due yet: apply again on their days"),
        (ItemResult::LeftToOthers, "left to others"),
        (ItemResult::NoLongerThere, "no longer there"),
        (ItemResult::NotLookedAt, "not looked at, without a snapshot"),
    ] {
        if let count @ 1.. = agenda.count(result) {
            output::note(&format!("{text}: {count}"));
        }
    }
    if agenda.has(&[ItemResult::NotFinished]) {
        let folder = args.folder.display().to_string();
        let again = CommandLine::new(&["review", "apply", &folder])
            .option("--reviewer", args.reviewer.as_deref())
            .option("--store", place.store.as_deref());
        output::note(&format!("not finished: to resume: {}", again.word("--apply")));
    }
    match () {
        () if agenda.has(&[ItemResult::Refused, ItemResult::Failed]) => Exit::ProblemFound,
        () if agenda.has(&[ItemResult::NotFinished]) => Exit::NotFinished,
        () if agenda.has(&[ItemResult::NotLookedAt]) => Exit::ProblemFound,
        () => Exit::Done,
    }
}

/// Reads `review.json`.
fn binding(folder: &Path) -> Result<Review, Error> {
    let file = folder.join(BINDING);
    let bytes =
        std::fs::read(&file).map_err(|e| not_readable(&file, "cannot be read").with_source(e))?;
    let review: Review = serde_json::from_slice(&bytes)
        .map_err(|e| not_readable(&file, &format!("is not a review: {e}")))?;
    match review.is_whole() {
        true => Ok(review),
        false => Err(not_readable(&file, "was altered")),
    }
}

fn not_readable(file: &Path, what: &str) -> Error {
    Error::invalid(
        Code::ReviewNotReadable,
        format!("{} {what}", file.display()),
        "Name the folder that `review new` wrote, with its own review.json.",
    )
}

fn not_written(file: &Path, e: std::io::Error) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::ReviewNotWritten,
        format!("could not write {}", file.display()),
        "Choose another folder with --out: a file is not replaced.",
    )
    .with_source(e)
}

fn nothing() -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::NothingToReview,
        "the newest snapshots have nothing to decide with these options",
        "Check --connector, --connection, --type and --entitlement.",
    )
}
