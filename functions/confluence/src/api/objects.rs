//! The vendor's objects, as far as they are read. Every field may be missing or null.
//!
//! What says who somebody is or what they may do must have the documented form. All else is read leniently ([`Text`],
//! [`Lenient`]): no row fails its list for that, and what could not be read is named by the row's `unreadable`.

use std::fmt;
use std::ops::Deref;

use rollcall_connector::http::lenient::{Lenient, or_default, unreadable};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A text that decides neither identity nor rights. What is missing, null or no text at all is read as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text(Lenient<String>);

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

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Lenient::Read(text.to_owned()))
    }
}

/// Ids are texts in one API and numbers in the other.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(serde::de::Error::custom(format!("an id that is {other}"))),
    }
}

/// The same, of whom may have no id: null counts as missing.
fn text_number_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(String::new()),
        other => text_or_number(other).map_err(serde::de::Error::custom),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Listed<T> {
    pub(super) results: Vec<T>,
    #[serde(default, rename = "_links", deserialize_with = "or_default")]
    pub(super) links: Links,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Links {
    #[serde(default)]
    pub(super) next: Option<String>,
    /// Where the site's pages for people are.
    #[serde(default)]
    pub(super) base: Text,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Webui {
    /// The page for people, below the `base` of the list.
    #[serde(default)]
    pub(super) webui: Text,
}

/// A row of the user search. Nobody's access depends on it, and not each row need be a user.
#[derive(Debug, Deserialize)]
pub(crate) struct Hit {
    #[serde(default)]
    pub(crate) user: Lenient<Person>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tenant {
    pub(super) cloud_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RoleMode {
    #[serde(default)]
    pub(super) mode: Option<String>,
}

/// A user, as the API v1 shows one: without saying whether the account is still active.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) account_id: String,
    #[serde(default)]
    pub(crate) account_type: Text,
    #[serde(default)]
    pub(crate) email: Text,
    #[serde(default)]
    pub(crate) display_name: Text,
    #[serde(default)]
    pub(crate) public_name: Text,
    #[serde(default)]
    pub(crate) is_guest: Lenient<bool>,
    #[serde(default)]
    pub(crate) is_external_collaborator: Lenient<bool>,
    #[serde(default)]
    pub(crate) operations: Lenient<Vec<Operation>>,
}

/// A user, as the API v2 shows one: with the account's status.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) account_id: String,
    #[serde(default)]
    pub(crate) account_type: Text,
    #[serde(default)]
    pub(crate) account_status: Text,
    #[serde(default)]
    pub(crate) email: Text,
    #[serde(default)]
    pub(crate) display_name: Text,
    #[serde(default)]
    pub(crate) public_name: Text,
    #[serde(default)]
    pub(crate) is_external_collaborator: Lenient<bool>,
}

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Text,
    /// `ADMINS`, `EXTERNAL`, `TEAM_MEMBERS`, `OPEN` …
    #[serde(default)]
    pub(crate) managed_by: Text,
    /// `USERBASE_GROUP`, `TEAM_COLLABORATION` …
    #[serde(default)]
    pub(crate) usage_type: Text,
}

/// A space.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Space {
    #[serde(deserialize_with = "text_or_number")]
    pub(crate) id: String,
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) name: Text,
    /// `global`, `personal`, `collaboration` …
    #[serde(default, rename = "type")]
    pub(crate) kind: Text,
    /// `current` or `archived`.
    #[serde(default)]
    pub(crate) status: Text,
    #[serde(default)]
    pub(crate) created_at: Lenient<jiff::Timestamp>,
    #[serde(default, rename = "_links", deserialize_with = "or_default")]
    pub(crate) links: Webui,
    /// The page for people; put together from the two parts in which it is told.
    #[serde(skip)]
    pub(crate) web_url: String,
}

/// A row of a space's permissions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Permission {
    #[serde(deserialize_with = "text_or_number")]
    pub(crate) id: String,
    pub(crate) principal: Principal,
    pub(crate) operation: Right,
}

/// Who holds a permission.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Principal {
    /// `user`, `group`, `access-class`, `role` …
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// *Unknown*: whether everybody on the internet has one.
    #[serde(default, deserialize_with = "text_number_or_null")]
    pub(crate) id: String,
}

/// What a permission allows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Right {
    /// The verb: `read`, `administer` …
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) key: String,
    /// The noun: `space`, `page` …
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) target_type: String,
}

impl Person {
    /// Guests can hold little.
    pub(crate) fn is_guest(&self) -> bool {
        let flags = [&self.is_guest, &self.is_external_collaborator];
        flags.into_iter().any(|flag| flag.get() == Some(&true))
    }

    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("accountType", self.account_type.0.is_unreadable()),
            ("email", self.email.0.is_unreadable()),
            ("displayName", self.display_name.0.is_unreadable()),
            ("publicName", self.public_name.0.is_unreadable()),
            ("isGuest", self.is_guest.is_unreadable()),
            (
                "isExternalCollaborator",
                self.is_external_collaborator.is_unreadable(),
            ),
        ])
    }
}

impl Account {
    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("accountType", self.account_type.0.is_unreadable()),
            ("accountStatus", self.account_status.0.is_unreadable()),
            ("email", self.email.0.is_unreadable()),
            ("displayName", self.display_name.0.is_unreadable()),
            ("publicName", self.public_name.0.is_unreadable()),
            (
                "isExternalCollaborator",
                self.is_external_collaborator.is_unreadable(),
            ),
        ])
    }
}

impl Group {
    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.0.is_unreadable()),
            ("managedBy", self.managed_by.0.is_unreadable()),
            ("usageType", self.usage_type.0.is_unreadable()),
        ])
    }
}

impl Space {
    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.0.is_unreadable()),
            ("type", self.kind.0.is_unreadable()),
            ("status", self.status.0.is_unreadable()),
            ("createdAt", self.created_at.is_unreadable()),
            ("_links", self.links.webui.0.is_unreadable()),
        ])
    }
}

impl Right {
    /// Whether it says what is allowed. Whatever else it may be, it is none of the permissions that can be selected.
    pub(crate) fn is_named(&self) -> bool {
        !self.key.is_empty() && !self.target_type.is_empty()
    }
}

impl Role {
    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.0.is_unreadable()),
            ("description", self.description.0.is_unreadable()),
        ])
    }
}

/// Something that a user may do on the whole site.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    #[serde(default)]
    pub(crate) operation: Text,
}

/// A role that can be given on a space.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Role {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Text,
    #[serde(default)]
    pub(crate) description: Text,
    /// As `read/space`. A role without any is not one that allows nothing: they are not shown.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) space_permissions: Vec<String>,
}

/// Somebody has a role on a space.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assignment {
    pub(crate) principal: Holder,
    pub(crate) role_id: String,
}

/// Who has a role.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    /// `USER`, `GROUP`, `ACCESS_CLASS`.
    pub(crate) principal_type: String,
    #[serde(default, deserialize_with = "text_number_or_null")]
    pub(crate) principal_id: String,
}

/// A write, complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the call that it is named after")]
pub enum Write {
    AddMember {
        group: String,
        account: String,
    },
    RemoveMember {
        group: String,
        account: String,
    },
    AddPermission {
        key: String,
        kind: String,
        principal: String,
        verb: String,
        noun: String,
    },
    RemovePermission {
        key: String,
        id: String,
    },
    SetRole {
        space: String,
        kind: String,
        principal: String,
        role: Option<String>,
    },
}
