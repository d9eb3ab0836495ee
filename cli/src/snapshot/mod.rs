//! `rollcall snapshot`: shows a snapshot, or the differences between two.

pub(crate) mod access;
mod diff;
mod list;
mod manifest;
mod source;
mod stats;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rollcall_snapshot::{Content, Entitlement, Reduced, Resource, reduce};
use serde_json::json;

use crate::args::Place;
use crate::connectors;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Listing, Report};
use list::NamedGrant;
pub(crate) use source::{
    Found, Source, before, ends, manifest, manifest_of_file, newest, nothing, published, read,
};

const EXAMPLES: &str = "\
SNAPSHOT is one of
  a connector      its newest snapshot, of --connection
  a path           ./2Zk….c1z (a file named like a connector: ./temporalcloud)
  a sync id        looked up in the store
  a key            snapshots/temporalcloud/default/2Zk….c1z
  an S3 object     s3://bucket/prefix/snapshots/temporalcloud/default/2Zk….c1z
Without SNAPSHOT: the newest snapshot of the only connection in the store.

Examples:
  rollcall snapshot access temporalcloud dev@example.com
  rollcall snapshot grants temporalcloud --principal dev@example.com -o csv
  rollcall snapshot resources temporalcloud --type user -o json | jq '.[].id'
  rollcall snapshot diff temporalcloud

In CSV, an apostrophe precedes text that a spreadsheet would run as a formula.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SnapshotArgs {
    /// Print a `table` (default), `json` or `csv`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table", global = true)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) output: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List people, groups, roles, and what access is granted on
    Resources {
        #[command(flatten)]
        only: Only,
    },
    /// List the access that can be granted
    Entitlements {
        #[command(flatten)]
        only: Only,
        /// Only this entitlement, `type:resource:slug`
        #[arg(long, value_name = "ID")]
        entitlement: Option<String>,
    },
    /// List grants: who has which entitlement
    Grants {
        #[command(flatten)]
        only: Only,
        /// Only this entitlement, `type:resource:slug`
        #[arg(long, value_name = "ID")]
        entitlement: Option<String>,
        /// Only this principal: `type:id`, e-mail, login or name
        #[arg(long, value_name = "WHO")]
        principal: Option<String>,
    },
    /// List what a principal has, and through which group or role
    #[command(allow_missing_positional = true)]
    Access {
        #[command(flatten)]
        of: Of,
        /// `type:id`, e-mail address, login or display name
        principal: String,
    },
    /// Count the records of a snapshot
    Stats {
        #[command(flatten)]
        of: Of,
    },
    /// List the differences between two snapshots
    #[command(after_help = "The exit code does not depend on the differences.")]
    Diff {
        /// The older snapshot; a connector alone: its two newest snapshots
        #[arg(value_name = "SNAPSHOT")]
        old: Option<String>,
        /// The newer snapshot [default: the newest]
        #[arg(value_name = "NEWER")]
        new: Option<String>,
    },
    /// Write the file that a sync without expansion would write
    Unexpand {
        #[command(flatten)]
        of: Of,
        /// The file to write; an existing file is not replaced
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show the manifest: counts, calls, waits, warnings, blind spots
    Manifest {
        #[command(flatten)]
        of: Of,
    },
}

impl Command {
    /// Its name, and the principal that it is about.
    fn subject(&self) -> (&'static str, Option<String>) {
        match self {
            Self::Resources { .. } => ("resources", None),
            Self::Entitlements { .. } => ("entitlements", None),
            Self::Grants { .. } => ("grants", None),
            Self::Access { principal, .. } => ("access", Some(principal.clone())),
            Self::Stats { .. } => ("stats", None),
            Self::Diff { .. } => ("diff", None),
            Self::Unexpand { .. } => ("unexpand", None),
            Self::Manifest { .. } => ("manifest", None),
        }
    }
}

/// The snapshot that a command is about.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// A connector, path, sync id, key or S3 object (default: the newest)
    snapshot: Option<String>,
}

#[derive(Debug, Args)]
struct Only {
    #[command(flatten)]
    of: Of,
    /// Only this resource type
    #[arg(long = "type", value_name = "TYPE")]
    resource_type: Option<String>,
    /// Only this resource, `type:id`
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: SnapshotArgs, place: Place) -> Result<Exit, Failure> {
    let format = args.output;
    let (name, principal) = args.command.subject();
    let source = Source::new(place, &["snapshot", name])?.about(principal);
    match args.command {
        Command::Resources { only } => {
            let filter = list::filter(&only, None)?;
            let snapshot = source.open(&only.of).await?;
            let mut list = Listing::new::<Resource>(format)?;
            snapshot.resources(&filter, |r| list.row(&r).map_err(Failure::from))?;
            list.finish()?;
        }
        Command::Entitlements { only, entitlement } => {
            let filter = list::filter(&only, entitlement)?;
            let snapshot = source.open(&only.of).await?;
            let mut list = Listing::new::<Entitlement>(format)?;
            snapshot.entitlements(&filter, |e| list.row(&e).map_err(Failure::from))?;
            list.finish()?;
        }
        Command::Grants { only, entitlement, principal } => {
            let mut filter = list::filter(&only, entitlement)?;
            let (snapshot, ends) = source.open_with_ends(&only.of).await?;
            filter.principal = list::principal(&snapshot, principal.as_deref())?;
            let mut list = Listing::new::<NamedGrant>(format)?;
            let mut names = snapshot.names();
            snapshot.grants(&filter, |g| {
                Ok::<_, Failure>(list.row(&NamedGrant::new(g, &mut names, &ends)?)?)
            })?;
            list.finish()?;
        }
        Command::Access { of, principal } => {
            if of.snapshot.is_none() && connectors::is_name(&principal) {
                let usage = format!("rollcall snapshot access {principal} PRINCIPAL");
                return Err(Failure::Usage(format!("the principal is missing: {usage}")));
            }
            let (snapshot, ends) = source.open_with_ends(&of).await?;
            access::run(&snapshot, &ends, &principal, format)?;
        }
        Command::Stats { of } => stats::run(&source.open(&of).await?, format)?,
        Command::Diff { old, new } => {
            let (old, new) = source.open_two(old.as_deref(), new.as_deref()).await?;
            diff::run(&old, &new, format)?;
        }
        Command::Unexpand { of, out } => {
            let result = reduce(&source.open(&of).await?, Content::Unexpanded, &out)?;
            unexpanded(&out, &result, format)?;
        }
        Command::Manifest { of } => {
            manifest::run(&source.manifest(&of).await?, format)?;
        }
    }
    Ok(Exit::Done)
}

fn unexpanded(file: &Path, written: &Reduced, format: Format) -> Result<(), Failure> {
    let Reduced { grants, dropped, bytes, sha256, .. } = written;
    match format {
        Format::Json => output::json(&json!({
            "file": file, "grants": grants, "dropped": dropped, "bytes": bytes, "sha256": sha256,
        }))?,
        Format::Csv => return Err(Failure::Usage("the result is not a list: use -o json".into())),
        Format::Table => {
            let mut report = Report::default();
            report.add("file", file.display());
            report.add("grants", grants);
            report.add("left out", dropped);
            report.add("bytes", bytes);
            report.add("sha256", sha256);
            report.print()?;
        }
    }
    Ok(())
}
