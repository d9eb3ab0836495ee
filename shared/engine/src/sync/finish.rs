//! Finishing: reads the working database in id order into a fresh snapshot, settles duplicates, checks what must hold,
//! and expands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rollcall_connector::Code;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::expand::{self, Edges, Expanded, Range};
use super::work::Work;
use rollcall_connector::{About, Error, Warning};
use rollcall_model::encode::{GrantEncoder, resource_type, stub};
use rollcall_model::{ResourceId, TraitKind};
use rollcall_snapshot::scratch;
use rollcall_snapshot::{GrantColumns, Packed, RowCounts, SnapshotWriter, count, pack};

/// What becomes of a working database.
pub(super) struct Plan<'a> {
    pub about: &'static About,
    pub sync_id: &'a str,
    pub started_at: Timestamp,
    pub expand: bool,
    /// Where files may be made.
    pub folder: &'a Path,
}

/// A finished snapshot, not yet published.
pub(super) struct Finished {
    pub file: PathBuf,
    pub packed: Packed,
    pub stats: RowCounts,
    pub content_digest: String,
    /// Grants as the vendor stated them, by the type of the entitlement's resource.
    pub stated_by_type: BTreeMap<String, u64>,
    /// How many grants follow from others.
    pub expanded: u64,
    /// Principals that grants name and the vendor did not show, by type.
    pub stubs: BTreeMap<String, u64>,
    pub warnings: Vec<Warning>,
}

/// Writes the snapshot of a working database whose steps are all done.
pub(super) fn finish(work: &Work, plan: &Plan<'_>, ended_at: Timestamp) -> Result<Finished, Error> {
    let database = plan.folder.join("snapshot.db");
    // Nothing is taken back from here on: a run that fails begins with a database of its own.
    work.connection()
        .execute_batch("PRAGMA journal_mode = OFF")
        .map_err(scratch)?;
    let mut finish = Finish {
        work: work.connection(),
        plan,
        writer: SnapshotWriter::create(&database, plan.sync_id, plan.started_at)?,
        stubs: BTreeMap::new(),
        left_out: 0,
    };
    finish.resource_types()?;
    finish.leave_out_gone()?;
    let unexplained = finish.leave_out_explained()?;
    finish.add_stubs()?;
    finish.resources()?;
    finish.entitlements()?;
    let edges = finish.grants()?;
    let stated_by_type = finish.writer.grants_by_type().clone();
    let expanded = finish.expansion(edges)?;
    let mut warnings = work.warnings()?;
    warnings.extend(finish.warnings(expanded, unexplained));
    // Its pages are not needed any more, and building indexes needs the room.
    work.connection()
        .execute_batch("PRAGMA shrink_memory")
        .map_err(scratch)?;
    let Finish { writer, stubs, .. } = finish;
    let (stats, content_digest) = writer.finish(ended_at)?;
    let file = plan.folder.join("snapshot.c1z");
    let packed = pack(&database, &file)?;
    std::fs::remove_file(&database).map_err(scratch)?;
    Ok(Finished {
        file,
        packed,
        stats,
        content_digest,
        stated_by_type,
        expanded: expanded.added,
        stubs,
        warnings,
    })
}

struct Finish<'a> {
    work: &'a Connection,
    plan: &'a Plan<'a>,
    writer: SnapshotWriter,
    stubs: BTreeMap<String, u64>,
    left_out: usize,
}

