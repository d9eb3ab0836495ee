//! How much there is in a snapshot.

use std::collections::BTreeMap;

use serde::Serialize;

use super::read::{Snapshot, SyncRun};
use super::rows::Filter;
use rollcall_model::Error;

/// How much there is in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Which sync.
    #[serde(flatten)]
    pub sync: SyncRun,
    /// The size of the file.
    pub bytes: u64,
    /// The size of its database.
    pub decoded_bytes: u64,
    /// Resource types.
    pub resource_types: u64,
    /// Resources.
    pub resources: u64,
    /// Entitlements.
    pub entitlements: u64,
    /// Grants.
    pub grants: u64,
    /// Grants that the vendor stated.
    pub direct_grants: u64,
    /// Grants that follow from others.
    pub derived_grants: u64,
    /// Grants that their principal's members get too.
    pub expandable_grants: u64,
    /// The same by resource type; grants by the type of the entitlement's resource.
    pub by_resource_type: BTreeMap<String, TypeStats>,
}

/// How much there is of one resource type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TypeStats {
    /// Resources of the type.
    pub resources: u64,
    /// Entitlements on them.
    pub entitlements: u64,
    /// Grants of those.
    pub grants: u64,
}

impl Snapshot {
    /// Counts everything. The counts that the file states itself are not relied on.
    pub fn stats(&self) -> Result<Stats, Error> {
        let mut stats = Stats {
            sync: self.sync.clone(),
            bytes: self.sizes.packed,
            decoded_bytes: self.sizes.decoded,
            resource_types: 0,
            resources: 0,
            entitlements: 0,
            grants: 0,
            direct_grants: 0,
            derived_grants: 0,
            expandable_grants: 0,
            by_resource_type: BTreeMap::new(),
        };
        self.resource_types(|t| -> Result<(), Error> {
            stats.resource_types += 1;
            stats.by_resource_type.insert(t.id, TypeStats::default());
            Ok(())
        })?;
        for (resource_type, n) in self.count("v1_resources")? {
            stats.resources += n;
            stats
                .by_resource_type
                .entry(resource_type)
                .or_default()
                .resources = n;
        }
        for (resource_type, n) in self.count("v1_entitlements")? {
            stats.entitlements += n;
            stats
                .by_resource_type
                .entry(resource_type)
                .or_default()
                .entitlements = n;
        }
        for (resource_type, n) in self.count("v1_grants")? {
            stats.grants += n;
            stats
                .by_resource_type
                .entry(resource_type)
                .or_default()
                .grants = n;
        }
        self.grant_rows(&Filter::default(), |row| -> Result<(), Error> {
            let rest = self.rest(row)?;
            let expandable = rest
                .expandable(row.expansion)
                .map_err(|e| self.bad_record(row.id, e))?;
            stats.expandable_grants += u64::from(expandable.is_some());
            stats.derived_grants += u64::from(!rest.is_direct(row.entitlement));
            Ok(())
        })?;
        stats.direct_grants = stats.grants - stats.derived_grants;
        Ok(stats)
    }

    fn count(&self, table: &str) -> Result<Vec<(String, u64)>, Error> {
        let sql =
            format!("SELECT resource_type_id, COUNT(*) FROM {table} WHERE sync_id = ?1 GROUP BY 1");
        let mut counts = Vec::new();
        self.each(&sql, &[&self.sync.sync_id], |row| -> Result<(), Error> {
            let count = || Ok((row.get(0)?, row.get::<_, i64>(1)?));
            let (resource_type, n) = count().map_err(|e| self.database(e))?;
            counts.push((resource_type, u64::try_from(n).unwrap_or_default()));
            Ok(())
        })?;
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn stats_count_what_is_there() {
        let snapshot = testing::open(&testing::world());
        let stats = snapshot.stats().expect("readable");
        assert_eq!(
            (stats.resource_types, stats.resources, stats.entitlements),
            (3, 5, 3)
        );
        assert_eq!(
            (stats.grants, stats.direct_grants, stats.derived_grants),
            (9, 5, 4)
        );
        assert_eq!(stats.expandable_grants, 2);
        assert_eq!(stats.by_resource_type["group"].grants, 5);
        assert_eq!(stats.by_resource_type["user"].resources, 2);
        assert!(stats.bytes > 0 && stats.decoded_bytes > stats.bytes);
    }
}
