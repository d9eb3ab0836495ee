//! Rollcall's command line: any function on this machine, and a look into snapshots.

mod args;
mod change;
mod connectors;
mod doctor;
mod failure;
mod output;
mod progress;
mod shell;
mod signals;
mod snapshot;
mod sync;
mod template;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use args::{Cli, Command};
use failure::{Exit, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(cli.verbose);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let as_json = cli.command.prints_json();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(e) => Err(e.into()),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(as_json),
    }
}

async fn run(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        Command::Sync(args) => sync::run(args, cli.verbose).await,
        Command::Grant(args) => change::grant(args).await,
        Command::Revoke(args) => change::revoke(args).await,
        Command::CreateAccount(args) => change::create_account(args).await,
        Command::DeleteAccount(args) => change::delete_account(args).await,
        Command::Snapshot(args) => snapshot::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Capabilities(args) => {
            let entry = connectors::find(&args.connector)?;
            output::json(&rollcall_engine::runtime::capabilities::capabilities(
                &entry,
            ))
        }
        Command::ConfigSchema(args) => {
            let about = connectors::find(&args.connector)?.about;
            output::json(&rollcall_connector::config::schema(
                about.display_name,
                about.fields,
            ))
        }
        Command::Template(args) => {
            let entries = connectors::some(&args.connectors);
            output::text(&template::render(&entries, args.all_parameters)?)
        }
    }
}

/// Logs go to where messages go: standard output is for results alone.
fn log_to_stderr(verbose: bool) {
    let default = if verbose {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| output::Messages)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(rollcall_engine::runtime::telemetry::levels(default))
        .with(lines)
        .init();
}
