//! Failures of the scratch disk, whichever library reports them.

use rollcall_model::{Code, Error, ErrorType};

/// A failure of a file or database on the scratch disk.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A value has another type than the one that was written.
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

impl From<ScratchError> for Error {
    fn from(e: ScratchError) -> Self {
        let (kind, code, what, fix) = match &e {
            e if e.is_full() => (
                ErrorType::Misconfigured,
                Code::ScratchFull,
                "the disk of the working database is full",
                "Give the function more ephemeral storage, or set TMPDIR to a folder with enough free space.",
            ),
            ScratchError::Io(_) => (
                ErrorType::Misconfigured,
                Code::ScratchFailed,
                "the working database failed",
                "Check that the folder for temporary files (TMPDIR) exists, can be written, and is on a sound disk.",
            ),
            _ => (
                ErrorType::Internal,
                Code::ScratchFailed,
                "the working database failed",
                "Run again; if it persists, check that the scratch disk is sound.",
            ),
        };
        Self::new(kind, code, what, fix).with_source(e)
    }
}

/// Converts a failure of the scratch disk. For closures; where `?` can do it, [`ScratchError`] does.
pub fn scratch(e: impl Into<ScratchError>) -> Error {
    e.into().into()
}
