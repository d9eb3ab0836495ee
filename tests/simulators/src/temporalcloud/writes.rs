//! The calls that write, with the specs that the API drops or refuses.

use serde_json::{Value, json};

use super::{
    Vendor,
    calls::{Caller, Found, OF_CHANGES, find, reply},
    invalid, not_found,
    operations::Change,
    options::StaleVersion,
    precondition,
    types::{Members, Reader, preserve, prune},
    world::text,
};
use crate::{
    head,
    random::Random,
    refusal::Refusal,
    routes::{Reply, Request},
};

/// The path of the built-in role.
pub(super) const ROLE: &str = "/access/accountAccess/role";
/// The fields that an update may not change.
const FIXED: &str = "/email /cloudGroup /googleGroup /scimGroup /namespaceScopedAccess/namespace /projectScopedAccess/projectId";
/// The vendor's answer if a role is not for a kind of principal.
const METRICS: &str =
    "metrics account role is not supported for {} (type: bad-request, retryable: false)";

/// A write. It begins an operation, unless it was seen before: such a write gets the answer it got then, with the
/// operation's present state. *Unknown*: the answer to an id of another write, and to too many at a time. Taken: 400 and
/// 429. The vendor makes an id up where there is none, but such a write cannot be repeated safely.
pub(super) fn write(request: &mut Request<'_, Vendor>) -> Reply {
    let (body, call) = (body(request)?, request.call);
    let id = text(&body, "/asyncOperationId");
    if id.is_empty() {
        return Err(Refusal::violation("asyncOperationId is missing"));
    }
    let identity = format!("{} {} {body}", call.method, call.path);
    let answer = match request.tenant.world.operations.get(id) {
        Some(known) if known.request == identity => known.answer(),
        Some(_) => return Err(invalid("another request had this operation id")),
        None => {
            let change = match (&*call.method, request.ids.len()) {
                ("DELETE", _) => delete(request, &body)?,
                (_, 0) => create(request, &body)?,
                (_, 1) => update(request, &body)?,
                _ => set_access(request, &body)?,
            };
            let tenant = &mut *request.tenant;
            let begun = tenant.world.begin(&tenant.options, id, (identity, change));
            begun.ok_or_else(|| Refusal::usual(429))?
        }
    };
    match answer.get("userId") {
        Some(_) => reply(request, "CreatedUser", &answer),
        None => reply(request, "GetAsyncOperation", &answer),
    }
}

/// The body, in the stored form. A deletion has parameters instead.
fn body(request: &mut Request<'_, Vendor>) -> Result<Value, Refusal> {
    let message = match (&*request.call.method, request.ids.len()) {
        ("DELETE", _) => {
            let [version, id] = OF_CHANGES.map(|name| request.query.get(name));
            return Ok(json!({"resourceVersion": version, "asyncOperationId": id}));
        }
        (_, 0) => "CreateUser".to_owned(),
        (_, 1) => format!("Update{}", find(request, 2)?.0),
        _ => "SetNamespaceAccess".to_owned(),
    };
    let mut reader = Reader(request.caller.version, Vec::new());
    let body = head::content_type(request.call).and_then(|()| head::json(request.call));
    let body = body.and_then(|body| reader.read(&message, &body, "body"));
    request.violations.append(&mut reader.1);
    body.map(Value::Object).map_err(Refusal::violation)
}

fn spec_of(body: &Value) -> Result<Members, Refusal> {
    let spec = body["spec"].as_object().cloned();
    spec.ok_or_else(|| invalid("spec is required"))
}

