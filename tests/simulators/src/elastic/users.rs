//! Users of a deployment: <https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-security>.
//!
//! A write replaces the user, except for the password and, if no password is given, the metadata: they are merged into
//! what is there and cannot be removed (`elastic/elasticsearch#70295`).

use serde_json::{Map, Value, json};

use super::{
    Vendor,
    cluster::{cluster, invalid, keyed, unparsed},
    options::count_down,
    world::{Cluster, User},
};
use crate::{
    head,
    refusal::Refusal,
    routes::{Reply, Request, ok},
};

const INVALID_REQUEST: &str = "action_request_validation_exception";
/// *Unknown*: the words. Taken: the documented rule.
const SYNTAX: &str = "must be 1 to 507 printable ASCII characters without space at either end";

/// `GET /_security/user` (native and reserved users, on one page whatever their number) and `/{names}` below it.
pub(super) fn read(request: &mut Request<'_, Vendor>) -> Reply {
    if !request.ids.is_empty() && count_down(&mut request.tenant.options.hiccups) {
        return Err(Refusal::new(404, "not found").body(json!({})));
    }
    let users = &cluster(request)?.users;
    let rows = users.iter().map(|(name, user)| (name.clone(), user.document(name))).collect();
    keyed(request, rows)
}

fn refresh(request: &Request<'_, Vendor>) -> Result<(), Refusal> {
    request.one_of("refresh", &["true", "false", "wait_for"]).map(|_| ())
}

/// `PUT /_security/user/{name}/_enable`, which works for reserved users too.
pub(super) fn enable(request: &mut Request<'_, Vendor>) -> Reply {
    set_enabled(request, true)
}

/// `PUT /_security/user/{name}/_disable`, likewise.
pub(super) fn disable(request: &mut Request<'_, Vendor>) -> Reply {
    set_enabled(request, false)
}

/// *Unknown*: the answer to one who is not there. Taken: the kind of error that a write without a password gets.
fn set_enabled(request: &mut Request<'_, Vendor>, enabled: bool) -> Reply {
    refresh(request)?;
    let name = request.id(0).to_owned();
    let user = cluster(request)?.users.get_mut(&name);
    let user = user.ok_or_else(|| {
        let done = if enabled { "enabled" } else { "disabled" };
        invalid("validation_exception", &[format!("only existing users can be {done}")])
    })?;
    user.row["enabled"] = json!(enabled);
    ok(json!({}))
}

/// `DELETE /_security/user/{name}`. *Unknown*: the answer for a reserved user. Taken: 400.
pub(super) fn delete(request: &mut Request<'_, Vendor>) -> Reply {
    refresh(request)?;
    let name = request.id(0).to_owned();
    let users = &mut cluster(request)?.users;
    match users.get(&name) {
        Some(user) if user.is_reserved() => {
            let reason = format!("user [{name}] is reserved and cannot be deleted");
            Err(Refusal::new(400, reason))
        }
        Some(_) => {
            users.remove(&name);
            ok(json!({"found": true}))
        }
        None => Err(Refusal::new(404, "not found").body(json!({"found": false}))),
    }
}

/// `PUT /_security/user/{name}`
pub(super) fn put(request: &mut Request<'_, Vendor>) -> Reply {
    refresh(request)?;
    let name = request.id(0).to_owned();
    let (row, password) = parse(request, &name)?;
    let roles = complete(&row)?;
    let cluster = cluster(request)?;
    writable(cluster, &name, &roles)?;
    let known = cluster.users.contains_key(&name);
    if !known && password.is_none() {
        let message = "password must be specified unless you are updating an existing user";
        return Err(invalid("validation_exception", &[message.to_owned()]));
    }
    if !count_down(&mut request.tenant.options.forgotten_writes) {
        store(self::cluster(request)?, &name, row, roles, password);
    }
    ok(json!({"created": !known}))
}

