//! The arguments of the command line, and their help texts.

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};
use rollcall_engine::runtime::function::Operation;

use crate::access::AccessArgs;
use crate::connectors;
use crate::export::ExportArgs;
use crate::install::{CompletionArgs, ManArgs};
use crate::offboard::OffboardArgs;
use crate::output::{Format, ReportFormat};
use crate::report::ReportArgs;
use crate::review::ReviewArgs;
use crate::shell::CommandLine;
use crate::snapshot::SnapshotArgs;

const ENVIRONMENT: &str = "\
Variables:
  ROLLCALL_STORE          folder (default ./rollcall-data) or s3://bucket/prefix
  ROLLCALL_SECRETS        `env` (default): BATON_*, connection `default` only;
                          `file:DIR`: DIR/<connector>/<connection>.json;
                          `secretsmanager`: <prefix>/<connector>/<connection>
  ROLLCALL_SECRET_PREFIX  that prefix (default `rollcall`)
  ROLLCALL_AUDIT_STORE    the store for audit records, if it is another one
  ROLLCALL_EXPAND         `false`: sync without inherited grants
  ROLLCALL_CA_BUNDLE      a PEM file of more certificates to trust
  *_PROXY                 HTTPS_, HTTP_ and ALL_PROXY; NO_PROXY: direct hosts
  BATON_*, AWS_*          keys of connectors (config-schema); the AWS SDK's
  RUST_LOG, COLUMNS       which logs to show; the width of tables

Exit codes:
  0 done   1 failed, or the snapshot is quarantined (`held`)   2 wrong usage
  3 not finished, or busy: run the printed command   130 a second Ctrl-C

Examples:
  rollcall doctor temporalcloud
  rollcall sync temporalcloud
  rollcall access dev@example.com";

/// The heading of the options that every command accepts.
const EVERYWHERE: &str = "Options of every command";

/// What the help of each command ends with.
const SEE_ALSO: &str = "Variables (ROLLCALL_STORE ...) and exit codes: see `rollcall --help`.";

#[derive(Debug, Parser)]
#[command(
    name = "rollcall",
    version,
    about = "Shows who has access to what, and changes it safely"
)]
#[command(after_help = ENVIRONMENT, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Show Rollcall's logs; -vv: all logs
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = EVERYWHERE)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The grammar: that of [`Cli`], where each change accepts only the connectors that support it.
pub(crate) fn grammar() -> clap::Command {
    let all = Operation::ALL.into_iter();
    let grammar = all.fold(Cli::command(), |grammar, operation| {
        grammar.mut_subcommand(operation.as_str(), |command| {
            let able = connectors::supporting(operation);
            command.mut_arg("connector", |connector| connector.value_parser(able))
        })
    });
    grammar.mut_subcommands(refer_to_variables)
}

fn refer_to_variables(command: clap::Command) -> clap::Command {
    let own = command.get_after_help().map(|help| format!("{help}\n\n")).unwrap_or_default();
    command.after_help(format!("{own}{SEE_ALSO}")).mut_subcommands(refer_to_variables)
}

/// Whether these arguments, which are wrong, want results as JSON.
pub(crate) fn want_json(arguments: &[String]) -> bool {
    let is_output = |word: &str| matches!(word, "-o" | "--output");
    let two = arguments.windows(2).any(|pair| is_output(&pair[0]) && pair[1] == "json");
    two || arguments.iter().any(|word| matches!(&**word, "-ojson" | "-o=json" | "--output=json"))
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read who has access to what, and store it as a snapshot
    Sync(SyncArgs),
    /// Give a principal an entitlement
    Grant(GrantArgs),
    /// Take an entitlement from a principal
    Revoke(ChangeArgs),
    /// List temporary grants, and end those that are overdue
    Expirations(ExpirationsArgs),
    /// Create an account
    CreateAccount(CreateArgs),
    /// Delete an account
    DeleteAccount(DeleteArgs),
    /// Show what a person has everywhere, by the newest snapshots
    Access(AccessArgs),
    /// Plan how to take away all that a person has, and do it
    Offboard(OffboardArgs),
    /// Have access reviewed, and carry the decisions out
    Review(ReviewArgs),
    /// Write a page about a snapshot for the browser
    Report(ReportArgs),
    /// Show a snapshot, or compare two
    Snapshot(SnapshotArgs),
    /// Make changes, report and tables of a published snapshot
    Publish(PublishArgs),
    /// Write a snapshot as tables: Parquet, CSV or JSON lines
    Export(ExportArgs),
    /// Work off the tasks that ConductorOne sends, until stopped
    Serve(ServeArgs),
    /// Check configuration, rights and store, and say what to fix
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
            Self::Grant(args) => args.change.request.output,
            Self::Revoke(args) => args.request.output,
            Self::CreateAccount(args) => args.request.output,
            Self::DeleteAccount(args) => args.request.output,
            Self::Access(args) => return args.output == Format::Json,
            Self::Offboard(args) => return args.output == Format::Json,
            Self::Review(args) => return args.prints_json(),
            Self::Snapshot(args) => return args.output == Format::Json,
            Self::Expirations(args) => return args.output == Format::Json,
            Self::Doctor(args) => args.output,
            Self::Publish(args) => args.output,
            Self::Report(_)
            | Self::Export(_)
            | Self::Serve(_)
            | Self::Capabilities(_)
            | Self::ConfigSchema(_)
            | Self::Template(_)
            | Self::Completion(_)
            | Self::Man(_) => return false,
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
infra/template.yaml is the output for all connectors. Write yours into infra/
too: its paths are relative to that folder. infra/build builds the functions of
the template that it is given.

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
    /// Include the rarely used parameters, even for one connector
    #[arg(long)]
    pub(crate) all_parameters: bool,
}