/// The spec of the principal that a write is about, if nothing else is running on it and it is the version the client saw.
fn current<'r>(request: &'r Request<'_, Vendor>, segment: usize, body: &Value) -> Found<'r> {
    let (name, row) = find(request, segment)?;
    let mut running = request.tenant.world.running();
    let is_busy = running.any(|(_, operation)| row["id"] == *operation.change.1);
    if is_busy || row["asyncOperationId"].is_string() {
        return Err(precondition("another operation is running"));
    }
    if row["resourceVersion"] == body["resourceVersion"] {
        return Ok((name, &row["spec"]));
    }
    let reason = "the resource version is not the current version";
    Err(match request.tenant.options.stale_version {
        StaleVersion::Aborted => Refusal::new(409, reason),
        StaleVersion::FailedPrecondition => precondition(reason),
        StaleVersion::InvalidArgument => invalid(reason),
    })
}

/// Invites a user. One user per address, ignoring case; creations in progress count.
fn create(request: &Request<'_, Vendor>, body: &Value) -> Result<Change, Refusal> {
    let world = &request.tenant.world;
    let spec = replacement(request, "User", &json!({}), spec_of(body)?)?;
    let email = text(&spec, "/email").to_lowercase();
    let users = world.users.values().map(|user| &user["spec"]);
    let running = world.running().map(|(_, operation)| &operation.change.2);
    let mut all = users.chain(running).map(|spec| text(spec, "/email"));
    match all.any(|other| other.to_lowercase() == email) {
        true => Err(Refusal::new(409, "the user already exists").code("ALREADY_EXISTS")),
        false => Ok(("create", Random::new(world.operations.len() as u64).hex32(), spec)),
    }
}

fn update(request: &Request<'_, Vendor>, body: &Value) -> Result<Change, Refusal> {
    let (mut spec, version) = (spec_of(body)?, request.caller.version);
    let (name, stored) = current(request, 2, body)?;
    preserve(&format!("{name}Spec"), stored, &mut spec, version);
    let spec = replacement(request, name, stored, spec)?;
    Ok(("update", request.id(0).to_owned(), spec))
}

/// Deletes a user. *Unknown*: whether a user may delete itself. Taken: it may.
fn delete(request: &Request<'_, Vendor>, body: &Value) -> Result<Change, Refusal> {
    match text(current(request, 2, body)?.1, ROLE) {
        "ROLE_OWNER" => Err(invalid("account owner cannot be deleted")),
        _ => Ok(("delete", request.id(0).to_owned(), Value::Null)),
    }
}

/// Sets or, without an access, removes one entry of a principal's on a namespace. *Unknown*: the answer to those that are
/// scoped to something. Taken: a refusal.
fn set_access(request: &Request<'_, Vendor>, body: &Value) -> Result<Change, Refusal> {
    let namespace = request.id(0);
    if !request.tenant.world.namespaces.contains_key(namespace) {
        return Err(not_found("Namespace", namespace));
    }
    let (name, stored) = current(request, 4, body)?;
    let mut spec = stored.as_object().cloned().unwrap_or_default();
    let is_scoped = name == "ServiceAccount" && !spec.contains_key("access");
    let access = spec.entry("access").or_insert_with(|| json!({}));
    let entries = &mut access["namespaceAccesses"];
    match body.get("access") {
        // An entry for an owner is dropped like one for an admin, before anything is said about owners.
        _ if text(stored, ROLE) == "ROLE_OWNER" => return Err(nothing_to_change()),
        _ if is_scoped => return Err(precondition("the service account is scoped")),
        Some(access) => entries[namespace] = access.clone(),
        None => _ = entries.as_object_mut().map(|all| all.remove(namespace)),
    }
    let spec = replacement(request, name, stored, spec)?;
    Ok(("update", request.id(1).to_owned(), spec))
}

/// The text official clients look for when an update changes nothing, tail included.
fn nothing_to_change() -> Refusal {
    invalid("nothing to change (type: bad-request, retryable: false)")
}

