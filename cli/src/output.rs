//! Everything that this program prints: results on standard output, messages on standard error.

use std::borrow::Cow;
use std::io::{self, BufWriter, StdoutLock, Write};

use clap::ValueEnum;
use rollcall_model::is_acting;
use serde::Serialize;
use serde_json::Value;

use crate::table::{Layout, terminal_width};

// Doc comments on the variants would become help texts, and the help of a command longer than a screen.

/// The format of a list: JSON has one element a line; CSV is for spreadsheets, see [`spreadsheet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Csv,
}

/// The format of a single result: for people, or the answer of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Table,
    Json,
}

/// A row of a list.
pub(crate) trait Row: Serialize {
    /// The columns of the list.
    const COLUMNS: &'static [&'static str];

    /// The cells, one for each column.
    fn cells(&self) -> Vec<String>;
}

/// The number of rows that are laid out together. Further rows get the layout of these, one at a time.
const ALIGNED_TOGETHER: usize = 2000;

/// A list that is printed while it is read.
pub(crate) enum Listing {
    Json {
        out: BufWriter<StdoutLock<'static>>,
        is_empty: bool,
    },
    Csv {
        out: Box<csv::Writer<StdoutLock<'static>>>,
        /// The header, until the first row or the end: a list that fails before leaves nothing that looks like an empty one.
        header: Option<Vec<String>>,
    },
    Table {
        out: BufWriter<StdoutLock<'static>>,
        columns: &'static [&'static str],
        buffered: Vec<Vec<String>>,
        /// The layout, once rows are no longer buffered.
        layout: Option<Layout>,
    },
}

impl Listing {
    /// Begins a list of rows of this type.
    pub(crate) fn new<R: Row>(format: Format) -> io::Result<Self> {
        let stdout = io::stdout().lock();
        Ok(match format {
            Format::Json => {
                Self::Json { out: BufWriter::with_capacity(1 << 16, stdout), is_empty: true }
            }
            Format::Csv => {
                let names = R::COLUMNS.iter();
                let names = names.map(|name| name.to_lowercase().replace(' ', "_"));
                Self::Csv {
                    out: Box::new(csv::Writer::from_writer(stdout)),
                    header: Some(names.collect()),
                }
            }
            Format::Table => Self::Table {
                out: BufWriter::with_capacity(1 << 16, stdout),
                columns: R::COLUMNS,
                buffered: Vec::new(),
                layout: None,
            },
        })
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: &impl Row) -> io::Result<()> {
        match self {
            Self::Json { out, is_empty } => {
                out.write_all(if *is_empty { b"[\n" } else { b",\n" })?;
                *is_empty = false;
                let text = serde_json::to_string(row)?;
                out.write_all(printable_json(&text).as_bytes())?;
            }
            Self::Csv { out, header } => {
                if let Some(names) = header.take() {
                    out.write_record(names).map_err(io_error)?;
                }
                let cells = row.cells();
                let cells = cells.iter().map(|cell| spreadsheet(cell));
                out.write_record(cells).map_err(io_error)?;
            }
            Self::Table { out, columns, buffered, layout } => {
                let cells: Vec<_> = row.cells().iter().map(|c| printable(c)).collect();
                if let Some(layout) = layout {
                    return layout.row(out, &cells);
                }
                buffered.push(cells);
                if buffered.len() == ALIGNED_TOGETHER {
                    let rows = std::mem::take(buffered);
                    *layout = Some(laid_out(out, columns, &rows, false)?);
                }
            }
        }
        Ok(())
    }

    /// Ends the list.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Json { mut out, is_empty } => {
                out.write_all(if is_empty { b"[]\n" } else { b"\n]\n" })?;
                out.flush()
            }
            Self::Csv { mut out, header } => {
                if let Some(names) = header {
                    out.write_record(names).map_err(io_error)?;
                }
                out.flush()
            }
            Self::Table { mut out, columns, buffered, layout } => {
                if layout.is_none() {
                    laid_out(&mut out, columns, &buffered, true)?;
                }
                out.flush()
            }
        }
    }
}

