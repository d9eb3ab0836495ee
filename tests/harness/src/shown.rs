//! A snapshot, read back.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_connector::Error;
use rollcall_snapshot::{Entitlement, Filter, Grant, Resource, Snapshot};
use serde_json::Value;

use crate::conformance::{Bench, Subject};

/// The records of a sync of the simulated vendor, by id.
pub struct Shown {
    pub answer: Value,
    pub resources: BTreeMap<String, Resource>,
    pub entitlements: BTreeMap<String, Entitlement>,
    pub grants: BTreeMap<String, Grant>,
}

impl Shown {
    pub async fn by<S: Subject>(desk: &Bench<S>) -> Self {
        let answer = desk.complete().await;
        let snapshot = desk.snapshot(&answer);
        Self::of(answer, &snapshot)
    }

    pub fn of(answer: Value, snapshot: &[u8]) -> Self {
        let snapshot = Snapshot::read(snapshot, "the snapshot").expect("readable");
        let (mut resources, mut entitlements) = (BTreeMap::new(), BTreeMap::new());
        let (mut grants, all) = (BTreeMap::new(), Filter::default());
        let read = [
            snapshot.resources(&all, |r| keep(&mut resources, r.id.clone(), r)),
            snapshot.entitlements(&all, |e| keep(&mut entitlements, e.id.clone(), e)),
            snapshot.grants(&all, |g| keep(&mut grants, g.id.clone(), g)),
        ];
        read.into_iter().collect::<Result<(), _>>().expect("records");
        Self { answer, resources, entitlements, grants }
    }

    pub fn resource(&self, id: &str) -> &Resource {
        self.resources.get(id).unwrap_or_else(|| panic!("there is no resource {id}"))
    }

    pub fn entitlement(&self, id: &str) -> &Entitlement {
        self.entitlements.get(id).unwrap_or_else(|| panic!("there is no entitlement {id}"))
    }

    pub fn grant(&self, id: &str) -> &Grant {
        self.grants.get(id).unwrap_or_else(|| panic!("there is no grant {id}"))
    }

    pub fn count(&self, resource_type: &str) -> usize {
        self.resources.values().filter(|r| r.resource_type == resource_type).count()
    }

    pub fn direct(&self) -> BTreeSet<String> {
        self.grants.values().filter(|g| g.direct).map(|g| g.id.clone()).collect()
    }

    pub fn held_directly(&self, principal: &str) -> Vec<&str> {
        let direct = self.grants.values().filter(|g| g.direct);
        direct.filter(|g| g.principal == principal).map(|g| g.entitlement.as_str()).collect()
    }

    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.answer["warnings"].as_array().expect("warnings");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let line = |w: &Value| format!("{}: {}", text(&w["code"]), text(&w["message"]));
        warnings.iter().map(line).collect()
    }

    /// Exactly these grants are stated, and everybody whom any grant names is shown.
    pub fn states(&self, expected: &BTreeSet<String>) {
        let found = self.direct();
        let differ: Vec<_> = found.symmetric_difference(expected).take(5).collect();
        assert!(differ.is_empty(), "missing or wrong: {differ:?}");
        for grant in self.grants.values() {
            assert!(self.resources.contains_key(&grant.principal), "{} dangles", grant.id);
        }
    }
}

fn keep<T>(rows: &mut BTreeMap<String, T>, id: String, row: T) -> Result<(), Error> {
    rows.insert(id, row);
    Ok(())
}
