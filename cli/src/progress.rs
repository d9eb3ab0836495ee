//! The progress of a sync: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use rollcall_engine::context::{ProgressListener, SyncProgress};

use crate::output::{self, count};

/// The shortest time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The display of a sync's progress.
pub(crate) enum Display {
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
}

/// Plain lines.
pub(crate) struct Lines {
    began: Instant,
    /// When the last line was printed.
    printed: Option<Instant>,
    latest: Option<SyncProgress>,
}

impl Display {
    /// The display that fits standard error. Logs would break a bar, so they get lines.
    pub(crate) fn new(with_logs: bool) -> Self {
        if with_logs || !stderr().is_terminal() {
            let lines = Lines { began: Instant::now(), printed: None, latest: None };
            return Self::Lines(Mutex::new(lines));
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

    /// Ends the display before the results are printed: removes the bar, or prints a last line.
    pub(crate) fn end(&self) {
        match self {
            Self::Bar(bar) => bar.finish_and_clear(),
            Self::Lines(lines) => {
                let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(latest) = lines.latest {
                    let latest = SyncProgress { finishing: false, ..latest };
                    let seconds = lines.began.elapsed().as_secs_f64();
                    output::note(&format!("{}, {seconds:.1} s", describe(&latest)));
                }
            }
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
            Self::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.latest = Some(progress);
                if lines.printed.unwrap_or(lines.began).elapsed() >= LINE_INTERVAL {
                    lines.printed = Some(Instant::now());
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
    let mut text =
        format!("{steps}, {}, {}", count(*records, "record"), count(usage.calls, "call"));
    if usage.retries > 0 {
        text.push_str(&format!(", {} repeated", usage.retries));
    }
    if usage.waits > 0 {
        let seconds = Duration::from_millis(usage.wait_ms).as_secs_f64();
        text.push_str(&format!(", {} ({seconds:.1} s)", count(usage.waits, "wait")));
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
                .ends_with("writing the snapshot, 70 records, 5 calls, 1 wait (1.5 s)")
        );
    }
}
