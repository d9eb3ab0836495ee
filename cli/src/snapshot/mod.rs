//! `rollcall snapshot`: shows a snapshot, or the differences between two.

mod access;
mod diff;
mod list;
mod manifest;
mod source;
mod stats;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use rollcall_snapshot::{Entitlement, Grant, Resource};

use crate::connectors;
use crate::failure::{Exit, Failure};
use crate::output::{Format, Listing, Report};
use source::Source;

const EXAMPLES: &str = "\
FILE is one of
  a path                       ./2Zk….c1z
  a sync id                    looked up in the store
  a key of the store           snapshots/temporalcloud/default/2Zk….c1z
  an object in S3              s3://bucket/prefix/snapshots/temporalcloud/default/2Zk….c1z
Without FILE: the newest snapshot of --connector and --connection, or of the only connection in the store.

Examples:
  rollcall snapshot access dev@example.com
  rollcall snapshot grants --entitlement namespace:demo.a1b23:write -o csv
  rollcall snapshot resources --type user -o json | jq '.[].emails[0]'
  rollcall snapshot diff old.c1z new.c1z
  rollcall snapshot unexpand --out upload.c1z";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SnapshotArgs {
    #[command(flatten)]
    place: Place,
    /// The output format
    #[arg(short, long, value_enum, default_value = "table", global = true)]
    pub(crate) output: Format,
    #[command(subcommand)]
    command: Command,
}

/// The place of snapshots that are not files.
#[derive(Debug, Args)]
struct Place {
    /// The connector whose snapshot it is
    #[arg(long, value_parser = connectors::names(), global = true)]
    connector: Option<String>,
    /// The connection whose snapshot it is
    #[arg(long, value_name = "NAME", global = true)]
    connection: Option<String>,
    /// Where snapshots are kept [default: $ROLLCALL_STORE, or ./rollcall-data]
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX", global = true)]
    store: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List resources: people, groups, roles, and everything on which access is granted
    Resources {
        #[command(flatten)]
        only: Only,
    },
    /// List entitlements: the access that can be granted
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
        /// Only this principal, `type:id`
        #[arg(long, value_name = "ID")]
        principal: Option<String>,
    },
    /// List all entitlements of a principal, and through which group or role it has them
    Access {
        /// The principal: `type:id`, or an e-mail address
        principal: String,
        /// The snapshot [default: the newest]
        file: Option<String>,
    },
    /// Count the records of a snapshot
    Stats {
        /// The snapshot [default: the newest]
        file: Option<String>,
    },
    /// List the differences between two snapshots (the exit code does not depend on them)
    Diff {
        /// The older snapshot
        #[arg(value_name = "A")]
        old: String,
        /// The newer snapshot [default: the newest]
        #[arg(value_name = "B")]
        new: Option<String>,
    },
    /// Write the file that a sync without expansion would write, for programs that expand snapshots themselves
    Unexpand {
        /// The snapshot [default: the newest]
        file: Option<String>,
        /// The file to write; an existing file is not replaced
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show the manifest of a snapshot: counts, calls, waits, warnings, blind spots
    Manifest {
        /// The snapshot [default: the newest]
        file: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Only {
    /// The snapshot [default: the newest]
    file: Option<String>,
    /// Only this resource type
    #[arg(long = "type", value_name = "TYPE")]
    resource_type: Option<String>,
    /// Only this resource, `type:id`
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: SnapshotArgs) -> Result<Exit, Failure> {
    let format = args.output;
    let source = Source::new(args.place);
    match args.command {
        Command::Resources { only } => {
            let filter = list::filter(&only, None, None)?;
            let snapshot = source.open(&only.file).await?;
            let mut list = Listing::new::<Resource>(format)?;
            snapshot.resources(&filter, |r| list.row(&r).map_err(Failure::from))?;
            list.finish()?;
        }
        Command::Entitlements { only, entitlement } => {
            let filter = list::filter(&only, entitlement, None)?;
            let snapshot = source.open(&only.file).await?;
            let mut list = Listing::new::<Entitlement>(format)?;
            snapshot.entitlements(&filter, |e| list.row(&e).map_err(Failure::from))?;
            list.finish()?;
        }
        Command::Grants { only, entitlement, principal } => {
            let filter = list::filter(&only, entitlement, principal)?;
            let snapshot = source.open(&only.file).await?;
            let mut list = Listing::new::<Grant>(format)?;
            snapshot.grants(&filter, |g| list.row(&g).map_err(Failure::from))?;
            list.finish()?;
        }
        Command::Access { principal, file } => {
            access::run(&source.open(&file).await?, &principal, format)?;
        }
        Command::Stats { file } => stats::run(&source.open(&file).await?, format)?,
        Command::Diff { old, new } => {
            let old = source.open(&Some(old)).await?;
            diff::run(&old, &source.open(&new).await?, format)?;
        }
        Command::Unexpand { file, out } => {
            let result = rollcall_snapshot::unexpand(&source.open(&file).await?, &out)?;
            let mut report = Report::default();
            report.add("file", out.display());
            report.add("grants", result.grants);
            report.add("left out", result.dropped);
            report.add("bytes", result.bytes);
            report.add("sha256", result.sha256);
            report.print()?;
        }
        Command::Manifest { file } => {
            manifest::run(&source.manifest(&file).await?, format)?;
        }
    }
    Ok(Exit::Done)
}
