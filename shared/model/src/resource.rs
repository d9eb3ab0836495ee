//! Resource types and resources.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ResourceId;

/// A class of resources that a connector knows.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct ResourceType {
    pub id: &'static str,
    pub display_name: &'static str,
    pub description: &'static str,
    /// The trait that each of its resources carries.
    pub trait_kind: TraitKind,
    /// Whether its resources have no entitlements.
    pub no_entitlements: bool,
    /// The operations on its resources other than listing them.
    pub capabilities: &'static [Capability],
}

impl ResourceType {
    /// A resource type whose resources have entitlements and which a connector only lists.
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

    /// A resource type of accounts, which have no entitlements.
    pub const fn account(
        id: &'static str,
        display_name: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(id, display_name, description, TraitKind::User).without_entitlements()
    }

    /// The same type, with resources that have no entitlements.
    #[must_use]
    pub const fn without_entitlements(self) -> Self {
        Self { no_entitlements: true, ..self }
    }

    /// The same type with these capabilities.
    #[must_use]
    pub const fn with(self, capabilities: &'static [Capability]) -> Self {
        Self { capabilities, ..self }
    }
}

/// The operations on a resource type other than syncing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Grant and revoke its entitlements.
    Provision,
    /// Create accounts.
    AccountProvisioning,
    /// Delete its resources.
    ResourceDelete,
}

/// The traits that Rollcall writes, with their numbers in the published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraitKind {
    /// No trait.
    None = 0,
    /// A person or a machine account.
    User = 1,
    /// A group.
    Group = 2,
    /// A role.
    Role = 3,
    /// A role limited to a scope.
    ScopeBinding = 7,
}

/// Free-form data on a resource, sorted by key.
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

/// Whether a character is blank, a control or format character, or a letter without a shape (Unicode's
/// `Default_Ignorable_Code_Point`).
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

/// The first 500 characters of a text, for a description; the whole text belongs into the profile.
pub fn brief(text: &str) -> String {
    text.chars().take(500).collect()
}

/// How complete a record of a resource is. Of several records of one resource, the highest is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Only named by a grant.
    Stub = 0,
    /// Part of the list of another object.
    Member = 1,
    /// The object itself.
    Full = 2,
}

/// Whether a resource is in use, with the number in the published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not reported by the vendor.
    Unknown = 0,
    /// In use.
    Enabled = 1,
    /// Present but unusable.
    Disabled = 2,
    /// Deleted but still listed.
    Deleted = 3,
}

/// Who an account belongs to, with the number in the published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountType {
    /// Not reported by the vendor.
    Unknown = 0,
    /// A person.
    Human = 1,
    /// A machine.
    Service = 2,
    /// The vendor.
    System = 3,
}

/// A resource's trait with its data.
#[derive(Debug, Clone, PartialEq)]
pub enum ResourceTrait {
    /// No trait.
    None,
    /// An account.
    User {
        /// Primary e-mail address.
        email: Option<String>,
        /// Further addresses that the vendor has verified.
        other_emails: Vec<String>,
        /// Login name, if it is not the e-mail address.
        login: Option<String>,
        /// Who it belongs to.
        account_type: AccountType,
        /// Time of the last login.
        last_login: Option<Timestamp>,
        /// Whether it uses a second factor.
        mfa: Option<bool>,
    },
    /// A group.
    Group,
    /// A role.
    Role,
    /// A role limited to a scope.
    ScopeBinding {
        /// The role.
        role: ResourceId,
        /// The resource that the role is limited to.
        scope: ResourceId,
    },
}

impl ResourceTrait {
    /// An account with only type and e-mail address.
    pub fn account(account_type: AccountType, email: Option<String>) -> Self {
        let other_emails = Vec::new();
        Self::User { email, other_emails, login: None, account_type, last_login: None, mfa: None }
    }

    /// The same account with these further addresses, which the vendor has verified.
    #[must_use]
    pub fn with_other_emails(mut self, addresses: Vec<String>) -> Self {
        if let Self::User { other_emails, .. } = &mut self {
            *other_emails = addresses;
        }
        self
    }

    /// The same account with this login name, unless that is empty.
    #[must_use]
    pub fn with_login(mut self, name: impl Into<String>) -> Self {
        if let Self::User { login, .. } = &mut self {
            *login = Some(name.into()).filter(|name| !name.is_empty());
        }
        self
    }
}

/// An object of the vendor: it has entitlements, or grants of them, or both.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Resource {
    pub id: ResourceId,
    pub display_name: String,
    pub description: String,
    /// The resource that contains it.
    pub parent: Option<ResourceId>,
    pub resource_trait: ResourceTrait,
    pub profile: Profile,
    pub state: State,
    /// The reason for the state, if it is not obvious.
    pub state_details: String,
    pub created_at: Option<Timestamp>,
    /// The id of the same object in C1's previous generation of connectors: keeps its records together.
    pub v1_identifier: Option<String>,
    pub aliases: Vec<String>,
    /// How complete this record is.
    pub rank: Rank,
}

impl Resource {
    /// A resource with id, name and trait; the other fields are empty.
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
