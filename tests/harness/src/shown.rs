//! A snapshot, read back.
#![expect(
    clippy::expect_used,
    reason = "test equipment: a panic is a failed test"
)]

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
        let snapshot =
            Snapshot::read(desk.snapshot(&answer).as_slice(), "the snapshot").expect("readable");
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
        resources.expect("resources");
        let entitlements = snapshot.entitlements(&all, |e| -> Result<(), Error> {
            shown.entitlements.insert(e.id.clone(), e);
            Ok(())
        });
        entitlements.expect("entitlements");
        let grants = snapshot.grants(&all, |g| -> Result<(), Error> {
            shown.grants.insert(g.id.clone(), g);
            Ok(())
        });
        grants.expect("grants");
        shown
    }

    /// The resource of an id, which must be there.
    pub fn resource(&self, id: &str) -> &Resource {
        self.resources
            .get(id)
            .unwrap_or_else(|| panic!("there is no resource {id}"))
    }

    /// The entitlement of an id, which must be there.
    pub fn entitlement(&self, id: &str) -> &Entitlement {
        self.entitlements
            .get(id)
            .unwrap_or_else(|| panic!("there is no entitlement {id}"))
    }

    /// The grant of an id, which must be there.
    pub fn grant(&self, id: &str) -> &Grant {
        self.grants
            .get(id)
            .unwrap_or_else(|| panic!("there is no grant {id}"))
    }

    /// The number of resources of a type.
    #[must_use]
    pub fn count(&self, resource_type: &str) -> usize {
        let resources = self.resources.values();
        resources
            .filter(|r| r.resource_type == resource_type)
            .count()
    }

    /// The ids of the grants that the vendor itself states.
    #[must_use]
    pub fn direct(&self) -> BTreeSet<String> {
        let grants = self.grants.values().filter(|g| g.direct);
        grants.map(|g| g.id.clone()).collect()
    }

    /// What the vendor says that a principal holds, by itself.
    #[must_use]
    pub fn held_directly(&self, principal: &str) -> Vec<&str> {
        let grants = self
            .grants
            .values()
            .filter(|g| g.direct && g.principal == principal);
        grants.map(|g| g.entitlement.as_str()).collect()
    }

    /// The code and message of every warning.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.answer["warnings"].as_array().expect("warnings");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        warnings
            .iter()
            .map(|w| format!("{}: {}", text(&w["code"]), text(&w["message"])))
            .collect()
    }

    /// Nothing missing and nothing wrong: the grants that are stated are shown and no others, and so is everybody whom any
    /// grant names.
    ///
    /// # Panics
    /// When that is not so.
    pub fn states(&self, expected: &BTreeSet<String>) {
        let found = self.direct();
        let missing: Vec<_> = expected.difference(&found).take(5).collect();
        let wrong: Vec<_> = found.difference(expected).take(5).collect();
        assert!(
            missing.is_empty() && wrong.is_empty(),
            "missing {missing:?}, wrong {wrong:?}"
        );
        for grant in self.grants.values() {
            let principal = self.resources.contains_key(&grant.principal);
            assert!(principal, "{} dangles", grant.id);
        }
    }
}
