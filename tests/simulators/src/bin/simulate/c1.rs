//! ConductorOne's connector service, which is no vendor: a connector works for it.

use std::{
    io::{self, Write},
    time::Duration,
};

use rollcall_simulators::c1::{C1, FinishedTask, Options, messages::SyncFullTask};
use tokio::signal::unix::{SignalKind, signal};

/// ConductorOne's connector service: hands out a full sync every minute, and shows how it ended.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8260)]
    port: u16,
}

/// Serves until Ctrl-C.
pub(crate) async fn run(args: Args) -> io::Result<()> {
    let c1 = C1::start_on(args.port, Options::default()).await;
    let c1 = c1.map_err(crate::choose_another)?;
    let (credential, mut out) = (c1.credential(), io::stdout().lock());
    let mut interrupted = signal(SignalKind::interrupt())?;
    writeln!(out, "ConductorOne simulator at {}", c1.url())?;
    writeln!(out, "export BATON_CLIENT_ID={}", credential.client_id)?;
    writeln!(out, "export BATON_CLIENT_SECRET={}", credential.client_secret)?;
    out.flush()?;
    let mut shown = 0;
    let (mut second, mut minute) = (every(1), every(60));
    loop {
        tokio::select! {
            _ = interrupted.recv() => break,
            _ = minute.tick() => {
                c1.give(SyncFullTask::default());
            }
            _ = second.tick() => {
                for finish in &c1.finishes()[shown..] {
                    show(&mut out, &c1, finish)?;
                    shown += 1;
                }
                out.flush()?;
            }
        }
    }
    let violations = c1.violations();
    let (calls, wrong) = (c1.calls().len(), violations.len());
    writeln!(out, "ConductorOne: {calls} requests, {wrong} of which are not as documented")?;
    for violation in violations {
        writeln!(out, "  {violation}")?;
    }
    Ok(())
}

fn every(seconds: u64) -> tokio::time::Interval {
    tokio::time::interval(Duration::from_secs(seconds))
}

fn show(out: &mut impl Write, c1: &C1, finish: &FinishedTask) -> io::Result<()> {
    let (id, code, message) = (&finish.task_id, finish.code, &finish.message);
    let assets = c1.assets();
    let assets = assets.iter().filter(|asset| asset.task_id == *id);
    let bytes: usize = assets.map(|asset| asset.bytes.len()).sum();
    match finish.success {
        true => writeln!(out, "{}: task {id} succeeded, {bytes} bytes uploaded", finish.at),
        false => writeln!(out, "{}: task {id} failed with code {code}: {message}", finish.at),
    }
}
