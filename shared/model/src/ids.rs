//! The ids of resources, entitlements and grants.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a resource: `type:id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceId {
    /// The id of the resource type.
    pub resource_type: String,
    /// The vendor's id.
    pub id: String,
}

impl ResourceId {
    /// The id of the resource that the vendor calls `id`.
    pub fn new(resource_type: impl Into<String>, id: impl Into<String>) -> Self {
        Self { resource_type: resource_type.into(), id: id.into() }
    }

    /// Parses `type:id`, split at the first colon: a type has none, an id may.
    pub fn parse(text: &str) -> Option<Self> {
        let (resource_type, id) = text.split_once(':')?;
        (!resource_type.is_empty() && !id.is_empty()).then(|| Self::new(resource_type, id))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource_type, self.id)
    }
}

/// The id of an entitlement: `type:resource:slug`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntitlementId {
    /// The resource that it is on.
    pub resource: ResourceId,
    /// Its name among the resource's entitlements.
    pub slug: String,
}

impl EntitlementId {
    /// The id of the entitlement `slug` on `resource`.
    pub fn new(resource: ResourceId, slug: impl Into<String>) -> Self {
        let slug = slug.into();
        Self { resource, slug }
    }

    /// Parses `type:resource:slug`, split at the first and the last colon: the id between may have some.
    pub fn parse(text: &str) -> Option<Self> {
        let (resource, slug) = text.rsplit_once(':')?;
        let resource = ResourceId::parse(resource)?;
        (!slug.is_empty()).then(|| Self::new(resource, slug))
    }
}

impl fmt::Display for EntitlementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.slug)
    }
}

/// The id of the grant of `entitlement` to `principal`.
pub fn grant_id(entitlement: &str, principal: &ResourceId) -> String {
    format!("{entitlement}:{principal}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_split_where_the_rules_say() {
        let id = EntitlementId::parse("namespace:a:b.c:write").expect("an id");
        assert_eq!(id.resource, ResourceId::new("namespace", "a:b.c"));
        assert_eq!(id.slug, "write");
        assert_eq!(id.to_string(), "namespace:a:b.c:write");
        for bad in ["", "x", "x:y", ":y:z", "x::z", "x:y:"] {
            assert_eq!(EntitlementId::parse(bad), None, "{bad}");
        }
        for bad in ["", "user", ":u", "user:"] {
            assert_eq!(ResourceId::parse(bad), None, "{bad}");
        }
    }
}
