//! The records of which the tables are made, with the names of what they refer to.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;
use rollcall_connector::Error;
use rollcall_engine::expiration::Ends;
use rollcall_snapshot::{Difference, Entitlement, Grant, Snapshot, SyncRun};

use super::Origin;

/// How many resources, and how many entitlements, are remembered: memory stays flat, however long the table.
const REMEMBERED: usize = 50_000;

/// The sync that made the snapshot.
pub(super) struct Sync {
    pub(super) origin: Origin,
    pub(super) run: SyncRun,
}

/// An entitlement.
pub(super) struct NamedEntitlement {
    pub(super) entitlement: Entitlement,
    pub(super) resource: Rc<Named>,
}

/// A grant.
pub(super) struct Holding {
    pub(super) grant: Grant,
    pub(super) entitlement: Rc<Named>,
    pub(super) resource: Rc<Named>,
    pub(super) principal: Rc<Named>,
    /// When it ends, if it is temporary.
    pub(super) until: Option<Timestamp>,
}

/// A difference from the snapshot before.
pub(super) struct Change {
    pub(super) previous_sync_id: String,
    pub(super) difference: Difference,
}

/// What a row shows of a record that it refers to; all empty if the snapshot does not have it.
#[derive(Default)]
pub(super) struct Named {
    pub(super) name: String,
    /// The primary e-mail address of an account.
    pub(super) email: String,
}

/// Looks up the records that rows refer to.
pub(super) struct Lookup<'a> {
    snapshot: &'a Snapshot,
    resources: HashMap<String, Rc<Named>>,
    entitlements: HashMap<String, Rc<Named>>,
}

impl<'a> Lookup<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, resources: HashMap::new(), entitlements: HashMap::new() }
    }

    pub(super) fn entitlement(
        &mut self,
        entitlement: Entitlement,
    ) -> Result<NamedEntitlement, Error> {
        let resource = self.resource(&entitlement.resource)?;
        Ok(NamedEntitlement { entitlement, resource })
    }

    pub(super) fn holding(&mut self, grant: Grant, ends: &Ends) -> Result<Holding, Error> {
        let until = ends.of(&grant.entitlement, &grant.principal).filter(|_| grant.direct);
        Ok(Holding {
            entitlement: self.named_entitlement(&grant.entitlement)?,
            resource: self.resource(&grant.resource)?,
            principal: self.resource(&grant.principal)?,
            until,
            grant,
        })
    }

    fn resource(&mut self, id: &str) -> Result<Rc<Named>, Error> {
        remembered(&mut self.resources, id, || {
            let named = self.snapshot.resource(id)?.map(|r| {
                let email = r.emails.into_iter().next().unwrap_or_default();
                Named { name: r.display_name, email }
            });
            Ok(named.unwrap_or_default())
        })
    }

    fn named_entitlement(&mut self, id: &str) -> Result<Rc<Named>, Error> {
        remembered(&mut self.entitlements, id, || {
            let found = self.snapshot.entitlement(id)?;
            Ok(Named {
                name: found.map(|e| e.display_name).unwrap_or_default(),
                ..Named::default()
            })
        })
    }
}

/// What is remembered under this id, or else is found.
fn remembered(
    known: &mut HashMap<String, Rc<Named>>,
    id: &str,
    find: impl FnOnce() -> Result<Named, Error>,
) -> Result<Rc<Named>, Error> {
    if let Some(named) = known.get(id) {
        return Ok(named.clone());
    }
    let named = Rc::new(find()?);
    if known.len() == REMEMBERED {
        known.clear();
    }
    known.insert(id.to_owned(), named.clone());
    Ok(named)
}
