//! Plans in files.

use std::io::Write;
use std::path::Path;

use rollcall_connector::{Code, Error, ErrorType};
use tempfile::NamedTempFile;

use super::plan::Plan;

/// Reads a plan.
pub(super) fn read(file: &Path) -> Result<Plan, Error> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| {
        let fix = "Check the file's name, and that this user may read it.";
        unreadable(format!("could not read the plan {shown}"), fix).with_source(e)
    })?;
    let fix = "Make a new plan with --out; by hand, only steps may be removed from it.";
    let plan: Plan = serde_json::from_str(&text)
        .map_err(|e| unreadable(format!("{shown} is not a plan: {e}"), fix))?;
    match plan.is_whole() {
        true => Ok(plan),
        false => Err(unreadable(format!("the plan {shown} was altered"), fix)),
    }
}

fn unreadable(message: String, fix: &'static str) -> Error {
    Error::invalid(Code::PlanNotReadable, message, fix)
}

/// Writes a plan into a new file, which only its owner may read.
pub(super) fn write(file: &Path, plan: &Plan) -> Result<(), Error> {
    let failed = |e: std::io::Error| {
        Error::new(
            ErrorType::Misconfigured,
            Code::PlanNotWritten,
            format!("could not write {}", file.display()),
            "Choose another name, in a folder that exists: a file is not replaced.",
        )
        .with_source(e)
    };
    let mut text = serde_json::to_string_pretty(plan).map_err(Error::not_json)?;
    text.push('\n');
    write_new(file, text.as_bytes()).map_err(failed)
}

/// Writes a new file, which only its owner may read. Fails if the file exists.
pub(crate) fn write_new(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut new = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    new.write_all(content)?;
    new.persist_noclobber(file)?;
    Ok(())
}
