//! Finishing: reads the working database in id order into a fresh snapshot, resolves duplicates, checks invariants, and
//! expands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rollcall_connector::{About, Code, Error, Warning};
use rollcall_model::encode::{GrantEncoder, resource_type, stub};
use rollcall_model::{ResourceId, TraitKind, counted};
use rollcall_snapshot::ScratchError;
use rollcall_snapshot::{GrantColumns, Packed, RowCounts, SnapshotWriter, count, pack};
use rusqlite::{Connection, OptionalExtension};

use super::expand::{self, Edges, Expanded, Range};
use super::sql::{all, batch, blob, each, optional, run, text, value};
use super::work::Work;

/// The input and the place of the result.
pub(super) struct SnapshotOptions<'a> {
    pub about: &'static About,
    pub sync_id: &'a str,
    pub started_at: Timestamp,
    pub expand: bool,
    /// The folder for the files.
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
    /// The number of derived grants.
    pub expanded: u64,
    /// Principals that grants name but the vendor does not show, by type.
    pub stubs: BTreeMap<String, u64>,
    pub warnings: Vec<Warning>,
}

/// Writes the snapshot of a working database whose steps are all done.
pub(super) fn finish(
    work: &Work,
    options: &SnapshotOptions<'_>,
    ended_at: Timestamp,
) -> Result<Finished, Error> {
    let database = options.folder.join("snapshot.db");
    let db = work.connection();
    // Nothing is rolled back from here on: a run that fails begins with a new database.
    batch(db, "PRAGMA journal_mode = OFF")?;
    let mut finish = Finish {
        work: db,
        about: options.about,
        writer: SnapshotWriter::create(&database, options.sync_id, options.started_at)?,
        stubs: BTreeMap::new(),
    };
    finish.resource_types()?;
    let left_out = finish.leave_out_deleted()?;
    let unexplained = finish.leave_out_implied()?;
    finish.add_stubs()?;
    finish.resources()?;
    finish.entitlements()?;
    let edges = finish.grants()?;
    let stated_by_type = finish.writer.grants_by_type().clone();
    let mut expanded = Expanded::default();
    if options.expand && !edges.is_empty() {
        let find = |entitlement: &str| Ok(find(db, entitlement)?);
        expanded = expand::expand(&mut finish.writer, edges, &find)?;
    }
    let Finish { writer, stubs, .. } = finish;
    let mut warnings = work.warnings()?;
    warnings.extend(notices(unexplained, expanded.left_out, left_out, &stubs));
    // Its pages are no longer needed, and building indexes needs the memory.
    batch(db, "PRAGMA shrink_memory")?;
    let (stats, content_digest) = writer.finish(ended_at)?;
    let file = options.folder.join("snapshot.c1z");
    let packed = pack(&database, &file)?;
    std::fs::remove_file(&database).map_err(ScratchError::from)?;
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
    about: &'static About,
    writer: SnapshotWriter,
    stubs: BTreeMap<String, u64>,
}

