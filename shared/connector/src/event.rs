//! The events that the functions accept, and their answers. An unknown field is an error: a typing mistake in `dry_run`
//! must not grant anything.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::clock::whole_second;
use rollcall_model::{EntitlementId, ResourceId};

use crate::{Code, Error, Warning};

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

fn true_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "boolean", "const": true})
}

/// Reads `true`.
fn only_true<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let is_true = bool::deserialize(from)?;
    is_true.then_some(true).ok_or_else(|| D::Error::custom("`overdue` can only be `true`"))
}

/// The event that starts, resumes or ends a sync. It names at most one run or snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct SyncEvent {
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// The unfinished run to resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_id: Option<String>,
    /// Starts a run under this id, or resumes or returns it if it exists: an event that is delivered twice starts one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9]{27}$"))]
    pub start_as: Option<String>,
    /// Ends the run with this id for good, unless it is published: nothing resumes it, and a process that still works on it
    /// publishes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<String>,
    /// The quarantined snapshot to publish in spite of its losses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
}

/// The status of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    /// The snapshot is published.
    Complete,
    /// Not finished: send the same event, with `sync_id` or `start_as`, at `resume_at`.
    Continue,
    /// The snapshot is stored but not published: it lost too much.
    Held,
    /// Another run holds the lease.
    Busy,
    /// An event with `cancel` ended the run: it never publishes a snapshot.
    Cancelled,
}

/// The reason why a sync is not complete, or a change in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The vendor's rate limit is used up.
    RateLimit,
    /// The vendor, AWS or the network did not answer properly; a warning describes the failure.
    Unavailable,
    /// The function's deadline is near.
    Deadline,
    /// Writing the snapshot needs an invocation of its own.
    Finishing,
    /// A sudden loss.
    Loss,
    /// Another run, or another change of the same principal, holds the lease.
    Lease,
    /// The operator stopped it (Ctrl-C on the command line).
    Interrupted,
}

/// The answer to a sync event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct SyncAnswer {
    pub status: SyncStatus,
    pub connection: String,
    /// The run; of a busy connection, the run that holds its lease.
    pub sync_id: Option<String>,
    /// When to send the event again.
    #[serde(serialize_with = "write_time")]
    #[schemars(schema_with = "time_schema")]
    pub resume_at: Option<Timestamp>,
    pub reason: Option<Reason>,
    /// The newest published snapshot when this one was made, with which it is to be compared.
    pub previous_sync_id: Option<String>,
    /// The snapshot's key in the store.
    pub snapshot: Option<String>,
    /// SHA-256 of what the vendor stated, in hex.
    pub content_digest: Option<String>,
    /// The snapshot's counts.
    pub counts: Counts,
    /// Requests sent to the vendor.
    pub calls: u64,
    /// Warnings for the operator.
    pub warnings: Vec<Warning>,
}

/// The numbers of rows in a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct Counts {
    pub resources: u64,
    pub entitlements: u64,
    /// Grants that the vendor stated.
    pub grants: u64,
    /// Grants that expansion derives from others.
    pub expanded: u64,
}

/// The event that grants an entitlement, for good or until its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct GrantEvent {
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// The id of this request: the same id with the same body is carried out once.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub request_id: String,
    /// The entitlement's id, as in a snapshot.
    pub entitlement: String,
    /// The principal, `type:id`, as in a snapshot.
    pub principal: String,
    /// Whether to change nothing and only return what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// The reason, for the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The side effects that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// When the grant ends. Without it and `duration`, it does not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "time_schema")]
    pub expires_at: Option<Timestamp>,
    /// How long the grant lasts, from when it is made: `PT4H`, `P7D`. A day has 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[+-]?[Pp]"))]
    pub duration: Option<String>,
}

/// The event that ends a temporary grant: it takes back what the grant changed. The function that revokes accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct EndEvent {
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// The `expiration` in the answer to the grant.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}$"))]
    pub expiration: String,
}

/// The event that finds the temporary grants of a connection whose end is due. It changes nothing. The function that
/// revokes accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct SweepEvent {
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// Always `true`: it tells this event from the others of the function.
    #[serde(deserialize_with = "only_true")]
    #[schemars(schema_with = "true_schema")]
    pub overdue: bool,
}

/// The answer to a sweep event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct SweepAnswer {
    pub connection: String,
    /// The ids of the ends that are due, at most 100, in the order in which to carry them out.
    pub expirations: Vec<String>,
    /// Whether more are due.
    pub more: bool,
    /// The earliest end that is due; `null`: none is.
    #[schemars(schema_with = "time_schema")]
    pub oldest_end: Option<Timestamp>,
    /// How many ends have been due for more than an hour, including those that are not listed.
    pub overdue: u64,
}

/// The event that revokes an entitlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct ChangeEvent {
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// The id of this request: the same id with the same body is carried out once.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub request_id: String,
    /// The entitlement's id, as in a snapshot.
    pub entitlement: String,
    /// The principal, `type:id`, as in a snapshot.
    pub principal: String,
    /// Whether to change nothing and only return what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// The reason, for the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The side effects that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
}

/// The event that creates an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct CreateEvent {
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// The id of this request: the same id with the same body is carried out once.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub request_id: String,
    /// The account to create.
    #[serde(deserialize_with = "object")]
    pub account: Account,
    /// Whether to change nothing and only return what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// The reason, for the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An account to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct Account {
    pub email: String,
    /// Further attributes that the vendor accepts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile: BTreeMap<String, Value>,
}

