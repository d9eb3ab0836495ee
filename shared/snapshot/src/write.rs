//! Writes a snapshot: rows in id order into a fresh database, indexes last, then one compressed frame.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use jiff::Timestamp;
use rollcall_model::{Code, Error, ErrorType};
use rusqlite::{Connection, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::format::{INDEXES, MAGIC, TABLES};
use crate::record::GrantColumns;
use crate::scratch::{ScratchError, scratch};

/// The type of a sync that reads resources only.
pub(crate) const RESOURCES_ONLY: &str = "resources_only";

/// A snapshot that is being written: its database.
pub struct SnapshotWriter {
    db: Connection,
    sync_id: String,
    discovered_at: String,
    digest: Sha256,
    counts: RowCounts,
    started_at: Timestamp,
}

/// The numbers of rows of a snapshot: the JSON in `sync_runs.stats`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct RowCounts {
    #[serde(skip_serializing_if = "is_zero")]
    pub resource_types: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub resources: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub entitlements: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub grants: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub resources_by_resource_type: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entitlements_by_resource_type: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants_by_resource_type: BTreeMap<String, u64>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Adds one to the count of `key`, which nearly always exists.
pub fn count(counts: &mut BTreeMap<String, u64>, key: &str) {
    match counts.get_mut(key) {
        Some(n) => *n += 1,
        None => {
            counts.insert(key.to_owned(), 1);
        }
    }
}

impl SnapshotWriter {
    /// Creates the database at `path`.
    pub fn create(path: &Path, sync_id: &str, started_at: Timestamp) -> Result<Self, ScratchError> {
        let db = Connection::open(path)?;
        db.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA temp_store = FILE; PRAGMA cache_size = -2048; PRAGMA threads = 1; BEGIN;",
        )?;
        db.execute_batch(TABLES)?;
        db.set_prepared_statement_cache_capacity(256);
        let discovered_at = datetime(started_at);
        db.execute(
            "INSERT INTO v1_sync_runs (sync_id, started_at, sync_token) VALUES (?1, ?2, '')",
            params![sync_id, discovered_at],
        )?;
        Ok(Self {
            db,
            sync_id: sync_id.to_owned(),
            discovered_at,
            digest: Sha256::new(),
            counts: RowCounts::default(),
            started_at,
        })
    }

    /// The database, for expansion.
    pub fn connection(&self) -> &Connection {
        &self.db
    }

    /// The number of grants so far, by the type of the entitlement's resource.
    pub fn grants_by_type(&self) -> &BTreeMap<String, u64> {
        &self.counts.grants_by_resource_type
    }

    /// Marks the sync as one that reads resources only. It cannot be compared with a full one: to a reader that does, all
    /// grants would be gone.
    pub(crate) fn contains_resources_only(&self) -> Result<(), ScratchError> {
        self.insert("UPDATE v1_sync_runs SET sync_type = ?1", [RESOURCES_ONLY])
    }

    /// Adds a resource type.
    pub fn resource_type(&mut self, id: &str, data: &[u8]) -> Result<(), ScratchError> {
        self.feed(b'T', id, data, None);
        self.counts.resource_types += 1;
        let sql = "INSERT INTO v1_resource_types (external_id, data, sync_id, discovered_at) VALUES (?1, ?2, ?3, ?4)";
        self.insert(sql, params![id, data, self.sync_id, self.discovered_at])
    }

    /// Adds a resource, given by type and id like its parent.
    pub fn resource(
        &mut self,
        (kind, id): (&str, &str),
        parent: Option<(&str, &str)>,
        data: &[u8],
    ) -> Result<(), ScratchError> {
        let external_id = format!("{kind}:{id}");
        self.feed(b'R', &external_id, data, None);
        self.counts.resources += 1;
        count(&mut self.counts.resources_by_resource_type, kind);
        let sql = "INSERT INTO v1_resources (resource_type_id, external_id, parent_resource_type_id,
                   parent_resource_id, data, sync_id, discovered_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (on, id, sync, at) = (parent.unzip(), external_id, &self.sync_id, &self.discovered_at);
        self.insert(sql, params![kind, id, on.0, on.1, data, sync, at])
    }

    /// Adds an entitlement on the resource `on`, given by type and id.
    pub fn entitlement(
        &mut self,
        id: &str,
        on: (&str, &str),
        data: &[u8],
    ) -> Result<(), ScratchError> {
        self.feed(b'E', id, data, None);
        self.counts.entitlements += 1;
        count(&mut self.counts.entitlements_by_resource_type, on.0);
        let sql = "INSERT INTO v1_entitlements (resource_type_id, resource_id, external_id, data, sync_id,
                   discovered_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (sync, at) = (&self.sync_id, &self.discovered_at);
        self.insert(sql, params![on.0, on.1, id, data, sync, at])
    }

    /// Adds a grant that the vendor stated. Returns its row id.
    pub fn grant(&mut self, row: &GrantColumns<'_>) -> Result<i64, ScratchError> {
        self.feed(b'G', row.id, row.data, row.expansion);
        self.insert_grant(row)
    }

    /// Adds a derived grant. Returns its row id.
    pub fn derived(&mut self, row: &GrantColumns<'_>) -> Result<i64, ScratchError> {
        self.insert_grant(row)
    }

    fn insert_grant(&mut self, row: &GrantColumns<'_>) -> Result<i64, ScratchError> {
        self.counts.grants += 1;
        count(&mut self.counts.grants_by_resource_type, row.resource.0);
        let sql = "INSERT INTO v1_grants (resource_type_id, resource_id, entitlement_id, principal_resource_type_id,
                   principal_resource_id, external_id, expansion, needs_expansion, data, sync_id, discovered_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let (on, to, of, id) = (row.resource, row.principal, row.entitlement, row.id);
        let (more, data) = (row.expansion, row.data);
        let (sync, at) = (&self.sync_id, &self.discovered_at);
        let grows = more.is_some();
        self.insert(sql, params![on.0, on.1, of, to.0, to.1, id, more, grows, data, sync, at])?;
        Ok(self.db.last_insert_rowid())
    }

    /// Replaces the data of a grant.
    pub fn replace_grant(&self, row_id: i64, data: &[u8]) -> Result<(), ScratchError> {
        self.insert("UPDATE v1_grants SET data = ?2 WHERE id = ?1", params![row_id, data])
    }

    fn insert(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), ScratchError> {
        let mut statement = self.db.prepare_cached(sql)?;
        statement.execute(values)?;
        Ok(())
    }

    /// Adds a record to the content digest.
    fn feed(&mut self, kind: u8, id: &str, data: &[u8], expansion: Option<&[u8]>) {
        self.digest.update([kind]);
        for part in [Some(id.as_bytes()), Some(data), expansion] {
            let length = part.map_or(u64::MAX, |bytes| bytes.len() as u64);
            self.digest.update(length.to_be_bytes());
            self.digest.update(part.unwrap_or_default());
        }
    }

    /// Builds the indexes and closes the database. Returns the counts and the content digest.
    pub fn finish(self, ended_at: Timestamp) -> Result<(RowCounts, String), Error> {
        let stats = serde_json::to_string(&self.counts).map_err(Error::not_json)?;
        self.end_run(ended_at, &stats)?;
        self.db.execute_batch(INDEXES).map_err(|e| match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => Error::internal(
                Code::AmbiguousIds,
                "two different records have the same id: an id of the vendor contains a colon where it must not",
            )
            .with_source(e),
            _ => scratch(e),
        })?;
        self.db.execute_batch("COMMIT").map_err(scratch)?;
        self.db.close().map_err(|(_, e)| scratch(e))?;
        Ok((self.counts, hex::encode(self.digest.finalize())))
    }

    fn end_run(&self, ended_at: Timestamp, stats: &str) -> Result<(), ScratchError> {
        // A sync that took no time still ends after it began.
        let ended_at = datetime(ended_at.max(self.started_at));
        self.db.execute(
            "UPDATE v1_sync_runs SET ended_at = ?1, supports_diff = sync_type = 'full', grants_backfilled = 1, stats = ?2",
            params![ended_at, stats],
        )?;
        if self.counts.resources + self.counts.grants > MANY_ROWS {
            self.db.execute_batch("PRAGMA cache_size = -16384")?;
        }
        Ok(())
    }
}

