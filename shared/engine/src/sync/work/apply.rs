//! Applies commits to the working database.

use rollcall_connector::pages::{MAX_EMPTY_PAGES, endless};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_model::proto::ResourceId;
use rollcall_snapshot::ScratchError;
use rusqlite::{Connection, OptionalExtension, params};

use super::restart::restart;
use super::schema::{DONE, FULL, LISTED, NAMED, NOT_FOUND, SEEN};
use super::{SeenNames, StepCounts, Work};
use crate::sync::commit::{Commit, CommitKind, NewStep};
use crate::sync::sql::run;

impl Work {
    /// Applies a commit, all of it or nothing. `false`: the step is no longer wanted, since its list was restarted.
    pub(in crate::sync) fn apply(&mut self, commit: &Commit) -> Result<bool, Error> {
        let kind = CommitKind::try_from(commit.kind).map_err(|e| {
            Error::internal(
                Code::CheckpointUnreadable,
                "a checkpoint holds a commit of an unknown kind",
            )
            .with_source(e)
            .with_run_restart()
        })?;
        let tx = self.db.transaction().map_err(ScratchError::from)?;
        let mut counts = self.counts;
        let mut is_wanted = true;
        match kind {
            CommitKind::Start => counts.known += spawn(&tx, 0, &commit.spawn)?,
            CommitKind::LookedUp => counts.known += looked_up(&tx, commit)?,
            CommitKind::Done => match done(&tx, &mut self.seen, commit)? {
                Some(new) => {
                    counts.done += 1;
                    counts.known += new;
                }
                None => is_wanted = false,
            },
            CommitKind::Restart => {
                self.seen.hashes.clear();
                is_wanted = restart(&tx, commit.step)?;
                counts = count_steps(&tx)?;
            }
        }
        tx.commit().map_err(ScratchError::from)?;
        self.counts = counts;
        Ok(is_wanted)
    }
}

fn count_steps(tx: &Connection) -> Result<StepCounts, ScratchError> {
    let sql = "SELECT coalesce(sum(state = 2), 0), count(*) FROM steps";
    let (done, known): (i64, i64) = tx.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(StepCounts { done: done.cast_unsigned(), known: known.cast_unsigned() })
}

/// Adds steps that begin their own lists and that the list `list` wants. A known step is not repeated. Returns the
/// number of new ones.
fn spawn(tx: &Connection, list: i64, steps: &[NewStep]) -> Result<u64, ScratchError> {
    let mut new = 0;
    for NewStep { phase, body } in steps {
        let sql =
            "INSERT INTO steps(phase, list, body) VALUES (?1, 0, ?2) ON CONFLICT(body) DO NOTHING";
        if run(tx, sql, params![phase, body])? == 1 {
            let own = "UPDATE steps SET list = id WHERE id = ?1";
            run(tx, own, [tx.last_insert_rowid()])?;
            new += 1;
        }
        let want = "INSERT OR IGNORE INTO wanted SELECT id, ?1 FROM steps WHERE body = ?2";
        run(tx, want, params![list, body])?;
    }
    Ok(new)
}

fn looked_up(tx: &Connection, commit: &Commit) -> Result<u64, ScratchError> {
    // A round may take several commits; a commit without names ends it.
    if commit.names.is_empty() {
        let sql = "INSERT INTO rounds VALUES (?1, 1) ON CONFLICT(phase) DO UPDATE SET n = n + 1";
        run(tx, sql, [commit.phase])?;
    }
    for name in &commit.names {
        let sql = "UPDATE names SET looked_up = 1 WHERE type = ?1 AND id = ?2";
        run(tx, sql, [&name.resource_type, &name.resource])?;
    }
    spawn(tx, 0, &commit.spawn)
}

/// Marks a step as done and inserts its output. Returns the number of new steps; `None`: the step is no longer wanted.
fn done(tx: &Connection, seen: &mut SeenNames, commit: &Commit) -> Result<Option<u64>, Error> {
    let Some((list, empty_pages)) = mark_done(tx, commit.step)? else {
        return Ok(None);
    };
    insert_rows(tx, seen, commit, list)?;
    if let Some(next) = &commit.next {
        let is_empty = commit.is_empty_page();
        let empty_pages = if is_empty { empty_pages + 1 } else { 0 };
        if empty_pages >= MAX_EMPTY_PAGES {
            return Err(endless(&next.body).with_run_restart());
        }
        let sql = "INSERT INTO steps(phase, list, body, empty_pages) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT(body) DO NOTHING";
        let row = (next.phase, list, &next.body, empty_pages);
        if run(tx, sql, row)? == 0 {
            return Err(repeated_cursor(&next.body));
        }
    }
    let next = u64::from(commit.next.is_some());
    Ok(Some(next + spawn(tx, list, &commit.spawn)?))
}

