//! The common part of the simulators' command lines.

use std::{
    io::{self, Write},
    ops::Deref,
    path::{Path, PathBuf},
    time::Duration,
};

use rollcall_simulators::{Configuration, Server};
use tokio::signal::unix::{SignalKind, signal};

/// The common arguments of the simulators, except the port.
#[derive(Clone, clap::Args)]
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
    /// Write the connector's configuration to DIR/<connector>/<connection>.json, for ROLLCALL_SECRETS=file:DIR.
    #[arg(long, value_name = "DIR")]
    pub(crate) config: Option<PathBuf>,
    /// The connection's name in that folder.
    #[arg(long, value_name = "NAME", default_value = "default")]
    connection: String,
}

impl Common {
    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms)
    }
}

/// Every vendor, each on a port of its own, with one configuration folder (./rollcall-data/simulated).
#[derive(clap::Args)]
pub(crate) struct All {
    /// The first vendor's port on 127.0.0.1; the others follow ten apart; 0 picks free ones [default: each vendor's own]
    #[arg(long)]
    port: Option<u16>,
    #[command(flatten)]
    common: Common,
}

impl All {
    /// The ports of the vendors in their order, unless each takes its own.
    pub(crate) fn ports(&self) -> impl Iterator<Item = u16> {
        let next = |port: &u16| Some(if *port == 0 { 0 } else { port.saturating_add(10) });
        std::iter::successors(self.port, next)
    }

    /// The common arguments of each vendor.
    pub(crate) fn common(&self) -> Common {
        let mut common = self.common.clone();
        common.config.get_or_insert_with(|| "rollcall-data/simulated".into());
        common
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

/// A running simulator, its configuration, and notes for people.
pub(crate) struct Simulated {
    title: &'static str,
    server: Box<dyn Deref<Target = Server>>,
    configuration: Configuration,
    notes: Vec<String>,
}

impl Simulated {
    pub(crate) fn new(
        title: &'static str,
        simulator: impl Deref<Target = Server> + 'static,
        configuration: Configuration,
    ) -> Self {
        Self { title, server: Box::new(simulator), configuration, notes: Vec::new() }
    }

    pub(crate) fn note(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }
}

/// Prints addresses and the configuration for connectors; after Ctrl-C, the number of requests to each simulator.
pub(crate) async fn until_interrupted(
    vendors: &[(&'static str, Simulated)],
    common: &Common,
) -> io::Result<()> {
    for (connector, vendor) in vendors {
        if let Some(folder) = &common.config {
            vendor.configuration.write(folder, connector, &common.connection)?;
        }
    }
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut out = io::stdout().lock();
    for (_, vendor) in vendors {
        writeln!(out, "{} simulator at {}", vendor.title, vendor.server.url())?;
        for note in &vendor.notes {
            writeln!(out, "# {note}")?;
        }
    }
    exports(&mut out, vendors, common.config.as_deref())?;
    out.flush()?;
    interrupted.recv().await;
    for (_, vendor) in vendors {
        let violations = vendor.server.violations();
        let (title, calls, wrong) = (vendor.title, vendor.server.calls(), violations.len());
        writeln!(out, "{title}: {calls} requests, {wrong} of which are not as documented")?;
        for violation in violations {
            writeln!(out, "  {violation}")?;
        }
    }
    Ok(())
}

/// Prints what to export: the folder, and for a single vendor its variables. Those of several vendors have the same names.
fn exports(
    out: &mut impl Write,
    vendors: &[(&'static str, Simulated)],
    folder: Option<&Path>,
) -> io::Result<()> {
    if let Some(folder) = folder {
        let folder = std::path::absolute(folder)?;
        writeln!(out, "export ROLLCALL_SECRETS=\"file:{}\"", folder.display())?;
    }
    let [(_, vendor)] = vendors else {
        return Ok(());
    };
    if folder.is_some() {
        writeln!(out, "# or instead, with ROLLCALL_SECRETS=env:")?;
    }
    for (variable, value) in vendor.configuration.variables() {
        writeln!(out, "export {variable}={value}")?;
    }
    Ok(())
}
