//! Where the tour is written.

use std::io::Write;

/// Standard output, a line at a time.
pub(crate) struct Page {
    out: std::io::Stdout,
}

impl Page {
    pub(crate) fn new() -> Self {
        Self {
            out: std::io::stdout(),
        }
    }

    /// A line. Nobody is left to be told if standard output is gone.
    pub(crate) fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    /// The heading of a part.
    pub(crate) fn heading(&mut self, text: &str) {
        self.line(&format!("\n── {text}"));
    }

    /// A line below a heading.
    pub(crate) fn item(&mut self, text: &str) {
        self.line(&format!("   {text}"));
    }
}
