//! The frontier in the database: pending steps, phases, and unlisted names.

use rollcall_model::proto::ResourceId;
use rollcall_snapshot::ScratchError;
use rusqlite::{OptionalExtension, params};

use super::Work;
use super::schema::{PENDING, RUNNING};
use crate::sync::sql::{all, run, value};

/// A step that is not done yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sync) struct Pending {
    pub id: i64,
    /// JSON.
    pub body: String,
}

impl Work {
    /// Takes up to `n` pending steps of a phase.
    pub(in crate::sync) fn take(
        &mut self,
        phase: u8,
        n: usize,
    ) -> Result<Vec<Pending>, ScratchError> {
        let sql = "SELECT id, body FROM steps WHERE state = 0 AND phase = ?1 ORDER BY id LIMIT ?2";
        let steps = all(&self.db, sql, params![phase, n as i64], |row| {
            let (id, body) = (row.get(0)?, row.get(1)?);
            Ok(Pending { id, body })
        })?;
        for step in &steps {
            let sql = "UPDATE steps SET state = ?2 WHERE id = ?1";
            run(&self.db, sql, [step.id, RUNNING])?;
        }
        Ok(steps)
    }

    /// Returns a step to the queue that was taken but not finished.
    pub(in crate::sync) fn put_back(&mut self, step: i64) -> Result<(), ScratchError> {
        let sql = "UPDATE steps SET state = ?2 WHERE id = ?1 AND state = ?3";
        run(&self.db, sql, [step, PENDING, RUNNING]).map(|_| ())
    }

    /// The lowest phase with steps that are not done.
    pub(in crate::sync) fn phase(&self) -> Result<Option<u8>, ScratchError> {
        value(&self.db, "SELECT min(phase) FROM steps WHERE state < 2", [])
    }

    /// The lowest phase with pending steps, or the last finished phase if its unresolved principals may not have been
    /// looked up yet.
    pub(in crate::sync) fn current_phase(&self) -> Result<u8, ScratchError> {
        let sql = "SELECT min(phase) FROM (SELECT min(phase) AS phase FROM steps WHERE state < 2
                   UNION ALL SELECT max(phase) FROM steps WHERE state = 2)";
        Ok(value::<Option<u8>>(&self.db, sql, [])?.unwrap_or_default())
    }

    /// How often unlisted principals were looked up at the end of `phase`.
    pub(in crate::sync) fn rounds(&self, phase: u8) -> Result<u32, ScratchError> {
        let sql = "SELECT n FROM rounds WHERE phase = ?1";
        let n = self.db.query_row(sql, [phase], |row| row.get(0));
        Ok(n.optional()?.unwrap_or_default())
    }

    /// Up to `n` names after `after`, sorted, from grants or member rows, that no list shows and that were not looked
    /// up.
    pub(in crate::sync) fn missing(
        &self,
        after: &ResourceId,
        n: usize,
    ) -> Result<Vec<ResourceId>, ScratchError> {
        let sql = "SELECT type, id FROM names WHERE state IN (0, 3) AND looked_up = 0 AND (type, id) > (?1, ?2)
                   ORDER BY type, id LIMIT ?3";
        let after = params![after.resource_type, after.resource, n as i64];
        all(&self.db, sql, after, |row| {
            let (resource_type, resource) = (row.get(0)?, row.get(1)?);
            Ok(ResourceId { resource_type, resource })
        })
    }
}
