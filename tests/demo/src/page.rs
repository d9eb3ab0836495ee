//! Where the tour is written: standard output.

use std::fmt::Display;
use std::io::Write;

/// Writes a line. Nobody is left to be told if standard output is gone.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Writes the heading of a part.
pub(crate) fn heading(text: &str) {
    line(format_args!("\n── {text}"));
}

/// Writes a line below a heading.
pub(crate) fn item(text: impl Display) {
    line(format_args!("   {text}"));
}
