//! The working database of a sync: steps and what they brought, in a SQLite file, so that memory stays flat however
//! large the tenant.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use rollcall_connector::Code;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::commit::{Commit, EntitlementRow, GrantRow, Kind, Name, ResourceRow, StepRow};
use super::restart::restart;
use rollcall_connector::pages::{MAX_EMPTY_PAGES, endless};
use rollcall_connector::{Error, ErrorType, Tallies, Warning};
use rollcall_model::Rank;
use rollcall_snapshot::scratch;

const SCHEMA: &str = "
    CREATE TABLE steps(id INTEGER PRIMARY KEY AUTOINCREMENT, phase INTEGER NOT NULL, list INTEGER NOT NULL,
        body TEXT NOT NULL UNIQUE, state INTEGER NOT NULL DEFAULT 0,
        restarts INTEGER NOT NULL DEFAULT 0, empty_pages INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX pending ON steps(phase, id) WHERE state = 0;
    CREATE INDEX lists ON steps(list);
    CREATE TABLE wanted(child INTEGER NOT NULL, list INTEGER NOT NULL, PRIMARY KEY(child, list)) WITHOUT ROWID;
    CREATE TABLE resources(type TEXT NOT NULL, id TEXT NOT NULL, parent_type TEXT, parent_id TEXT,
        rank INTEGER NOT NULL, data BLOB NOT NULL, list INTEGER NOT NULL);
    CREATE TABLE entitlements(id TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL, data BLOB NOT NULL,
        list INTEGER NOT NULL);
    CREATE TABLE grants(entitlement TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, annotations BLOB NOT NULL,
        expansion BLOB, list INTEGER NOT NULL, unless TEXT);
    CREATE TABLE targets(entitlement TEXT PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE gone(type TEXT NOT NULL, id TEXT NOT NULL, list INTEGER NOT NULL);
    CREATE TABLE vanished(type TEXT NOT NULL, id TEXT NOT NULL, list INTEGER NOT NULL);
    CREATE TABLE names(type TEXT NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL, asked INTEGER NOT NULL DEFAULT 0,
        principal INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(type, id)) WITHOUT ROWID;
    CREATE INDEX missing ON names(type, id) WHERE state IN (0, 3);
    CREATE TABLE rounds(phase INTEGER PRIMARY KEY, n INTEGER NOT NULL);
    CREATE TABLE tallies(key TEXT NOT NULL, n INTEGER NOT NULL, list INTEGER NOT NULL);
    CREATE TABLE warnings(code TEXT NOT NULL, message TEXT NOT NULL, list INTEGER NOT NULL);
";

/// Tables whose rows remember the list that brought them.
pub(super) const BROUGHT: [&str; 7] = [
    "resources",
    "entitlements",
    "grants",
    "gone",
    "vanished",
    "tallies",
    "warnings",
];

/// The states of a step.
const PENDING: i64 = 0;
const RUNNING: i64 = 1;
const DONE: i64 = 2;

/// The states of a name: only named by a grant, listed, known to be no more, or seen in passing.
const NAMED: i64 = 0;
const LISTED: i64 = 1;
const GONE: i64 = 2;
const SEEN: i64 = 3;

/// The rank of the object itself.
const FULL: u32 = Rank::Full as u32;

/// A step as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    pub id: i64,
    pub body: String,
}

/// Names that were looked at lately, so that most rows need no look-up. Bounded: it forgets everything when full.
struct Seen {
    keys: [RandomState; 2],
    hashes: HashSet<[u64; 2]>,
}

impl Seen {
    const MAX: usize = 400_000;

    fn new() -> Self {
        Self {
            keys: [RandomState::new(), RandomState::new()],
            hashes: HashSet::new(),
        }
    }

    /// Whether these parts are new.
    fn insert(&mut self, parts: (&str, &str)) -> bool {
        if self.hashes.len() >= Self::MAX {
            self.hashes.clear();
        }
        let hash = [self.keys[0].hash_one(parts), self.keys[1].hash_one(parts)];
        self.hashes.insert(hash)
    }
}

/// The working database.
pub(super) struct Work {
    db: Connection,
    seen: Seen,
    /// Counted along: counting steps after each of them would take ever longer.
    extent: Extent,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub steps_done: u64,
    pub steps_known: u64,
}

impl Work {
    /// What is left where a database was handed on: nothing can be done with it.
    pub(super) fn spent() -> Result<Self, Error> {
        Ok(Self {
            db: Connection::open_in_memory().map_err(scratch)?,
            seen: Seen::new(),
            extent: Extent::default(),
        })
    }

    /// A new database at `path`, no larger than `max_pages` pages of 4 KiB.
    pub(super) fn create(path: &Path, max_pages: Option<u64>) -> Result<Self, Error> {
        let db = Connection::open(path).map_err(scratch)?;
        // Nothing here outlives the process: what must not be lost is in the checkpoint's parts.
        db.execute_batch(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA temp_store = FILE; PRAGMA cache_size = -8192; PRAGMA threads = 1;",
        )
        .map_err(scratch)?;
        if let Some(pages) = max_pages {
            db.pragma_update(None, "max_page_count", pages.cast_signed())
                .map_err(scratch)?;
        }
        db.execute_batch(SCHEMA).map_err(scratch)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(Self {
            db,
            seen: Seen::new(),
            extent: Extent::default(),
        })
    }

    /// The database itself, for finishing.
    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    /// Applies a commit, all of it or nothing. `false`: the step is no longer wanted, its list started over meanwhile.
    pub(super) fn apply(&mut self, commit: &Commit) -> Result<bool, Error> {
        let tx = self.db.transaction().map_err(scratch)?;
        let kind = Kind::try_from(commit.kind).map_err(|e| {
            Error::internal(
                Code::CheckpointUnreadable,
                "a checkpoint holds what nobody here wrote",
            )
            .with_source(e)
            .restarting_run()
        })?;
        let mut extent = self.extent;
        let is_wanted = match kind {
            Kind::Start => {
                extent.steps_known += spawn(&tx, 0, &commit.spawn)?;
                true
            }
            Kind::Asked => {
                extent.steps_known += asked(&tx, commit)?;
                true
            }
            Kind::Done => match done(&tx, &mut self.seen, commit)? {
                Some(new) => {
                    extent.steps_done += 1;
                    extent.steps_known += new;
                    true
                }
                None => false,
            },
            Kind::Restart => {
                self.seen.hashes.clear();
                let is_wanted = restart(&tx, commit.step)?;
                extent = count_steps(&tx).map_err(scratch)?;
                is_wanted
            }
        };
        tx.commit().map_err(scratch)?;
        self.extent = extent;
        Ok(is_wanted)
    }

    /// Takes up to `n` steps of the lowest phase that has any, and that phase.
    pub(super) fn take(&mut self, phase: u8, n: usize) -> Result<Vec<Pending>, Error> {
        let take = || {
            let mut select = self.db.prepare_cached(
                "SELECT id, body FROM steps WHERE state = 0 AND phase = ?1 ORDER BY id LIMIT ?2",
            )?;
            let rows = select.query_map(params![phase, n as i64], |row| {
                Ok(Pending {
                    id: row.get(0)?,
                    body: row.get(1)?,
                })
            })?;
            let steps = rows.collect::<Result<Vec<_>, _>>()?;
            let mut mark = self
                .db
                .prepare_cached("UPDATE steps SET state = ?2 WHERE id = ?1")?;
            for step in &steps {
                mark.execute(params![step.id, RUNNING])?;
            }
            Ok::<_, rusqlite::Error>(steps)
        };
        take().map_err(scratch)
    }

    /// Puts a step back that was taken and not done.
    pub(super) fn put_back(&mut self, step: i64) -> Result<(), Error> {
        let sql = "UPDATE steps SET state = ?2 WHERE id = ?1 AND state = ?3";
        self.db
            .execute(sql, params![step, PENDING, RUNNING])
            .map_err(scratch)?;
        Ok(())
    }

    /// The lowest phase with steps to do.
    pub(super) fn phase(&self) -> Result<Option<u8>, Error> {
        let sql = "SELECT min(phase) FROM steps WHERE state < 2";
        self.db
            .query_row(sql, [], |row| row.get(0))
            .map_err(scratch)
    }

    /// The phase that a slice begins in: the lowest with steps to do, unless the one before it has only just run empty
    /// and was not asked for who is missing.
    pub(super) fn current_phase(&self) -> Result<u8, Error> {
        let sql = "SELECT min(phase) FROM (SELECT min(phase) AS phase FROM steps WHERE state < 2
                   UNION ALL SELECT max(phase) FROM steps WHERE state = 2)";
        let phase: Option<u8> = self
            .db
            .query_row(sql, [], |row| row.get(0))
            .map_err(scratch)?;
        Ok(phase.unwrap_or_default())
    }

    /// Whether any grant is passed on to others.
    pub(super) fn expands(&self) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM grants WHERE expansion IS NOT NULL)";
        self.db
            .query_row(sql, [], |row| row.get(0))
            .map_err(scratch)
    }

    /// How often missing principals were asked for at the end of `phase`.
    pub(super) fn rounds(&self, phase: u8) -> Result<u32, Error> {
        let sql = "SELECT n FROM rounds WHERE phase = ?1";
        let n = self
            .db
            .query_row(sql, [phase], |row| row.get(0))
            .optional()
            .map_err(scratch)?;
        Ok(n.unwrap_or_default())
    }

    /// Resources that grants name or that were seen in passing, that nobody listed and nobody asked for: sorted, at most
    /// `n` after `(type, id)`.
    pub(super) fn missing(&self, after: &Name, n: usize) -> Result<Vec<Name>, Error> {
        let missing = || {
            let mut select = self.db.prepare_cached(
                "SELECT type, id FROM names WHERE state IN (0, 3) AND asked = 0 AND (type, id) > (?1, ?2)
                 ORDER BY type, id LIMIT ?3",
            )?;
            let rows = select.query_map(params![after.resource_type, after.id, n as i64], name)?;
            rows.collect::<Result<Vec<_>, _>>()
        };
        missing().map_err(scratch)
    }

    /// How far the run is.
    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    /// How many rows there are to finish.
    pub(super) fn rows(&self) -> Result<u64, Error> {
        let sql = "SELECT (SELECT coalesce(max(rowid), 0) FROM grants) + (SELECT coalesce(max(rowid), 0) FROM resources)
                   + (SELECT coalesce(max(rowid), 0) FROM entitlements)";
        let rows: i64 = self
            .db
            .query_row(sql, [], |row| row.get(0))
            .map_err(scratch)?;
        Ok(rows.cast_unsigned())
    }

    /// The sum of what steps counted.
    pub(super) fn tallies(&self) -> Result<Tallies, Error> {
        let tallies = || {
            let mut select = self
                .db
                .prepare("SELECT key, sum(n) FROM tallies GROUP BY key")?;
            let rows = select.query_map([], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
            })?;
            rows.collect::<Result<_, _>>()
        };
        tallies().map_err(scratch)
    }

    /// What steps warned of: one warning a code, which names the first few and counts the rest.
    pub(super) fn warnings(&self) -> Result<Vec<Warning>, Error> {
        const NAMED: usize = 3;
        let warnings = || {
            let sql = "SELECT DISTINCT code, message FROM warnings ORDER BY code, message";
            let mut select = self.db.prepare(sql)?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let all: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
            let by_code = all.chunk_by(|a, b| a.0 == b.0).map(|same| {
                let named: Vec<&str> = same
                    .iter()
                    .take(NAMED)
                    .map(|(_, text)| text.as_str())
                    .collect();
                let text = named.join("; ");
                Warning {
                    code: same[0].0.clone(),
                    message: match same.len().saturating_sub(NAMED) {
                        0 => text,
                        more => format!("{text}; and {more} more like these"),
                    },
                }
            });
            Ok::<_, rusqlite::Error>(by_code.collect())
        };
        warnings().map_err(scratch)
    }
}

