//! The vendor's objects, as far as they are read. The examples of the documentation leave out fields that it calls
//! required: nothing but ids is.

use jiff::Timestamp;
use rollcall::http::lenient::or_default;
use serde::{Deserialize, Deserializer};

/// What is no time is none.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

#[derive(Debug, Deserialize)]
pub(super) struct Enveloped<T> {
    pub(super) data: T,
    #[serde(default)]
    pub(super) pagination: Option<Pagination>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pagination {
    pub(super) has_next_page: bool,
    #[serde(default)]
    pub(super) cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Members {
    pub(super) members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Roles {
    pub(super) roles: Vec<Role>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RoleMembers {
    pub(super) members: Vec<RoleMember>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Groups {
    pub(super) directory_groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GroupMembers {
    pub(super) members: Vec<GroupMember>,
}

/// What a token is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    /// Of the organization or the team.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) entity_uid: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) entity_id: String,
    /// `org` or `team`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) entity_type: String,
    #[serde(default, deserialize_with = "time")]
    pub(crate) expires_at: Option<Timestamp>,
}

/// Somebody in the organization.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) emails: Vec<Email>,
    #[serde(default, deserialize_with = "time")]
    pub(crate) joined_at: Option<Timestamp>,
    /// Whether the person has completed the account.
    #[serde(default)]
    pub(crate) finalized: Option<bool>,
}

/// An address.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Email {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) address: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) verified: bool,
}

/// A role.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Role {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) restrictions: Restrictions,
    /// Whoever is in one of them has the role.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) directory_groups: Vec<String>,
    #[serde(default, deserialize_with = "time")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(crate) updated_at: Option<Timestamp>,
}

/// Where a role reaches.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Restrictions {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) enabled: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) teams: Vec<Reached>,
}

/// A team that a role reaches.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reached {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) team_id: String,
}

/// Somebody who has a role.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RoleMember {
    #[serde(flatten)]
    pub(crate) member: Member,
    /// `explicit`, or `implicit` through a group.
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(crate) kind: String,
}

/// A group of the identity provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) idp_id: String,
    #[serde(default, deserialize_with = "time")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(crate) updated_at: Option<Timestamp>,
}

/// Somebody in a group. Without an id: of the directory, and without an account.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GroupMember {
    #[serde(default)]
    pub(crate) id: Option<String>,
}
