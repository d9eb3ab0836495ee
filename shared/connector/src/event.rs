//! What the functions are asked and what they answer. An unknown field is an error: a typing mistake in `dry_run` must
//! not grant anything.

use std::collections::BTreeMap;

use crate::Code;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::clock::whole_second;
use crate::{Error, Warning};
use rollcall_model::{EntitlementId, ResourceId};

fn default_connection() -> String {
    "default".into()
}

/// Writes a time to come back at.
fn write_time<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    at.map(whole_second).serialize(to)
}

fn time_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["string", "null"], "format": "date-time"})
}

/// Asks for a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncEvent {
    /// Which connection.
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// Goes on with this unfinished run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_id: Option<String>,
    /// Takes this held snapshot although it lost so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
}

/// How a sync stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    /// The snapshot is published.
    Complete,
    /// Not finished: send the same event with `sync_id` at `resume_at`.
    Continue,
    /// The snapshot is stored, and not published: it lost too much.
    Held,
    /// Another run is at work.
    Busy,
}

/// Why a sync is not complete, or a change in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The vendor asks for patience.
    RateLimit,
    /// The vendor, AWS or the network did not answer properly; a warning says what failed.
    Unavailable,
    /// The function's time is over.
    Deadline,
    /// Writing the snapshot needs a slice of its own.
    Finishing,
    /// A sudden loss.
    Loss,
    /// Another run, or another change of the same principal, has the lease.
    Lease,
    /// The operator stopped it (on a machine, by Ctrl-C).
    Interrupted,
}

/// What a sync answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncAnswer {
    /// How it stands.
    pub status: SyncStatus,
    /// Which connection.
    pub connection: String,
    /// Which run; of a busy connection, the one that has it.
    pub sync_id: Option<String>,
    /// When to send the event again.
    #[serde(serialize_with = "write_time")]
    #[schemars(schema_with = "time_schema")]
    pub resume_at: Option<Timestamp>,
    /// Why it is not complete.
    pub reason: Option<Reason>,
    /// The snapshot's key in the store.
    pub snapshot: Option<String>,
    /// SHA-256 of what the vendor stated, in hex.
    pub content_digest: Option<String>,
    /// How much there is.
    pub counts: Counts,
    /// Requests sent to the vendor.
    pub calls: u64,
    /// What an operator should know.
    pub warnings: Vec<Warning>,
}

/// How much there is in a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Resources.
    pub resources: u64,
    /// Entitlements.
    pub entitlements: u64,
    /// Grants that the vendor stated.
    pub grants: u64,
    /// Grants that follow from others.
    pub expanded: u64,
}

/// Asks to grant an entitlement, or to revoke it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEvent {
    /// Which connection.
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// Names this request: the same id with the same body is done once.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub request_id: String,
    /// The entitlement's id, as in a snapshot.
    pub entitlement: String,
    /// The principal, `type:id`, as in a snapshot.
    pub principal: String,
    /// Only look, and say what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// Why: goes into the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Side effects that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
}

/// Asks to create an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateEvent {
    /// Which connection.
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// Names this request: the same id with the same body is done once.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub request_id: String,
    /// The account to be.
    #[serde(deserialize_with = "object")]
    pub account: Account,
    /// Only look, and say what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// Why: goes into the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An account to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its e-mail address.
    pub email: String,
    /// What else the vendor takes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile: BTreeMap<String, Value>,
}

/// Asks to delete an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteEvent {
    /// Which connection.
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// Names this request: the same id with the same body is done once.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub request_id: String,
    /// The account, `type:id`, as in a snapshot.
    pub principal: String,
    /// Only look, and say what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// Why: goes into the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each says it all")]
pub enum Outcome {
    Granted,
    AlreadyGranted,
    Revoked,
    AlreadyRevoked,
    Created,
    AlreadyExists,
    Deleted,
    AlreadyDeleted,
    /// Not finished: send the same event again at `resume_at`.
    InProgress,
}

/// A grant, by its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GrantRef {
    /// Its id.
    pub id: String,
    /// The entitlement's id.
    pub entitlement: String,
    /// The principal, `type:id`.
    pub principal: String,
}

impl GrantRef {
    /// The grant of `entitlement` to `principal`.
    pub fn new(entitlement: &EntitlementId, principal: &ResourceId) -> Self {
        let entitlement = entitlement.to_string();
        Self {
            id: rollcall_model::grant_id(&entitlement, principal),
            entitlement,
            principal: principal.to_string(),
        }
    }
}

