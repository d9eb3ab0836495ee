//! `rollcall report`: writes the report on a snapshot, a page for the browser.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_published::{Published, PublishedEvent, report};
use rollcall_snapshot::Snapshot;
use tempfile::NamedTempFile;

use crate::args::Place;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::snapshot::{Found, Source, read};

const EXAMPLES: &str = "\
One file that loads nothing: who holds most, privileged access, what changed, a
search, a page per account and per resource. It contains the whole snapshot;
only its owner may read it. An older file of the same name is replaced. SNAPSHOT
is as for the command snapshot; from a file alone, the report has no changes, no
older counts, and no ends of temporary grants.

Examples:
  rollcall report temporalcloud
  rollcall report temporalcloud --out access.html";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReportArgs {
    /// A connector, path, sync id, key or S3 object (default: the newest)
    snapshot: Option<String>,
    /// The file to write [default: named after the snapshot, in this folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Open it in the browser
    #[arg(long)]
    open: bool,
}

/// Runs the command.
pub(crate) async fn run(args: ReportArgs, place: Place) -> Result<Exit, Failure> {
    let (page, name) = match Source::new(place, &["report"])?.find(args.snapshot.as_deref()).await?
    {
        Found::File(path) => of_file(&path)?,
        Found::Object { store, key } => {
            let manifest = crate::snapshot::manifest(&*store, &key).await?;
            match manifest {
                Some(m) => {
                    let name = format!("{}-{}-{}", m.connector, m.connection, m.sync_id);
                    let event = PublishedEvent {
                        connector: m.connector,
                        connection: m.connection,
                        sync_id: m.sync_id,
                    };
                    let published = Published::open(&*store, &event).await?;
                    (report::of_published(&*store, &published).await?, name)
                }
                None => {
                    let snapshot = read(&*store, &key).await?;
                    (report::of_file(&snapshot, None)?, snapshot.sync().sync_id.clone())
                }
            }
        }
    };
    let to = args.out.unwrap_or_else(|| format!("{name}.html").into());
    write(&to, page.as_bytes())?;
    output::line(&to.display().to_string())?;
    if args.open {
        open(&to)?;
    }
    Ok(Exit::Done)
}

fn of_file(path: &Path) -> Result<(String, String), Failure> {
    let snapshot = Snapshot::open(path)?;
    let manifest = crate::snapshot::manifest_of_file(path)?;
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok((report::of_file(&snapshot, manifest.as_ref())?, name))
}

fn write(to: &Path, page: &[u8]) -> Result<(), Error> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).and_then(|mut file| {
        file.write_all(page)?;
        Ok(file.persist(to)?)
    });
    written.map(drop).map_err(|e| {
        Error::new(
            ErrorType::Misconfigured,
            Code::ReportNotWritten,
            format!("could not write {}", to.display()),
            "Choose another name with --out, in a folder that exists and can be written.",
        )
        .with_source(e)
    })
}

/// Opens the file with the program for its kind. No shell reads its name.
fn open(file: &Path) -> Result<(), Error> {
    // A name that begins with a dash would be an option.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let [program, arguments @ ..] = OPENER else { return Ok(()) };
    let mut command = Command::new(program);
    command.args(arguments).arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
    let why = match command.status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("`{program}` failed ({status})"),
        Err(e) if e.kind() == ErrorKind::NotFound => format!("there is no program `{program}`"),
        Err(e) => format!("`{program}` could not be started: {e}"),
    };
    Err(Error::new(
        ErrorType::Misconfigured,
        Code::ReportNotOpened,
        format!("the report is written, but cannot be opened: {why}"),
        format!("Open {} in a browser.", file.display()),
    ))
}

#[cfg(target_os = "macos")]
const OPENER: &[&str] = &["open"];
#[cfg(windows)]
const OPENER: &[&str] = &["rundll32", "url.dll,FileProtocolHandler"];
#[cfg(not(any(target_os = "macos", windows)))]
const OPENER: &[&str] = &["xdg-open"];
