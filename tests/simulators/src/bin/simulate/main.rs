//! Runs simulators until Ctrl-C, for trying connectors by hand.

mod buildkite;
mod c1;
mod confluence;
mod elastic;
mod northflank;
mod serve;
mod temporalcloud;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use rollcall_simulators::kit::defaults;
use serve::{All, Common, Simulated};

/// Serves the APIs of vendors on the loopback interface, from samples or generated data.
#[derive(Parser)]
#[command(
    version,
    after_help = "Prints the address and what to export for a connector, and runs until Ctrl-C."
)]
struct Cli {
    #[command(subcommand)]
    simulated: Simulation,
}

#[derive(Subcommand)]
enum Simulation {
    #[command(flatten)]
    Vendor(Vendor),
    C1(c1::Args),
}

macro_rules! connectors {
    ($($name:ident),* $(,)?) => {
        #[derive(Subcommand)]
        #[expect(non_camel_case_types, reason = "each is a connector's name")]
        enum Vendor {
            all(All),
            $($name($name::Args)),*
        }

        impl Vendor {
            async fn start(self) -> io::Result<(Common, Vec<(&'static str, Simulated)>)> {
                match self {
                    Self::all(all) => {
                        let mut ports = all.ports();
                        let mut started = Vec::new();
                        $({
                            let mut args = defaults::<$name::Args>();
                            args.common = all.common();
                            args.port = ports.next().unwrap_or(args.port);
                            started.push((stringify!($name), $name::start(args).await?));
                        })*
                        Ok((all.common(), started))
                    }
                    $(Self::$name(args) => {
                        let common = args.common.clone();
                        Ok((common, vec![(stringify!($name), $name::start(args).await?)]))
                    })*
                }
            }
        }
    };
}
include!("../../../../../functions/connectors.rs");

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            // If standard error is closed too, the exit code still says it.
            let _ = writeln!(io::stderr(), "error: {e}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> io::Result<()> {
    let vendor = match cli.simulated {
        Simulation::Vendor(vendor) => vendor,
        Simulation::C1(args) => return c1::run(args).await,
    };
    let started = vendor.start().await;
    let (common, vendors) = started.map_err(choose_another)?;
    serve::until_interrupted(&vendors, &common).await
}

/// The error of a port, with what to do.
fn choose_another(e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{e}: choose another with --port"))
}
