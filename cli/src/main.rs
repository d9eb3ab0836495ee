//! Rollcall's command line: runs any function on this machine, and shows snapshots.

mod args;
mod change;
mod connectors;
mod doctor;
mod failure;
mod install;
mod output;
mod progress;
mod shell;
mod signals;
mod snapshot;
mod sync;
mod template;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use rollcall_connector::http::RETRY_LOG;
use rollcall_engine::runtime::function::Operation;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use args::{Cli, Command};
use failure::{Exit, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
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

async fn run(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        Command::Sync(args) => sync::run(args).await,
        Command::Grant(args) => change::access(Operation::Grant, args).await,
        Command::Revoke(args) => change::access(Operation::Revoke, args).await,
        Command::CreateAccount(args) => change::create_account(args).await,
        Command::DeleteAccount(args) => change::delete_account(args).await,
        Command::Snapshot(args) => snapshot::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
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
            output::text(&install::completion(&args, Cli::command()))?;
            Ok(Exit::Done)
        }
        Command::Man(args) => {
            install::manual(&args, Cli::command())?;
            Ok(Exit::Done)
        }
    }
}

/// Logs go to standard error: standard output is for results alone.
fn log_to_stderr(verbose: bool) {
    let default = match verbose {
        true => Targets::new().with_default(LevelFilter::DEBUG),
        // `progress::Display` shows retries in its own words, and errors say why AWS has no credentials.
        false => Targets::new()
            .with_default(LevelFilter::WARN)
            .with_targets([RETRY_LOG, "aws_config"].map(|name| (name, LevelFilter::ERROR))),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(|| output::Messages).with_ansi(false);
    tracing_subscriber::registry()
        .with(rollcall_engine::runtime::telemetry::levels(default))
        .with(lines)
        .init();
}
