//! The message types of the API, as a table; reading bodies strictly into the stored form (lowerCamelCase, names of
//! enumerations, defaults left out), and writing them in any casing and with any default values.
//!
//! Every field carries the version it appeared in (`temporalio/cloud-api`). A client pinned below it is taken to be unable
//! to express the field: the stored value survives its full-replace updates. A client pinned at or above it clears the
//! field by leaving it out.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Map, Value, json};

use super::options::{Casing, Defaults, Options};

/// Enumerations: name, prefix, values by number. Their deprecated texts, which versions before `v0.3.0` have instead, are
/// not here.
const ENUMERATIONS: &str = "
Role ROLE_ UNSPECIFIED OWNER ADMIN DEVELOPER FINANCE_ADMIN READ METRICS_READ
Permission PERMISSION_ UNSPECIFIED ADMIN WRITE READ
ProjectRole PROJECT_ROLE_ UNSPECIFIED ADMIN WRITE READ LIST CONTRIBUTE MEMBER DEVELOPER
ResourceState RESOURCE_STATE_ UNSPECIFIED ACTIVATING ACTIVATION_FAILED ACTIVE UPDATING UPDATE_FAILED DELETING DELETE_FAILED DELETED SUSPENDED EXPIRED
OperationState STATE_ UNSPECIFIED PENDING IN_PROGRESS FAILED CANCELLED FULFILLED REJECTED
OwnerType OWNER_TYPE_ UNSPECIFIED USER SERVICE_ACCOUNT
";

/// Messages: the fields with their types. `[T]` is a list, `{T}` a map, `..M` stands for all fields of `M`, and `@13` is
/// the version `v0.13.0`. A message without a mark is the same as none when it is empty; the presence of one with `!` or
/// `?` says something, and the latter is never written where it is unset, as it is one of several.
const MESSAGES: &str = "
AccountAccess: role Role, customRoles [text] @13
NamespaceAccess: permission Permission; ProjectAccess: role ProjectRole
Access: accountAccess AccountAccess, namespaceAccesses {NamespaceAccess}, projectAccesses {ProjectAccess} @18
Resource: resourceVersion text, state ResourceState, asyncOperationId text, createdTime time, lastModifiedTime time
UserSpec: email text, access Access; Invitation: createdTime time, expiredTime time
User: id text, ..Resource, spec UserSpec, invitation Invitation
NamespaceScope: namespace text, access NamespaceAccess
ProjectScope: projectId text, access ProjectAccess, namespaceAccesses {NamespaceAccess}
Forms: access Access!, namespaceScopedAccess NamespaceScope!, projectScopedAccess ProjectScope! @18
ServiceAccountSpec: name text, description text, ..Forms; ServiceAccount: id text, ..Resource, spec ServiceAccountSpec
CloudGroup:; GoogleGroup: emailAddress text; ScimGroup: idpId text
UserGroupSpec: displayName text, access Access, cloudGroup CloudGroup?, googleGroup GoogleGroup?, scimGroup ScimGroup?
UserGroup: id text, ..Resource, spec UserGroupSpec
MemberId: userId text; Member: memberId MemberId, createdTime time
ApiKeyAuth: enabled bool; NamespaceSpec: name text, retentionDays int, apiKeyAuth ApiKeyAuth
Endpoints: webAddress text, grpcAddress text
Namespace: namespace text, ..Resource, spec NamespaceSpec, endpoints Endpoints, activeRegion text, tags {text}, projectId text @18
RoleResources: resourceType text, resourceIds [text], allowAll bool; RolePermission: resources RoleResources, actions [text]
CustomRoleSpec: name text, description text, permissions [RolePermission]; CustomRole: id text, ..Resource, spec CustomRoleSpec
Lifecycle: enableDeleteProtection bool; ProjectSpec: displayName text, description text, lifecycle Lifecycle
Project: id text, ..Resource, spec ProjectSpec
Metrics: uri text; Account: id text, resourceVersion text, state ResourceState, asyncOperationId text, metrics Metrics
ApiKeySpec: ownerId text, ownerType OwnerType, displayName text, description text, expiryTime time, disabled bool
ApiKey: id text, ..Resource, spec ApiKeySpec
Operation: id text, state OperationState, checkDuration time, operationType text, failureReason text, startedTime time, finishedTime time