/// The event that deletes an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct DeleteEvent {
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// The id of this request: the same id with the same body is carried out once.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub request_id: String,
    /// The account, `type:id`, as in a snapshot.
    pub principal: String,
    /// Whether to change nothing and only return what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// The reason, for the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The outcome of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub enum Outcome {
    Granted,
    AlreadyGranted,
    Revoked,
    AlreadyRevoked,
    Created,
    AlreadyExists,
    Deleted,
    AlreadyDeleted,
    /// A temporary grant was to be ended, but it ends later, at `expires_at`. Nothing was changed.
    NotDue,
    /// A temporary grant was to be ended, but is no longer as it was made. Nothing was changed; a warning says why.
    Unchanged,
    /// Not finished: send the same event again at `resume_at`.
    InProgress,
}

/// A grant, by its ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct GrantRef {
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

/// An account in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct ResourceRef {
    /// `type:id`.
    pub id: String,
    pub display_name: String,
    /// Its status in the vendor's words.
    pub status: String,
}

/// The answer to an event that changes access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct ChangeAnswer {
    pub outcome: Outcome,
    /// The id of the answered request.
    pub request_id: String,
    /// Whether nothing was changed, and this is what would have been done.
    pub dry_run: bool,
    /// The requested grant, if it exists now.
    pub grants: Vec<GrantRef>,
    /// The ids of the grants that the new one replaced.
    pub replaced: Vec<String>,
    /// The ids of the removed grants.
    pub removed: Vec<String>,
    /// The requested account.
    pub resource: Option<ResourceRef>,
    /// The vendor's id of the operation.
    pub vendor_request_id: Option<String>,
    /// When to send the event again.
    #[serde(serialize_with = "write_time")]
    #[schemars(schema_with = "time_schema")]
    pub resume_at: Option<Timestamp>,
    /// The reason why it is in progress; `null`: the vendor is still carrying it out.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// When the requested grant ends; `null`: it does not end by itself.
    #[serde(default)]
    #[schemars(schema_with = "time_schema")]
    pub expires_at: Option<Timestamp>,
    /// The id of the grant's end, for an event that ends it.
    #[serde(default)]
    pub expiration: Option<String>,
    /// Warnings for the operator.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// The audit record's key in the store, without `intended.json` and `observed.json`; a dry run has none.
    pub audit: Option<String>,
}

impl ChangeAnswer {
    /// The answer with this outcome and nothing else.
    pub fn new(outcome: Outcome, request_id: impl Into<String>) -> Self {
        Self {
            outcome,
            request_id: request_id.into(),
            dry_run: false,
            grants: Vec::new(),
            replaced: Vec::new(),
            removed: Vec::new(),
            resource: None,
            vendor_request_id: None,
            resume_at: None,
            reason: None,
            expires_at: None,
            expiration: None,
            warnings: Vec::new(),
            audit: None,
        }
    }
}

/// Reads an event. The error says what is wrong with it, and where.
pub fn parse<T: DeserializeOwned>(event: &Value) -> Result<T, Error> {
    object(event).map_err(|e| {
        Error::invalid(
            Code::MalformedEvent,
            format!("the event does not match its schema: {e}"),
            "Send only the fields of this event's schema.",
        )
    })
}

/// Reads only an object. `Deserialize` of a struct would also accept a list of values in the fields' order.
fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let fields = Map::<String, Value>::deserialize(from)?;
    T::deserialize(Value::Object(fields)).map_err(D::Error::custom)
}

/// Checks a connection's name, which becomes part of keys and of the secret's name.
pub fn check_connection(name: &str) -> Result<(), Error> {
    let fix =
        "Use 1 to 63 lower-case letters, digits and dashes, beginning with a letter or digit.";
    let invalid = || malformed(Code::BadConnectionName, name, "connection name", fix);
    is_name(name).then_some(()).ok_or_else(invalid)
}

/// Checks the form of a connector's name, which becomes part of keys.
pub fn check_connector(name: &str) -> Result<(), Error> {
    let fix = "Use the name of a connector, such as `temporalcloud`.";
    let invalid = || malformed(Code::UnknownConnector, name, "connector name", fix);
    is_name(name).then_some(()).ok_or_else(invalid)
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63 && text.starts_with(fits) && text.chars().all(|c| fits(c) || c == '-')
}

/// Checks the id of a sync, which becomes part of keys.
pub fn check_sync_id(id: &str) -> Result<(), Error> {
    let is_valid = id.len() == 27 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    is_valid.then_some(()).ok_or_else(|| {
        Error::invalid(
            Code::BadSyncId,
            format!("`{id}` is not a sync id"),
            "Use the `sync_id` of an earlier answer, or for `start_as` 27 letters and digits.",
        )
    })
}

/// Checks a request's id, which becomes part of keys.
pub fn check_request_id(id: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_valid = (1..=64).contains(&id.len()) && id.chars().all(fits);
    let fix = "Use 1 to 64 letters, digits, dashes and underscores.";
    let invalid = || malformed(Code::BadRequestId, id, "request id", fix);
    is_valid.then_some(()).ok_or_else(invalid)
}

/// Reads an entitlement's id.
pub fn entitlement(text: &str) -> Result<EntitlementId, Error> {
    let fix = "Use an id from the snapshot, `type:resource:slug`.";
    let invalid = || malformed(Code::UnknownEntitlement, text, "entitlement id", fix);
    EntitlementId::parse(text).ok_or_else(invalid)
}

/// Reads a principal's id.
pub fn principal(text: &str) -> Result<ResourceId, Error> {
    let fix = "Use an id from the snapshot, `type:id`.";
    let invalid = || malformed(Code::UnknownPrincipal, text, "principal id", fix);
    ResourceId::parse(text).ok_or_else(invalid)
}

fn malformed(code: Code, text: &str, what: &str, fix: &'static str) -> Error {
    Error::invalid(code, format!("`{text}` is not a valid {what}"), fix)
}

#[cfg(test)]
mod tests;
