//! When temporary grants end, for those who show grants.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_connector::Error;

use super::ledger::open;
use crate::store::Store;

/// When open temporary grants of a connection end.
#[derive(Debug, Default)]
pub struct Ends {
    /// By entitlement, then by principal.
    by_entitlement: BTreeMap<String, BTreeMap<String, Timestamp>>,
}

impl Ends {
    /// Reads the records whose keys begin like this: see [`Keys::expirations`](crate::store::keys::Keys::expirations).
    pub async fn read(store: &dyn Store, prefix: &str) -> Result<Self, Error> {
        let mut ends = Self::default();
        for record in open(store, prefix).await? {
            let by_principal = ends.by_entitlement.entry(record.entitlement).or_default();
            by_principal.insert(record.principal, record.ends_at);
        }
        Ok(ends)
    }

    /// When this grant ends, if it is temporary.
    pub fn of(&self, entitlement: &str, principal: &str) -> Option<Timestamp> {
        self.by_entitlement.get(entitlement)?.get(principal).copied()
    }
}