fn name(row: &rusqlite::Row<'_>) -> rusqlite::Result<Name> {
    Ok(Name {
        resource_type: row.get(0)?,
        id: row.get(1)?,
    })
}

fn count_steps(tx: &Transaction<'_>) -> rusqlite::Result<Extent> {
    let sql = "SELECT coalesce(sum(state = 2), 0), count(*) FROM steps";
    tx.query_row(sql, [], |row| {
        Ok(Extent {
            steps_done: row.get::<_, i64>(0)?.cast_unsigned(),
            steps_known: row.get::<_, i64>(1)?.cast_unsigned(),
        })
    })
}

/// Adds steps that begin lists of their own, wanted by the list `list`, and counts them. One that is known already is not
/// done again.
fn spawn(tx: &Transaction<'_>, list: i64, steps: &[StepRow]) -> Result<u64, Error> {
    let spawn = || {
        let mut insert = tx.prepare_cached(
            "INSERT INTO steps(phase, list, body) VALUES (?1, 0, ?2) ON CONFLICT(body) DO NOTHING",
        )?;
        let mut own = tx.prepare_cached("UPDATE steps SET list = id WHERE id = ?1")?;
        let mut want = tx.prepare_cached(
            "INSERT OR IGNORE INTO wanted SELECT id, ?1 FROM steps WHERE body = ?2",
        )?;
        let mut new = 0;
        for step in steps {
            if insert.execute(params![step.phase, step.body])? == 1 {
                own.execute([tx.last_insert_rowid()])?;
                new += 1;
            }
            want.execute(params![list, step.body])?;
        }
        Ok::<_, rusqlite::Error>(new)
    };
    spawn().map_err(scratch)
}

