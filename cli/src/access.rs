//! `rollcall access`: what one person has at every connection, by the newest snapshots.

use clap::Args;
use jiff::Timestamp;
use rollcall_engine::context::Context;
use rollcall_engine::expiration::Ends;
use rollcall_engine::store::keys::Keys;
use rollcall_snapshot::{Access, Likeness};
use serde::Serialize;

use crate::args::Place;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Listing, Row};
use crate::person::{AccountArgs, Candidate, Person, Snapshots};
use crate::snapshot;
use crate::snapshot::access::{self, AccessPath};

const EXAMPLES: &str = "\
Looks through the newest snapshot of every connection in the store, or of those
with the name --connection. An account is the person's if the address is its
primary or another verified one, or if it is the login. Accounts that only look
alike are listed apart, and with `-o json` or csv by their `match`; --account
counts one of them. A snapshot that cannot be read makes the exit code 1.

Examples:
  rollcall access dev@example.com
  rollcall access dev@example.com -o csv
  rollcall access dev@example.com -o json | jq '.[].entitlement'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AccessArgs {
    /// The person's e-mail address or login
    #[arg(value_name = "WHO")]
    who: String,
    #[command(flatten)]
    account: AccountArgs,
    /// Print a `table` (default), `json` or `csv`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) output: Format,
}

/// One path to an entitlement of a person, or an account without any.
#[derive(Serialize)]
struct PersonAccess<'a> {
    connector: &'a str,
    connection: &'a str,
    /// When the snapshot was taken.
    snapshot_at: Timestamp,
    account: &'a str,
    account_name: &'a str,
    status: Option<&'static str>,
    r#match: Likeness,
    #[serde(flatten)]
    path: Option<AccessPath<'a>>,
}

impl<'a> PersonAccess<'a> {
    fn new(found: &'a Candidate<'_>, path: Option<AccessPath<'a>>) -> Self {
        let Candidate { at, account, likeness } = found;
        Self {
            connector: &at.connector,
            connection: &at.connection,
            snapshot_at: at.latest.ended_at,
            account: &account.id,
            account_name: &account.display_name,
            status: account.status,
            r#match: *likeness,
            path,
        }
    }
}

impl Row for PersonAccess<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "Connection",
        "Snapshot at",
        "Account",
        "Account name",
        "Status",
        "Match",
        "Entitlement",
        "Display name",
        "Resource name",
        "How",
        "Path",
        "Until",
    ];

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![
            format!("{}/{}", self.connector, self.connection),
            format!("{:.0}", self.snapshot_at),
            self.account.to_owned(),
            self.account_name.to_owned(),
            self.status.unwrap_or_default().to_owned(),
            self.r#match.reason().to_owned(),
        ];
        match &self.path {
            Some(path) => cells.extend(path.cells()),
            None => cells.resize(Self::COLUMNS.len(), String::new()),
        }
        cells
    }
}

/// Runs the command.
pub(crate) async fn run(args: AccessArgs, place: Place) -> Result<Exit, Failure> {
    let store = Context::from_environment_with_store(place.store.clone())?.store;
    let snapshots = Snapshots::open(&*store, place.connection.as_deref()).await?;
    let is_incomplete = snapshots.report_unreadable();
    let person = snapshots.person(&args.who, &args.account)?;
    let held = held(&person)?;
    let mut ends = Vec::new();
    for found in &person.accounts {
        let keys = Keys { connector: &found.at.connector, connection: &found.at.connection };
        ends.push(snapshot::ends(&*store, &keys.expirations()).await);
    }
    match args.output {
        Format::Table => show(&person, &held, &ends)?,
        format => list(&person, &held, &ends, format)?,
    }
    held.iter().for_each(access::note_limits);
    Ok(if is_incomplete { Exit::ProblemFound } else { Exit::Done })
}

/// The access of each of a person's accounts.
pub(crate) fn held(person: &Person<'_>) -> Result<Vec<Access>, Failure> {
    let accounts = person.accounts.iter();
    let held = accounts.map(|found| Ok(found.at.snapshot.access(&found.account.id)?));
    held.collect()
}

/// One table for each account, and one line for each account that looks alike.
fn show(person: &Person<'_>, held: &[Access], ends: &[Ends]) -> Result<(), Failure> {
    for ((found, access), ends) in person.accounts.iter().zip(held).zip(ends) {
        let (at, who, time) = (found.at, access::heading(&found.account), found.at.latest.ended_at);
        let (name, why) = (at.name(), found.likeness.reason());
        output::line(&format!("{name}/{who}, {why}; snapshot of {time:.0}"))?;
        match access.holds.is_empty() {
            true => output::line("no entitlements")?,
            false => access::list(access, ends, Format::Table)?,
        }
        output::line("")?;
    }
    for found in &person.alike {
        let (name, who) = (found.at.name(), access::heading(&found.account));
        let why = found.likeness.reason();
        output::line(&format!("not counted, looks alike: {name}/{who}, {why}"))?;
    }
    Ok(())
}

fn list(
    person: &Person<'_>,
    held: &[Access],
    ends: &[Ends],
    format: Format,
) -> Result<(), Failure> {
    let mut list = Listing::new::<PersonAccess<'_>>(format)?;
    for ((found, access), ends) in person.accounts.iter().zip(held).zip(ends) {
        if access.holds.is_empty() {
            list.row(&PersonAccess::new(found, None))?;
        }
        for path in access::paths(access, ends) {
            list.row(&PersonAccess::new(found, Some(path)))?;
        }
    }
    for found in &person.alike {
        list.row(&PersonAccess::new(found, None))?;
    }
    Ok(list.finish()?)
}
