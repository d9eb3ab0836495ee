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

#[derive(Subcommand)]
enum Vendor {
    /// Temporal Cloud: the Cloud Ops API over HTTP/JSON.
    #[command(name = "temporalcloud")]
    TemporalCloud(temporalcloud::TemporalCloudArgs),
    /// Confluence Cloud: the REST API, v1 and v2.
    #[command(name = "confluence")]
    Confluence(confluence::ConfluenceArgs),
    /// Elastic: the Cloud API, and the security API of deployments.
    #[command(name = "elastic")]
    Elastic(elastic::ElasticArgs),
    /// Northflank: members, roles and directory groups of an organization.
    #[command(name = "northflank")]
    Northflank(northflank::NorthflankArgs),
    /// Buildkite: the REST API and the GraphQL queries of the same.
    #[command(name = "buildkite")]
    Buildkite(buildkite::BuildkiteArgs),
}

#[tokio::main]
async fn main() -> io::Result<()> {
    match Cli::parse().vendor {
        Vendor::TemporalCloud(args) => temporalcloud::serve(args).await,
        Vendor::Confluence(args) => confluence::serve(args).await,
        Vendor::Elastic(args) => elastic::serve(args).await,
        Vendor::Northflank(args) => northflank::serve(args).await,
        Vendor::Buildkite(args) => buildkite::serve(args).await,
    }
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