GetAccount: account Account
GetCurrentIdentity: user User?, serviceAccount ServiceAccount?, principalApiKey ApiKey
GetUser: user User; GetUsers: users [User], nextPageToken text
GetServiceAccount: serviceAccount ServiceAccount; GetServiceAccounts: serviceAccount [ServiceAccount], nextPageToken text
GetProjectServiceAccounts: serviceAccounts [ServiceAccount], nextPageToken text
GetUserGroup: group UserGroup; GetUserGroups: groups [UserGroup], nextPageToken text
GetUserGroupMembers: members [Member], nextPageToken text
GetNamespace: namespace Namespace; GetNamespaces: namespaces [Namespace], nextPageToken text
GetCustomRole: customRole CustomRole; GetCustomRoles: customRoles [CustomRole], nextPageToken text
GetProject: project Project; GetProjects: projects [Project], nextPageToken text
GetAsyncOperation: asyncOperation Operation; CreatedUser: userId text, asyncOperation Operation

Change: resourceVersion text, asyncOperationId text; SetNamespaceAccess: access NamespaceAccess, ..Change
CreateUser: spec UserSpec, asyncOperationId text; UpdateUser: spec UserSpec, ..Change
UpdateServiceAccount: spec ServiceAccountSpec, ..Change; UpdateUserGroup: spec UserGroupSpec, ..Change
";

/// A field of a message; its name is in lowerCamelCase.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    kind: Kind,
    since: u32,
}

