//! Writing a user: <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-put-user>.
//!
//! A write replaces the user, except for the password and, if no password is given, the metadata: they are merged into
//! what is there and cannot be removed (`elastic/elasticsearch#70295`).

use serde_json::{Map, Value, json};

use super::{
    parse::{Written, parse},
    refusal::Refusal,
    routes::{Context, Good, Reply},
    users::REFRESH,
};
use crate::elastic::{
    options::count_down,
    world::{Cluster, User},
};

const INVALID_REQUEST: &str = "action_request_validation_exception";

/// `PUT /_security/user/{name}`, and `POST`, which is the same.
pub(crate) fn put(context: &mut Context<'_>, name: &str) -> Reply {
    context.one_of("refresh", &REFRESH)?;
    let written = parse(name, context.json_body()?)?;
    let roles = complete(&written)?;
    let cluster = context.cluster()?;
    writable(cluster, name, &roles)?;
    let known = cluster.users.contains_key(name);
    if !known && written.password.is_none() {
        let message = "password must be specified unless you are updating an existing user";
        let errors = [message.to_owned()];
        return Err(Refusal::invalid("validation_exception", &errors));
    }
    let options = &mut context.inner.options;
    if count_down(&mut options.conflicts) {
        return Err(conflict(name));
    }
    if !count_down(&mut options.forgotten_writes) {
        store(context.cluster()?, name, written, roles);
    }
    Ok(Good::Body(json!({"created": !known})))
}

/// What the request itself can be told to lack, all at once. Returns the roles.
fn complete(written: &Written) -> Result<Vec<String>, Refusal> {
    let mut errors = Vec::new();
    if written.roles.is_none() {
        errors.push("roles are missing".to_owned());
    }
    let metadata = written.metadata.iter().flatten();
    if metadata.into_iter().any(|(key, _)| key.starts_with('_')) {
        errors.push("metadata keys may not start with [_]".to_owned());
    }
    match &written.roles {
        Some(roles) if errors.is_empty() => Ok(roles.clone()),
        _ => Err(Refusal::invalid(INVALID_REQUEST, &errors).wrong(errors.join("; "))),
    }
}

/// Whether there can be such a user with such roles. There need not be such roles.
fn writable(cluster: &Cluster, name: &str, roles: &[String]) -> Result<(), Refusal> {
    let reserved = cluster.users.get(name).is_some_and(User::is_reserved);
    let mut errors = Vec::new();
    if reserved {
        errors.push(format!(
            "user [{name}] is reserved and only the password can be changed"
        ));
    } else if !is_name(name) {
        errors.push(format!("User name [{name}] {SYNTAX}"));
    }
    let bad = roles.iter().filter(|role| !is_name(role));
    errors.extend(bad.map(|role| format!("Role name [{role}] {SYNTAX}")));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid(INVALID_REQUEST, &errors))
    }
}

/// *Unknown*: the words. Taken: the documented rule.
const SYNTAX: &str = "must be 1 to 507 printable ASCII characters without space at either end";

/// Whether a text can be the name of a user or a role.
fn is_name(text: &str) -> bool {
    (1..=507).contains(&text.len())
        && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && text.trim() == text
}

fn conflict(name: &str) -> Refusal {
    let reason = format!(
        "[user-{name}]: version conflict, required seqNo [41], primary term [1]. current document has seqNo [42] and primary term [1]"
    );
    Refusal::new(409, "version_conflict_engine_exception", reason)
}

fn store(cluster: &mut Cluster, name: &str, written: Written, roles: Vec<String>) {
    let old = cluster.users.remove(name);
    let (mut metadata, kept) = match old {
        Some(old) => (old.metadata, old.password),
        None => (Map::new(), String::new()),
    };
    match (written.metadata, &written.password) {
        (Some(new), None) => merge(&mut metadata, new),
        (Some(new), Some(_)) => metadata = new,
        (None, _) => metadata.clear(),
    }
    let user = User {
        roles,
        full_name: written.full_name,
        email: written.email,
        metadata,
        enabled: written.enabled,
        password: written.password.unwrap_or(kept),
    };
    cluster.users.insert(name.to_owned(), user);
}

/// Objects are merged into objects, all else is replaced, and nothing goes away.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
