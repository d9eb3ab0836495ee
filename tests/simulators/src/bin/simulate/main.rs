//! Runs a simulator until Ctrl-C, for trying a connector by hand.

mod buildkite;
mod confluence;
mod elastic;
mod northflank;
mod temporalcloud;

use std::io::{self, Write};

use clap::{Parser, Subcommand};

/// Serves a vendor's API on the loopback interface, from generated data.
#[derive(Parser)]
#[command(
    version,
    after_help = "The program prints the address and the environment variables a connector needs, and runs until Ctrl-C."
)]
struct Cli {
    #[command(subcommand)]
    vendor: Vendor,
}

macro_rules! connectors {
    ($($name:ident),* $(,)?) => {
        #[derive(Subcommand)]
        #[expect(non_camel_case_types, reason = "each is a connector's name")]
        enum Vendor {
            $($name($name::Args)),*
        }

        impl Vendor {
            async fn serve(self) -> io::Result<()> {
                match self {
                    $(Self::$name(args) => $name::serve(args).await),*
                }
            }
        }
    };
}
include!("../../../../../functions/connectors.rs");

#[tokio::main]
async fn main() -> io::Result<()> {
    Cli::parse().vendor.serve().await
}

/// Says where a simulator is, what a connector needs and what else there is to know; after Ctrl-C, what it was asked.
async fn until_interrupted(
    name: &str,
    url: &str,
    exports: &[(&str, String)],
    notes: &[String],
    seen: impl Fn() -> (usize, Vec<String>),
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{name} simulator at {url}")?;
    for (key, value) in exports {
        writeln!(out, "export {key}={value}")?;
    }
    for note in notes {
        writeln!(out, "# {note}")?;
    }
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    let (calls, violations) = seen();
    writeln!(
        out,
        "{calls} requests, {} of them not as documented",
        violations.len()
    )?;
    for violation in violations {
        writeln!(out, "  {violation}")?;
    }
    Ok(())
}