/// The type of a field.
#[derive(Clone, Copy)]
enum Kind {
    /// A text, number, truth value or time.
    Plain(&'static str),
    /// The names of the values, by number.
    Enumeration(&'static [String]),
    /// A message, and its mark.
    Message(&'static str, &'static str),
    List(&'static str),
    Map(&'static str),
}

static NAMES: LazyLock<BTreeMap<&str, Vec<String>>> = LazyLock::new(|| {
    let rows = ENUMERATIONS.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (name, prefix) = (words.next()?, words.next()?);
        Some((name, words.map(|word| format!("{prefix}{word}")).collect()))
    });
    rows.collect()
});

/// The fields of messages.
pub(super) static FIELDS: LazyLock<BTreeMap<&str, Vec<Field>>> = LazyLock::new(|| {
    let mut messages: BTreeMap<&str, Vec<Field>> = BTreeMap::new();
    let rows = MESSAGES.split(['\n', ';']);
    for (name, rest) in rows.filter_map(|row| row.trim().split_once(':')) {
        let mut fields = Vec::new();
        for field in rest.split(',').map(str::trim).filter(|f| !f.is_empty()) {
            if let Some(other) = field.strip_prefix("..") {
                fields.extend(&messages[other]);
                continue;
            }
            let (field, since) = field.split_once(" @").unwrap_or((field, "0"));
            let (name, kind) = field.split_once(' ').unwrap_or((field, "text"));
            let (kind, since) = (Kind::of(kind), since.parse().unwrap_or_default());
            fields.push(Field { name, kind, since });
        }
        messages.insert(name, fields);
    }
    messages
});

impl Kind {
    fn of(text: &'static str) -> Self {
        let inner = || &text[1..text.len() - 1];
        let name = text.trim_end_matches(['!', '?']);
        match text {
            "text" | "int" | "bool" | "time" => Self::Plain(text),
            _ if text.starts_with('[') => Self::List(inner()),
            _ if text.starts_with('{') => Self::Map(inner()),
            _ => match NAMES.get(text) {
                Some(names) => Self::Enumeration(names),
                None => Self::Message(name, &text[name.len()..]),
            },
        }
    }

    /// The value that means the same as none. A time is never empty, and neither is a message whose presence counts.
    fn default(self) -> Value {
        match self {
            Self::Plain("text") => json!(""),
            Self::Plain("int") => json!(0),
            Self::Plain("bool") => json!(false),
            Self::Plain(_) | Self::Message(_, "!" | "?") => Value::Null,
            Self::Enumeration(names) => json!(names[0]),
            Self::List(_) => json!([]),
            Self::Map(_) | Self::Message(..) => json!({}),
        }
    }
}

/// The API version that a request names: the number after `v0.`, as patch releases add no fields. *Unknown*: which ones are
/// valid. Taken: from the one that brought enumerations to the newest that a published client uses.
pub(super) fn version(text: &str) -> Option<u32> {
    let is_plain = |rest: &&str| rest.chars().all(|c| c == '.' || c.is_ascii_digit());
    let rest = text.strip_prefix("v0.").filter(is_plain)?;
    let (version, patch) = rest.split_once('.')?;
    let [version, _] = [version.parse().ok()?, patch.parse::<u32>().ok()?];
    (3..=23).contains(&version).then_some(version)
}

/// An object's members.
pub(super) type Members = Map<String, Value>;

/// `someName` as `some_name`.
fn snake(name: &str) -> String {
    let word = |c: char| match c.is_ascii_uppercase() {
        true => format!("_{}", c.to_ascii_lowercase()),
        false => c.to_string(),
    };
    name.chars().map(word).collect()
}

/// Reads bodies for a pinned version; collects what was ignored although the client should not have sent it.
pub(super) struct Reader(pub(super) u32, pub(super) Vec<String>);

impl Reader {
    /// Reads a message. Errors say what is wrong with it.
    pub(super) fn read(&mut self, of: &str, value: &Value, path: &str) -> Result<Members, String> {
        let object = value.as_object().cloned();
        let mut given = object.ok_or(format!("{path} is not an object"))?;
        let mut out = Map::new();
        for field in &FIELDS[of] {
            let path = format!("{path}.{}", field.name);
            let value = match (given.remove(field.name), given.remove(&snake(field.name))) {
                (Some(_), Some(_)) => return Err(format!("{path} is given twice")),
                (camel, snake) => camel.or(snake),
            };
            let Some(value) = value else { continue };
            // *Unknown*: whether a field newer than the pinned version is refused or ignored. Taken: ignored.
            if field.since > self.0 {
                let newer = format!("{path} is newer than the pinned API version");
                self.1.push(newer);
            } else if !value.is_null()
                && let Some(value) = self.value(field.kind, &value, &path)?
            {
                out.insert(field.name.to_owned(), value);
            }
        }
        match given.keys().next() {
            Some(key) => Err(format!("unknown field {path}.{key}")),
            None => Ok(out),
        }
    }

    /// `None` for a default value.
    fn value(&mut self, kind: Kind, value: &Value, path: &str) -> Result<Option<Value>, String> {
        let wrong = || format!("{path} must not be {value}");
        let read = match kind {
            Kind::Plain("text") => json!(value.as_str().ok_or_else(wrong)?),
            // No request has any.
            Kind::Plain(_) => value.clone(),
            Kind::Enumeration(names) => {
                // A name from the future is known to the server but not published: a client that sends back what it
                // read must succeed.
                let future = names[0].replace("UNSPECIFIED", "FUTURE");
                let known = names.iter().chain([&future]).find(|name| *value == ***name);
                let number = value.as_u64().and_then(|n| usize::try_from(n).ok());
                json!(known.or_else(|| names.get(number?)).ok_or_else(wrong)?)
            }
            Kind::Message(message, _) => Value::Object(self.read(message, value, path)?),
            // Lists of requests are of texts.
            Kind::List(_) => {
                let is_good = |item: &Value| item.as_str().is_some_and(|text| !text.is_empty());
                let are_good = |items: &&Vec<Value>| items.iter().all(is_good);
                json!(value.as_array().filter(are_good).ok_or_else(wrong)?)
            }
            Kind::Map(kind) => {
                let mut items = Map::new();
                for (key, item) in value.as_object().ok_or_else(wrong)? {
                    // An entry exists by its key, even with an empty value.
                    let item = self.value(Kind::of(kind), item, &format!("{path}[{key}]"))?;
                    items.insert(key.clone(), item.unwrap_or_else(|| json!({})));
                }
                Value::Object(items)
            }
        };
        Ok(Some(read).filter(|read| *read != kind.default()))
    }
}

/// Leaves out everything that means the same as being absent, so that two messages can be compared; one that is not in
/// the table stays unchanged.
pub(super) fn prune(message: &str, value: &Value) -> Value {
    let read = Reader(u32::MAX, Vec::new()).read(message, value, "");
    read.map_or(value.clone(), Value::Object)
}

/// Puts back what a client of this version cannot express and therefore cannot have meant to clear. *Unknown*: what becomes
/// of such a field when the object around it is left out. Taken: it survives.
pub(super) fn preserve(message: &str, stored: &Value, new: &mut Members, version: u32) {
    for field in &FIELDS[message] {
        let (name, present) = (field.name.to_owned(), new.get(field.name));
        match (stored.get(field.name), field.kind) {
            (Some(old), _) if field.since > version => _ = new.insert(name, old.clone()),
            (Some(old), Kind::Message(message, mark)) => {
                let held = present.and_then(Value::as_object).cloned();
                let (counts, mut inner) = (held.is_some(), held.unwrap_or_default());
                preserve(message, old, &mut inner, version);
                if counts || (mark.is_empty() && !inner.is_empty()) {
                    new.insert(name, Value::Object(inner));
                }
            }
            _ => {}
        }
    }
}

/// Writes answers for a pinned version.
pub(super) struct Writer<'a>(pub(super) &'a Options, pub(super) u32);

impl Writer<'_> {
    /// Writes a message from its stored form. *Unknown*: whether answers leave out fields newer than the pinned version.
    /// Taken: they do.
    pub(super) fn write(&self, of: &str, stored: &Value) -> Value {
        let (mut out, known) = (Map::new(), &FIELDS[of]);
        for field in known.iter().filter(|field| field.since <= self.1) {
            let default = field.kind.default();
            let value = stored.get(field.name).unwrap_or(&Value::Null);
            let value = match (self.0.defaults, field.kind) {
                _ if !value.is_null() && *value != default => self.value(field.kind, value),
                (Defaults::Omitted, _) | (_, Kind::Message(_, "?")) => continue,
                (Defaults::Null, _) | (_, Kind::Message(..)) => Value::Null,
                _ => default,
            };
            let name = match self.0.casing {
                Casing::Camel => field.name.to_owned(),
                Casing::Snake => snake(field.name),
            };
            out.insert(name, value);
        }
        // Fields that a test added and the table does not know are sent unchanged.
        let is_known = |key: &str| known.iter().any(|field| field.name == key);
        for (key, value) in stored.as_object().into_iter().flatten() {
            if !value.is_null() && !is_known(key) {
                out.insert(key.clone(), value.clone());
            }
        }
        Value::Object(out)
    }

    fn value(&self, kind: Kind, value: &Value) -> Value {
        match (kind, value) {
            (Kind::Message(message, _), _) => self.write(message, value),
            (Kind::List(kind), Value::Array(all)) => {
                all.iter().map(|item| self.value(Kind::of(kind), item)).collect()
            }
            // The keys of a map are data and keep their casing.
            (Kind::Map(kind), Value::Object(all)) => {
                let write = |item| self.value(Kind::of(kind), item);
                let all = all.iter().map(|(key, item)| (key.clone(), write(item)));
                Value::Object(all.collect())
            }
            _ => value.clone(),
        }
    }
}