impl Finish<'_> {
    fn trait_kind(&self, resource_type: &str, what: &str) -> Result<TraitKind, Error> {
        let found = self.about.resource_type(resource_type);
        found.map(|t| t.trait_kind).ok_or_else(|| {
            broken(format!("{what} has the unknown resource type `{resource_type}`"))
        })
    }

    fn resource_types(&mut self) -> Result<(), Error> {
        let mut types: Vec<_> = self.about.resource_types.iter().collect();
        types.sort_by_key(|t| t.id);
        for t in types {
            self.writer.resource_type(t.id, &resource_type(t))?;
        }
        Ok(())
    }

    fn any(&self, select: &str) -> Result<bool, ScratchError> {
        value(self.work, &format!("SELECT EXISTS ({select})"), [])
    }

    /// Leaves out what was deleted during the sync, its children and the grants of either, even if a list shows them;
    /// and the grants on what was not found. Returns the number of omitted grants.
    fn leave_out_deleted(&self) -> Result<u32, ScratchError> {
        let deleted = self.any("SELECT 1 FROM deleted")?;
        if !deleted && !self.any("SELECT 1 FROM not_found")? {
            return Ok(0);
        }
        let run = |sql: &str| run(self.work, sql, []);
        // Several rows may state the same grant.
        let omit = |condition: &str| -> Result<u32, ScratchError> {
            let grants =
                format!("SELECT DISTINCT entitlement, type, id FROM grants WHERE {condition}");
            let omitted = value(self.work, &format!("SELECT count(*) FROM ({grants})"), [])?;
            run(&format!("DELETE FROM grants WHERE {condition}"))?;
            Ok(omitted)
        };
        let mut left_out = 0;
        if deleted {
            // All rows of a resource must be inside: it may have been moved in between.
            let inside = "INSERT INTO deleted SELECT type, id, 0 FROM resources
                          WHERE (type, id) NOT IN (SELECT type, id FROM deleted) GROUP BY type, id
                          HAVING min(coalesce((parent_type, parent_id) IN (SELECT type, id FROM deleted), 0)) = 1";
            while run(inside)? > 0 {}
            let deleted = |what: &str, id: &str| {
                let is_deleted = format!("(type, {id}) IN (SELECT type, id FROM deleted)");
                run(&format!("{what} WHERE {is_deleted}"))
            };
            deleted("UPDATE names SET state = 2", "id")?;
            deleted("DELETE FROM resources", "id")?;
            deleted("DELETE FROM entitlements", "resource")?;
            left_out += omit("(type, id) IN (SELECT type, id FROM deleted)")?;
        }
        left_out += omit("entitlement IN
                             (SELECT entitlement FROM targets JOIN names USING (type, id) WHERE state = 2)")?;
        // Principals that only these grants named are no longer named.
        run("UPDATE names SET principal = 0 WHERE principal = 1")?;
        run("UPDATE names SET principal = 1 WHERE (type, id) IN (SELECT type, id FROM grants)")?;
        Ok(left_out)
    }

    /// Leaves out grants that the vendor shows as implied by others, if one of those exists, or the same grant as a
    /// separate one. Returns the number of those that stay, since no existing grant implies them.
    fn leave_out_implied(&self) -> Result<u64, ScratchError> {
        if !self.any("SELECT 1 FROM grants WHERE implied_by IS NOT NULL")? {
            return Ok(0);
        }
        batch(
            self.work,
            "CREATE INDEX IF NOT EXISTS held ON grants(entitlement, type, id);
             DELETE FROM grants WHERE implied_by IS NOT NULL AND EXISTS (
                 SELECT 1 FROM json_each(grants.implied_by) AS source, grants AS held
                 WHERE held.entitlement = source.value AND held.type = grants.type AND held.id = grants.id);
             DELETE FROM grants WHERE implied_by IS NOT NULL AND EXISTS (
                 SELECT 1 FROM grants AS held WHERE held.entitlement = grants.entitlement
                 AND held.type = grants.type AND held.id = grants.id AND held.implied_by IS NULL);
             DROP INDEX held;",
        )?;
        let left = "SELECT count(*) FROM
                    (SELECT DISTINCT entitlement, type, id FROM grants WHERE implied_by IS NOT NULL)";
        Ok(value::<i64>(self.work, left, [])?.cast_unsigned())
    }

    /// Adds a stub for each principal that is only named, so that none is dropped or dangling.
    fn add_stubs(&mut self) -> Result<(), Error> {
        let sql = "SELECT type, id FROM names WHERE state NOT IN (1, 3) AND principal = 1 ORDER BY type, id";
        let stubs = all(self.work, sql, [], |row| {
            Ok(ResourceId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        for id in stubs {
            let data = stub(&id, self.trait_kind(&id.resource_type, "a principal")?);
            let sql = "INSERT INTO resources VALUES (?1, ?2, NULL, NULL, 0, ?3, 0)";
            run(self.work, sql, (&id.resource_type, &id.id, data))?;
            count(&mut self.stubs, &id.resource_type);
        }
        Ok(())
    }

    fn resources(&mut self) -> Result<(), Error> {
        let sql = "SELECT type, id, data, parent_type, parent_id FROM resources ORDER BY type, id, rank DESC, data";
        let mut last = (String::new(), String::new());
        each(self.work, sql, |row| {
            let (kind, id) = (text(row, 0)?, text(row, 1)?);
            if (kind, id) == (last.0.as_str(), last.1.as_str()) {
                return Ok(());
            }
            last = (kind.to_owned(), id.to_owned());
            if kind.is_empty() || id.is_empty() {
                return Err(broken(format!("a resource has the empty id `{kind}:{id}`")));
            }
            self.trait_kind(kind, "a resource")?;
            let parent = optional(row, 3)?.zip(optional(row, 4)?);
            if let Some((parent_type, parent_id)) = parent
                && !self.is_listed(parent_type, parent_id)?
            {
                return Err(broken(format!(
                    "the parent of {kind}:{id} is missing: {parent_type}:{parent_id}"
                )));
            }
            let data = blob(row, 2)?.unwrap_or_default();
            Ok(self.writer.resource((kind, id), parent, data)?)
        })
    }

    fn is_listed(&self, kind: &str, id: &str) -> Result<bool, ScratchError> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM names WHERE type = ?1 AND id = ?2 AND state IN (1, 3))";
        value(self.work, sql, [kind, id])
    }

    fn entitlements(&mut self) -> Result<(), Error> {
        batch(
            self.work,
            "DROP TABLE IF EXISTS ranges;
             CREATE TABLE ranges(entitlement TEXT PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL,
                 first INTEGER, last INTEGER) WITHOUT ROWID;",
        )?;
        let sql = "SELECT id, type, resource, data FROM entitlements ORDER BY id, data";
        let mut last = String::new();
        each(self.work, sql, |row| {
            let (id, kind, resource) = (text(row, 0)?, text(row, 1)?, text(row, 2)?);
            if id == last {
                return Ok(());
            }
            refill(&mut last, id);
            if !self.is_listed(kind, resource)? {
                return Err(broken(format!("the resource of entitlement {id} is missing")));
            }
            let data = blob(row, 3)?.unwrap_or_default();
            self.writer.entitlement(id, (kind, resource), data)?;
            let sql = "INSERT INTO ranges VALUES (?1, ?2, ?3, NULL, NULL)";
            run(self.work, sql, [id, kind, resource])?;
            Ok(())
        })
    }

    /// Writes the grants as the vendor stated them, and collects the edges for expansion.
    fn grants(&mut self) -> Result<Edges, Error> {
        let sql = "SELECT entitlement, type, id, annotations, expansion FROM grants
                   ORDER BY entitlement, type, id, expansion IS NULL, annotations, expansion";
        let mut edges = Edges::new();
        let mut group: Option<GrantsOf> = None;
        let (mut principal_type, mut principal_id) = (String::new(), String::new());
        let (mut id, mut data, mut first_expansion) = (String::new(), Vec::new(), Vec::new());
        each::<Error>(self.work, sql, |row| {
            let entitlement = text(row, 0)?;
            let same = group.as_ref().is_some_and(|of| of.entitlement == entitlement);
            if !same {
                self.close(group.take())?;
            }
            let of = match &mut group {
                Some(of) => of,
                none => none.insert(self.open(entitlement)?),
            };
            let expansion = blob(row, 4)?;
            let principal = (text(row, 1)?, text(row, 2)?);
            if same && principal == (principal_type.as_str(), principal_id.as_str()) {
                // The first of equal rows counts. Two different expansions of the same grant cannot both be kept.
                if expansion.is_some_and(|other| other != first_expansion) {
                    return Err(broken(format!("{id} is expandable in two different ways")));
                }
                return Ok(());
            }
            first_expansion = expansion.unwrap_or_default().to_vec();
            refill(&mut principal_type, principal.0);
            refill(&mut principal_id, principal.1);
            if let Some(expansion) = expansion {
                edges.add(entitlement, principal, expansion)?;
            }
            let annotations = blob(row, 3)?.unwrap_or_default();
            of.encoder.encode(principal.0, principal.1, annotations, &mut id, &mut data);
            let row_id = self.writer.grant(&GrantColumns {
                resource: (&of.resource.resource_type, &of.resource.id),
                entitlement,
                principal,
                id: &id,
                expansion,
                data: &data,
            })?;
            of.rows = Some(Range::with(of.rows, row_id));
            Ok(())
        })?;
        self.close(group)?;
        Ok(edges)
    }

    /// Begins with the grants of an entitlement.
    fn open(&self, entitlement: &str) -> Result<GrantsOf, Error> {
        let Some((resource, _)) = find(self.work, entitlement)? else {
            return Err(broken(format!(
                "a grant names the entitlement {entitlement}, which the vendor does not show"
            )));
        };
        Ok(GrantsOf {
            entitlement: entitlement.to_owned(),
            encoder: GrantEncoder::new(entitlement, &resource),
            resource,
            rows: None,
        })
    }

    fn close(&self, group: Option<GrantsOf>) -> Result<(), ScratchError> {
        if let Some(of) = group
            && let Some(Range { first, last }) = of.rows
        {
            let sql = "UPDATE ranges SET first = ?2, last = ?3 WHERE entitlement = ?1";
            run(self.work, sql, (of.entitlement, first, last))?;
        }
        Ok(())
    }
}

/// The entitlement whose grants are being written.
struct GrantsOf {
    entitlement: String,
    resource: ResourceId,
    encoder: GrantEncoder,
    rows: Option<Range>,
}

fn find(
    work: &Connection,
    entitlement: &str,
) -> Result<Option<(ResourceId, Option<Range>)>, ScratchError> {
    let sql = "SELECT type, id, first, last FROM ranges WHERE entitlement = ?1";
    let mut select = work.prepare_cached(sql)?;
    let found = select.query_row([entitlement], |row| {
        let resource = ResourceId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let range = row.get::<_, Option<_>>(2)?.zip(row.get(3)?);
        Ok((resource, range.map(|(first, last)| Range { first, last })))
    });
    Ok(found.optional()?)
}

fn refill(buffer: &mut String, text: &str) {
    buffer.clear();
    buffer.push_str(text);
}

/// Warnings about the whole snapshot.
fn notices(
    unexplained: u64,
    dangling_edges: u64,
    left_out: u32,
    stubs: &BTreeMap<String, u64>,
) -> Vec<Warning> {
    let stub_counts: Vec<_> = stubs.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    let notices = [
        (
            unexplained > 0,
            Code::UnexplainedGrants,
            format!(
                "the vendor shows {} as inherited from others that it does not show: kept as stated",
                counted(unexplained, "grant")
            ),
        ),
        (
            dangling_edges > 0,
            Code::NothingToExpand,
            format!(
                "{} to expand from entitlements that do not exist",
                counted(dangling_edges, "grant")
            ),
        ),
        (
            left_out > 0,
            Code::GrantsLeftOut,
            format!(
                "{} left out: resources or principals no longer exist at the vendor or are being deleted",
                counted(left_out, "grant")
            ),
        ),
        (
            !stubs.is_empty(),
            Code::UnresolvedPrincipals,
            format!(
                "grants name principals that the vendor does not show: {}",
                stub_counts.join(", ")
            ),
        ),
    ];
    let raised = notices.into_iter().filter(|(raised, ..)| *raised);
    raised.map(|(_, code, message)| Warning::new(code, message)).collect()
}

/// A snapshot that would mislead its readers is not published.
fn broken(what: String) -> Error {
    Error::internal(
        Code::BrokenSnapshot,
        format!("the snapshot violates an invariant and is not published: {what}"),
    )
    .with_run_restart()
}
