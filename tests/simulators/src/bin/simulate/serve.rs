//! The common part of the simulators' command lines.

use std::{
    io::{self, Write},
    time::Duration,
};

use rollcall_simulators::Server;

/// The common arguments of the simulators, except the port.
#[derive(clap::Args)]
pub(crate) struct Common {
    /// Serve a hand-made world instead of a generated one.
    #[arg(long, value_enum)]
    pub(crate) sample: Option<Sample>,
    /// Seed of the generated world: the same seed and numbers give the same world.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Latency of every request, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
}

impl Common {
    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms)
    }
}

/// A hand-made world.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Sample {
    /// The worked example: a few of everything.
    Small,
    /// Every oddity of the API once.
    Rich,
}

/// Prints a simulator's address and the variables for a connector; after Ctrl-C, the number of requests.
pub(crate) async fn until_interrupted(
    name: &str,
    server: &Server,
    exports: &[(&str, String)],
    notes: &[String],
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{name} simulator at {}", server.url())?;
    for (key, value) in exports {
        writeln!(out, "export {key}={value}")?;
    }
    for note in notes {
        writeln!(out, "# {note}")?;
    }
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    let violations = server.violations();
    let (calls, wrong) = (server.calls(), violations.len());
    writeln!(out, "{calls} requests, {wrong} of which are not as documented")?;
    for violation in violations {
        writeln!(out, "  {violation}")?;
    }
    Ok(())
}