impl Finish<'_> {
    fn kind(&self, resource_type: &str, what: &str) -> Result<TraitKind, Error> {
        match self.plan.about.resource_type(resource_type) {
            Some(t) => Ok(t.trait_kind),
            None => Err(broken(format!(
                "{what} has the unknown resource type `{resource_type}`"
            ))),
        }
    }

    fn resource_types(&mut self) -> Result<(), Error> {
        let mut types: Vec<_> = self.plan.about.resource_types.iter().collect();
        types.sort_by_key(|t| t.id);
        for t in types {
            self.writer.resource_type(t.id, &resource_type(t))?;
        }
        Ok(())
    }

    fn any(&self, select: &str) -> Result<bool, Error> {
        self.work
            .query_row(&format!("SELECT EXISTS ({select})"), [], |row| row.get(0))
            .map_err(scratch)
    }

    /// What vanished during the sync is not shown, nor what is inside it, nor what either held, whatever a list had shown
    /// before; and nobody holds anything on what is gone.
    fn leave_out_gone(&mut self) -> Result<(), Error> {
        let vanished = self.any("SELECT 1 FROM vanished")?;
        if !vanished && !self.any("SELECT 1 FROM gone")? {
            return Ok(());
        }
        let run = |sql: &str| self.work.execute(sql, []).map_err(scratch);
        let mut left_out = 0;
        if vanished {
            // All rows of a resource have to be inside: it may have been moved meanwhile.
            let inside = "INSERT INTO vanished SELECT type, id, 0 FROM resources
                          WHERE (type, id) NOT IN (SELECT type, id FROM vanished) GROUP BY type, id
                          HAVING min(coalesce((parent_type, parent_id) IN (SELECT type, id FROM vanished), 0)) = 1";
            while run(inside)? > 0 {}
            run("UPDATE names SET state = 2 WHERE (type, id) IN (SELECT type, id FROM vanished)")?;
            run("DELETE FROM resources WHERE (type, id) IN (SELECT type, id FROM vanished)")?;
            run(
                "DELETE FROM entitlements WHERE (type, resource) IN (SELECT type, id FROM vanished)",
            )?;
            left_out +=
                run("DELETE FROM grants WHERE (type, id) IN (SELECT type, id FROM vanished)")?;
        }
        left_out += run("DELETE FROM grants WHERE entitlement IN
                             (SELECT entitlement FROM targets JOIN names USING (type, id) WHERE state = 2)")?;
        // Whom these alone named, nobody names any more.
        run("UPDATE names SET principal = 0 WHERE principal = 1")?;
        run("UPDATE names SET principal = 1 WHERE (type, id) IN (SELECT type, id FROM grants)")?;
        self.left_out = left_out;
        Ok(())
    }

    /// Grants that the vendor shows as following from others are left out where those others show, too, and where the same
    /// grant shows as one of its own; how many stay, since they follow from nothing that shows.
    fn leave_out_explained(&self) -> Result<u64, Error> {
        if !self.any("SELECT 1 FROM grants WHERE unless IS NOT NULL")? {
            return Ok(0);
        }
        self.work
            .execute_batch(
                "CREATE INDEX IF NOT EXISTS held ON grants(entitlement, type, id);
                 DELETE FROM grants WHERE unless IS NOT NULL AND EXISTS (
                     SELECT 1 FROM json_each(grants.unless) AS source, grants AS held
                     WHERE held.entitlement = source.value AND held.type = grants.type AND held.id = grants.id);
                 DELETE FROM grants WHERE unless IS NOT NULL AND EXISTS (
                     SELECT 1 FROM grants AS held WHERE held.entitlement = grants.entitlement
                     AND held.type = grants.type AND held.id = grants.id AND held.unless IS NULL);
                 DROP INDEX held;",
            )
            .map_err(scratch)?;
        let left = "SELECT count(*) FROM (SELECT DISTINCT entitlement, type, id FROM grants WHERE unless IS NOT NULL)";
        let left: i64 = self
            .work
            .query_row(left, [], |row| row.get(0))
            .map_err(scratch)?;
        Ok(left.cast_unsigned())
    }

    /// Whoever is only named becomes a stub: never dropped, never dangling.
    fn add_stubs(&mut self) -> Result<(), Error> {
        let sql = "SELECT type, id FROM names WHERE state NOT IN (1, 3) AND principal = 1 ORDER BY type, id";
        let mut select = self.work.prepare(sql).map_err(scratch)?;
        let mut rows = select.query([]).map_err(scratch)?;
        let mut stubs = Vec::new();
        while let Some(row) = rows.next().map_err(scratch)? {
            stubs.push(ResourceId::new(text(row, 0)?, text(row, 1)?));
        }
        let sql = "INSERT INTO resources VALUES (?1, ?2, NULL, NULL, 0, ?3, 0)";
        let mut insert = self.work.prepare(sql).map_err(scratch)?;
        for id in stubs {
            let data = stub(&id, self.kind(&id.resource_type, "a principal")?);
            insert
                .execute(params![id.resource_type, id.id, data])
                .map_err(scratch)?;
            count(&mut self.stubs, &id.resource_type);
        }
        Ok(())
    }

    fn resources(&mut self) -> Result<(), Error> {
        let sql = "SELECT type, id, data, parent_type, parent_id FROM resources ORDER BY type, id, rank DESC, data";
        let mut select = self.work.prepare(sql).map_err(scratch)?;
        let mut rows = select.query([]).map_err(scratch)?;
        let mut last = (String::new(), String::new());
        while let Some(row) = rows.next().map_err(scratch)? {
            let (kind, id) = (text(row, 0)?, text(row, 1)?);
            if (kind, id) == (last.0.as_str(), last.1.as_str()) {
                continue;
            }
            last = (kind.to_owned(), id.to_owned());
            if kind.is_empty() || id.is_empty() {
                return Err(broken(format!("a resource has the empty id `{kind}:{id}`")));
            }
            self.kind(kind, "a resource")?;
            let parent = match (optional(row, 3)?, optional(row, 4)?) {
                (Some(kind), Some(id)) => Some((kind, id)),
                _ => None,
            };
            if let Some((parent_type, parent_id)) = parent
                && !self.is_listed(parent_type, parent_id)?
            {
                return Err(broken(format!(
                    "the parent of {kind}:{id} is missing: {parent_type}:{parent_id}"
                )));
            }
            self.writer.resource((kind, id), parent, blob(row, 2)?)?;
        }
        Ok(())
    }

    fn is_listed(&self, kind: &str, id: &str) -> Result<bool, Error> {
        let state = self.state(kind, id)?;
        Ok(matches!(state, Some(1 | 3)))
    }

    fn state(&self, kind: &str, id: &str) -> Result<Option<i64>, Error> {
        let sql = "SELECT state FROM names WHERE type = ?1 AND id = ?2";
        let mut select = self.work.prepare_cached(sql).map_err(scratch)?;
        select
            .query_row([kind, id], |row| row.get(0))
            .optional()
            .map_err(scratch)
    }

    fn entitlements(&mut self) -> Result<(), Error> {
        self.work
            .execute_batch(
                "DROP TABLE IF EXISTS ranges;
                 CREATE TABLE ranges(entitlement TEXT PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL,
                     first INTEGER, last INTEGER) WITHOUT ROWID;",
            )
            .map_err(scratch)?;
        let sql = "SELECT id, type, resource, data FROM entitlements ORDER BY id, data";
        let mut select = self.work.prepare(sql).map_err(scratch)?;
        let mut insert = self
            .work
            .prepare("INSERT INTO ranges VALUES (?1, ?2, ?3, NULL, NULL)")
            .map_err(scratch)?;
        let mut rows = select.query([]).map_err(scratch)?;
        let mut last = String::new();
        while let Some(row) = rows.next().map_err(scratch)? {
            let (id, kind, resource) = (text(row, 0)?, text(row, 1)?, text(row, 2)?);
            if id == last {
                continue;
            }
            last = id.to_owned();
            if !self.is_listed(kind, resource)? {
                return Err(broken(format!(
                    "the resource of entitlement {id} is missing"
                )));
            }
            self.writer
                .entitlement(id, (kind, resource), blob(row, 3)?)?;
            insert.execute([id, kind, resource]).map_err(scratch)?;
        }
        Ok(())
    }

    /// Writes the grants as the vendor stated them, and collects the edges for expansion.
    fn grants(&mut self) -> Result<Edges, Error> {
        let sql = "SELECT entitlement, type, id, annotations, expansion FROM grants
                   ORDER BY entitlement, type, id, expansion IS NULL, annotations, expansion";
        let mut select = self.work.prepare(sql).map_err(scratch)?;
        let mut rows = select.query([]).map_err(scratch)?;
        let mut edges = Edges::new();
        let mut on: Option<On> = None;
        let (mut principal_type, mut principal_id) = (String::new(), String::new());
        let (mut id, mut data, mut kept) = (String::new(), Vec::new(), Vec::new());
        while let Some(row) = rows.next().map_err(scratch)? {
            let entitlement = text(row, 0)?;
            let same = on.as_ref().is_some_and(|on| on.entitlement == entitlement);
            if !same {
                self.close(on.take())?;
                on = Some(self.open(entitlement)?);
            }
            let Some(on) = on.as_mut() else { continue };
            let expansion = row.get_ref(4).map_err(scratch)?;
            let expansion = expansion.as_blob_or_null().map_err(scratch)?;
            if same
                && (text(row, 1)?, text(row, 2)?)
                    == (principal_type.as_str(), principal_id.as_str())
            {
                // The first of equals counts. Two ways of passing on the same grant cannot both be kept.
                if expansion.is_some_and(|other| other != kept) {
                    return Err(broken(format!("{id} is passed on in two different ways")));
                }
                continue;
            }
            kept = expansion.unwrap_or_default().to_vec();
            refill(&mut principal_type, text(row, 1)?);
            refill(&mut principal_id, text(row, 2)?);
            if let Some(expansion) = expansion {
                edges.add(entitlement, (&principal_type, &principal_id), expansion)?;
            }
            on.encoder.encode(
                &principal_type,
                &principal_id,
                blob(row, 3)?,
                &mut id,
                &mut data,
            );
            let row_id = self.writer.grant(&GrantColumns {
                resource: (&on.resource.resource_type, &on.resource.id),
                entitlement,
                principal: (&principal_type, &principal_id),
                id: &id,
                expansion,
                data: &data,
            })?;
            on.rows = Some(Range {
                first: on.rows.map_or(row_id, |r| r.first),
                last: row_id,
            });
        }
        self.close(on)?;
        Ok(edges)
    }

    /// Begins with the grants of an entitlement.
    fn open(&self, entitlement: &str) -> Result<On, Error> {
        let Some((resource, _)) = self.find(entitlement)? else {
            return Err(broken(format!(
                "a grant names the entitlement {entitlement}, which the vendor did not show"
            )));
        };
        Ok(On {
            entitlement: entitlement.to_owned(),
            encoder: GrantEncoder::new(entitlement, &resource),
            resource,
            rows: None,
        })
    }

    fn close(&self, on: Option<On>) -> Result<(), Error> {
        let Some((on, rows)) = on.and_then(|on| on.rows.map(|rows| (on, rows))) else {
            return Ok(());
        };
        let sql = "UPDATE ranges SET first = ?2, last = ?3 WHERE entitlement = ?1";
        let mut update = self.work.prepare_cached(sql).map_err(scratch)?;
        update
            .execute(params![on.entitlement, rows.first, rows.last])
            .map_err(scratch)?;
        Ok(())
    }

    fn find(&self, entitlement: &str) -> Result<Option<(ResourceId, Option<Range>)>, Error> {
        find(self.work, entitlement)
    }

    fn expansion(&mut self, edges: Edges) -> Result<Expanded, Error> {
        if !self.plan.expand || edges.is_empty() {
            return Ok(Expanded::default());
        }
        let work = self.work;
        expand::expand(&mut self.writer, edges, &|entitlement| {
            find(work, entitlement)
        })
    }

    fn warnings(&self, expanded: Expanded, unexplained: u64) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if unexplained > 0 {
            warnings.push(Warning::new(
                Code::UnexplainedGrants,
                format!(
                    "the vendor shows {unexplained} grants as following from others, which it does not show: they are kept, as grants of their own"
                ),
            ));
        }
        if expanded.left_out > 0 {
            warnings.push(Warning::new(
                Code::NothingToExpand,
                format!(
                    "{} grants are to be passed on from entitlements that do not exist",
                    expanded.left_out
                ),
            ));
        }
        if self.left_out > 0 {
            warnings.push(Warning::new(
                Code::GrantsLeftOut,
                format!(
                    "{} grants are left out: the vendor does not know their resources or holders any more, or is deleting them",
                    self.left_out
                ),
            ));
        }
        if !self.stubs.is_empty() {
            let counts: Vec<_> = self
                .stubs
                .iter()
                .map(|(kind, n)| format!("{n} {kind}"))
                .collect();
            warnings.push(Warning::new(
                Code::UnresolvedPrincipals,
                format!(
                    "grants name principals that the vendor does not show: {}",
                    counts.join(", ")
                ),
            ));
        }
        warnings
    }
}

