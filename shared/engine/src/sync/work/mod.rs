//! The working database of a sync: its steps and their output, in a SQLite file, so that memory stays flat however large
//! the tenant is.

mod apply;
mod queue;
mod restart;
mod schema;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use rollcall_connector::{Tallies, Warning};
use rollcall_snapshot::ScratchError;
use rusqlite::Connection;

use super::sql::{all, value};
pub(super) use queue::Pending;

/// The working database.
pub(super) struct Work {
    db: Connection,
    seen: SeenNames,
    /// Kept up to date by [`Work::apply`]: counting all steps after each one would take longer and longer.
    counts: StepCounts,
}

/// The numbers of finished and of known steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct StepCounts {
    pub done: u64,
    pub known: u64,
}

/// Recently inserted names, so that most rows need no lookup. Bounded: cleared when full.
struct SeenNames {
    keys: [RandomState; 2],
    hashes: HashSet<[u64; 2]>,
}

impl SeenNames {
    const MAX: usize = 400_000;

    fn new() -> Self {
        Self { keys: [RandomState::new(), RandomState::new()], hashes: HashSet::new() }
    }

    /// Adds a name. Returns whether it is new.
    fn insert(&mut self, parts: (&str, &str)) -> bool {
        if self.hashes.len() >= Self::MAX {
            self.hashes.clear();
        }
        let hash = [self.keys[0].hash_one(parts), self.keys[1].hash_one(parts)];
        self.hashes.insert(hash)
    }
}

impl Work {
    /// An unusable database, the placeholder for one that was moved out.
    pub(super) fn spent() -> Result<Self, ScratchError> {
        Ok(Self::with(Connection::open_in_memory()?))
    }

    fn with(db: Connection) -> Self {
        Self { db, seen: SeenNames::new(), counts: StepCounts::default() }
    }

    /// A new database at `path`, no larger than `max_pages` pages of 4 KiB.
    pub(super) fn create(path: &Path, max_pages: Option<u64>) -> Result<Self, ScratchError> {
        let db = Connection::open(path)?;
        // Nothing here outlives the process: whatever must not be lost is in the checkpoint's parts.
        db.execute_batch(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA temp_store = FILE; PRAGMA cache_size = -8192; PRAGMA threads = 1;",
        )?;
        if let Some(pages) = max_pages {
            db.pragma_update(None, "max_page_count", pages.cast_signed())?;
        }
        db.execute_batch(schema::SCHEMA)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(Self::with(db))
    }

    /// The database itself, for finishing.
    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    pub(super) fn counts(&self) -> StepCounts {
        self.counts
    }

    /// Whether any grant is expandable.
    pub(super) fn expands(&self) -> Result<bool, ScratchError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM grants WHERE expansion IS NOT NULL)";
        value(&self.db, sql, [])
    }

    /// The number of rows to finish.
    pub(super) fn rows(&self) -> Result<u64, ScratchError> {
        let sql = "SELECT (SELECT coalesce(max(rowid), 0) FROM grants) + (SELECT coalesce(max(rowid), 0) FROM resources)
                   + (SELECT coalesce(max(rowid), 0) FROM entitlements)";
        Ok(value::<i64>(&self.db, sql, [])?.cast_unsigned())
    }

    /// The sums of the numbers that steps counted.
    pub(super) fn tallies(&self) -> Result<Tallies, ScratchError> {
        let sql = "SELECT key, sum(n) FROM tallies GROUP BY key";
        let sums =
            all(&self.db, sql, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
        Ok(sums.into_iter().collect())
    }

    /// The warnings of the steps: one for each code, which names the first few and counts the rest.
    pub(super) fn warnings(&self) -> Result<Vec<Warning>, ScratchError> {
        const SHOWN: usize = 3;
        let sql = "SELECT DISTINCT code, message FROM warnings ORDER BY code, message";
        let warnings: Vec<(String, String)> =
            all(&self.db, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let by_code = warnings.chunk_by(|a, b| a.0 == b.0).map(|same| {
            let shown: Vec<&str> = same.iter().take(SHOWN).map(|w| w.1.as_str()).collect();
            let mut message = shown.join("; ");
            if same.len() > SHOWN {
                message += &format!("; and {} more like these", same.len() - SHOWN);
            }
            let code = same[0].0.clone();
            Warning { code, message }
        });
        Ok(by_code.collect())
    }
}
