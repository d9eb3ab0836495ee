//! Everything that this program prints: results on standard output, messages on standard error.

use std::borrow::Cow;
use std::io::{self, BufWriter, StdoutLock, Write};

use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::Value;

use crate::failure::{Exit, Failure};

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// An array, one element a line.
    Json,
    /// For spreadsheets: a header, then one row a line; what would be a formula begins with an apostrophe.
    Csv,
}

/// How a single result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Table,
    /// As the function answers it.
    Json,
}

/// Something that can be a row of a list.
pub(crate) trait Row: Serialize {
    /// Its cells, one for each column.
    fn cells(&self) -> Vec<String>;
}

/// So many rows are laid out together; beyond, a table has the column widths of those and goes on line by line.
const LAID_OUT: usize = 2000;

/// A list that is printed while it is read.
pub(crate) struct Listing {
    format: Format,
    columns: &'static [&'static str],
    out: BufWriter<StdoutLock<'static>>,
    rows: u64,
    held: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

impl Listing {
    /// Begins a list.
    pub(crate) fn new(format: Format, columns: &'static [&'static str]) -> Self {
        Self {
            format,
            columns,
            out: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
            rows: 0,
            held: Vec::new(),
            widths: None,
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: &impl Row) -> Result<(), Failure> {
        match self.format {
            Format::Json => {
                self.out
                    .write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
                let text = serde_json::to_string(row).map_err(io::Error::from)?;
                self.out.write_all(printable_json(&text).as_bytes())?;
            }
            Format::Csv => {
                if self.rows == 0 {
                    self.csv_header()?;
                }
                let cells: Vec<String> = row.cells().iter().map(|c| spreadsheet(c)).collect();
                csv_line(&mut self.out, cells.iter().map(String::as_str))?;
            }
            Format::Table => self.table_row(row.cells().iter().map(|c| printable(c)).collect())?,
        }
        self.rows += 1;
        Ok(())
    }

    fn table_row(&mut self, cells: Vec<String>) -> Result<(), Failure> {
        if let Some(widths) = &self.widths {
            return Ok(aligned(&mut self.out, widths, &cells)?);
        }
        self.held.push(cells);
        if self.held.len() == LAID_OUT {
            let header: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
            let rows = std::mem::take(&mut self.held);
            let widths = widths(&header, &rows);
            for row in std::iter::once(&header).chain(&rows) {
                aligned(&mut self.out, &widths, row)?;
            }
            self.widths = Some(widths);
        }
        Ok(())
    }

    fn csv_header(&mut self) -> io::Result<()> {
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|c| c.to_lowercase().replace(' ', "_"))
            .collect();
        csv_line(&mut self.out, names.iter().map(String::as_str))
    }

    /// Ends the list. Gives how many rows it has.
    pub(crate) fn finish(mut self) -> Result<u64, Failure> {
        match self.format {
            Format::Json if self.rows == 0 => self.out.write_all(b"[]\n")?,
            Format::Json => self.out.write_all(b"\n]\n")?,
            Format::Csv if self.rows == 0 => self.csv_header()?,
            Format::Csv => {}
            Format::Table if self.widths.is_none() => {
                let mut table = Table::new();
                table.load_style(presets::UTF8_FULL_CONDENSED);
                table.set_header(self.columns.iter().copied());
                table.add_rows(std::mem::take(&mut self.held));
                writeln!(self.out, "{table}")?;
            }
            Format::Table => {}
        }
        self.out.flush()?;
        Ok(self.rows)
    }
}

/// Prints pairs of a name and a value, one a line.
pub(crate) fn pairs(pairs: &[(&str, String)]) -> Result<(), Failure> {
    let width = pairs
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let mut out = io::stdout().lock();
    for (name, value) in pairs {
        writeln!(out, "{name:width$}  {}", printable(value))?;
    }
    Ok(())
}

/// Prints one line.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stdout().lock(), "{}", printable(text))?)
}

/// Prints a value as JSON, and is done.
pub(crate) fn json(value: &Value) -> Result<Exit, Failure> {
    let text = format!("{value:#}");
    writeln!(io::stdout().lock(), "{}", printable_json(&text))?;
    Ok(Exit::Done)
}

/// Prints a text of this program's own as it is, and is done.
pub(crate) fn text(text: &str) -> Result<Exit, Failure> {
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Tells people something on standard error. If nobody listens, that is no failure.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(text));
}

/// The same for programs, as one line.
pub(crate) fn note_json(value: &Value) {
    let text = value.to_string();
    let _ = writeln!(io::stderr().lock(), "{}", printable_json(&text));
}

/// Standard error for logs, of which each line is made printable.
pub(crate) struct Messages;

impl Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let safe = escaped(
            &text,
            |c| acts(c) && c != '\n',
            |c| c.escape_default().to_string(),
        );
        io::stderr().lock().write_all(safe.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// Whether a character does something to a terminal instead of being shown: it controls it, breaks a line, or changes the
/// direction of the text around it (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, which: impl Fn(char) -> bool, how: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(&which) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if which(c) {
            safe.push_str(&how(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Text that does nothing to a terminal: names come from a vendor, and anybody may have chosen them.
fn printable(text: &str) -> String {
    escaped(text, acts, |c| c.escape_default().to_string()).into_owned()
}

/// The same for JSON, which means the same afterwards: such characters are in its strings only, but for line ends.
fn printable_json(json: &str) -> Cow<'_, str> {
    escaped(
        json,
        |c| acts(c) && c != '\n',
        |c| format!("\\u{:04x}", u32::from(c)),
    )
}

/// A cell for a spreadsheet. One that would be taken for a formula gets an apostrophe, ids too: only JSON is exact
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn spreadsheet(cell: &str) -> String {
    let acts = |c| acts(c) && !matches!(c, '\n' | '\r' | '\t');
    let cell = escaped(cell, acts, |c| c.escape_default().to_string());
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

fn widths(header: &[String], rows: &[Vec<String>]) -> Vec<usize> {
    let longest = |n: usize| {
        rows.iter()
            .chain([&header.to_vec()])
            .map(|row| row[n].chars().count())
            .max()
    };
    (0..header.len())
        .map(|n| longest(n).unwrap_or_default())
        .collect()
}

/// A row whose cells are padded, and separated by tabs for programs.
fn aligned(out: &mut impl Write, widths: &[usize], cells: &[String]) -> io::Result<()> {
    let last = cells.len().saturating_sub(1);
    for (n, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if n == last {
            write!(out, "{cell}")?;
        } else {
            write!(out, "{cell:width$}\t")?;
        }
    }
    writeln!(out)
}

/// A line of CSV (RFC 4180, with plain line ends).
fn csv_line<'a>(out: &mut impl Write, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        if cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ') {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_quoted_where_it_must_be() {
        let mut out = Vec::new();
        let cells = ["plain", "a,b", "say \"x\"", "two\nlines", " edge", ""];
        csv_line(&mut out, cells.into_iter()).expect("written");
        let expected = "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\" edge\",\n";
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), r"a\u{1b}[2Jb\nc");
        assert_eq!(printable("Zoë → ok"), "Zoë → ok");
        for c in [
            '\u{9b}', '\u{200e}', '\u{2028}', '\u{202e}', '\u{2067}', '\0',
        ] {
            let name = format!("a{c}b");
            let shown = [printable(&name), spreadsheet(&name)];
            assert!(
                shown
                    .iter()
                    .all(|text| text.is_ascii() && !text.contains('\0')),
                "{shown:?}"
            );
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
