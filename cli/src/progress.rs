//! The progress of a sync, and the retries of any command: one line on a terminal that is replaced, plain lines elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use rollcall_connector::counted;
use rollcall_connector::http::{Retry, RetryListener};
use rollcall_engine::context::{ProgressListener, SyncProgress};
use tracing_subscriber::filter::LevelFilter;

use crate::output;

/// The shortest time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The display of what a command is doing.
pub(crate) enum Display {
    Line(ProgressBar),
    Lines(Mutex<Shown>),
}

/// What plain lines showed.
pub(crate) struct Shown {
    began: Instant,
    /// When the last line of progress was printed.
    progress_at: Option<Instant>,
    latest: Option<SyncProgress>,
    /// When the retry begins that was announced last.
    retry_at: Option<Instant>,
}

impl Shown {
    fn new() -> Self {
        Self { began: Instant::now(), progress_at: None, latest: None, retry_at: None }
    }

    /// Whether a retry is announced. Requests that are in flight together fail together: one line stands for all of them.
    fn announces(&mut self, retry: &Retry, now: Instant) -> bool {
        let is_first = self.retry_at.is_none_or(|at| at <= now);
        if is_first {
            self.retry_at = Some(now + retry.delay);
        }
        is_first
    }
}

impl Display {
    /// The display of a sync.
    pub(crate) fn bar() -> Self {
        let display = Self::styled("{spinner} [{bar:24}] {msg}");
        if let Self::Line(bar) = &display {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        display
    }

    /// The display of a change: nothing, until there is something to wait for.
    pub(crate) fn spinner() -> Self {
        Self::styled("{spinner} {msg}")
    }

    /// The display that fits standard error. Logs would break a line that is replaced.
    fn styled(template: &str) -> Self {
        if LevelFilter::current() > LevelFilter::WARN || !stderr().is_terminal() {
            return Self::Lines(Mutex::new(Shown::new()));
        }
        // A bar of length zero would be full.
        let bar = ProgressBar::no_length();
        let template = ProgressStyle::with_template(template);
        bar.set_style(template.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self::Line(bar)
    }

    /// Hides the line, if there is one, while something else uses the terminal.
    pub(crate) fn paused<T>(&self, use_terminal: impl FnOnce() -> T) -> T {
        match self {
            Self::Line(bar) => bar.suspend(use_terminal),
            Self::Lines(_) => use_terminal(),
        }
    }

    /// Prints a message, above the line if there is one.
    pub(crate) fn note(&self, text: &str) {
        self.paused(|| output::note(text));
    }

    /// Shows that the command waits until then, and why.
    pub(crate) fn waiting(&self, until: Timestamp, why: &str) {
        let text = format!("waiting until {until:.0}: {why}");
        match self {
            Self::Line(bar) => bar.set_message(text),
            Self::Lines(_) => output::note(&text),
        }
    }

    /// Ends the display before the results are printed: removes the bar, or prints a last line.
    pub(crate) fn end(&self) {
        match self {
            Self::Line(bar) => bar.finish_and_clear(),
            Self::Lines(shown) => {
                let shown = locked(shown);
                if let Some(latest) = shown.latest {
                    let latest = SyncProgress { finishing: false, ..latest };
                    let seconds = shown.began.elapsed().as_secs_f64();
                    output::note(&format!("{}, {seconds:.1} s", describe(&latest)));
                }
            }
        }
    }
}

impl ProgressListener for Display {
    fn at(&self, progress: SyncProgress) {
        match self {
            Self::Line(bar) => {
                bar.set_length(progress.steps_known);
                bar.set_position(progress.steps_done);
                bar.set_message(describe(&progress));
            }
            Self::Lines(shown) => {
                let mut shown = locked(shown);
                shown.latest = Some(progress);
                if shown.progress_at.unwrap_or(shown.began).elapsed() >= LINE_INTERVAL {
                    shown.progress_at = Some(Instant::now());
                    output::note(&describe(&progress));
                }
            }
        }
    }
}

impl RetryListener for Display {
    fn retrying(&self, retry: &Retry) {
        match self {
            Self::Line(bar) => bar.set_message(retry.to_string()),
            Self::Lines(shown) => {
                if locked(shown).announces(retry, Instant::now()) {
                    output::note(&retry.to_string());
                }
            }
        }
    }
}

fn locked(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

fn describe(progress: &SyncProgress) -> String {
    let SyncProgress { steps_done, steps_known, records, usage, finishing } = progress;
    let steps = if *finishing {
        format!("{} done, writing the snapshot", counted(*steps_done, "step"))
    } else {
        format!("{steps_done} of {}", counted(*steps_known, "step"))
    };
    let mut text =
        format!("{steps}, {}, {}", counted(*records, "record"), counted(usage.calls, "call"));
    if usage.retries > 0 {
        text.push_str(&format!(", {} repeated", usage.retries));
    }
    if usage.waits > 0 {
        let seconds = Duration::from_millis(usage.wait_ms).as_secs_f64();
        text.push_str(&format!(", {} ({seconds:.1} s)", counted(usage.waits, "wait")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_of_requests_that_fail_together_are_one_line() {
        let (mut shown, now) = (Shown::new(), Instant::now());
        for (at, delay, is_shown) in [(0, 10, true), (1, 20, false), (11, 20, true), (30, 9, false)]
        {
            let delay = Duration::from_secs(delay);
            let retry = Retry { problem: String::new(), delay, number: 1, of: 6 };
            let at = now + Duration::from_secs(at);
            assert_eq!(shown.announces(&retry, at), is_shown, "{at:?}");
        }
    }

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