/// An account, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceRef {
    /// `type:id`.
    pub id: String,
    /// Its name for people.
    pub display_name: String,
    /// The vendor's word for its state.
    pub status: String,
}

/// What a change answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeAnswer {
    /// What came of it.
    pub outcome: Outcome,
    /// The request that it answers.
    pub request_id: String,
    /// Nothing was changed: this is what would have been.
    pub dry_run: bool,
    /// The grant in question, if it exists now.
    pub grants: Vec<GrantRef>,
    /// Ids of grants that gave way to the new one.
    pub replaced: Vec<String>,
    /// Ids of grants that are no more.
    pub removed: Vec<String>,
    /// The account in question.
    pub resource: Option<ResourceRef>,
    /// The vendor's id of the operation.
    pub vendor_request_id: Option<String>,
    /// When to send the event again.
    #[serde(serialize_with = "write_time")]
    #[schemars(schema_with = "time_schema")]
    pub resume_at: Option<Timestamp>,
    /// Why it is in progress; `None`: the vendor is still carrying it out.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// The audit record's key in the store, without `intended.json` and `observed.json`; a dry run has none.
    pub audit: Option<String>,
}

/// Reads an event; says what is wrong with it and where.
pub fn parse<T: DeserializeOwned>(event: &Value) -> Result<T, Error> {
    object(event).map_err(|e| {
        Error::invalid(
            Code::MalformedEvent,
            format!("the event is not understood: {e}"),
            "Send the fields that the schema of this event has, and no others.",
        )
    })
}

/// Reads an object, and nothing but an object. Without this, a list of values would be taken for the fields in their
/// order: then nobody would see what is what.
fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let fields = Map::<String, Value>::deserialize(from)?;
    T::deserialize(Value::Object(fields)).map_err(D::Error::custom)
}

/// Checks a connection's name: it becomes part of keys and of the secret's name.
pub fn check_connection(name: &str) -> Result<(), Error> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let first = name.chars().next().is_some_and(good);
    let rest = name.chars().all(|c| good(c) || c == '-');
    if first && rest && name.len() <= 63 {
        return Ok(());
    }
    Err(Error::invalid(
        Code::BadConnectionName,
        format!("`{name}` is no name of a connection"),
        "Use up to 63 lower-case letters, digits and dashes, a letter or digit first.",
    ))
}

/// Checks a request's id: it becomes part of keys.
pub fn check_request_id(id: &str) -> Result<(), Error> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=64).contains(&id.len()) && id.chars().all(good) {
        return Ok(());
    }
    Err(Error::invalid(
        Code::BadRequestId,
        format!("`{id}` is no request id"),
        "Use 1 to 64 letters, digits, dashes and underscores.",
    ))
}

/// Reads an entitlement's id.
pub fn entitlement(text: &str) -> Result<EntitlementId, Error> {
    EntitlementId::parse(text).ok_or_else(|| {
        Error::invalid(
            Code::UnknownEntitlement,
            format!("`{text}` is no entitlement id"),
            "Use an id as the snapshot has it, `type:resource:slug`.",
        )
    })
}

/// Reads a principal.
pub fn principal(text: &str) -> Result<ResourceId, Error> {
    ResourceId::parse(text).ok_or_else(|| {
        Error::invalid(
            Code::UnknownPrincipal,
            format!("`{text}` is no principal"),
            "Use `type:id`, as the snapshot has them.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_too_many_is_an_error() {
        let event =
            json!({"request_id": "r", "entitlement": "a:b:c", "principal": "d:e", "dryrun": true});
        let error = parse::<ChangeEvent>(&event).expect_err("malformed");
        assert!(error.to_string().contains("dryrun"), "{error}");
    }

    #[test]
    fn a_list_is_no_event() {
        for event in [
            json!([]),
            json!(["default", "r", "a:b:c", "d:e"]),
            json!("default"),
            json!(null),
        ] {
            assert!(parse::<ChangeEvent>(&event).is_err(), "{event}");
            assert!(parse::<SyncEvent>(&event).is_err(), "{event}");
        }
        let event = json!({"request_id": "r", "account": ["a@b"]});
        assert!(parse::<CreateEvent>(&event).is_err());
    }

    #[test]
    fn names_that_become_keys_are_checked() {
        for good in ["default", "a", "0-x", &"a".repeat(63)] {
            assert!(check_connection(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a/b", "..", "a b", &"a".repeat(64)] {
            assert!(check_connection(bad).is_err(), "{bad}");
        }
        for bad in ["", "a/b", "..", "a b", &"a".repeat(65)] {
            assert!(check_request_id(bad).is_err(), "{bad}");
        }
    }
}
