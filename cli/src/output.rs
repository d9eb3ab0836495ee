//! Everything that this program prints: results on standard output, messages on standard error.

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
    /// For spreadsheets: a header, then one row a line.
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
                serde_json::to_writer(&mut self.out, row).map_err(io::Error::from)?;
            }
            Format::Csv => {
                if self.rows == 0 {
                    self.csv_header()?;
                }
                csv_line(&mut self.out, row.cells().iter().map(String::as_str))?;
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
    writeln!(io::stdout().lock(), "{value:#}")?;
    Ok(Exit::Done)
}

/// Tells people something on standard error. If nobody listens, that is no failure.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(text));
}

/// Text that does nothing to a terminal: names come from a vendor, and anybody may have chosen them.
fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
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
    }
}