/// The entitlement whose grants are being written.
struct On {
    entitlement: String,
    resource: ResourceId,
    encoder: GrantEncoder,
    rows: Option<Range>,
}

fn find(
    work: &Connection,
    entitlement: &str,
) -> Result<Option<(ResourceId, Option<Range>)>, Error> {
    let sql = "SELECT type, id, first, last FROM ranges WHERE entitlement = ?1";
    let mut select = work.prepare_cached(sql).map_err(scratch)?;
    let found = |row: &Row<'_>| {
        let resource = ResourceId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let first: Option<i64> = row.get(2)?;
        let last: Option<i64> = row.get(3)?;
        Ok((
            resource,
            first.zip(last).map(|(first, last)| Range { first, last }),
        ))
    };
    select
        .query_row([entitlement], found)
        .optional()
        .map_err(scratch)
}

fn refill(buffer: &mut String, text: &str) {
    buffer.clear();
    buffer.push_str(text);
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, Error> {
    let value = row.get_ref(column).map_err(scratch)?;
    value.as_str().map_err(scratch)
}

fn optional<'a>(row: &'a Row<'_>, column: usize) -> Result<Option<&'a str>, Error> {
    let value = row.get_ref(column).map_err(scratch)?;
    value.as_str_or_null().map_err(scratch)
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], Error> {
    let value = row.get_ref(column).map_err(scratch)?;
    value.as_blob().map_err(scratch)
}

/// A snapshot that would mislead its readers is not published.
fn broken(what: String) -> Error {
    Error::internal(
        Code::BrokenSnapshot,
        format!("the snapshot is not published, since it would be wrong: {what}"),
    )
    .restarting_run()
}