/// Returns the list of the step, and the number of empty pages before it.
fn mark_done(tx: &Connection, step: i64) -> Result<Option<(i64, u32)>, ScratchError> {
    let sql =
        "UPDATE steps SET state = ?2 WHERE id = ?1 AND state < ?2 RETURNING list, empty_pages";
    let mut update = tx.prepare_cached(sql)?;
    let row = update.query_row([step, DONE], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(row.optional()?)
}

fn insert_rows(
    tx: &Connection,
    seen: &mut SeenNames,
    commit: &Commit,
    list: i64,
) -> Result<(), ScratchError> {
    let sql = "INSERT INTO resources VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut insert = tx.prepare_cached(sql)?;
    for resource in &commit.resources {
        let ResourceId { resource_type: kind, resource: id } = &resource.id;
        let parent = resource.parent.as_ref();
        let (in_type, in_id) = parent.map(|p| (&p.resource_type, &p.resource)).unzip();
        let (rank, data) = (resource.rank, &resource.data);
        insert.execute((kind, id, in_type, in_id, rank, data, list))?;
        let state = if rank < FULL { SEEN } else { LISTED };
        shown(tx, &resource.id, state)?;
        if let Some(parent) = parent {
            named(tx, parent, false)?;
        }
    }
    let mut insert = tx.prepare_cached("INSERT INTO entitlements VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for e in &commit.entitlements {
        let (kind, resource) = (&e.resource.resource_type, &e.resource.resource);
        insert.execute((&e.id, kind, resource, &e.data, list))?;
    }
    let sql = "INSERT INTO grants VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut insert = tx.prepare_cached(sql)?;
    for g in &commit.grants {
        let (entitlement, annotations) = (&g.entitlement, &g.annotations);
        let (kind, id) = (&g.principal.resource_type, &g.principal.resource);
        let (expansion, implied_by) = (&g.expansion, &g.implied_by);
        insert.execute(params![entitlement, kind, id, annotations, expansion, list, implied_by])?;
        if seen.insert((kind, id)) {
            named(tx, &g.principal, true)?;
        }
        if seen.insert((entitlement, "")) {
            let (kind, id) = (&g.resource.resource_type, &g.resource.resource);
            let sql = "INSERT OR IGNORE INTO targets VALUES (?1, ?2, ?3)";
            run(tx, sql, [entitlement, kind, id])?;
            named(tx, &g.resource, false)?;
        }
    }
    for name in &commit.names {
        let row = (&name.resource_type, &name.resource, list);
        run(tx, "INSERT INTO not_found VALUES (?1, ?2, ?3)", row)?;
        // A resource that any row shows as existing stays.
        let sql = "INSERT INTO names(type, id, state) VALUES (?1, ?2, ?3)
                   ON CONFLICT DO UPDATE SET state = ?3 WHERE state = ?4";
        let (kind, id) = (&name.resource_type, &name.resource);
        run(tx, sql, (kind, id, NOT_FOUND, NAMED))?;
    }
    for name in &commit.deleted_during_sync {
        let row = (&name.resource_type, &name.resource, list);
        run(tx, "INSERT INTO deleted VALUES (?1, ?2, ?3)", row)?;
    }
    for (key, n) in &commit.tallies {
        let row = (key, n.cast_signed(), list);
        run(tx, "INSERT INTO tallies VALUES (?1, ?2, ?3)", row)?;
    }
    for warning in &commit.warnings {
        let row = (&warning.code, &warning.message, list);
        run(tx, "INSERT INTO warnings VALUES (?1, ?2, ?3)", row)?;
    }
    Ok(())
}

fn named(tx: &Connection, name: &ResourceId, principal: bool) -> Result<usize, ScratchError> {
    let sql = "INSERT INTO names(type, id, state, principal) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET principal = max(principal, ?4)";
    let row = (&name.resource_type, &name.resource, NAMED, principal);
    run(tx, sql, row)
}

fn shown(tx: &Connection, name: &ResourceId, state: i64) -> Result<usize, ScratchError> {
    // The object itself is more complete than a member row, whichever comes first.
    let sql = "INSERT INTO names(type, id, state) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET state = ?3 WHERE state <> ?4";
    let row = (&name.resource_type, &name.resource, state, LISTED);
    run(tx, sql, row)
}

fn repeated_cursor(body: &str) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::EndlessList,
        format!(
            "the vendor's list returns the same pages again and again: it pointed to {body} twice"
        ),
        "Run again; if it persists, report it to the vendor.",
    )
    .with_run_restart()
}
