//! Looks up what grants name.

use std::collections::HashMap;
use std::rc::Rc;

use rollcall_connector::Error;
use rollcall_snapshot::{Entitlement, Resource, Snapshot};

/// How many resources are remembered: memory stays flat, however many grants there are.
const REMEMBERED: usize = 4096;

/// The resources and entitlements of a snapshot, by id.
pub(super) struct Lookup<'a> {
    snapshot: &'a Snapshot,
    resources: HashMap<String, Option<Rc<Resource>>>,
    /// Grants come in the order of their entitlements.
    entitlement: Option<(String, Option<Rc<Entitlement>>)>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, resources: HashMap::new(), entitlement: None }
    }

    /// The resource with this id, `type:id`.
    pub(super) fn resource(&mut self, id: &str) -> Result<Option<Rc<Resource>>, Error> {
        if let Some(known) = self.resources.get(id) {
            return Ok(known.clone());
        }
        let found = self.snapshot.resource(id)?.map(Rc::new);
        if self.resources.len() == REMEMBERED {
            self.resources.clear();
        }
        self.resources.insert(id.to_owned(), found.clone());
        Ok(found)
    }

    /// The entitlement with this id.
    pub(super) fn entitlement(&mut self, id: &str) -> Result<Option<Rc<Entitlement>>, Error> {
        match &self.entitlement {
            Some((last, found)) if last == id => Ok(found.clone()),
            _ => {
                let found = self.snapshot.entitlement(id)?.map(Rc::new);
                self.entitlement = Some((id.to_owned(), found.clone()));
                Ok(found)
            }
        }
    }
}
