//! A snapshot, read back.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use rollcall_connector::Error;
use rollcall_snapshot::{Entitlement, Filter, Grant, Resource, Snapshot};
use serde_json::Value;

use crate::conformance::{Bench, Subject};

/// What a sync of the simulated vendor shows, each by its id.
#[derive(Debug)]
pub struct Shown {
    /// What the sync answered.
    pub answer: Value,
    /// The resources.
    pub resources: BTreeMap<String, Resource>,
    /// The entitlements.
    pub entitlements: BTreeMap<String, Entitlement>,
    /// The grants.
    pub grants: BTreeMap<String, Grant>,
}

impl Shown {
    /// Runs a sync, which must be complete.
    pub async fn by<S: Subject>(desk: &Bench<S>) -> Self {
        let answer = desk.complete().await;
        let snapshot = desk.snapshot(&answer);
        Self::of(answer, &snapshot)
    }

    /// Reads the snapshot of an answer.
    pub fn of(answer: Value, snapshot: &[u8]) -> Self {
        let snapshot = Snapshot::read(snapshot, "the snapshot").expect("readable");
        let mut shown = Self {
            answer,
            resources: BTreeMap::new(),
            entitlements: BTreeMap::new(),
            grants: BTreeMap::new(),
        };
        let all = Filter::default();
        let resources = snapshot.resources(&all, |r| -> Result<(), Error> {
            shown.resources.insert(r.id.clone(), r);
            Ok(())
        });
        let entitlements = snapshot.entitlements(&all, |e| -> Result<(), Error> {
            shown.entitlements.insert(e.id.clone(), e);
            Ok(())
        });
        let grants = snapshot.grants(&all, |g| -> Result<(), Error> {
            shown.grants.insert(g.id.clone(), g);
            Ok(())
        });
        let read = resources.and(entitlements).and(grants);
        read.expect("records");
        shown
    }

    /// The resource of an id, which must be there.
    pub fn resource(&self, id: &str) -> &Resource {
        let found = self.resources.get(id);
        found.unwrap_or_else(|| panic!("there is no resource {id}"))
    }

    /// The entitlement of an id, which must be there.
    pub fn entitlement(&self, id: &str) -> &Entitlement {
        let found = self.entitlements.get(id);
        found.unwrap_or_else(|| panic!("there is no entitlement {id}"))
    }

    /// The grant of an id, which must be there.
    pub fn grant(&self, id: &str) -> &Grant {
        let found = self.grants.get(id);
        found.unwrap_or_else(|| panic!("there is no grant {id}"))
    }

    /// The number of resources of a type.
    pub fn count(&self, resource_type: &str) -> usize {
        let of = self.resources.values();
        of.filter(|r| r.resource_type == resource_type).count()
    }

    /// The ids of the grants that the vendor itself states.
    pub fn direct(&self) -> BTreeSet<String> {
        let grants = self.grants.values().filter(|g| g.direct);
        grants.map(|g| g.id.clone()).collect()
    }

    /// What the vendor says that a principal holds, by itself.
    pub fn held_directly(&self, principal: &str) -> Vec<&str> {
        let direct = self.grants.values().filter(|g| g.direct);
        let held = direct.filter(|g| g.principal == principal);
        held.map(|g| g.entitlement.as_str()).collect()
    }

    /// The code and message of every warning.
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.answer["warnings"].as_array().expect("warnings");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let line = |w: &Value| format!("{}: {}", text(&w["code"]), text(&w["message"]));
        warnings.iter().map(line).collect()
    }

    /// Nothing missing and nothing wrong: the grants that are stated are shown and no others, and so is everybody whom any
    /// grant names.
    pub fn states(&self, expected: &BTreeSet<String>) {
        let found = self.direct();
        let missing: Vec<_> = expected.difference(&found).take(5).collect();
        let wrong: Vec<_> = found.difference(expected).take(5).collect();
        let is_exact = missing.is_empty() && wrong.is_empty();
        assert!(is_exact, "missing {missing:?}, wrong {wrong:?}");
        for grant in self.grants.values() {
            let principal = self.resources.contains_key(&grant.principal);
            assert!(principal, "{} dangles", grant.id);
        }
    }
}
