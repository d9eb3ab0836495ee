//! The vendor's objects, with the fields that are read.

use rollcall_connector::http::lenient::{Lenient, Time, or_default};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A row of a list.
pub(crate) trait ListRow: DeserializeOwned {
    /// The id that distinguishes the row from others.
    fn id(&self) -> &str;
}

macro_rules! list_rows {
    ($($row:ident by $id:ident;)*) => {$(
        impl ListRow for $row {
            fn id(&self) -> &str {
                &self.$id
            }
        }
    )*};
}

list_rows! {
    Organization by id;
    Member by id;
    Team by id;
    Membership by user_id;
}

rollcall_connector::unreadable_fields! {
    Token { expires_at, user }
    Organization { name, created_at }
    Member { name, email, sso_mode }
    Team { name, slug, description, privacy, default, created_at, created_by, default_member_role }
    Membership { user_name }
}

/// A token's properties.
#[derive(Debug, Deserialize)]
pub(crate) struct Token {
    pub(crate) scopes: Vec<String>,
    /// Absent if it never expires.
    pub(crate) expires_at: Lenient<Time>,
    user: Lenient<TokenOwner>,
}

#[derive(Debug, Deserialize)]
struct TokenOwner {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    email: String,
}

impl Token {
    /// The name of the token's owner; empty if the API does not return it.
    pub(crate) fn owner_name(&self) -> &str {
        self.user.get().map_or("", |owner| owner.name.trim())
    }

    /// The address of the token's owner; empty if the API does not return it.
    pub(crate) fn owner_email(&self) -> &str {
        self.user.get().map_or("", |owner| owner.email.trim())
    }
}

/// An organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) name: Lenient<String>,
    pub(crate) slug: String,
    pub(crate) created_at: Lenient<Time>,
}

/// A member of an organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Member {
    /// The person's id, the same in every organization.
    pub(crate) id: String,
    pub(crate) name: Lenient<String>,
    pub(crate) email: Lenient<String>,
    /// `admin` or `member`; present since July 2026 only.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role: String,
    /// `required` or `optional`; shown to administrators, and to each member for themselves.
    pub(crate) sso_mode: Lenient<String>,
}

/// A team.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: Lenient<String>,
    pub(crate) slug: Lenient<String>,
    pub(crate) description: Lenient<String>,
    /// `visible` or `secret`.
    pub(crate) privacy: Lenient<String>,
    /// Whether new members of the organization join it.
    pub(crate) default: Lenient<bool>,
    pub(crate) created_at: Lenient<Time>,
    pub(crate) created_by: Lenient<TeamCreator>,
    pub(crate) default_member_role: Lenient<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TeamCreator {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
}

/// A member of a team.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Membership {
    pub(crate) user_id: String,
    pub(crate) user_name: Lenient<String>,
    /// `member` or `maintainer`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role: String,
}