/// The body as it was sent, and the password.
fn parse(
    request: &Request<'_, Vendor>,
    name: &str,
) -> Result<(Map<String, Value>, Option<String>), Refusal> {
    if request.call.bytes.is_empty() {
        return Err(unparsed("request body is required"));
    }
    head::content_type(request.call).map_err(|_| {
        let kind = request.call.header("content-type").unwrap_or_default();
        let reason = format!("Content-Type header [{kind}] is not supported");
        Refusal::new(406, &reason).body(json!({"error": reason, "status": 406})).wrong()
    })?;
    let body = head::json(request.call)
        .map_err(|reason| Refusal::violation(reason).code("x_content_parse_exception"))?;
    let Value::Object(mut row) = body else {
        return Err(unparsed("the body is not an object"));
    };
    for (field, value) in &row {
        let kind = match (field.as_str(), value) {
            ("username", Value::String(text)) if text != name => {
                return Err(Refusal::violation(format!(
                    "[username] in source does not match the username provided [{name}]"
                )));
            }
            ("username" | "password", Value::String(_)) | ("metadata", Value::Object(_)) => {
                continue;
            }
            ("full_name" | "email", Value::String(_) | Value::Null) => continue,
            ("enabled", Value::Bool(_)) | ("roles", _) => continue,
            ("username" | "full_name" | "email" | "password", _) => "string",
            ("metadata", _) => "object",
            ("enabled", _) => "boolean",
            _ => {
                return Err(unparsed(format!(
                    "failed to parse add user request. unexpected field [{field}]"
                )));
            }
        };
        let found = token(value);
        return Err(unparsed(format!(
            "expected field [{field}] to be of type {kind}, but found [{found}] instead"
        )));
    }
    let password = row.remove("password").and_then(|text| text.as_str().map(str::to_owned));
    match &password {
        Some(text) if text.chars().count() < 6 => {
            let error = "passwords must be at least [6] characters long".to_owned();
            Err(invalid("validation_exception", &[error]))
        }
        _ => Ok((row, password)),
    }
}

/// A value as the server's reader calls it.
fn token(value: &Value) -> &'static str {
    match value {
        Value::Null => "VALUE_NULL",
        Value::Bool(_) => "VALUE_BOOLEAN",
        Value::Number(_) => "VALUE_NUMBER",
        Value::String(_) => "VALUE_STRING",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

/// All errors of the request itself, at once. Returns the roles: a list, or a comma-separated text.
fn complete(row: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let wrong = |found: &str| {
        unparsed(format!(
            "could not parse [roles] field. expected a string array but found {found} value instead"
        ))
    };
    let roles: Option<Vec<String>> = match row.get("roles") {
        None => None,
        Some(Value::String(text)) => {
            Some(text.split(',').filter(|role| !role.is_empty()).map(str::to_owned).collect())
        }
        Some(Value::Array(list)) => {
            let names = list.iter().map(|role| role.as_str().map(str::to_owned));
            Some(names.collect::<Option<_>>().ok_or_else(|| wrong("another"))?)
        }
        Some(Value::Null) => return Err(wrong("null")),
        Some(other) => return Err(wrong(token(other))),
    };
    let mut errors = Vec::new();
    if roles.is_none() {
        errors.push("roles are missing".to_owned());
    }
    let metadata = row.get("metadata").and_then(Value::as_object);
    if metadata.is_some_and(|metadata| metadata.keys().any(|key| key.starts_with('_'))) {
        errors.push("metadata keys may not start with [_]".to_owned());
    }
    match roles {
        Some(roles) if errors.is_empty() => Ok(roles),
        _ => Err(invalid(INVALID_REQUEST, &errors).wrong()),
    }
}

/// Whether there can be such a user with such roles. There need not be such roles.
fn writable(cluster: &Cluster, name: &str, roles: &[String]) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    if cluster.users.get(name).is_some_and(User::is_reserved) {
        errors.push(format!("user [{name}] is reserved and only the password can be changed"));
    } else if !is_name(name) {
        errors.push(format!("User name [{name}] {SYNTAX}"));
    }
    let bad = roles.iter().filter(|role| !is_name(role));
    errors.extend(bad.map(|role| format!("Role name [{role}] {SYNTAX}")));
    match errors.is_empty() {
        true => Ok(()),
        false => Err(invalid(INVALID_REQUEST, &errors)),
    }
}

/// Whether a text can be the name of a user or a role.
fn is_name(text: &str) -> bool {
    (1..=507).contains(&text.len())
        && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && text.trim() == text
}

/// Missing fields are null, but a user is enabled.
fn store(
    cluster: &mut Cluster,
    name: &str,
    mut row: Map<String, Value>,
    roles: Vec<String>,
    password: Option<String>,
) {
    let old = cluster.users.remove(name);
    let mut metadata = old.as_ref().map_or_else(|| json!({}), |old| old.row["metadata"].clone());
    match (row.remove("metadata"), &password) {
        (Some(new), None) => merge(&mut metadata, new),
        (Some(new), Some(_)) => metadata = new,
        (None, _) => metadata = json!({}),
    }
    let row = json!({
        "roles": roles, "full_name": row.get("full_name"), "email": row.get("email"), "metadata": metadata,
        "enabled": row.get("enabled").unwrap_or(&Value::Bool(true)),
    });
    let password = password.or_else(|| old.map(|old| old.password));
    let password = password.unwrap_or_default();
    cluster.users.insert(name.to_owned(), User { row, password });
}

/// Objects are merged into objects, all else is replaced, and nothing goes away.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