/// A connection, and the place of its state. Every command accepts these options, those that need neither too.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// One tenant of the connector (default: `default`)
    #[arg(long, value_name = "NAME", global = true, help_heading = EVERYWHERE)]
    pub(crate) connection: Option<String>,
    /// A folder or s3://bucket/prefix; see ROLLCALL_STORE
    #[arg(long, value_name = "STORE", global = true, help_heading = EVERYWHERE)]
    pub(crate) store: Option<String>,
}

/// A connection of a connector, and the place of its state.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) connector: String,
    pub(crate) place: Place,
}

impl Target {
    /// The connection's name.
    pub(crate) fn connection(&self) -> &str {
        self.place.connection.as_deref().unwrap_or("default")
    }

    /// The beginning of another command on the same connection, for people to copy.
    pub(crate) fn command(&self, words: &[&str]) -> CommandLine {
        CommandLine::new(words)
            .option("--connection", self.place.connection.as_deref())
            .option("--store", self.place.store.as_deref())
    }
}

const SYNC_EXAMPLES: &str = "\
A snapshot that lost much more than usual is quarantined (status `held`) until
you accept it.

Examples:
  rollcall sync temporalcloud
  rollcall sync temporalcloud --connection acme --store s3://bucket/prefix
  rollcall sync temporalcloud -o json | jq .counts
  rollcall sync temporalcloud --sync-id ID    resume a run that did not finish
  rollcall sync temporalcloud --accept ID     publish a quarantined snapshot";

#[derive(Debug, Args)]
#[command(after_help = SYNC_EXAMPLES)]
pub(crate) struct SyncArgs {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
    /// Resume this unfinished run
    #[arg(long, value_name = "ID", conflicts_with = "accept")]
    pub(crate) sync_id: Option<String>,
    /// Publish this snapshot, which was quarantined after a sudden loss
    #[arg(long, value_name = "ID")]
    pub(crate) accept: Option<String>,
    /// End instead of waiting, and print how to resume
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Make no changes, report and tables of the snapshot
    #[arg(long)]
    pub(crate) no_report: bool,
    /// Print a `table` (default) or `json`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) output: ReportFormat,
    /// End each slice of the run after this many steps
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) max_steps: Option<usize>,
}

/// The options of every change.
#[derive(Debug, Clone, Args)]
pub(crate) struct RequestArgs {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
    /// Read the event from a file; `-`: from standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// Carry the request out once, however often it is sent
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// The reason, for the audit record
    #[arg(long, value_name = "TEXT", conflicts_with = "event")]
    pub(crate) reason: Option<String>,
    /// Change nothing, and show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// End instead of waiting, and print how to resume
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Print a `table` (default) or `json`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) output: ReportFormat,
}

const GRANT_EXAMPLES: &str = "\
`rollcall snapshot entitlements` lists what can be granted. A principal that is
not given as `type:id` is looked up in the newest snapshot. If the grant would
replace another one, you are asked first; without a terminal, --yes is needed.

Examples:
  rollcall grant temporalcloud --entitlement namespace:demo.a1b23:read \\
      --principal service-account:sa1 --for 4h --dry-run
  rollcall grant temporalcloud --event tests/events/temporalcloud-grant.json
  echo '{\"entitlement\":\"namespace:demo.a1b23:write\",\"principal\":\"user:u2\"}' |
      rollcall grant temporalcloud --event - --yes";

