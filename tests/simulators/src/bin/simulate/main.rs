//! Runs a simulator until Ctrl-C, for trying a connector by hand.

mod buildkite;
mod confluence;
mod elastic;
mod northflank;
mod serve;
mod temporalcloud;

use std::io;

use clap::{Parser, Subcommand};

/// Serves a vendor's API on the loopback interface, from generated data.
#[derive(Parser)]
#[command(
    version,
    after_help = "Prints the address and the environment variables for a connector, and runs until Ctrl-C."
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
