//! What can be wrong with a snapshot file, each with why and what to do.

use std::io;

use super::read::LIMIT;
use rollcall_model::Code;
use rollcall_model::{Error, ErrorType};

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file, or it may not be read.
    #[error("could not open {name}")]
    NotOpened {
        /// Which file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The disk or the network failed in the middle.
    #[error("could not read {name} to its end")]
    NotReadable {
        /// Which file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// It has no bytes at all.
    #[error("{name} is empty")]
    Empty {
        /// Which file.
        name: String,
    },
    /// It is something else.
    #[error("{name} is not a .c1z file: it does not begin with `C1ZF`")]
    NotASnapshot {
        /// Which file.
        name: String,
    },
    /// It is a snapshot of a later kind.
    #[error("{name} is a .c1z file of version 3, which holds no SQLite database")]
    VersionThree {
        /// Which file.
        name: String,
    },
    /// Its end is missing.
    #[error("{name} is truncated: the compressed data ends in the middle")]
    Truncated {
        /// Which file.
        name: String,
    },
    /// Its compressed data is not what was written.
    #[error("{name} is damaged: its compressed data cannot be decoded")]
    Damaged {
        /// Which file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// It would fill the disk.
    #[error("{name} decodes to more than {} GiB", LIMIT >> 30)]
    TooLarge {
        /// Which file.
        name: String,
    },
    /// It decodes to something that is no database.
    #[error("{name} is not a .c1z file: what it holds is not a SQLite database")]
    NotADatabase {
        /// Which file.
        name: String,
    },
    /// It decodes to a database of another kind.
    #[error("{name} is not a .c1z file: its database has no table `{table}`")]
    NoTable {
        /// Which file.
        name: String,
        /// Which table.
        table: String,
    },
    /// Its sync was never finished.
    #[error("{name} holds no finished sync")]
    NoFinishedSync {
        /// Which file.
        name: String,
    },
    /// A record in it cannot be decoded.
    #[error("{name} is damaged: the record `{record}` cannot be decoded")]
    BadRecord {
        /// Which file.
        name: String,
        /// Which record.
        record: String,
        /// Why.
        source: prost::DecodeError,
    },
    /// SQLite cannot read it.
    #[error("{name} is damaged: its database cannot be read")]
    Database {
        /// Which file.
        name: String,
        /// Why.
        source: rusqlite::Error,
    },
    /// There is no room to decode it.
    #[error("could not decode {name} into a temporary file")]
    Scratch {
        /// Which file.
        name: String,
        /// Why.
        source: io::Error,
    },
}

impl ReadError {
    fn code(&self) -> Code {
        match self {
            Self::NotOpened { .. } => Code::SnapshotNotFound,
            Self::NotReadable { .. } => Code::SnapshotNotReadable,
            Self::Empty { .. } => Code::SnapshotTruncated,
            Self::NotASnapshot { .. } | Self::NotADatabase { .. } | Self::NoTable { .. } => {
                Code::NotASnapshot
            }
            Self::VersionThree { .. } => Code::UnsupportedSnapshot,
            Self::Truncated { .. } => Code::SnapshotTruncated,
            Self::Damaged { .. } | Self::BadRecord { .. } | Self::Database { .. } => {
                Code::SnapshotDamaged
            }
            Self::TooLarge { .. } => Code::SnapshotTooLarge,
            Self::NoFinishedSync { .. } => Code::SnapshotUnfinished,
            Self::Scratch { .. } => Code::ScratchFull,
        }
    }

    fn kind(&self) -> ErrorType {
        match self {
            Self::NotOpened { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ErrorType::NotFound
            }
            Self::NotOpened { .. } | Self::Scratch { .. } => ErrorType::Misconfigured,
            Self::NotReadable { .. } => ErrorType::Unavailable,
            _ => ErrorType::InvalidRequest,
        }
    }

    fn fix(&self) -> &'static str {
        match self {
            Self::NotOpened { .. } => "Check the file's name, and that this user may read it.",
            Self::NotReadable { .. } => "Copy the file to a sound disk and try again.",
            Self::Empty { .. } | Self::Truncated { .. } => {
                "The file was not copied to its end: fetch it again, and compare its size and SHA-256 with the manifest."
            }
            Self::Damaged { .. } | Self::BadRecord { .. } | Self::Database { .. } => {
                "Fetch the file again, and compare its SHA-256 with the manifest."
            }
            Self::NotASnapshot { .. } | Self::NotADatabase { .. } | Self::NoTable { .. } => {
                "Name a file that a sync wrote."
            }
            Self::VersionThree { .. } => {
                "Have the tool that wrote it use its SQLite storage engine, which gives version 1."
            }
            Self::TooLarge { .. } => {
                "No connector writes so much: look at what the file is before decoding it."
            }
            Self::NoFinishedSync { .. } => {
                "Use the file of a sync that ended, or run the sync again."
            }
            Self::Scratch { .. } => "Let TMPDIR name a folder with room for the decoded file.",
        }
    }
}

impl From<ReadError> for Error {
    fn from(e: ReadError) -> Self {
        let (kind, code, fix) = (e.kind(), e.code(), e.fix());
        let mut error = Self::new(kind, code, e.to_string(), fix);
        // The sentence is ours already; what lies below it is the cause.
        match e {
            ReadError::NotOpened { source, .. }
            | ReadError::NotReadable { source, .. }
            | ReadError::Damaged { source, .. }
            | ReadError::Scratch { source, .. } => error = error.with_source(source),
            ReadError::BadRecord { source, .. } => error = error.with_source(source),
            ReadError::Database { source, .. } => error = error.with_source(source),
            _ => {}
        }
        error
    }
}
