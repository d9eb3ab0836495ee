//! What can be said on the command line, with the help that makes a manual unnecessary.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::connectors;
use crate::output::{Format, ReportFormat};
use crate::shell::CommandLine;
use crate::snapshot::SnapshotArgs;

const ABOUT: &str = "Who has access to what, and changing it safely.

Runs any of Rollcall's functions on this machine, through the very code that runs on Lambda, and looks into snapshots.";

const ENVIRONMENT: &str = "\
Where things are:
  ROLLCALL_STORE          where snapshots and state are kept: a folder or s3://bucket/prefix
                          (default ./rollcall-data; --store says the same)
  ROLLCALL_SECRETS        where a connection's configuration comes from:
                            env             BATON_* variables, for the connection `default` (the default)
                            file:DIR        DIR/<connector>/<connection>.json
                            secretsmanager  AWS Secrets Manager, <prefix>/<connector>/<connection>
  ROLLCALL_SECRET_PREFIX  that prefix (default `rollcall`)
  ROLLCALL_AUDIT_STORE    where the records of changes go, if not into the store
  HTTPS_PROXY, NO_PROXY   the way out of this network; this machine itself is always reached directly
  ROLLCALL_CA_BUNDLE      a PEM file of further certificates to trust, for vendors and for AWS
  ROLLCALL_EXPAND         `false`: snapshots without what follows from group membership
  RUST_LOG                which logs to show on standard error

Exit codes:
  0 done   1 failed   2 wrong usage   3 not finished: the message says how to go on

An error is shown as `error[Code]: ...` and `fix: ...`: the README of the connector explains its codes. With -o json it is
the last line of standard error: {\"type\",\"code\",\"message\",\"fix\",\"retry_at\",\"sync_id\"}.

Examples:
  export BATON_API_KEY=...
  rollcall doctor temporalcloud
  rollcall sync temporalcloud
  rollcall snapshot access ada@example.com
  rollcall grant temporalcloud --entitlement namespace:prod.a1b23:write --principal user:72360058 --dry-run";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, about = "Who has access to what, and changing it safely", long_about = ABOUT)]
#[command(after_help = ENVIRONMENT, propagate_version = true)]
pub(crate) struct Cli {
    /// Show logs on standard error (RUST_LOG says which)
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read who has access to what, and store it as a snapshot
    Sync(SyncArgs),
    /// Give a principal an entitlement
    Grant(ChangeArgs),
    /// Take an entitlement from a principal
    Revoke(ChangeArgs),
    /// Create an account
    CreateAccount(CreateArgs),
    /// Delete an account
    DeleteAccount(DeleteArgs),
    /// Look into a snapshot, or compare two
    Snapshot(SnapshotArgs),
    /// Check configuration, identity, rights, store and lease, and say what to do
    Doctor(DoctorArgs),
    /// Show what a connector can do, as JSON
    Capabilities(NameArgs),
    /// Show which configuration keys a connector takes, as JSON
    ConfigSchema(NameArgs),
    /// Print the SAM template that deploys these connectors
    Template(TemplateArgs),
}

impl Command {
    /// Whether results are wanted as JSON, and so errors too.
    pub(crate) fn prints_json(&self) -> bool {
        let report = match self {
            Self::Sync(args) => args.output,
            Self::Grant(args) | Self::Revoke(args) => args.request.output,
            Self::CreateAccount(args) => args.request.output,
            Self::DeleteAccount(args) => args.request.output,
            Self::Snapshot(args) => return args.output == Format::Json,
            Self::Doctor(_) | Self::Capabilities(_) | Self::ConfigSchema(_) | Self::Template(_) => {
                return false;
            }
        };
        report == ReportFormat::Json
    }
}

/// A connector's name alone.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
}

const TEMPLATE_EXAMPLES: &str = "\
infra/template.yaml is the output for every connector. Write another one beside it: it names folders from there.

Examples:
  rollcall template temporalcloud > infra/temporalcloud.yaml
  infra/build arm64 --template-file infra/temporalcloud.yaml";

/// A template.
#[derive(Debug, Args)]
#[command(after_help = TEMPLATE_EXAMPLES)]
pub(crate) struct TemplateArgs {
    /// The connectors [default: all]
    #[arg(value_name = "CONNECTOR", value_parser = connectors::names())]
    pub(crate) connectors: Vec<String>,
    /// Keep the rare parameters, which a template of one connector leaves out
    #[arg(long)]
    pub(crate) all_parameters: bool,
}

/// Which connection of which connector, and where its state is kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
    /// The connection: one configured tenant of the connector [default: default]
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,
    /// Where snapshots and state are kept [default: $ROLLCALL_STORE, or ./rollcall-data]
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX")]
    pub(crate) store: Option<String>,
}

