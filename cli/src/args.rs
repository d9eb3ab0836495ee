//! The arguments of the command line, and their help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::connectors;
use crate::install::{CompletionArgs, ManArgs};
use crate::output::{Format, ReportFormat};
use crate::shell::CommandLine;
use crate::snapshot::SnapshotArgs;

const ABOUT: &str = "Shows who has access to what, and changes it safely.

Runs any of Rollcall's functions on this machine, with the same code as on Lambda, and shows snapshots.";

const ENVIRONMENT: &str = "\
Environment:
  ROLLCALL_STORE          where snapshots and state are stored: a folder or s3://bucket/prefix
                          (default ./rollcall-data; --store overrides it)
  ROLLCALL_SECRETS        where a connection's configuration comes from:
                            env             BATON_* variables, for the connection `default` (the default)
                            file:DIR        DIR/<connector>/<connection>.json
                            secretsmanager  AWS Secrets Manager, <prefix>/<connector>/<connection>
  ROLLCALL_SECRET_PREFIX  that prefix (default `rollcall`)
  ROLLCALL_AUDIT_STORE    where audit records of changes are stored, if not in the store
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                          the HTTP proxy of this network, and the hosts that are reached without it;
                          this machine itself is always reached directly
  ROLLCALL_CA_BUNDLE      a PEM file of more certificates to trust, for vendors and for AWS
  ROLLCALL_EXPAND         `false`: snapshots without derived grants
  RUST_LOG                which logs to show on standard error

Exit codes:
  0 done   1 failed, or the snapshot is quarantined (`held`)   2 wrong usage
  3 not finished, or another run is at work: the message has the command to run next
  130 ended at once, by a second Ctrl-C

An error is shown as `error[Code]: ...` and `fix: ...`: docs/codes.md explains each code. With -o json it is
the last line of standard error: {\"type\",\"code\",\"message\",\"fix\",\"retry_at\",\"sync_id\"}.

Examples:
  export BATON_API_KEY=...
  rollcall doctor temporalcloud
  rollcall sync temporalcloud
  rollcall snapshot access dev@example.com
  rollcall grant temporalcloud --entitlement namespace:demo.a1b23:read --principal service-account:sa1 --dry-run";

#[derive(Debug, Parser)]
#[command(name = "rollcall", version, about = "Shows who has access to what, and changes it safely", long_about = ABOUT)]
#[command(after_help = ENVIRONMENT, propagate_version = true)]
pub(crate) struct Cli {
    /// Show logs on standard error (RUST_LOG selects them)
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

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
    /// Show a snapshot, or compare two
    Snapshot(SnapshotArgs),
    /// Check configuration, identity, rights, store and lease, and show how to fix what fails
    Doctor(DoctorArgs),
    /// Show what a connector can do, as JSON
    Capabilities(NameArgs),
    /// Show which configuration keys a connector takes, as JSON
    ConfigSchema(NameArgs),
    /// Print the SAM template that deploys the given connectors
    Template(TemplateArgs),
    /// Print the completion script of a shell
    Completion(CompletionArgs),
    /// Write the manual pages
    Man(ManArgs),
}

impl Command {
    /// Whether results are printed as JSON, and so errors too.
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
            Self::Completion(_) | Self::Man(_) => return false,
        };
        report == ReportFormat::Json
    }
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
}

const TEMPLATE_EXAMPLES: &str = "\
infra/template.yaml is the output for every connector. Write yours into infra/ too: its paths are relative to that folder.

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
    /// Include the rarely used parameters, even for a single connector
    #[arg(long)]
    pub(crate) all_parameters: bool,
}

/// A connection, and the place of its state.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
    /// The connection: one configured tenant of the connector [default: default]
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,
    /// Where snapshots and state are stored [default: $ROLLCALL_STORE, or ./rollcall-data]
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
  rollcall sync temporalcloud --sync-id ID      resume a run that did not finish
  rollcall sync temporalcloud --accept ID       publish a snapshot that was quarantined (status `held`)";

