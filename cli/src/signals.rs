//! Ctrl-C and SIGTERM: the first one asks to stop soon, the second one ends at once.

use std::io;

use rollcall_engine::context::interrupt::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::output;

/// As a shell reports a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Raises `interrupt` at the first signal, after saying what happens then.
pub(crate) fn watch(interrupt: &Interrupt, what_happens: &'static str) -> io::Result<()> {
    let signals = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    tokio::spawn(act(signals, interrupt.clone(), what_happens));
    Ok(())
}

async fn act(
    (mut interrupts, mut terminations): (Signal, Signal),
    interrupt: Interrupt,
    what_happens: &str,
) {
    let mut next = async || {
        tokio::select! {
            _ = interrupts.recv() => {}
            _ = terminations.recv() => {}
        }
    };
    next().await;
    output::note(&format!("stopping: {what_happens}; once more ends at once"));
    interrupt.raise();
    next().await;
    std::process::exit(INTERRUPTED);
}
