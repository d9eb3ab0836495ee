//! A snapshot, read back.

use std::collections::BTreeMap;

use rollcall::Error;
use rollcall::snapshot::read::{Entitlement, Filter, Grant, Resource, Snapshot};
use rollcall_harness::conformance::Bench;
use serde_json::Value;

use crate::Simulated;

/// A workbench for Confluence.
pub(crate) type Desk = Bench<Simulated>;

/// What a sync of the simulated account shows, each by its id.
pub(crate) struct Shown {
    pub(crate) answer: Value,
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) entitlements: BTreeMap<String, Entitlement>,
    pub(crate) grants: BTreeMap<String, Grant>,
}

impl Shown {
    /// Runs a sync, which must be complete.
    pub(crate) async fn by(desk: &Desk) -> Self {
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

    /// The resource of an id.
    pub(crate) fn resource(&self, id: &str) -> &Resource {
        self.resources
            .get(id)
            .unwrap_or_else(|| panic!("there is no resource {id}"))
    }

    /// The entitlement of an id.
    pub(crate) fn entitlement(&self, id: &str) -> &Entitlement {
        self.entitlements
            .get(id)
            .unwrap_or_else(|| panic!("there is no entitlement {id}"))
    }

    /// The grant of an id.
    pub(crate) fn grant(&self, id: &str) -> &Grant {
        self.grants
            .get(id)
            .unwrap_or_else(|| panic!("there is no grant {id}"))
    }

    /// The code and message of every warning.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let warnings = self.answer["warnings"].as_array().expect("warnings");
        warnings
            .iter()
            .map(|w| {
                format!(
                    "{}: {}",
                    w["code"].as_str().expect("text"),
                    w["message"].as_str().expect("text")
                )
            })
            .collect()
    }
}
