//! Opens a snapshot for reading: decodes it into a temporary file, and opens that with SQLite. Nothing is trusted: a file
//! may be truncated, be something else, or decode to more than any disk holds.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rollcall_model::Error;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::Serialize;
use tempfile::{NamedTempFile, TempPath};

use crate::failure::SnapshotFault;
use crate::format::LIMIT;
use crate::unpack::{FileSizes, unpack};

/// A snapshot that is open for reading. It shows one sync: the last finished one.
pub struct Snapshot {
    // Closed before its file is removed.
    pub(crate) db: Connection,
    pub(crate) name: String,
    pub(crate) sync: SyncRun,
    /// Whether grants have the column `expansion`: older writers keep it in the message.
    pub(crate) has_expansion: bool,
    pub(crate) sizes: FileSizes,
    _file: TempPath,
}

/// A sync in a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct SyncRun {
    pub sync_id: String,
    /// `full`, or a partial kind.
    pub sync_type: String,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

impl Snapshot {
    /// Opens the file at `path`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let failed = |e| SnapshotFault::of_opening(&e).of(&name).with_source(e);
        Self::read(File::open(path).map_err(failed)?, &name)
    }

    /// Reads a snapshot, such as the bytes of an object in a store. `name` stands for it in messages.
    pub fn read(from: impl Read, name: &str) -> Result<Self, Error> {
        let scratch = |e| SnapshotFault::Scratch.of(name).with_source(e);
        let mut file = NamedTempFile::with_prefix("rollcall-").map_err(scratch)?;
        let sizes = unpack(from, file.as_file_mut(), name, LIMIT)?;
        Self::attach(file.into_temp_path(), name, sizes)
    }

    fn attach(file: TempPath, name: &str, sizes: FileSizes) -> Result<Self, Error> {
        let database = |e: rusqlite::Error| SnapshotFault::Database.of(name).with_source(e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&file, flags).map_err(database)?;
        db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = FILE; PRAGMA cache_size = -16384;")
            .map_err(database)?;
        db.set_prepared_statement_cache_capacity(64);
        for table in
            ["v1_resource_types", "v1_resources", "v1_entitlements", "v1_grants", "v1_sync_runs"]
        {
            if !has_table(&db, table).map_err(database)? {
                return Err(SnapshotFault::NoTable(table).of(name));
            }
        }
        let has_expansion = has_column(&db, "v1_grants", "expansion").map_err(database)?;
        let sync = last_finished(&db).map_err(database)?;
        // The open connection is enough: without a name, nothing is left behind however this process ends. If an open
        // file cannot be removed, it is removed when the snapshot is dropped.
        drop(std::fs::remove_file(&file));
        Ok(Self {
            sync: sync.ok_or_else(|| SnapshotFault::NoFinishedSync.of(name))?,
            db,
            name: name.to_owned(),
            has_expansion,
            sizes,
            _file: file,
        })
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The sync that it shows.
    pub fn sync(&self) -> &SyncRun {
        &self.sync
    }

    pub(crate) fn database(&self, e: rusqlite::Error) -> Error {
        SnapshotFault::Database.of(&self.name).with_source(e)
    }

    pub(crate) fn bad_record(&self, id: &str, e: prost::DecodeError) -> Error {
        SnapshotFault::BadRecord(id).of(&self.name).with_source(e)
    }
}

/// The last finished sync, of any type, as in the reference's command line.
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

/// Parses a time as any writer formats it: without a zone it is UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let with_zone = || text.parse::<Timestamp>().ok();
    let without = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    with_zone().or_else(|| without().map(|zoned| zoned.timestamp()))
}

fn has_table(db: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    db.prepare(sql)?.exists([table])
}

fn has_column(db: &Connection, table: &str, column: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM pragma_table_info(?2) WHERE name = ?1";
    db.prepare(sql)?.exists(params![column, table])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{MAGIC, TABLES};
    use crate::testing;
    use rollcall_model::Chain;

    #[test]
    fn every_bad_file_has_a_code_and_a_fix() {
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
            ([MAGIC.as_slice(), b"not compressed"].concat(), "SnapshotDamaged"),
            (b"C1Z3\0rest".to_vec(), "UnsupportedSnapshot"),
            (testing::packed(b""), "NotASnapshot"),
            (testing::packed(b"just text, and no database"), "NotASnapshot"),
            (testing::packed(b"SQLite format 3\0"), "SnapshotDamaged"),
            (testing::packed(&foreign), "NotASnapshot"),
            (testing::packed(&unfinished), "SnapshotUnfinished"),
        ];
        for (n, (bytes, code)) in cases.into_iter().enumerate() {
            let read = Snapshot::read(bytes.as_slice(), "x.c1z");
            let error = read.err().expect("not readable");
            assert_eq!(error.code(), code, "case {n}: {}", Chain(&error));
            assert!(error.to_string().contains("x.c1z") && !error.fix().is_empty());
        }
        let absent = Snapshot::open(Path::new("/nowhere/x.c1z")).err();
        assert_eq!(absent.map(|e| e.code().as_str()), Some("SnapshotNotFound"));
    }

    #[test]
    fn times_are_parsed_as_any_writer_formats_them() {
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
    fn the_last_finished_sync_of_a_file_is_shown() {
        let sql = "INSERT INTO v1_sync_runs (sync_id, started_at, ended_at, sync_token) VALUES
                   ('old', '2026-01-01 00:00:00', '2026-01-01 00:00:01', ''),
                   ('new', '2026-01-02 00:00:00', '2026-01-02 00:00:01', ''),
                   ('unfinished', '2026-01-03 00:00:00', NULL, '');";
        let bytes = testing::packed(&testing::database(&format!("{TABLES}{sql}")));
        let snapshot = Snapshot::read(bytes.as_slice(), "x").expect("readable");
        assert_eq!(snapshot.sync().sync_id, "new");
    }
}