impl Target {
    /// The connection's name.
    pub(crate) fn connection(&self) -> &str {
        self.connection.as_deref().unwrap_or("default")
    }

    /// The beginning of another command on the same connection, for people to copy.
    pub(crate) fn command(&self, words: &[&str]) -> CommandLine {
        CommandLine::new(words)
            .option("--connection", self.connection.as_deref())
            .option("--store", self.store.as_deref())
    }
}

const SYNC_EXAMPLES: &str = "\
Examples:
  rollcall sync temporalcloud
  rollcall sync temporalcloud --connection acme --store s3://my-bucket/rollcall
  rollcall sync temporalcloud -o json | jq .counts
  rollcall sync temporalcloud --sync-id ID      go on with a run that did not finish
  rollcall sync temporalcloud --accept ID       take a snapshot that was held for a sudden loss";

/// A sync.
#[derive(Debug, Args)]
#[command(after_help = SYNC_EXAMPLES)]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Go on with this unfinished run
    #[arg(long, value_name = "ID", conflicts_with = "accept")]
    pub(crate) sync_id: Option<String>,
    /// Publish this snapshot, which was held because it lost so much
    #[arg(long, value_name = "ID")]
    pub(crate) accept: Option<String>,
    /// End with code 3 where it would wait, and say how to go on
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How to print the result
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: ReportFormat,
    /// End each slice of the run after so many steps
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) max_steps: Option<usize>,
}

/// How to ask for a change, whatever it is.
#[derive(Debug, Clone, Args)]
pub(crate) struct RequestArgs {
    /// Read the event from a file, or from standard input with `-`
    #[arg(long, value_name = "FILE|-")]
    pub(crate) event: Option<PathBuf>,
    /// Name the request: the same id with the same content is done once [default: a new one]
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// Why: goes into the audit record
    #[arg(long, value_name = "TEXT", conflicts_with = "event")]
    pub(crate) reason: Option<String>,
    /// Only look, and say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// End with code 3 where it would wait for the vendor, and say how to go on
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How to print the result
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: ReportFormat,
}

const CHANGE_EXAMPLES: &str = "\
Ids are those of a snapshot: see `rollcall snapshot entitlements` and `rollcall snapshot resources`.

Examples:
  rollcall grant temporalcloud --entitlement namespace:prod.a1b23:write --principal user:72360058 --dry-run
  rollcall revoke temporalcloud --entitlement group:eng:member --principal user:72360058 --reason JIRA-1
  rollcall grant temporalcloud --event grant.json
  echo '{\"entitlement\":\"...\",\"principal\":\"...\"}' | rollcall grant temporalcloud --event -";

/// A grant or a revoke.
#[derive(Debug, Args)]
#[command(after_help = CHANGE_EXAMPLES)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The entitlement, `type:resource:slug`
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "event",
        conflicts_with = "event"
    )]
    pub(crate) entitlement: Option<String>,
    /// Who, `type:id`
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "event",
        conflicts_with = "event"
    )]
    pub(crate) principal: Option<String>,
    /// Accept a side effect that the function would refuse; may be given more than once
    #[arg(long, value_name = "EFFECT", conflicts_with = "event")]
    pub(crate) allow: Vec<String>,
}

const CREATE_EXAMPLES: &str = "\
Examples:
  rollcall create-account temporalcloud --email ada@example.com --profile role=read
  rollcall create-account temporalcloud --email ada@example.com --profile 'teams:=[\"a\",\"b\"]' --dry-run";

/// A new account.
#[derive(Debug, Args)]
#[command(after_help = CREATE_EXAMPLES)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The account's e-mail address
    #[arg(
        long,
        value_name = "ADDRESS",
        required_unless_present = "event",
        conflicts_with = "event"
    )]
    pub(crate) email: Option<String>,
    /// What else the vendor takes: text as KEY=VALUE, anything else as KEY:=JSON; may be given more than once
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "event")]
    pub(crate) profile: Vec<String>,
}

const DELETE_EXAMPLES: &str = "\
Examples:
  rollcall delete-account temporalcloud --principal user:72360058 --dry-run
  rollcall delete-account temporalcloud --event delete.json";

/// An account that goes.
#[derive(Debug, Args)]
#[command(after_help = DELETE_EXAMPLES)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The account, `type:id`
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "event",
        conflicts_with = "event"
    )]
    pub(crate) principal: Option<String>,
}

const DOCTOR_EXAMPLES: &str = "\
Each line begins with ok, warn or fail; what to do follows. The code is 1 if anything failed.

The store is checked by writing a small object beside the connection's lease.

Examples:
  rollcall doctor temporalcloud
  rollcall doctor temporalcloud --connection acme --store s3://my-bucket/rollcall";

/// A check-up.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) target: Target,
}
