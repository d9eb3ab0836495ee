//! The sync engine: runs a connector's steps, keeps what they bring, finishes and publishes.

mod answer;
mod checkpoint;
mod commit;
mod expand;
mod finish;
mod frontier;
pub mod manifest;
mod postpone;
mod publish;
mod restart;
mod run;
mod warnings;
mod work;
mod workdir;

#[cfg(test)]
mod outages;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod restarts;

pub use run::run;

use crate::error::{Error, ErrorType};

/// What a failure of the scratch disk means, whichever library noticed it.
pub(crate) fn scratch(e: impl Into<ScratchError>) -> Error {
    let e: ScratchError = e.into();
    if e.is_full() {
        return Error::new(
            ErrorType::Misconfigured,
            "ScratchFull",
            "the working database has no room left",
            "Give the function more ephemeral storage, or let TMPDIR name a folder with room.",
        )
        .with_source(e);
    }
    let (kind, fix) = match &e {
        ScratchError::Io(_) => (
            ErrorType::Misconfigured,
            "See that the folder for temporary files (TMPDIR) is there, can be written, and is on a sound disk.",
        ),
        _ => (
            ErrorType::Internal,
            "Run again; if it persists, see that the scratch disk is sound.",
        ),
    };
    Error::new(kind, "ScratchFailed", "the working database failed", fix).with_source(e)
}

/// What the scratch disk can do to us.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScratchError {
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A value has another type than was written.
    #[error(transparent)]
    Type(#[from] rusqlite::types::FromSqlError),
    /// A file failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl ScratchError {
    fn is_full(&self) -> bool {
        match self {
            Self::Sqlite(e) => e.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Io(e) => e.kind() == std::io::ErrorKind::StorageFull,
            Self::Type(_) => false,
        }
    }
}
