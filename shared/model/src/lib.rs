//! The Baton data model: resource types, resources, entitlements and grants, which connectors fill in; how they are
//! encoded ([`encode`]); and the error that every room returns ([`error`]).

mod code;
pub mod encode;
pub mod error;
pub mod proto;

pub use code::Code;
pub use error::{Chain, Error, ErrorType};

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A class of resources that a connector knows.
#[derive(Debug, Clone)]
pub struct ResourceType {
    /// Its id, such as `user`.
    pub id: &'static str,
    /// Its name for people.
    pub display_name: &'static str,
    /// One sentence on what it is.
    pub description: &'static str,
    /// What its resources are; each of them carries the matching trait message.
    pub trait_kind: TraitKind,
    /// Nothing can be held on resources of this type.
    pub no_entitlements: bool,
    /// What a connector can do with resources of this type besides listing them.
    pub capabilities: &'static [Capability],
}

impl ResourceType {
    /// A resource type on whose resources entitlements can be held, and which a connector only lists.
    pub const fn new(
        id: &'static str,
        display_name: &'static str,
        description: &'static str,
        trait_kind: TraitKind,
    ) -> Self {
        Self {
            id,
            display_name,
            description,
            trait_kind,
            no_entitlements: false,
            capabilities: &[],
        }
    }

    /// A resource type of accounts: they hold entitlements, and nothing can be held on them.
    pub const fn account(
        id: &'static str,
        display_name: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(id, display_name, description, TraitKind::User).without_entitlements()
    }

    /// The same, where nothing can be held on its resources.
    #[must_use]
    pub const fn without_entitlements(self) -> Self {
        Self {
            no_entitlements: true,
            ..self
        }
    }

    /// The same with these capabilities.
    #[must_use]
    pub const fn with(self, capabilities: &'static [Capability]) -> Self {
        Self {
            capabilities,
            ..self
        }
    }
}

/// What a connector can do with a resource type besides syncing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Grant and revoke its entitlements.
    Provision,
    /// Create accounts.
    AccountProvisioning,
    /// Delete its resources.
    ResourceDelete,
}

/// The traits that Rollcall writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraitKind {
    /// No trait.
    None,
    /// A person or a machine account.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
    /// A role on something: who holds it has the role there.
    ScopeBinding,
}

/// Names a resource: its type and the id that the vendor gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceId {
    /// The id of its resource type.
    pub resource_type: String,
    /// The vendor's id.
    pub id: String,
}

impl ResourceId {
    /// Names a resource.
    pub fn new(resource_type: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            resource_type: resource_type.into(),
            id: id.into(),
        }
    }

    /// Reads `type:id`, split at the first colon: a type has none, an id may.
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

/// Names an entitlement: `type:resource:slug`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntitlementId {
    /// The resource that it is on.
    pub resource: ResourceId,
    /// Which of the resource's entitlements.
    pub slug: String,
}

impl EntitlementId {
    /// Names an entitlement.
    pub fn new(resource: ResourceId, slug: impl Into<String>) -> Self {
        Self {
            resource,
            slug: slug.into(),
        }
    }

    /// Reads `type:resource:slug`, split at the first and the last colon: the id between may have some.
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

/// Free data on a resource: sorted, so that it is always the same bytes.
pub type Profile = BTreeMap<String, serde_json::Value>;

/// Adds a text to a profile, unless it is empty.
pub fn put(profile: &mut Profile, key: &str, value: impl Into<String>) {
    let value: String = value.into();
    if !value.is_empty() {
        profile.insert(key.to_owned(), value.into());
    }
}

/// Adds a time to a profile, if there is one.
pub fn put_time(profile: &mut Profile, key: &str, time: Option<Timestamp>) {
    if let Some(time) = time {
        put(profile, key, time.to_string());
    }
}

/// A name for people: `name`, or `id` if the name has no visible character.
pub fn name_or_id<'a>(name: &'a str, id: &'a str) -> &'a str {
    match name.chars().all(is_invisible) {
        true => id,
        false => name,
    }
}

/// Blanks, control and format characters, and letters without a shape (Unicode's `Default_Ignorable_Code_Point`).
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What fits a resource's description: the whole belongs into the profile.
pub fn brief(text: &str) -> String {
    text.chars().take(500).collect()
}

/// How much is known of a resource; when it was met more than once, the higher one stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Only named, by a grant.
    Stub = 0,
    /// Seen in passing, in the list of another object.
    Member = 1,
    /// The object itself.
    Full = 2,
}

/// Whether a resource is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The vendor does not say.
    Unknown,
    /// In use.
    Enabled,
    /// Present but unusable.
    Disabled,
    /// Deleted, and still listed.
    Deleted,
}

/// Who an account belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountType {
    /// The vendor does not say.
    Unknown,
    /// A person.
    Human,
    /// A machine.
    Service,
    /// The vendor's own.
    System,
}