/// The spec that a principal gets instead of the stored one, if it may have that and it is another one. Only what differs
/// is looked at: odd things that are already there may stay. *Unknown*: most codes and texts.
fn replacement(
    request: &Request<'_, Vendor>,
    name: &str,
    stored: &Value,
    new: Members,
) -> Result<Value, Refusal> {
    let (world, mut new) = (&request.tenant.world, Value::Object(new));
    // Owners and admins reach every namespace anyway: explicit entries are dropped, without a word. *Unknown*: whether
    // project entries are too. Taken: they stay.
    if matches!(text(&new, ROLE), "ROLE_OWNER" | "ROLE_ADMIN") {
        new["access"]["namespaceAccesses"] = Value::Null;
    }
    let [stored, new] = [stored, &new].map(|spec| prune(&format!("{name}Spec"), spec));
    shape(name, &stored, &new, &request.caller)?;
    let roles = new["access"]["accountAccess"]["customRoles"].as_array();
    if roles.is_some_and(|roles| roles.len() > 10) {
        return Err(invalid("more than 10 custom roles on one principal"));
    }
    for role in roles.into_iter().flatten().filter_map(Value::as_str) {
        if !world.custom_roles.contains_key(role) {
            return Err(not_found("CustomRole", role));
        }
    }
    for (form, map, rows) in [
        ("access", "namespaceAccesses", &world.namespaces),
        ("projectScopedAccess", "namespaceAccesses", &world.namespaces),
        ("access", "projectAccesses", &world.projects),
    ] {
        for (id, entry) in new[form][map].as_object().into_iter().flatten() {
            match rows.get(id).map(|row| text(row, "/state")) {
                _ if stored[form][map].get(id) == Some(entry) => {}
                None | Some("RESOURCE_STATE_DELETED") => return Err(not_found(map, id)),
                Some("RESOURCE_STATE_DELETING") => return Err(precondition("it is being deleted")),
                _ if *entry == json!({}) => return Err(invalid("nothing is given")),
                _ if entry["role"] == "PROJECT_ROLE_DEVELOPER" => {
                    return Err(invalid("only inherited"));
                }
                _ => {}
            }
        }
    }
    match stored == new {
        true => Err(nothing_to_change()),
        false => Ok(new),
    }
}

/// Required fields of a spec, fields that an update may not change (an address, a service account's scope, a group's
/// kind), and allowed roles. Official tools say that only the vendor's support handles owners.
fn shape(name: &str, stored: &Value, new: &Value, caller: &Caller) -> Result<(), Refusal> {
    let differs = |field: &&str| stored.pointer(field) != new.pointer(field);
    let fixed = FIXED.split(' ').find(differs).filter(|_| *stored != json!({}));
    let form = |spec: &Value| spec.get("access").is_some();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let group = text(new, "/displayName");
    let is_good = (3..=64).contains(&group.len()) && group.chars().all(is_plain);
    let (before, role) = (text(stored, ROLE), text(new, ROLE));
    match (name, role) {
        _ if before == "ROLE_OWNER" => Err(invalid("account owner cannot be updated")),
        _ if fixed.is_some() => Err(precondition(format!("{fixed:?} cannot be changed"))),
        ("User", _) if !text(new, "/email").contains('@') => Err(invalid("email is required")),
        ("ServiceAccount", _) if form(stored) != form(new) => Err(precondition("another scope")),
        ("ServiceAccount", _) if text(new, "/name").is_empty() => Err(invalid("name is required")),
        ("UserGroup", _) if new.get("cloudGroup").is_some() && !is_good => {
            Err(invalid("the name is not 3 to 64 characters of a-z, 0-9, - and _"))
        }
        _ if role == before => Ok(()),
        (_, "ROLE_OWNER") => Err(invalid("account owner role cannot be assigned")),
        ("User", "ROLE_METRICS_READ") => Err(invalid(METRICS.replace("{}", "users"))),
        ("UserGroup", "ROLE_METRICS_READ") => Err(invalid(METRICS.replace("{}", "user groups"))),
        // Only an owner can give it.
        (_, "ROLE_FINANCE_ADMIN") if !caller.is_owner => Err(Refusal::usual(403)),
        _ => Ok(()),
    }
}