#[derive(Debug, Args)]
#[command(after_help = GRANT_EXAMPLES)]
pub(crate) struct GrantArgs {
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// End the grant after this time: `4h`, `7d`, `PT4H`
    #[arg(long = "for", value_name = "TIME", value_parser = duration, conflicts_with = "event")]
    pub(crate) lasts: Option<String>,
    /// End the grant at this time: `2026-12-24T18:00Z`
    #[arg(long, value_name = "WHEN", conflicts_with_all = ["lasts", "event"])]
    pub(crate) until: Option<jiff::Timestamp>,
    /// Replace other grants without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Reads a duration in ISO 8601 or in short form, and writes it in ISO 8601.
fn duration(text: &str) -> Result<String, String> {
    let span: Result<jiff::Span, _> = text.parse();
    span.map(|span| span.to_string()).map_err(|_| "use a duration such as 4h, 90m or 7d".into())
}

const EXPIRATIONS_EXAMPLES: &str = "\
Lists the temporary grants whose end is still to come, or overdue. With --apply,
from time to time, it ends those that are overdue: what the grant changed is
taken back, unless somebody changed it since.

Examples:
  rollcall expirations
  rollcall expirations temporalcloud -o json
  rollcall expirations temporalcloud --apply";

#[derive(Debug, Args)]
#[command(after_help = EXPIRATIONS_EXAMPLES)]
pub(crate) struct ExpirationsArgs {
    /// The connector [default: all in the store]
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: Option<String>,
    /// End the grants that are overdue
    #[arg(long)]
    pub(crate) apply: bool,
    /// Print a `table` (default), `json` or `csv`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) output: Format,
}

const REVOKE_EXAMPLES: &str = "\
Examples:
  rollcall revoke temporalcloud --entitlement namespace:demo.a1b23:write \\
      --principal dev@example.com --reason JIRA-1
  rollcall revoke temporalcloud \\
      --event tests/events/temporalcloud-revoke.json";

#[derive(Debug, Args)]
#[command(after_help = REVOKE_EXAMPLES)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The entitlement, `type:resource:slug`
    #[arg(long, value_name = "ID", required_unless_present = "event", conflicts_with = "event")]
    pub(crate) entitlement: Option<String>,
    /// `type:id`, e-mail address, login or display name
    #[arg(long, value_name = "WHO", required_unless_present = "event", conflicts_with = "event")]
    pub(crate) principal: Option<String>,
    /// Accept this side effect: see the connector's README
    #[arg(long, value_name = "EFFECT", conflicts_with = "event")]
    pub(crate) allow: Vec<String>,
}

const CREATE_EXAMPLES: &str = "\
Examples:
  rollcall create-account temporalcloud --email new@example.com --dry-run
  rollcall create-account temporalcloud \\
      --event tests/events/temporalcloud-create-account.json";

#[derive(Debug, Args)]
#[command(after_help = CREATE_EXAMPLES)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The account's e-mail address
    #[arg(long, required_unless_present = "event", conflicts_with = "event")]
    pub(crate) email: Option<String>,
    /// A value of the profile, if accounts have one; KEY:=JSON if it is not text
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "event")]
    pub(crate) profile: Vec<String>,
}

const DELETE_EXAMPLES: &str = "\
Examples:
  rollcall delete-account temporalcloud --principal user:u2 --dry-run
  rollcall delete-account temporalcloud --dry-run \\
      --event tests/events/temporalcloud-delete-account.json";

#[derive(Debug, Args)]
#[command(after_help = DELETE_EXAMPLES)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// `type:id`, e-mail address, login or display name
    #[arg(long, value_name = "WHO", required_unless_present = "event", conflicts_with = "event")]
    pub(crate) principal: Option<String>,
}

const PUBLISH_EXAMPLES: &str = "\
A sync does this at its end, and in AWS a function does. What was made once is
not made again. ROLLCALL_PUBLISH names what is made: changes,report,tables (the
default), some of them, or none. ROLLCALL_BUS names an event bus for changes.

Examples:
  rollcall publish temporalcloud
  rollcall publish temporalcloud --connection acme --store s3://bucket/prefix";

#[derive(Debug, Args)]
#[command(after_help = PUBLISH_EXAMPLES)]
pub(crate) struct PublishArgs {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
    /// The sync that made the snapshot [default: the newest]
    #[arg(long, value_name = "ID")]
    pub(crate) sync_id: Option<String>,
    /// Print a `table` (default) or `json`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) output: ReportFormat,
}

const SERVE_EXAMPLES: &str = "\
Does what a connector's pod does, with the same variables: BATON_CLIENT_ID,
BATON_CLIENT_SECRET, BATON_PROVISIONING (`true`: allow changes), BATON_HOST_ID,
BATON_C1_API_HOST, and the connector's own. In AWS nothing has to run: see
functions/c1/README.md.

Examples:
  rollcall serve temporalcloud
  rollcall serve temporalcloud --connection acme --store s3://bucket/prefix";

#[derive(Debug, Args)]
#[command(after_help = SERVE_EXAMPLES)]
pub(crate) struct ServeArgs {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
}

const DOCTOR_EXAMPLES: &str = "\
Each finding begins with ok, warn or fail; the next line says what to do. The
exit code is 1 if anything failed. The check of the store writes a small object.

Examples:
  rollcall doctor temporalcloud
  rollcall doctor temporalcloud -o json | jq 'map(select(.fix))'
  rollcall doctor temporalcloud --connection acme --store s3://bucket/prefix";

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// The connector
    #[arg(value_parser = connectors::names())]
    pub(crate) connector: String,
    /// Print a `table` (default) or `json`
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "table")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) output: ReportFormat,
}
