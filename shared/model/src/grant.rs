//! Entitlements and grants.

use crate::{EntitlementId, ResourceId, grant_id};

/// What kind of right an entitlement is, with the number in the published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Membership, or assignment to a role.
    Assignment = 1,
    /// A permission.
    Permission = 2,
    /// Ownership.
    Ownership = 3,
}

/// A set of entitlements of which a principal holds one at a time, and an entitlement's place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusive {
    /// The id of the set; at most 50 entitlements share it.
    pub group: String,
    /// The place in the set, fewest rights first.
    pub order: u32,
    /// Whether each resource has a set of its own.
    pub per_resource: bool,
}

/// A right on a resource that principals can hold.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Entitlement {
    pub id: EntitlementId,
    pub display_name: String,
    pub description: String,
    /// The ids of the resource types that may hold it.
    pub grantable_to: &'static [&'static str],
    /// What kind of right it is.
    pub purpose: Purpose,
    /// Whether it can be neither granted nor revoked.
    pub immutable: bool,
    /// The set of entitlements that exclude each other.
    pub exclusive: Option<Exclusive>,
    /// See [`Resource::v1_identifier`](crate::Resource::v1_identifier).
    pub v1_identifier: Option<String>,
}

impl Entitlement {
    /// An assignment without a description, which can be granted and revoked.
    pub fn new(
        id: EntitlementId,
        display_name: impl Into<String>,
        grantable_to: &'static [&'static str],
    ) -> Self {
        Self {
            id,
            display_name: display_name.into(),
            description: String::new(),
            grantable_to,
            purpose: Purpose::Assignment,
            immutable: false,
            exclusive: None,
            v1_identifier: None,
        }
    }
}

/// A principal's grant of an entitlement.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// The entitlement.
    pub entitlement: EntitlementId,
    /// The principal, which holds it.
    pub principal: ResourceId,
    /// Whether it cannot be revoked separately.
    pub immutable: bool,
    /// Who else gets it through this principal.
    pub expandable: Option<Expandable>,
    /// The principal's id in another product, if the vendor only has a name.
    pub external_id: Option<String>,
    /// The vendor shows this grant because the principal has one of these entitlements; empty if the vendor does not
    /// show which. If the principal has a grant of one of them, this grant is left out, since expansion adds it again.
    /// Otherwise it is kept, and counted in a warning.
    pub implied_by: Option<Vec<EntitlementId>>,
    /// See [`Resource::v1_identifier`](crate::Resource::v1_identifier).
    pub v1_identifier: Option<String>,
}

impl Grant {
    /// A plain grant.
    pub fn new(entitlement: EntitlementId, principal: ResourceId) -> Self {
        Self {
            entitlement,
            principal,
            immutable: false,
            expandable: None,
            external_id: None,
            implied_by: None,
            v1_identifier: None,
        }
    }

    /// Its id.
    pub fn id(&self) -> String {
        grant_id(&self.entitlement.to_string(), &self.principal)
    }

    /// The same grant, not revocable separately.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// The same grant, expandable to every holder of `source`, an entitlement on its principal.
    #[must_use]
    pub fn through(mut self, source: EntitlementId) -> Self {
        self.expandable = Some(Expandable {
            sources: vec![source.to_string()],
            shallow: false,
            resource_types: Vec::new(),
        });
        self
    }

    /// The same grant, implied by others: see [`Self::implied_by`].
    #[must_use]
    pub fn implied_by(mut self, held: Vec<EntitlementId>) -> Self {
        self.implied_by = Some(held);
        self
    }

    /// The same grant with its id in C1's previous generation of connectors.
    #[must_use]
    pub fn with_v1(mut self, id: impl Into<String>) -> Self {
        self.v1_identifier = Some(id.into());
        self
    }
}

/// Who else gets a grant through its principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expandable {
    /// The entitlements on the grant's principal whose holders get it.
    pub sources: Vec<String>,
    /// Whether only direct holders of a source get it.
    pub shallow: bool,
    /// The types of principals that get it; all if empty.
    pub resource_types: Vec<String>,
}
