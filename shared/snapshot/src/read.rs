//! Opens a snapshot for reading: five bytes of magic, one compressed stream into a temporary file, SQLite over that.
//!
//! Nothing is trusted: a file may be cut off, be something else, or decode to more than any disk holds.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::Serialize;
use tempfile::{NamedTempFile, TempPath};

pub use super::access::{Access, Held, Kind};
pub use super::failure::ReadError;
pub use super::paths::Hop;
pub use super::record::{Entitlement, Expandable, Grant, Resource, ResourceType};
pub use super::rows::Filter;
pub use super::stats::{Stats, TypeStats};
pub use super::unexpand::Unexpanded;
use super::unpack::{Sizes, unpack};

/// How large a decoded database may be, in bytes: what the reference allows.
pub const LIMIT: u64 = 10 << 30;

/// A snapshot that is open for reading. It shows one sync: the last one that was finished.
pub struct Snapshot {
    // Closed before its file goes.
    pub(super) db: Connection,
    pub(super) name: String,
    pub(super) sync: SyncRun,
    /// Files of older writers keep what is expandable in the message alone.
    pub(super) has_expansion: bool,
    pub(super) sizes: Sizes,
    _file: TempPath,
}

/// The sync that a snapshot shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncRun {
    /// Its id.
    pub sync_id: String,
    /// `full`, or a partial kind.
    pub sync_type: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Snapshot {
    /// Opens the file at `path`.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Self::read(file, &name),
            Err(source) => Err(ReadError::NotOpened { name, source }),
        }
    }

    /// Reads a snapshot, such as the bytes of an object in a store. `name` is what people are told.
    pub fn read(from: impl Read, name: &str) -> Result<Self, ReadError> {
        let scratch = |source| ReadError::Scratch {
            name: name.to_owned(),
            source,
        };
        let mut file = NamedTempFile::with_prefix("rollcall-").map_err(scratch)?;
        let sizes = unpack(from, file.as_file_mut(), name, LIMIT)?;
        Self::attach(file.into_temp_path(), name, sizes)
    }

    fn attach(file: TempPath, name: &str, sizes: Sizes) -> Result<Self, ReadError> {
        let database = |source| ReadError::Database {
            name: name.to_owned(),
            source,
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&file, flags).map_err(database)?;
        db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = FILE; PRAGMA cache_size = -16384;")
            .map_err(database)?;
        db.set_prepared_statement_cache_capacity(64);
        for table in [
            "v1_resource_types",
            "v1_resources",
            "v1_entitlements",
            "v1_grants",
            "v1_sync_runs",
        ] {
            let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
            if !exists(&db, sql, table).map_err(database)? {
                return Err(ReadError::NoTable {
                    name: name.to_owned(),
                    table: table.to_owned(),
                });
            }
        }
        let has_expansion = has_column(&db, "v1_grants", "expansion").map_err(database)?;
        let sync = last_finished(&db).map_err(database)?;
        // The open connection is enough: without a name, nothing is left behind however this process ends. Where an
        // open file cannot be removed, it goes when the snapshot is dropped.
        drop(std::fs::remove_file(&file));
        Ok(Self {
            sync: sync.ok_or_else(|| ReadError::NoFinishedSync {
                name: name.to_owned(),
            })?,
            db,
            name: name.to_owned(),
            has_expansion,
            sizes,
            _file: file,
        })
    }

    /// What people are told that this is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The sync that it shows.
    pub fn sync(&self) -> &SyncRun {
        &self.sync
    }

    pub(super) fn database(&self, source: rusqlite::Error) -> ReadError {
        ReadError::Database {
            name: self.name.clone(),
            source,
        }
    }

    pub(super) fn bad_record(&self, record: &str, source: prost::DecodeError) -> ReadError {
        ReadError::BadRecord {
            name: self.name.clone(),
            record: record.to_owned(),
            source,
        }
    }
}

/// The last finished sync, of whatever type: what the reference's command line shows.
fn last_finished(db: &Connection) -> rusqlite::Result<Option<SyncRun>> {
    let typed = has_column(db, "v1_sync_runs", "sync_type")?;
    let sync_type = if typed { "sync_type" } else { "'full'" };
    let sql = format!(
        "SELECT sync_id, {sync_type}, CAST(started_at AS TEXT), CAST(ended_at AS TEXT) FROM v1_sync_runs
         WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, sync_id DESC LIMIT 1"
    );
    db.query_row(&sql, [], |row| {
        Ok(SyncRun {
            sync_id: row.get(0)?,
            sync_type: row.get(1)?,
            started_at: moment(&row.get::<_, String>(2)?),
            ended_at: moment(&row.get::<_, String>(3)?),
        })
    })
    .optional()
}

