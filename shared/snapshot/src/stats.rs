//! The counts of a snapshot's content.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::read::{Snapshot, SyncRun};
use crate::rows::Filter;
use rollcall_model::Error;

/// The counts of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "counts are named after what they count")]
pub struct SnapshotStats {
    /// The sync.
    #[serde(flatten)]
    pub sync: SyncRun,
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// The size of its database, in bytes.
    pub decoded_bytes: u64,
    pub resource_types: u64,
    pub resources: u64,
    pub entitlements: u64,
    pub grants: u64,
    /// Grants that the vendor stated.
    pub direct_grants: u64,
    /// Derived grants.
    pub derived_grants: u64,
    /// Expandable grants: holders of an entitlement on the principal get them too.
    pub expandable_grants: u64,
    /// Counts by resource type; grants by the type of the entitlement's resource.
    pub by_resource_type: BTreeMap<String, TypeStats>,
}

/// The counts of one resource type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "counts are named after what they count")]
pub struct TypeStats {
    pub resources: u64,
    pub entitlements: u64,
    pub grants: u64,
}

impl Snapshot {
    /// Counts everything. The counts that the file itself states are not used.
    pub fn stats(&self) -> Result<SnapshotStats, Error> {
        let mut stats = SnapshotStats {
            sync: self.sync.clone(),
            bytes: self.sizes.packed,
            decoded_bytes: self.sizes.decoded,
            ..SnapshotStats::default()
        };
        let by_type = &mut stats.by_resource_type;
        self.resource_types(|t| {
            stats.resource_types += 1;
            by_type.insert(t.id, TypeStats::default());
            Ok::<_, Error>(())
        })?;
        self.count("v1_resources", |resource_type, n| {
            by_type.entry(resource_type).or_default().resources = n;
            stats.resources += n;
        })?;
        self.count("v1_entitlements", |resource_type, n| {
            by_type.entry(resource_type).or_default().entitlements = n;
            stats.entitlements += n;
        })?;
        self.count("v1_grants", |resource_type, n| {
            by_type.entry(resource_type).or_default().grants = n;
            stats.grants += n;
        })?;
        self.grant_rows(&Filter::default(), |row| {
            let rest = self.rest(row)?;
            let expandable = rest.expandable(row.expansion);
            let expandable = expandable.map_err(|e| self.bad_record(row.id, e))?;
            stats.expandable_grants += u64::from(expandable.is_some());
            stats.derived_grants += u64::from(!rest.is_direct(row.entitlement));
            Ok::<_, Error>(())
        })?;
        stats.direct_grants = stats.grants - stats.derived_grants;
        Ok(stats)
    }

    /// Shows the number of rows of a table, by resource type.
    fn count(&self, table: &str, mut visit: impl FnMut(String, u64)) -> Result<(), Error> {
        let sql =
            format!("SELECT resource_type_id, COUNT(*) FROM {table} WHERE sync_id = ?1 GROUP BY 1");
        self.each(&sql, &[&self.sync.sync_id], |row| {
            visit(row.text(0)?.to_owned(), row.count(1)?);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn stats_count_every_record_by_type() {
        let snapshot = testing::open(&testing::world());
        let stats = snapshot.stats().expect("readable");
        assert_eq!((stats.resource_types, stats.resources, stats.entitlements), (3, 5, 3));
        assert_eq!((stats.grants, stats.direct_grants, stats.derived_grants), (9, 5, 4));
        assert_eq!(stats.expandable_grants, 2);
        assert_eq!(stats.by_resource_type["group"].grants, 5);
        assert_eq!(stats.by_resource_type["user"].resources, 2);
        assert!(stats.bytes > 0 && stats.decoded_bytes > stats.bytes);
    }
}
