//! The world: one organization, its people, its roles and the groups of its directory.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::tokens::Token;

/// A member of the organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// `name`; left out if it is `None`.
    pub name: Option<String>,
    /// `emails`, in this order; left out if it is `None`.
    pub emails: Option<Vec<Email>>,
    /// `joinedAt`; left out if it is `None`.
    pub joined_at: Option<String>,
    /// `finalized`: whether the account is set up. The schema requires it and the vendor's examples leave it out; so it
    /// is with `None`.
    pub finalized: Option<bool>,
}

/// An address of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email {
    /// `address`; left out if it is `None`.
    pub address: Option<String>,
    /// `verified`; left out if it is `None`.
    pub verified: Option<bool>,
}

/// A role of the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// `name`.
    pub name: String,
    /// `description`; left out if it is `None`.
    pub description: Option<String>,
    /// `restrictions`, as the API has them; left out if they are null. The schema requires them and the vendor's
    /// examples leave them out.
    pub restrictions: Value,
    /// `directoryGroups`: the groups whose members hold this role, whether or not there are such groups; left out if it
    /// is `None`.
    pub directory_groups: Option<Vec<String>>,
    /// `createdAt`; left out if it is `None`.
    pub created_at: Option<String>,
    /// `updatedAt`; left out if it is `None`.
    pub updated_at: Option<String>,
    /// What a role allows, as the call for a single role has it. *Unknown*: the names. Taken: none.
    pub permissions: Permissions,
    /// Who was given the role by hand, whether or not they are members of the organization.
    pub explicit: BTreeSet<String>,
}

/// What a role allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// `orgScope`.
    pub organization: Vec<String>,
    /// `teamScope`.
    pub team: Vec<String>,
    /// `projectScope`.
    pub project: Vec<String>,
}

/// A group of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `name`; left out if it is `None`, as in the vendor's example.
    pub name: Option<String>,
    /// `idpId`, any text; left out if it is `None`.
    pub idp_id: Option<String>,
    /// `createdAt`; left out if it is `None`.
    pub created_at: Option<String>,
    /// `updatedAt`; left out if it is `None`.
    pub updated_at: Option<String>,
    /// Whether the group is in the list and can be asked for. Roles that are linked to it have its members anyway.
    pub listed: bool,
    /// Its people, in this order as far as they have no account.
    pub members: Vec<GroupMember>,
}

/// Somebody in a group, as the directory has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupMember {
    /// `id`: the user name, whether or not they are a member of the organization; null for somebody without an account.
    pub id: Option<String>,
    /// `name`; left out if it is `None`.
    pub name: Option<String>,
    /// `emails`; left out if it is `None`.
    pub emails: Option<Vec<String>>,
}

/// Everything behind the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// The organization's id.
    pub organization_id: String,
    /// Its other id.
    pub organization_uid: String,
    /// By id, which is the user name.
    pub members: BTreeMap<String, Member>,
    /// By id.
    pub roles: BTreeMap<String, Role>,
    /// By id.
    pub groups: BTreeMap<String, Group>,
    /// API tokens.
    pub tokens: Vec<Token>,
}

impl World {
    /// An organization without anybody in it, and without tokens.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            organization_id: "acme".to_owned(),
            organization_uid: "64b0c0ffee64b0c0ffee64b0".to_owned(),
            ..Self::default()
        }
    }

    /// The group, unless it is hidden.
    #[must_use]
    pub fn listed_group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id).filter(|group| group.listed)
    }
}
