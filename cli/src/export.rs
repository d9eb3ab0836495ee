//! `rollcall export`: writes a snapshot as tables.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rollcall_connector::{Code, Error, ErrorType, counted};
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_published::tables::{Cell, Origin, Table, Tables, write_parquet};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::args::Place;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::snapshot::{Of, Source};

const EXAMPLES: &str = "\
Writes DIR/resources.parquet, entitlements, grants, and changes: what differs
from the snapshot before. SNAPSHOT is as in `rollcall snapshot --help`; one that
is not in a store has no changes, and no ends of temporary grants.
In CSV, an apostrophe precedes text that a spreadsheet would run as a formula.

Examples:
  rollcall export temporalcloud --out tables
  rollcall export temporalcloud --format csv --table grants --out csv
  rollcall export temporalcloud --partitioned --out history";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    of: Of,
    /// Write `parquet` (default), `csv` or `jsonl`
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "parquet")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    format: TableFormat,
    /// Only this table; may be given more than once
    #[arg(long = "table", value_name = "NAME", value_parser = table_names())]
    tables: Vec<Table>,
    /// The folder to write to; it is created if it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Name files as the store does: many snapshots side by side
    #[arg(long)]
    partitioned: bool,
    /// Replace files that exist
    #[arg(long)]
    replace: bool,
}

// Doc comments on the variants would become help texts.

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    Parquet,
    Csv,
    Jsonl,
}

impl TableFormat {
    /// The end of the names of its files.
    fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

fn table_names() -> impl TypedValueParser<Value = Table> {
    let names = PossibleValuesParser::new(Table::ALL.map(Table::name));
    names.try_map(|name| Table::ALL.into_iter().find(|t| t.name() == name).ok_or("no such table"))
}

/// Runs the command.
pub(crate) async fn run(args: ExportArgs, place: Place) -> Result<Exit, Failure> {
    let source = Source::new(place, &["export"])?.open_to_export(&args.of).await?;
    let tables = Tables {
        snapshot: &source.snapshot,
        previous: source.previous.as_ref(),
        ends: &source.ends,
        origin: source.manifest.as_ref().map(Origin::from).unwrap_or_default(),
    };
    let files = args.files(source.manifest.as_ref())?;
    if let Some((_, file)) = files.iter().find(|(_, file)| !args.replace && file.exists()) {
        return Err(not_written(file, io::ErrorKind::AlreadyExists.into()).into());
    }
    for (table, file) in files {
        let rows = args.write(&tables, table, &file)?;
        output::line(&format!("{}: {}", file.display(), counted(rows, "row")))?;
    }
    Ok(Exit::Done)
}

impl ExportArgs {
    /// The tables to write, and their files.
    fn files(&self, manifest: Option<&Manifest>) -> Result<Vec<(Table, PathBuf)>, Failure> {
        let chosen = Table::ALL.into_iter();
        let chosen = chosen.filter(|table| self.tables.is_empty() || self.tables.contains(table));
        let file = |table: Table| {
            let file = match (self.partitioned, manifest) {
                (false, _) => self.out.join(table.name()),
                (true, Some(manifest)) => self.out.join(table.key(manifest)),
                (true, None) => {
                    let message = "--partitioned needs a snapshot in a store: this one does not show its connection";
                    return Err(Failure::Usage(message.into()));
                }
            };
            Ok((table, file.with_extension(self.format.extension())))
        };
        chosen.map(file).collect()
    }

    /// Writes a table. Returns the number of its rows. The file gets its name when it is whole.
    fn write(&self, tables: &Tables<'_>, table: Table, file: &Path) -> Result<u64, Error> {
        let failed = |e| not_written(file, e);
        let folder = file.parent().unwrap_or(&self.out);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut new = NamedTempFile::new_in(folder).map_err(failed)?;
        let out = new.as_file_mut();
        let rows = match self.format {
            TableFormat::Parquet => write_parquet(tables, table, out)?,
            TableFormat::Csv => csv(tables, table, out).map_err(|e| e.of(file))?,
            TableFormat::Jsonl => jsonl(tables, table, out).map_err(|e| e.of(file))?,
        };
        match self.replace {
            true => new.persist(file).map_err(|e| failed(e.error))?,
            false => new.persist_noclobber(file).map_err(|e| failed(e.error))?,
        };
        Ok(rows)
    }
}

/// The reason why a table was not written.
enum TableFailure {
    Snapshot(Error),
    File(io::Error),
}

impl From<Error> for TableFailure {
    fn from(e: Error) -> Self {
        Self::Snapshot(e)
    }
}

impl From<io::Error> for TableFailure {
    fn from(e: io::Error) -> Self {
        Self::File(e)
    }
}

impl TableFailure {
    fn of(self, file: &Path) -> Error {
        match self {
            Self::Snapshot(e) => e,
            Self::File(e) => not_written(file, e),
        }
    }
}

/// Writes a table for spreadsheets. Returns the number of its rows.
fn csv(tables: &Tables<'_>, table: Table, out: &mut File) -> Result<u64, TableFailure> {
    let mut out = csv::Writer::from_writer(BufWriter::new(out));
    let names = table.columns().into_iter().map(|column| column.name);
    out.write_record(names).map_err(output::io_error)?;
    let mut rows = 0;
    tables.rows(table, |cells| {
        let cells = cells.iter().map(|cell| match cell {
            None => String::new(),
            Some(Cell::Text(text)) => output::spreadsheet(text),
            Some(Cell::Json(value)) => output::spreadsheet(&value.to_string()),
            Some(Cell::Flag(flag)) => flag.to_string(),
            Some(Cell::Time(time)) => to_the_millisecond(*time),
        });
        rows += 1;
        out.write_record(cells).map_err(|e| TableFailure::from(output::io_error(e)))
    })?;
    out.flush()?;
    Ok(rows)
}

/// Writes a table with a JSON object a line. Returns the number of its rows.
fn jsonl(tables: &Tables<'_>, table: Table, out: &mut File) -> Result<u64, TableFailure> {
    let mut out = BufWriter::new(out);
    let names: Vec<_> = table.columns().into_iter().map(|column| column.name).collect();
    let mut rows = 0;
    tables.rows(table, |cells| {
        let mut line = String::from("{");
        for (name, cell) in names.iter().zip(cells) {
            let value = match cell {
                None => Value::Null.to_string(),
                Some(Cell::Text(text)) => Value::from(*text).to_string(),
                Some(Cell::Json(value)) => value.to_string(),
                Some(Cell::Flag(flag)) => flag.to_string(),
                Some(Cell::Time(time)) => Value::from(to_the_millisecond(*time)).to_string(),
            };
            let comma = if line.len() > 1 { "," } else { "" };
            line.push_str(&format!("{comma}\"{name}\":{value}"));
        }
        rows += 1;
        writeln!(out, "{}}}", output::printable_json(&line)).map_err(TableFailure::from)
    })?;
    out.flush()?;
    Ok(rows)
}

/// As in Parquet files.
fn to_the_millisecond(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn not_written(file: &Path, e: io::Error) -> Error {
    let fix = match e.kind() {
        io::ErrorKind::AlreadyExists => "Name another folder with --out, or use --replace.",
        _ => "Name a folder that you may write to, on a disk with enough free space.",
    };
    Error::new(
        ErrorType::Misconfigured,
        Code::TableNotWritten,
        format!("could not write {}", file.display()),
        fix,
    )
    .with_source(e)
}