/// Writes the header and the first rows, which decide the layout of all others.
fn laid_out(
    out: &mut impl Write,
    columns: &[&'static str],
    rows: &[Vec<String>],
    is_complete: bool,
) -> io::Result<Layout> {
    let layout = Layout::new(columns, rows, terminal_width(), is_complete);
    layout.header(out)?;
    rows.iter().try_for_each(|row| layout.row(out, row))?;
    Ok(layout)
}

/// The error underneath, so that a closed pipe is recognized.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A report: pairs of a name and a value, one a line.
#[derive(Default)]
pub(crate) struct Report(Vec<(&'static str, String)>);

impl Report {
    /// Adds a line.
    pub(crate) fn add(&mut self, name: &'static str, value: impl ToString) {
        self.0.push((name, value.to_string()));
    }

    /// Adds a line for each value.
    pub(crate) fn each<T: ToString>(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = T>,
    ) {
        values.into_iter().for_each(|value| self.add(name, value));
    }

    pub(crate) fn print(&self) -> io::Result<()> {
        let names = self.0.iter().map(|(name, _)| name.len());
        let width = names.max().unwrap_or_default();
        let mut out = io::stdout().lock();
        for (name, value) in &self.0 {
            writeln!(out, "{name:width$}  {}", printable(value))?;
        }
        Ok(())
    }
}

/// The number of grants by where they come from: the vendor, or expansion.
pub(crate) fn stated_and_inherited(stated: u64, inherited: u64) -> String {
    format!("{stated} stated, {inherited} inherited")
}

/// Prints one line.
pub(crate) fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", printable(text))
}

/// Prints a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
    let text = format!("{:#}", serde_json::to_value(value)?);
    writeln!(io::stdout().lock(), "{}", printable_json(&text))
}

/// Prints a text of this program as it is.
pub(crate) fn text(text: &str) -> io::Result<()> {
    io::stdout().lock().write_all(text.as_bytes())
}

/// Prints a message on standard error. If nobody reads it, that is not a failure.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(text));
}

/// Prints a message for programs on standard error, as one line.
pub(crate) fn note_json(value: &Value) {
    let text = value.to_string();
    let _ = writeln!(io::stderr().lock(), "{}", printable_json(&text));
}

/// Standard error for logs, whose lines are made printable.
pub(crate) struct Messages;

impl Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let safe = escaped(&text, &['\n'], rust_escape);
        io::stderr().lock().write_all(safe.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// The text with every character escaped that acts on a terminal, except `allowed` ones.
fn escaped<'a>(text: &'a str, allowed: &[char], escape: fn(char) -> String) -> Cow<'a, str> {
    let acts = |c| is_acting(c) && !allowed.contains(&c);
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match acts(c) {
            true => safe.push_str(&escape(c)),
            false => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

fn rust_escape(c: char) -> String {
    c.escape_default().to_string()
}

/// Text that does nothing to a terminal: anybody may have chosen a name that comes from a vendor.
fn printable(text: &str) -> String {
    escaped(text, &[], rust_escape).into_owned()
}

/// The same for JSON, whose meaning stays: except for line ends, such characters are in its strings only.
pub(crate) fn printable_json(json: &str) -> Cow<'_, str> {
    escaped(json, &['\n'], |c| format!("\\u{:04x}", u32::from(c)))
}

/// A cell for a spreadsheet. An apostrophe keeps it from being run as a formula, ids too: only JSON is exact
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub(crate) fn spreadsheet(cell: &str) -> String {
    let cell = escaped(cell, &['\n', '\r', '\t'], rust_escape);
    let mut safe = String::with_capacity(cell.len() + 1);
    // Where a comma is a decimal sign, a spreadsheet splits at semicolons, and some split at tabs.
    let mut begins = true;
    for c in cell.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r') {
            safe.push('\'');
        }
        begins = matches!(c, ';' | '\t');
        safe.push(c);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), r"a\u{1b}[2Jb\nc");
        assert_eq!(printable("Zoë → ok"), "Zoë → ok");
        for c in ['\u{9b}', '\u{200e}', '\u{2028}', '\u{202e}', '\u{2067}', '\0'] {
            let name = format!("a{c}b");
            let shown = [printable(&name), spreadsheet(&name)];
            assert!(shown.iter().all(|text| text.is_ascii() && !text.contains('\0')), "{shown:?}");
            let json = serde_json::to_string(&name).expect("JSON");
            let safe = printable_json(&json);
            assert!(safe.is_ascii() && !safe.contains('\0'), "{safe}");
            let read: String = serde_json::from_str(&safe).expect("JSON");
            assert_eq!(read, name, "JSON stays exact");
        }
    }

    #[test]
    fn a_cell_is_no_formula() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("user:=1", "user:=1"),
            ("x;=1;y", "x;'=1;y"),
            ("x\t@y", "x\t'@y"),
            ("two\nlines", "two\nlines"),
            ("", ""),
        ] {
            assert_eq!(spreadsheet(cell), expected);
        }
    }
}
