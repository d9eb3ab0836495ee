//! Rollcall's command line: runs any function on this machine, and shows snapshots.

mod access;
mod args;
mod change;
mod confirm;
mod connectors;
mod doctor;
mod expirations;
mod export;
mod failure;
mod install;
mod offboard;
mod output;
mod person;
mod principal;
mod progress;
mod publish;
mod report;
mod review;
mod send;
mod serve;
mod shell;
mod signals;
mod snapshot;
mod sync;
mod table;
mod template;

use std::process::ExitCode;

use clap::FromArgMatches;
use rollcall_connector::http::RETRY_LOG;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use args::{Cli, Command, Target};
use failure::{Exit, Failure};

fn main() -> ExitCode {
    let parsed = args::grammar().try_get_matches().and_then(|found| Cli::from_arg_matches(&found));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(wrong) => return failure::report_usage(&wrong),
    };
    log_to_stderr(cli.verbose);
    let as_json = cli.command.prints_json();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(Failure::from).and_then(|runtime| {
        let outcome = runtime.block_on(run(cli));
        // Threads may still look up a host or write a snapshot that nobody waits for any more.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(as_json),
    }
}

async fn run(Cli { place, command, .. }: Cli) -> Result<Exit, Failure> {
    match command {
        Command::Sync(args) => sync::run(args, place).await,
        Command::Grant(args) => change::grant(args, place).await,
        Command::Revoke(args) => change::revoke(args, place).await,
        Command::Expirations(args) => expirations::run(args, place).await,
        Command::CreateAccount(args) => change::create_account(args, place).await,
        Command::DeleteAccount(args) => change::delete_account(args, place).await,
        Command::Access(args) => access::run(args, place).await,
        Command::Offboard(args) => offboard::run(args, place).await,
        Command::Review(args) => review::run(args, place).await,
        Command::Report(args) => report::run(args, place).await,
        Command::Snapshot(args) => snapshot::run(args, place).await,
        Command::Publish(args) => publish::run(args, place).await,
        Command::Export(args) => export::run(args, place).await,
        Command::Serve(args) => serve::run(&Target { connector: args.connector, place }).await,
        Command::Doctor(args) => doctor::run(args, place).await,
        Command::Capabilities(args) => {
            let entry = connectors::find(&args.connector)?;
            let entry_capabilities = rollcall_engine::runtime::capabilities::capabilities(&entry);
            output::json(&entry_capabilities)?;
            Ok(Exit::Done)
        }
        Command::ConfigSchema(args) => {
            let about = connectors::find(&args.connector)?.about;
            let schema = rollcall_connector::config::schema(about.display_name, about.fields);
            output::json(&schema)?;
            Ok(Exit::Done)
        }
        Command::Template(args) => {
            let entries = connectors::some(&args.connectors);
            output::text(&template::render(&entries, args.all_parameters)?)?;
            Ok(Exit::Done)
        }
        Command::Completion(args) => {
            output::text(&install::completion(&args, args::grammar()))?;
            Ok(Exit::Done)
        }
        Command::Man(args) => {
            install::manual(&args, args::grammar())?;
            Ok(Exit::Done)
        }
    }
}

/// Logs go to standard error: standard output is for results alone. `-v` shows ours, `-vv` those of libraries too.
fn log_to_stderr(verbose: u8) {
    let others = if verbose > 1 { LevelFilter::DEBUG } else { LevelFilter::WARN };
    let ours = if verbose > 0 { LevelFilter::DEBUG } else { LevelFilter::WARN };
    let mut levels = Targets::new().with_default(others).with_target("rollcall", ours);
    if verbose == 0 {
        // `progress::Display` shows retries in its own words, and errors say why AWS has no credentials.
        let quiet = [RETRY_LOG, "aws_config"].map(|name| (name, LevelFilter::ERROR));
        levels = levels.with_targets(quiet);
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(|| output::Messages).with_ansi(false);
    tracing_subscriber::registry()
        .with(rollcall_engine::runtime::telemetry::levels(levels))
        .with(lines)
        .init();
}