fn asked(tx: &Transaction<'_>, commit: &Commit) -> Result<u64, Error> {
    let asked = || {
        // A round may ask in several commits; one without names ends it.
        if commit.names.is_empty() {
            let sql =
                "INSERT INTO rounds VALUES (?1, 1) ON CONFLICT(phase) DO UPDATE SET n = n + 1";
            tx.execute(sql, [commit.phase])?;
        }
        let mut mark =
            tx.prepare_cached("UPDATE names SET asked = 1 WHERE type = ?1 AND id = ?2")?;
        for name in &commit.names {
            mark.execute([&name.resource_type, &name.id])?;
        }
        Ok::<_, rusqlite::Error>(())
    };
    asked().map_err(scratch)?;
    spawn(tx, 0, &commit.spawn)
}

/// Marks a step as done, and counts the new ones. `None`: it is no longer wanted.
fn done(tx: &Transaction<'_>, seen: &mut Seen, commit: &Commit) -> Result<Option<u64>, Error> {
    let sql =
        "UPDATE steps SET state = ?2 WHERE id = ?1 AND state < ?2 RETURNING list, empty_pages";
    let found: Option<(i64, u32)> = tx
        .query_row(sql, params![commit.step, DONE], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(scratch)?;
    let Some((list, empty_pages)) = found else {
        return Ok(None);
    };
    brought(tx, seen, commit, list).map_err(scratch)?;
    if let Some(next) = &commit.next {
        let empty_pages = if commit.is_empty_page() {
            empty_pages + 1
        } else {
            0
        };
        if empty_pages >= MAX_EMPTY_PAGES {
            return Err(endless(&next.body).restarting_run());
        }
        let sql = "INSERT INTO steps(phase, list, body, empty_pages) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT(body) DO NOTHING";
        let n = tx
            .execute(sql, params![next.phase, list, next.body, empty_pages])
            .map_err(scratch)?;
        if n == 0 {
            return Err(repeated_cursor(&next.body));
        }
    }
    let next = u64::from(commit.next.is_some());
    Ok(Some(next + spawn(tx, list, &commit.spawn)?))
}

fn brought(
    tx: &Transaction<'_>,
    seen: &mut Seen,
    commit: &Commit,
    list: i64,
) -> rusqlite::Result<()> {
    let mut insert =
        tx.prepare_cached("INSERT INTO resources VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for ResourceRow {
        name,
        parent,
        rank,
        data,
    } in &commit.resources
    {
        let (parent_type, parent_id) = parent.as_ref().map(|p| (&p.resource_type, &p.id)).unzip();
        insert.execute(params![
            name.resource_type,
            name.id,
            parent_type,
            parent_id,
            rank,
            data,
            list
        ])?;
        listed(tx, name, if *rank < FULL { SEEN } else { LISTED })?;
        if let Some(parent) = parent {
            named(tx, parent, false)?;
        }
    }
    let mut insert = tx.prepare_cached("INSERT INTO entitlements VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for EntitlementRow { id, resource, data } in &commit.entitlements {
        insert.execute(params![id, resource.resource_type, resource.id, data, list])?;
    }
    let sql = "INSERT INTO grants VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut insert = tx.prepare_cached(sql)?;
    let mut target = tx.prepare_cached("INSERT OR IGNORE INTO targets VALUES (?1, ?2, ?3)")?;
    for GrantRow {
        entitlement,
        resource,
        principal,
        annotations,
        expansion,
        implied_by,
    } in &commit.grants
    {
        let Name { resource_type, id } = principal;
        insert.execute(params![
            entitlement,
            resource_type,
            id,
            annotations,
            expansion,
            list,
            implied_by
        ])?;
        if seen.insert((resource_type, id)) {
            named(tx, principal, true)?;
        }
        if seen.insert((entitlement, "")) {
            target.execute(params![entitlement, resource.resource_type, resource.id])?;
            named(tx, resource, false)?;
        }
    }
    for name in &commit.names {
        let sql = "INSERT INTO gone VALUES (?1, ?2, ?3)";
        tx.prepare_cached(sql)?
            .execute(params![name.resource_type, name.id, list])?;
        is_gone(tx, name)?;
    }
    for name in &commit.deleted_during_sync {
        let sql = "INSERT INTO vanished VALUES (?1, ?2, ?3)";
        tx.prepare_cached(sql)?
            .execute(params![name.resource_type, name.id, list])?;
    }
    for (key, n) in &commit.tallies {
        let sql = "INSERT INTO tallies VALUES (?1, ?2, ?3)";
        tx.prepare_cached(sql)?
            .execute(params![key, n.cast_signed(), list])?;
    }
    for warning in &commit.warnings {
        let sql = "INSERT INTO warnings VALUES (?1, ?2, ?3)";
        tx.prepare_cached(sql)?
            .execute(params![warning.code, warning.message, list])?;
    }
    Ok(())
}

fn named(tx: &Transaction<'_>, name: &Name, principal: bool) -> rusqlite::Result<()> {
    let sql = "INSERT INTO names(type, id, state, principal) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET principal = max(principal, ?4)";
    tx.prepare_cached(sql)?
        .execute(params![name.resource_type, name.id, NAMED, principal])?;
    Ok(())
}

fn listed(tx: &Transaction<'_>, name: &Name, state: i64) -> rusqlite::Result<()> {
    // The object itself says more than what was seen in passing, whichever comes first.
    let sql = "INSERT INTO names(type, id, state) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET state = ?3 WHERE state <> ?4";
    tx.prepare_cached(sql)?
        .execute(params![name.resource_type, name.id, state, LISTED])?;
    Ok(())
}

fn is_gone(tx: &Transaction<'_>, name: &Name) -> rusqlite::Result<()> {
    // What some row shows alive stays so.
    let sql = "INSERT INTO names(type, id, state) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET state = ?3 WHERE state = ?4";
    tx.prepare_cached(sql)?
        .execute(params![name.resource_type, name.id, GONE, NAMED])?;
    Ok(())
}

fn repeated_cursor(body: &str) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::EndlessList,
        format!("the vendor's list goes in a circle: it pointed a second time to {body}"),
        "Run again; if it persists, report it to the vendor.",
    )
    .restarting_run()
}
