//! The vendor's objects, with the fields that are read. Every field may be missing or null.
//!
//! Fields for identity and rights must have the documented form. All others are read leniently ([`Text`], [`Lenient`]):
//! they never fail a list, and `unreadable` names those that could not be read.

use std::fmt;
use std::ops::Deref;

use rollcall_connector::http::lenient::{Lenient, or_default};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A text that affects neither identity nor rights. Missing values, null and other types are read as empty.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text(Lenient<String>);

impl Text {
    fn is_unreadable(&self) -> bool {
        self.0.is_unreadable()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.get().map_or("", String::as_str)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// An id, which is a string in one API and a number in the other.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(serde::de::Error::custom(format!("an id that is {other}"))),
    }
}

/// An optional id: null counts as missing.
fn id_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(String::new()),
        other => id(other).map_err(serde::de::Error::custom),
    }
}

rollcall_connector::unreadable_fields! {
    Account {
        "accountType": account_type, "accountStatus": account_status, "email": email,
        "displayName": display_name, "publicName": public_name, "isGuest": is_guest,
        "isExternalCollaborator": is_external_collaborator
    }
    Group { "name": name, "managedBy": managed_by, "usageType": usage_type }
    Space { "name": name, "type": kind, "status": status, "createdAt": created_at, "_links": links }
    Role { "name": name, "description": description }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed<T> {
    pub(super) results: Vec<T>,
    #[serde(default, rename = "_links", deserialize_with = "or_default")]
    pub(super) links: Links,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Links {
    pub(super) next: Option<String>,
    /// The URL of the site's web pages.
    pub(super) base: Text,
}

/// A row of the user search. No access depends on it, and not every row needs to be a user.
#[derive(Debug, Deserialize)]
pub(crate) struct SearchRow {
    pub(crate) user: Lenient<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tenant {
    pub(super) cloud_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RoleMode {
    pub(super) mode: Option<String>,
}

/// A user. The lists of the API v1 do not say whether the account is active; the API v2 does.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Account {
    #[serde(deserialize_with = "or_default")]
    pub(crate) account_id: String,
    pub(crate) account_type: Text,
    pub(crate) account_status: Text,
    pub(crate) email: Text,
    pub(crate) display_name: Text,
    pub(crate) public_name: Text,
    is_guest: Lenient<bool>,
    is_external_collaborator: Lenient<bool>,
    /// The user's rights on the whole site.
    pub(crate) operations: Lenient<Vec<SiteOperation>>,
}

impl Account {
    /// Whether it is a guest, who can have few permissions.
    pub(crate) fn is_guest(&self) -> bool {
        let flags = [&self.is_guest, &self.is_external_collaborator];
        flags.into_iter().any(|flag| flag.get() == Some(&true))
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SiteOperation {
    pub(crate) operation: Text,
}

/// A group.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: Text,
    /// `ADMINS`, `EXTERNAL`, `TEAM_MEMBERS`, `OPEN` …
    pub(crate) managed_by: Text,
    /// `USERBASE_GROUP`, `TEAM_COLLABORATION` …
    pub(crate) usage_type: Text,
}

/// A space.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Space {
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) name: Text,
    /// `global`, `personal`, `collaboration` …
    #[serde(rename = "type")]
    pub(crate) kind: Text,
    /// `current` or `archived`.
    pub(crate) status: Text,
    pub(crate) created_at: Lenient<jiff::Timestamp>,
    #[serde(rename = "_links")]
    pub(crate) links: Lenient<SpaceLinks>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SpaceLinks {
    /// The web page, relative to the `base` of the list.
    pub(crate) webui: Option<String>,
}

/// A row of a space's permissions: a principal has a permission.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Permission {
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) principal: RowPrincipal,
    pub(crate) operation: SpaceOperation,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RowPrincipal {
    /// `user`, `group`, `access-class`, `role` …
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// *Unknown*: whether everybody on the internet has one.
    #[serde(default, deserialize_with = "id_or_null")]
    pub(crate) id: String,
}

/// The allowed operation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceOperation {
    /// The verb: `read`, `administer` …
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) key: String,
    /// The noun: `space`, `page` …
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) target_type: String,
}

/// A role that can be given on a space.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) name: Text,
    pub(crate) description: Text,
    /// As `read/space`. An empty list means that they are not shown, not that the role allows nothing.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) space_permissions: Vec<String>,
}

/// A principal has a role on a space.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assignment {
    pub(crate) principal: RolePrincipal,
    pub(crate) role_id: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RolePrincipal {
    /// `USER`, `GROUP`, `ACCESS_CLASS`.
    pub(crate) principal_type: String,
    #[serde(default, deserialize_with = "id_or_null")]
    pub(crate) principal_id: String,
}