/// Reads a time as any writer puts it: without a zone it is UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let with_zone = || text.parse::<Timestamp>().ok();
    let without = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    with_zone().or_else(|| without().map(|zoned| zoned.timestamp()))
}

fn has_column(db: &Connection, table: &str, column: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM pragma_table_info(?2) WHERE name = ?1";
    db.prepare(sql)?.exists(params![column, table])
}

fn exists(db: &Connection, sql: &str, name: &str) -> rusqlite::Result<bool> {
    db.prepare(sql)?.exists([name])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MAGIC, TABLES, testing};

    fn why(bytes: &[u8]) -> ReadError {
        match Snapshot::read(bytes, "x.c1z") {
            Ok(_) => panic!("readable"),
            Err(e) => e,
        }
    }

    #[test]
    fn every_bad_file_is_told_apart_and_says_what_to_do() {
        let good = testing::bytes(&testing::world());
        let middle = good.len() / 2;
        let mut flipped = good.clone();
        flipped[middle] ^= 0xff;
        let foreign = testing::database("CREATE TABLE t (x)");
        let unfinished = testing::database(TABLES);
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (vec![], "SnapshotTruncated"),
            (b"PK\x03\x04 whatever".to_vec(), "NotASnapshot"),
            (b"C1".to_vec(), "SnapshotTruncated"),
            (MAGIC.to_vec(), "SnapshotTruncated"),
            (good[..middle].to_vec(), "SnapshotTruncated"),
            (good[..good.len() - 1].to_vec(), "SnapshotTruncated"),
            (flipped, "SnapshotDamaged"),
            ([good.as_slice(), b"more"].concat(), "SnapshotDamaged"),
            (
                [MAGIC.as_slice(), b"not compressed"].concat(),
                "SnapshotDamaged",
            ),
            (b"C1Z3\0rest".to_vec(), "UnsupportedSnapshot"),
            (testing::packed(b""), "NotASnapshot"),
            (
                testing::packed(b"just text, and no database"),
                "NotASnapshot",
            ),
            (testing::packed(b"SQLite format 3\0"), "SnapshotDamaged"),
            (testing::packed(&foreign), "NotASnapshot"),
            (testing::packed(&unfinished), "SnapshotUnfinished"),
        ];
        for (n, (bytes, code)) in cases.into_iter().enumerate() {
            let error = rollcall_model::Error::from(why(&bytes));
            assert_eq!(
                error.code(),
                code,
                "case {n}: {}",
                rollcall_model::Chain(&error)
            );
            assert!(error.to_string().contains("x.c1z") && !error.fix().is_empty());
        }
        let absent = Snapshot::open(Path::new("/nowhere/x.c1z"))
            .err()
            .map(rollcall_model::Error::from);
        assert_eq!(absent.map(|e| e.code().as_str()), Some("SnapshotNotFound"));
    }

    #[test]
    fn times_are_read_as_any_writer_puts_them() {
        let expected: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
        for text in [
            "2026-01-02 03:04:05.000000000",
            "2026-01-02 03:04:05",
            "2026-01-02T03:04:05Z",
            "2026-01-02 05:04:05+02:00",
        ] {
            assert_eq!(moment(text), Some(expected), "{text}");
        }
        assert!(moment("2026-01-02").is_some() && moment("2026-01-02 03:04").is_some());
        assert_eq!(moment("soon"), None);
    }

    #[test]
    fn the_last_finished_sync_of_a_file_counts() {
        let sql = "INSERT INTO v1_sync_runs (sync_id, started_at, ended_at, sync_token) VALUES
                   ('old', '2026-01-01 00:00:00', '2026-01-01 00:00:01', ''),
                   ('new', '2026-01-02 00:00:00', '2026-01-02 00:00:01', ''),
                   ('unfinished', '2026-01-03 00:00:00', NULL, '');";
        let bytes = testing::packed(&testing::database(&format!("{}{sql}", TABLES)));
        let snapshot = Snapshot::read(bytes.as_slice(), "x").expect("readable");
        assert_eq!(snapshot.sync().sync_id, "new");
    }
}
