//! The progress of a sync: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use rollcall_engine::context::{ProgressListener, SyncProgress};

use crate::output;

/// The shortest time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The display of a sync's progress.
pub(crate) enum Display {
    Bar(ProgressBar),
    /// Plain lines, with the time of the last one.
    Lines(Mutex<Option<Instant>>),
}

impl Display {
    /// The display that fits standard error. Logs would break a bar, so they get lines.
    pub(crate) fn new(with_logs: bool) -> Self {
        if with_logs || !stderr().is_terminal() {
            return Self::Lines(Mutex::new(None));
        }
        let bar = ProgressBar::new(0);
        let template = ProgressStyle::with_template("{spinner} [{bar:24}] {msg}");
        bar.set_style(template.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self::Bar(bar)
    }

    /// Shows that the sync waits until then, and why.
    pub(crate) fn waiting(&self, until: Timestamp, why: &str) {
        let text = format!("waiting until {until:.0}: {why}");
        match self {
            Self::Bar(bar) => bar.set_message(text),
            Self::Lines(_) => output::note(&text),
        }
    }

    /// Removes the display before the results are printed.
    pub(crate) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl ProgressListener for Display {
    fn at(&self, progress: SyncProgress) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(progress.steps_known);
                bar.set_position(progress.steps_done);
                bar.set_message(describe(&progress));
            }
            Self::Lines(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.is_none_or(|at| at.elapsed() >= LINE_INTERVAL) {
                    *last = Some(Instant::now());
                    output::note(&describe(&progress));
                }
            }
        }
    }
}

fn describe(progress: &SyncProgress) -> String {
    let SyncProgress { steps_done, steps_known, records, usage, finishing } = progress;
    let steps = if *finishing {
        format!("all {steps_done} steps done, writing the snapshot")
    } else {
        format!("{steps_done} of {steps_known} steps")
    };
    let mut text = format!("{steps}, {records} records, {} calls", usage.calls);
    if usage.retries > 0 {
        text.push_str(&format!(", {} repeated", usage.retries));
    }
    if usage.waits > 0 {
        let seconds = Duration::from_millis(usage.wait_ms).as_secs_f64();
        text.push_str(&format!(", {} waits ({seconds:.1} s)", usage.waits));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_waits_and_the_end_only_where_there_are_any() {
        let mut progress =
            SyncProgress { steps_done: 3, steps_known: 9, records: 70, ..SyncProgress::default() };
        progress.usage.calls = 5;
        assert_eq!(describe(&progress), "3 of 9 steps, 70 records, 5 calls");
        progress.usage.waits = 1;
        progress.usage.wait_ms = 1500;
        progress.finishing = true;
        assert!(
            describe(&progress)
                .ends_with("writing the snapshot, 70 records, 5 calls, 1 waits (1.5 s)")
        );
    }
}
