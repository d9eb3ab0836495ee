//! The progress of a sync: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use rollcall_engine::context::{Extent, Progress};

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

impl Progress for Display {
    fn at(&self, extent: Extent) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(extent.steps_known);
                bar.set_position(extent.steps_done);
                bar.set_message(describe(&extent));
            }
            Self::Lines(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.is_none_or(|at| at.elapsed() >= LINE_INTERVAL) {
                    *last = Some(Instant::now());
                    output::note(&describe(&extent));
                }
            }
        }
    }
}

fn describe(extent: &Extent) -> String {
    let Extent {
        steps_done,
        steps_known,
        records,
        usage,
        finishing,
    } = extent;
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
        let mut extent = Extent {
            steps_done: 3,
            steps_known: 9,
            records: 70,
            ..Extent::default()
        };
        extent.usage.calls = 5;
        assert_eq!(describe(&extent), "3 of 9 steps, 70 records, 5 calls");
        extent.usage.waits = 1;
        extent.usage.wait_ms = 1500;
        extent.finishing = true;
        assert!(
            describe(&extent)
                .ends_with("writing the snapshot, 70 records, 5 calls, 1 waits (1.5 s)")
        );
    }
}
