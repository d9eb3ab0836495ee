//! The faults of a snapshot file, each with its code and fix.

use std::io;

use rollcall_model::{Code, Error, ErrorType};

use crate::format::LIMIT;

/// The reason why a snapshot cannot be read. [`Self::of`] has the table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SnapshotFault<'a> {
    Missing,
    NotOpened,
    NotReadable,
    Empty,
    Truncated,
    NotASnapshot,
    NotADatabase,
    NoTable(&'a str),
    VersionThree,
    Damaged,
    BadRecord(&'a str),
    Database,
    TooLarge,
    NoFinishedSync,
    Scratch,
}

impl SnapshotFault<'_> {
    /// The fault of [`std::fs::File::open`].
    pub(crate) fn of_opening(e: &io::Error) -> Self {
        match e.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::NotOpened,
        }
    }

    /// The fault of decoding: the decoder's own errors carry no number of the operating system.
    pub(crate) fn of_decoding(e: &io::Error) -> Self {
        match (e.raw_os_error(), e.kind()) {
            (Some(_), _) => Self::NotReadable,
            (None, io::ErrorKind::UnexpectedEof) => Self::Truncated,
            (None, _) => Self::Damaged,
        }
    }

    /// The error for the snapshot `name`.
    pub(crate) fn of(self, name: &str) -> Error {
        use ErrorType::{InvalidRequest, Misconfigured, NotFound, Unavailable};
        const OPEN: &str = "Check the file's name, and that this user has permission to read it.";
        const COPY: &str = "The file was not copied completely: fetch it again, and compare its size and SHA-256 with the manifest.";
        const FETCH: &str = "Fetch the file again, and compare its SHA-256 with the manifest.";
        const OTHER: &str = "Use a file that a sync wrote.";
        let not_opened = format!("could not open {name}");
        let cut = |how: &str| {
            let what = format!("{name} is {how}");
            (InvalidRequest, Code::SnapshotTruncated, what, COPY)
        };
        let damaged = |what: &str| {
            let what = format!("{name} is damaged: {what}");
            (InvalidRequest, Code::SnapshotDamaged, what, FETCH)
        };
        let other = |why: &str| {
            let what = format!("{name} is not a .c1z file: {why}");
            (InvalidRequest, Code::NotASnapshot, what, OTHER)
        };
        let (kind, code, what, fix) = match self {
            Self::Missing => (NotFound, Code::SnapshotNotFound, not_opened, OPEN),
            Self::NotOpened => (Misconfigured, Code::SnapshotNotFound, not_opened, OPEN),
            Self::NotReadable => (
                Unavailable,
                Code::SnapshotNotReadable,
                format!("could not read {name} to its end"),
                "Copy the file to a sound disk and try again.",
            ),
            Self::Empty => cut("empty"),
            Self::Truncated => cut("truncated: the compressed data ends in the middle"),
            Self::NotASnapshot => other("it does not begin with `C1ZF`"),
            Self::NotADatabase => other("its content is not a SQLite database"),
            Self::NoTable(table) => other(&format!("its database has no table `{table}`")),
            Self::VersionThree => (
                InvalidRequest,
                Code::UnsupportedSnapshot,
                format!("{name} is a .c1z file of version 3, which contains no SQLite database"),
                "Configure the tool that wrote it to use its SQLite storage engine, which writes version 1.",
            ),
            Self::Damaged => damaged("its compressed data cannot be decoded"),
            Self::BadRecord(id) => damaged(&format!("the record `{id}` cannot be decoded")),
            Self::Database => damaged("its database cannot be read"),
            Self::TooLarge => (
                InvalidRequest,
                Code::SnapshotTooLarge,
                format!("{name} decodes to more than {} GiB", LIMIT >> 30),
                "No connector writes a file this large: check where the file comes from before you decode it.",
            ),
            Self::NoFinishedSync => (
                InvalidRequest,
                Code::SnapshotUnfinished,
                format!("{name} contains no finished sync"),
                "Use the file of a finished sync, or run the sync again.",
            ),
            Self::Scratch => (
                Misconfigured,
                Code::ScratchFull,
                format!("could not decode {name} into a temporary file"),
                "Set TMPDIR to a folder with enough free space for the decoded file.",
            ),
        };
        Error::new(kind, code, what, fix)
    }
}