#[derive(Debug, Args)]
#[command(after_help = SYNC_EXAMPLES)]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Resume this unfinished run
    #[arg(long, value_name = "ID", conflicts_with = "accept")]
    pub(crate) sync_id: Option<String>,
    /// Publish this snapshot, which was quarantined after a sudden loss (status `held`)
    #[arg(long, value_name = "ID")]
    pub(crate) accept: Option<String>,
    /// End with code 3 instead of waiting, and print the command that resumes the run
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// The output format
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: ReportFormat,
    /// End each slice of the run after this many steps
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) max_steps: Option<usize>,
}

/// What every change has.
#[derive(Debug, Clone, Args)]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Read the event from a file, or from standard input with `-`
    #[arg(long, value_name = "FILE|-")]
    pub(crate) event: Option<PathBuf>,
    /// The id of the request: the same id with the same content is carried out once [default: a new one]
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// The reason, for the audit record
    #[arg(long, value_name = "TEXT", conflicts_with = "event")]
    pub(crate) reason: Option<String>,
    /// Only read, and show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// End with code 3 instead of waiting for the vendor, and print the command that resumes the change
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// The output format
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: ReportFormat,
}

const CHANGE_EXAMPLES: &str = "\
Ids come from a snapshot: see `rollcall snapshot entitlements` and `rollcall snapshot resources`.

Examples:
  rollcall grant temporalcloud --entitlement namespace:demo.a1b23:read --principal service-account:sa1 --dry-run
  rollcall revoke temporalcloud --entitlement namespace:demo.a1b23:write --principal user:u2 --reason JIRA-1
  rollcall grant temporalcloud --event tests/events/temporalcloud-grant.json
  echo '{\"entitlement\":\"namespace:demo.a1b23:write\",\"principal\":\"user:u2\"}' | rollcall grant temporalcloud --event -";

#[derive(Debug, Args)]
#[command(after_help = CHANGE_EXAMPLES)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The entitlement, `type:resource:slug`
    #[arg(long, required_unless_present = "event", conflicts_with = "event")]
    pub(crate) entitlement: Option<String>,
    /// The principal who gets or loses it, `type:id`
    #[arg(long, required_unless_present = "event", conflicts_with = "event")]
    pub(crate) principal: Option<String>,
    /// Accept a side effect that is refused otherwise (the connector's README lists them); can be repeated
    #[arg(long, value_name = "EFFECT", conflicts_with = "event")]
    pub(crate) allow: Vec<String>,
}

const CREATE_EXAMPLES: &str = "\
Examples:
  rollcall create-account temporalcloud --email new@example.com --dry-run
  rollcall create-account temporalcloud --event tests/events/temporalcloud-create-account.json";

#[derive(Debug, Args)]
#[command(after_help = CREATE_EXAMPLES)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The account's e-mail address
    #[arg(long, required_unless_present = "event", conflicts_with = "event")]
    pub(crate) email: Option<String>,
    /// A value of the vendor's profile, if its accounts have one (the connector's README lists the keys): text as
    /// KEY=VALUE, anything else as KEY:=JSON; can be repeated
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "event")]
    pub(crate) profile: Vec<String>,
}

const DELETE_EXAMPLES: &str = "\
Examples:
  rollcall delete-account temporalcloud --principal user:u2 --dry-run
  rollcall delete-account temporalcloud --event tests/events/temporalcloud-delete-account.json --dry-run";

#[derive(Debug, Args)]
#[command(after_help = DELETE_EXAMPLES)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The account, `type:id`
    #[arg(long, required_unless_present = "event", conflicts_with = "event")]
    pub(crate) principal: Option<String>,
}

const DOCTOR_EXAMPLES: &str = "\
Each finding begins with ok, warn or fail; the next line says what to do. The exit code is 1 if anything failed.

The check of the store writes a small object beside the connection's lease.

Examples:
  rollcall doctor temporalcloud
  rollcall doctor temporalcloud --connection acme --store s3://my-bucket/rollcall";

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) target: Target,
}
