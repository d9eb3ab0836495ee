//! `rollcall snapshot`: a look into a snapshot, and what changed between two.

mod access;
mod diff;
mod list;
mod manifest;
mod source;
mod stats;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::connectors;
use crate::failure::{Exit, Failure};
use crate::output::{Format, pairs};
use source::Source;

const EXAMPLES: &str = "\
FILE is one of
  a path                       ./2Zk….c1z
  a sync id                    looked up in the store
  a key of the store           snapshots/temporalcloud/default/2Zk….c1z
  an object in S3              s3://bucket/prefix/snapshots/temporalcloud/default/2Zk….c1z
Without FILE it is the newest snapshot of --connector and --connection, or of the only connection in the store.

Examples:
  rollcall snapshot access ada@example.com
  rollcall snapshot grants --entitlement namespace:prod.a1b23:write -o csv
  rollcall snapshot resources --type user -o json | jq '.[].emails[0]'
  rollcall snapshot diff old.c1z new.c1z
  rollcall snapshot unexpand --out upload.c1z";

/// A look into snapshots.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SnapshotArgs {
    #[command(flatten)]
    place: Place,
    /// How to print it
    #[arg(short, long, value_enum, default_value = "table", global = true)]
    pub(crate) output: Format,
    #[command(subcommand)]
    command: Command,
}

/// Where snapshots are that are not files.
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
    /// List resources: people, groups, roles, and what access is held on
    Resources {
        /// The snapshot [default: the newest]
        file: Option<String>,
        /// Only resources of this type
        #[arg(long = "type", value_name = "TYPE")]
        resource_type: Option<String>,
        /// Only this resource, `type:id`
        #[arg(long, value_name = "ID")]
        resource: Option<String>,
    },
    /// List entitlements: what can be held
    Entitlements {
        /// The snapshot [default: the newest]
        file: Option<String>,
        /// Only those on resources of this type
        #[arg(long = "type", value_name = "TYPE")]
        resource_type: Option<String>,
        /// Only those on this resource, `type:id`
        #[arg(long, value_name = "ID")]
        resource: Option<String>,
        /// Only this entitlement, `type:resource:slug`
        #[arg(long, value_name = "ID")]
        entitlement: Option<String>,
    },
    /// List grants: who holds what
    Grants {
        /// The snapshot [default: the newest]
        file: Option<String>,
        /// Only those on resources of this type
        #[arg(long = "type", value_name = "TYPE")]
        resource_type: Option<String>,
        /// Only those on this resource, `type:id`
        #[arg(long, value_name = "ID")]
        resource: Option<String>,
        /// Only grants of this entitlement, `type:resource:slug`
        #[arg(long, value_name = "ID")]
        entitlement: Option<String>,
        /// Only grants to this principal, `type:id`
        #[arg(long, value_name = "ID")]
        principal: Option<String>,
    },
    /// Show everything a principal holds, and through which group or role
    Access {
        /// The principal: `type:id`, or an e-mail address
        principal: String,
        /// The snapshot [default: the newest]
        file: Option<String>,
    },
    /// Count what is in a snapshot
    Stats {
        /// The snapshot [default: the newest]
        file: Option<String>,
    },
    /// Show what changed from one snapshot to another (the exit code does not say whether anything did)
    Diff {
        /// The older snapshot
        #[arg(value_name = "A")]
        old: String,
        /// The newer snapshot [default: the newest]
        #[arg(value_name = "B")]
        new: Option<String>,
    },
    /// Write the file that a sync without expansion would have written, for those who expand themselves
    Unexpand {
        /// The snapshot [default: the newest]
        file: Option<String>,
        /// Where to write; an existing file stays
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show what is known about a snapshot: counts, calls, waits, warnings, blind spots
    Manifest {
        /// The snapshot [default: the newest]
        file: Option<String>,
    },
}

/// Runs the command.
pub(crate) async fn run(args: SnapshotArgs) -> Result<Exit, Failure> {
    let SnapshotArgs {
        place,
        output,
        command,
    } = args;
    let source = Source::new(place);
    match command {
        Command::Resources {
            file,
            resource_type,
            resource,
        } => {
            let filter = list::filter(resource_type, resource, None, None)?;
            list::resources(&source.open(file.as_deref()).await?, &filter, output)
        }
        Command::Entitlements {
            file,
            resource_type,
            resource,
            entitlement,
        } => {
            let filter = list::filter(resource_type, resource, entitlement, None)?;
            list::entitlements(&source.open(file.as_deref()).await?, &filter, output)
        }
        Command::Grants {
            file,
            resource_type,
            resource,
            entitlement,
            principal,
        } => {
            let filter = list::filter(resource_type, resource, entitlement, principal)?;
            list::grants(&source.open(file.as_deref()).await?, &filter, output)
        }
        Command::Access { principal, file } => {
            access::run(&source.open(file.as_deref()).await?, &principal, output)
        }
        Command::Stats { file } => stats::run(&source.open(file.as_deref()).await?, output),
        Command::Diff { old, new } => {
            let old = source.open(Some(&old)).await?;
            diff::run(&old, &source.open(new.as_deref()).await?, output)
        }
        Command::Unexpand { file, out } => {
            let result = rollcall_snapshot::unexpand(&source.open(file.as_deref()).await?, &out)?;
            pairs(&[
                ("file", out.display().to_string()),
                ("grants", result.grants.to_string()),
                ("left out", result.dropped.to_string()),
                ("bytes", result.bytes.to_string()),
                ("sha256", result.sha256),
            ])?;
            Ok(Exit::Done)
        }
        Command::Manifest { file } => {
            manifest::run(source.manifest(file.as_deref()).await?, output)
        }
    }
}
