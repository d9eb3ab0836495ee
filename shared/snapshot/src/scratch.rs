//! The scratch disk: what its failures mean, whichever library noticed them.

use rollcall_model::Code;
use rollcall_model::{Error, ErrorType};

/// What a failure of the scratch disk means, whichever library noticed it.
pub fn scratch(e: impl Into<ScratchError>) -> Error {
    let e: ScratchError = e.into();
    if e.is_full() {
        return Error::new(
            ErrorType::Misconfigured,
            Code::ScratchFull,
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
    Error::new(
        kind,
        Code::ScratchFailed,
        "the working database failed",
        fix,
    )
    .with_source(e)
}

/// What the scratch disk can do to us.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
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

impl From<ScratchError> for Error {
    fn from(e: ScratchError) -> Self {
        scratch(e)
    }
}
