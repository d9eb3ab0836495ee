//! The objects of events: accounts, resources, and what a grant names.

use rollcall_connector::Error;
use rollcall_snapshot::{Grant, Record, Resource};

use super::lookup::Lookup;
use super::ocsf::{Details, Entity, ResourceDetails, User};

/// The schema's numbers for kinds: of users, and of entities; both have the same one for another kind.
const UNKNOWN: u32 = 0;
const USER: u32 = 1;
const SYSTEM: u32 = 3;
const GROUP: u32 = 3;
const OTHER: u32 = 99;

/// What a grant names.
pub(super) struct GrantNames {
    pub(super) user: User,
    pub(super) on: ResourceDetails,
    pub(super) privilege: String,
    pub(super) details: Details,
}

impl GrantNames {
    /// As the snapshot of `lookup` has it.
    pub(super) fn of(grant: &Grant, lookup: &mut Lookup<'_>) -> Result<Self, Error> {
        let principal = lookup.resource(&grant.principal)?;
        let resource = lookup.resource(&grant.resource)?;
        let entitlement = lookup.entitlement(&grant.entitlement)?;
        let name = resource.map(|resource| resource.display_name.clone());
        let on = ResourceDetails {
            uid_alt: vendor_id(&grant.resource),
            name: or_id(name.unwrap_or_default(), &grant.resource),
            kind: resource_type(&grant.resource),
            uid: grant.resource.clone(),
        };
        let privilege = entitlement.as_ref().map(|e| e.display_name.clone());
        let sources = grant.sources.keys().filter(|source| **source != grant.entitlement);
        let details = Details {
            kind: Some(if grant.direct { "direct" } else { "derived" }),
            entitlement: Some(grant.entitlement.clone()),
            slug: entitlement.map(|e| e.slug.clone()),
            resource: Some(grant.resource.clone()),
            principal: Some(grant.principal.clone()),
            immutable: Some(grant.immutable),
            sources: sources.cloned().collect(),
            status: None,
        };
        Ok(Self {
            user: user(&grant.principal, principal.as_deref()),
            on,
            privilege: or_id(privilege.unwrap_or_default(), &grant.entitlement),
            details,
        })
    }
}

/// The principal with this id; a snapshot may lack its resource.
pub(super) fn user(id: &str, resource: Option<&Resource>) -> User {
    let trait_of = |resource: &Resource| resource.traits.first().map(|name| (*name).to_owned());
    let (type_id, kind) = match resource {
        Some(r) if r.traits.contains(&"user") => match r.account_type {
            Some("human") => (USER, "User".to_owned()),
            Some("system") => (SYSTEM, "System".to_owned()),
            Some(other) => (OTHER, other.to_owned()),
            None => (UNKNOWN, "Unknown".to_owned()),
        },
        Some(r) => (OTHER, trait_of(r).unwrap_or_else(|| r.resource_type.clone())),
        None => (OTHER, resource_type(id)),
    };
    let display_name = resource.map(|r| r.display_name.clone()).unwrap_or_default();
    let email_addr = resource.and_then(|r| r.emails.first()).cloned();
    let login = resource.map(|r| r.login.clone()).filter(|login| !login.is_empty());
    let name = login.or_else(|| email_addr.clone()).unwrap_or_else(|| display_name.clone());
    User {
        uid: id.to_owned(),
        uid_alt: vendor_id(id),
        name: or_id(name, id),
        display_name,
        email_addr,
        has_mfa: resource.and_then(|r| r.mfa),
        type_id,
        kind,
    }
}

/// A record that is no account.
pub(super) fn entity(record: &Record, lookup: &mut Lookup<'_>) -> Result<Entity, Error> {
    let (uid, name, type_id, kind) = match record {
        Record::ResourceType(t) => (&t.id, t.display_name.clone(), OTHER, "resource type"),
        Record::Resource(r) => {
            let type_id = if r.traits.contains(&"group") { GROUP } else { OTHER };
            (&r.id, r.display_name.clone(), type_id, &*r.resource_type)
        }
        Record::Entitlement(e) => (&e.id, e.display_name.clone(), OTHER, "entitlement"),
        Record::Grant(grant) => {
            let names = GrantNames::of(grant, lookup)?;
            let who = or_id(names.user.display_name, &grant.principal);
            (&grant.id, format!("{} of {who}", names.privilege), OTHER, "grant")
        }
    };
    let kind = if type_id == GROUP { "Group" } else { kind };
    Ok(Entity { uid: uid.clone(), name: or_id(name, uid), type_id, kind: kind.to_owned() })
}

fn or_id(name: String, id: &str) -> String {
    if name.is_empty() { id.to_owned() } else { name }
}

/// The vendor's id in `type:id`.
fn vendor_id(id: &str) -> String {
    id.split_once(':').map_or(id, |(_, id)| id).to_owned()
}

fn resource_type(id: &str) -> String {
    id.split_once(':').map_or(id, |(resource_type, _)| resource_type).to_owned()
}
