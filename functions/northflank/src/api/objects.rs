//! The vendor's objects, as far as they are read. The examples of the documentation leave out fields that it calls
//! required: nothing but ids is.

use jiff::Timestamp;
use rollcall_connector::http::lenient::{Lenient, or_default, unreadable};
use serde::Deserialize;

/// A text without the blanks around it; empty if there is none.
pub(crate) fn text(field: &Lenient<String>) -> &str {
    field.get().map_or("", |text| text.trim())
}

/// A time, if there is one.
pub(crate) fn time(field: &Lenient<Timestamp>) -> Option<Timestamp> {
    field.get().copied()
}

/// A row of a list.
pub(crate) trait Row {
    /// Its id, if it has one.
    fn id(&self) -> Option<&str>;
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
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    /// Of the organization or the team.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) entity_uid: String,
    /// `org` or `team`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) entity_type: String,
    #[serde(default)]
    pub(crate) expires_at: Lenient<Timestamp>,
}

impl Token {
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.is_unreadable()),
            ("expiresAt", self.expires_at.is_unreadable()),
        ])
    }
}

/// Somebody in the organization.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    emails: Lenient<Vec<Lenient<Email>>>,
    #[serde(default)]
    pub(crate) joined_at: Lenient<Timestamp>,
    /// Whether the person has completed the account.
    #[serde(default)]
    pub(crate) finalized: Lenient<bool>,
}

impl Member {
    /// The addresses that could be read.
    pub(crate) fn emails(&self) -> impl Iterator<Item = &Email> {
        self.emails
            .get()
            .into_iter()
            .flatten()
            .filter_map(Lenient::get)
    }

    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        let mut emails = self.emails.get().into_iter().flatten();
        let is_odd = self.emails.is_unreadable() || emails.any(Lenient::is_unreadable);
        unreadable([
            ("name", self.name.is_unreadable()),
            ("emails", is_odd),
            ("joinedAt", self.joined_at.is_unreadable()),
            ("finalized", self.finalized.is_unreadable()),
        ])
    }
}

impl Row for Member {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
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
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    pub(crate) description: Lenient<String>,
    #[serde(default)]
    pub(crate) restrictions: Lenient<Restrictions>,
    /// Whoever is in one of them has the role.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) directory_groups: Vec<String>,
    #[serde(default)]
    pub(crate) created_at: Lenient<Timestamp>,
    #[serde(default)]
    pub(crate) updated_at: Lenient<Timestamp>,
}

impl Role {
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.is_unreadable()),
            ("description", self.description.is_unreadable()),
            ("restrictions", self.restrictions.is_unreadable()),
            ("createdAt", self.created_at.is_unreadable()),
            ("updatedAt", self.updated_at.is_unreadable()),
        ])
    }
}

impl Row for Role {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
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

/// Somebody who has a role. What else is told of them, the list of members tells as well.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RoleMember {
    pub(crate) id: String,
    /// `explicit`, or `implicit` through a group.
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(crate) kind: String,
}

impl Row for RoleMember {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}

/// A group of the identity provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    pub(crate) idp_id: Lenient<String>,
    #[serde(default)]
    pub(crate) created_at: Lenient<Timestamp>,
    #[serde(default)]
    pub(crate) updated_at: Lenient<Timestamp>,
}

impl Group {
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.is_unreadable()),
            ("idpId", self.idp_id.is_unreadable()),
            ("createdAt", self.created_at.is_unreadable()),
            ("updatedAt", self.updated_at.is_unreadable()),
        ])
    }
}

impl Row for Group {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}

/// Somebody in a group.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GroupMember {
    /// Null: of the directory, and without an account. A row without the field is not that.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) id: Option<String>,
}

impl Row for GroupMember {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}