/// `YYYY-MM-DD HH:MM:SS.fffffffff`, in UTC: sorts as text, and every reader accepts it.
fn datetime(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.%9f").to_string()
}

/// The size from which a database is packed by two threads, in bytes.
const WORTH_A_THREAD: u64 = 64 << 20;
/// The number of rows from which indexes are built with more memory: sorting in few large runs is faster.
const MANY_ROWS: u64 = 100_000;

/// Size and hash of a finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Packed {
    pub bytes: u64,
    pub sha256: String,
}

/// Packs the database at `from` into the snapshot file `to`.
pub fn pack(from: &Path, to: &Path) -> Result<Packed, Error> {
    let pack = || -> io::Result<Packed> {
        let mut database = BufReader::with_capacity(1 << 17, File::open(from)?);
        let size = database.get_ref().metadata()?.len();
        let mut out =
            Hashed { inner: BufWriter::new(File::create(to)?), hash: Sha256::new(), bytes: 0 };
        out.write_all(MAGIC)?;
        let mut encoder = zstd::Encoder::new(out, 1)?;
        encoder.set_pledged_src_size(Some(size))?;
        encoder.include_contentsize(true)?;
        encoder.include_checksum(true)?;
        // Still one frame. A second thread is faster on much data, and takes some megabytes.
        if size > WORTH_A_THREAD {
            encoder.multithread(2)?;
        }
        io::copy(&mut database, &mut encoder)?;
        let out = encoder.finish()?;
        out.inner.into_inner().map_err(|e| e.into_error())?.sync_all()?;
        Ok(Packed { bytes: out.bytes, sha256: hex::encode(out.hash.finalize()) })
    };
    pack().map_err(|e| {
        Error::new(
            ErrorType::Misconfigured,
            Code::ScratchFull,
            "could not pack the snapshot",
            "Give the function more ephemeral storage, or set TMPDIR to a folder with enough free space.",
        )
        .with_source(e)
    })
}

struct Hashed<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_text_that_sorts() {
        let at = "2026-01-02T03:04:05.006Z".parse().expect("a time");
        assert_eq!(datetime(at), "2026-01-02 03:04:05.006000000");
    }
}
