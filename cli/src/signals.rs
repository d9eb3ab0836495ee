//! Ctrl-C and SIGTERM: the first signal stops the command soon, the second one at once.
//!
//! Commands that only read have nothing to save and no handler: the first signal ends them.

use std::io;
use std::sync::Arc;

use rollcall_connector::interrupt::Interrupt;
use tokio::signal::unix::{SignalKind, signal};

use crate::progress::Display;

/// The exit code that a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Raises `interrupt` at the first signal, after showing `what_happens` then.
pub(crate) fn watch(
    interrupt: &Interrupt,
    display: Arc<Display>,
    what_happens: &'static str,
) -> io::Result<()> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let interrupt = interrupt.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupts.recv() => {}
                _ = terminations.recv() => {}
            }
        };
        next().await;
        display.note(&format!("stopping: {what_happens}; a second signal stops at once"));
        interrupt.raise();
        next().await;
        std::process::exit(INTERRUPTED);
    });
    Ok(())
}
