//! What the simulators' command lines have in common.

use std::{
    io::{self, Write},
    time::Duration,
};

use rollcall_simulators::Server;

/// The arguments that every simulator has, besides its port.
#[derive(clap::Args)]
pub(crate) struct Common {
    /// Serve a hand-made world instead of a generated one.
    #[arg(long, value_enum)]
    pub(crate) sample: Option<Sample>,
    /// Seed of the generated world: the same seed and numbers give the same world.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How long every request takes, in milliseconds.
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

/// Says where a simulator is, what a connector needs and what else there is to know; after Ctrl-C, what it was asked.
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
    writeln!(out, "{calls} requests, {wrong} of them not as documented")?;
    for violation in violations {
        writeln!(out, "  {violation}")?;
    }
    Ok(())
}
