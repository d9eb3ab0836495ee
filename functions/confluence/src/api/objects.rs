//! The vendor's objects, as far as they are read. Every field may be missing or null.

use rollcall::http::lenient::or_default;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Ids are texts in one API and numbers in the other.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(serde::de::Error::custom(format!("an id that is {other}"))),
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
    #[serde(default, deserialize_with = "or_default")]
    pub(super) base: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Webui {
    /// The page for people, below the `base` of the list.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) webui: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) results: Vec<Hit>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    pub(super) user: Person,
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
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) account_type: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) display_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) public_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) is_guest: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) is_external_collaborator: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) operations: Vec<Operation>,
}

/// A user, as the API v2 shows one: with the account's status.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) account_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) account_type: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) account_status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) display_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) public_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) is_external_collaborator: bool,
}

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    /// `ADMINS`, `EXTERNAL`, `TEAM_MEMBERS`, `OPEN` …
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) managed_by: String,
    /// `USERBASE_GROUP`, `TEAM_COLLABORATION` …
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) usage_type: String,
}

/// A space.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Space {
    #[serde(deserialize_with = "text_or_number")]
    pub(crate) id: String,
    pub(crate) key: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    /// `global`, `personal`, `collaboration` …
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(crate) kind: String,
    /// `current` or `archived`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) created_at: Option<jiff::Timestamp>,
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
    #[serde(default, deserialize_with = "text_or_number")]
    pub(crate) id: String,
}

/// What a permission allows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Right {
    /// The verb: `read`, `administer` …
    pub(crate) key: String,
    /// The noun: `space`, `page` …
    pub(crate) target_type: String,
}

/// Something that a user may do on the whole site.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) operation: String,
}

/// A role that can be given on a space.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Role {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
    /// As `read/space`.
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