/// What a resource is, with what only such a resource has.
#[derive(Debug, Clone, PartialEq)]
pub enum ResourceTrait {
    /// Nothing in particular.
    None,
    /// An account.
    User {
        /// Its e-mail address.
        email: Option<String>,
        /// What it signs in with, if that is not the address.
        login: Option<String>,
        /// Who it belongs to.
        account_type: AccountType,
        /// When it last signed in.
        last_login: Option<Timestamp>,
        /// Whether it uses a second factor.
        mfa: Option<bool>,
    },
    /// A group.
    Group,
    /// A role.
    Role,
    /// A role on something.
    ScopeBinding {
        /// The role.
        role: ResourceId,
        /// What it is on.
        scope: ResourceId,
    },
}

impl ResourceTrait {
    /// An account of which the vendor tells no more than whose it is, and its address if it has one.
    pub fn account(account_type: AccountType, email: Option<String>) -> Self {
        Self::User {
            email,
            login: None,
            account_type,
            last_login: None,
            mfa: None,
        }
    }

    /// The same account, and what it signs in with.
    #[must_use]
    pub fn with_login(mut self, name: impl Into<String>) -> Self {
        if let Self::User { login, .. } = &mut self {
            *login = Some(name.into()).filter(|name| !name.is_empty());
        }
        self
    }
}

/// Something that can hold access, or that access is held on.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Which one.
    pub id: ResourceId,
    /// Its name for people.
    pub display_name: String,
    /// One sentence on it, or nothing.
    pub description: String,
    /// What contains it.
    pub parent: Option<ResourceId>,
    /// What it is.
    pub resource_trait: ResourceTrait,
    /// Free data.
    pub profile: Profile,
    /// Whether it is in use.
    pub state: State,
    /// Why, where that is not plain.
    pub state_details: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The id of the same object in C1's previous generation of connectors: keeps its records together.
    pub v1_identifier: Option<String>,
    /// Other ids of the same object.
    pub aliases: Vec<String>,
    /// How much is known of it.
    pub rank: Rank,
}

impl Resource {
    /// A resource of which only id, name and trait are known; fill in the rest.
    pub fn new(
        id: ResourceId,
        display_name: impl Into<String>,
        resource_trait: ResourceTrait,
    ) -> Self {
        Self {
            id,
            display_name: display_name.into(),
            description: String::new(),
            parent: None,
            resource_trait,
            profile: Profile::new(),
            state: State::Unknown,
            state_details: String::new(),
            created_at: None,
            v1_identifier: None,
            aliases: Vec::new(),
            rank: Rank::Full,
        }
    }
}

/// What holding an entitlement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Being a member, having a role.
    Assignment,
    /// Being allowed something.
    Permission,
    /// Owning.
    Ownership,
}

/// One of a set of entitlements of which a principal is given one at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusive {
    /// Names the set; at most 50 entitlements share it.
    pub group: String,
    /// Its place in the set, least right first.
    pub order: u32,
    /// The set is one resource's own.
    pub per_resource: bool,
}

/// Something that can be held on a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Entitlement {
    /// Which one.
    pub id: EntitlementId,
    /// Its name for people.
    pub display_name: String,
    /// What holding it means.
    pub description: String,
    /// The ids of the resource types that may hold it.
    pub grantable_to: &'static [&'static str],
    /// What holding it means, as a class.
    pub purpose: Purpose,
    /// It can be neither granted nor revoked.
    pub immutable: bool,
    /// It excludes others.
    pub exclusive: Option<Exclusive>,
    /// See [`Resource::v1_identifier`].
    pub v1_identifier: Option<String>,
}

/// A principal holds an entitlement.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// What is held.
    pub entitlement: EntitlementId,
    /// Who holds it.
    pub principal: ResourceId,
    /// It cannot be revoked by itself.
    pub immutable: bool,
    /// Who else gets it through this principal.
    pub expandable: Option<Expandable>,
    /// The id under which another product knows the principal, of which this vendor only has the name.
    pub external_id: Option<String>,
    /// The vendor shows this grant because the principal holds one of these; none, if the vendor does not show of what.
    /// It is left out if that shows, too: expansion will bring it about. Else it is kept, so that no access is lost, and
    /// counted in a warning.
    pub implied_by: Option<Vec<EntitlementId>>,
    /// See [`Resource::v1_identifier`].
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

    /// The same grant, not revocable by itself.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// The same grant, passed on to every holder of `source`, an entitlement on its principal.
    #[must_use]
    pub fn through(mut self, source: EntitlementId) -> Self {
        self.expandable = Some(Expandable {
            sources: vec![source.to_string()],
            shallow: false,
            resource_types: Vec::new(),
        });
        self
    }

    /// The same grant, as one that follows from others: left out if its principal holds one of these entitlements.
    #[must_use]
    pub fn implied_by(mut self, held: Vec<EntitlementId>) -> Self {
        self.implied_by = Some(held);
        self
    }

    /// The same grant with the id that C1's previous generation of connectors gave it.
    #[must_use]
    pub fn with_v1(mut self, id: impl Into<String>) -> Self {
        self.v1_identifier = Some(id.into());
        self
    }
}

/// Who else gets a grant through its principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expandable {
    /// The entitlements whose holders get it; each is on the grant's principal.
    pub sources: Vec<String>,
    /// Only who holds a source directly.
    pub shallow: bool,
    /// Only principals of these types; all if empty.
    pub resource_types: Vec<String>,
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
