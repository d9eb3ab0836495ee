//! What the API makes of an access object: what it drops, and what it refuses.

use serde_json::{Map, Value};

use super::{
    caller::Caller,
    refusal::{Code, Refusal},
    state::{Kind, World, text},
};

/// At most so many custom roles on one principal.
const MOST_CUSTOM_ROLES: usize = 10;

fn is_admin(role: &str) -> bool {
    matches!(role, "ROLE_OWNER" | "ROLE_ADMIN")
}

/// Owners and admins reach every namespace anyway: explicit entries are dropped, without a word.
/// *Unknown*: whether project entries are too. Taken: they stay.
pub(crate) fn normalise(spec: &mut Map<String, Value>) {
    let Some(access) = spec.get_mut("access") else {
        return;
    };
    if is_admin(text(access, "/accountAccess/role"))
        && let Some(access) = access.as_object_mut()
    {
        access.remove("namespaceAccesses");
    }
}

/// Refuses what may not be assigned. Only what differs from the stored spec is looked at: odd things that are already
/// there may stay.
pub(crate) fn check(
    kind: Kind,
    stored: &Value,
    new: &Value,
    world: &World,
    caller: &Caller,
) -> Result<(), Refusal> {
    let role = text(new, "/access/accountAccess/role");
    let before = text(stored, "/access/accountAccess/role");
    // Texts *unknown*; official tools say that an owner has to be handled by the vendor's support.
    if before == "ROLE_OWNER" {
        return Err(Refusal::invalid("account owner cannot be updated"));
    }
    if role != before {
        match (role, kind) {
            ("ROLE_OWNER", _) => {
                return Err(Refusal::invalid("account owner role cannot be assigned"));
            }
            ("ROLE_METRICS_READ", Kind::User) => return Err(metrics("users")),
            ("ROLE_METRICS_READ", Kind::Group) => return Err(metrics("user groups")),
            ("ROLE_FINANCE_ADMIN", _) if !caller.owner => {
                return Err(Refusal::denied(
                    "only an account owner can assign the finance admin role",
                ));
            }
            _ => {}
        }
    }
    let roles = new
        .pointer("/access/accountAccess/customRoles")
        .and_then(Value::as_array);
    if roles.is_some_and(|roles| roles.len() > MOST_CUSTOM_ROLES) {
        return Err(Refusal::invalid(format!(
            "at most {MOST_CUSTOM_ROLES} custom roles per principal"
        )));
    }
    for role in roles.into_iter().flatten().filter_map(Value::as_str) {
        if !world.custom_roles.contains_key(role) {
            return Err(Refusal::not_found("custom role", role));
        }
    }
    for at in [
        "/access/namespaceAccesses",
        "/projectScopedAccess/namespaceAccesses",
    ] {
        for (namespace, entry) in changed(stored, new, at) {
            namespace_entry(world, namespace, text(entry, "/permission"))?;
        }
    }
    for (project, entry) in changed(stored, new, "/access/projectAccesses") {
        project_entry(world, project, text(entry, "/role"))?;
    }
    Ok(())
}

fn metrics(whom: &str) -> Refusal {
    Refusal::invalid(format!(
        "metrics account role is not supported for {whom} (type: bad-request, retryable: false)"
    ))
}

/// The entries of a map that are new or different.
fn changed<'a>(
    stored: &'a Value,
    new: &'a Value,
    at: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let entries = new
        .pointer(at)
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    entries
        .filter(move |(key, entry)| stored.pointer(at).and_then(|map| map.get(key)) != Some(entry))
}

/// Whether a permission can be given on a namespace. *Unknown*: the codes; those of the general scheme are taken.
pub(crate) fn namespace_entry(
    world: &World,
    namespace: &str,
    permission: &str,
) -> Result<(), Refusal> {
    let found = world
        .namespaces
        .get(namespace)
        .ok_or_else(|| Refusal::not_found("namespace", namespace))?;
    match text(found, "/state") {
        "RESOURCE_STATE_DELETED" => return Err(Refusal::not_found("namespace", namespace)),
        "RESOURCE_STATE_DELETING" => {
            return Err(Refusal::new(
                Code::FailedPrecondition,
                format!("namespace {namespace} is being deleted"),
            ));
        }
        _ => {}
    }
    if permission.is_empty() {
        return Err(Refusal::invalid(format!(
            "permission on namespace {namespace} is not specified"
        )));
    }
    Ok(())
}

/// Whether a role can be given on a project.
pub(crate) fn project_entry(world: &World, project: &str, role: &str) -> Result<(), Refusal> {
    if !world.projects.contains_key(project) {
        return Err(Refusal::not_found("project", project));
    }
    match role {
        "" => Err(Refusal::invalid(format!(
            "role on project {project} is not specified"
        ))),
        "PROJECT_ROLE_DEVELOPER" => Err(Refusal::invalid(
            "the project developer role is only inherited",
        )),
        _ => Ok(()),
    }
}

/// What a spec must have besides access: an address, a name, one form of access, one kind of group.
pub(crate) fn shape(kind: Kind, spec: &Map<String, Value>) -> Result<(), Refusal> {
    let given = |names: &[&str]| {
        names
            .iter()
            .filter(|name| spec.contains_key(**name))
            .count()
    };
    let name = |field: &str| spec.get(field).and_then(Value::as_str).unwrap_or_default();
    match kind {
        Kind::User if !name("email").contains('@') => Err(Refusal::invalid("email is required")),
        Kind::ServiceAccount if name("name").is_empty() => {
            Err(Refusal::invalid("name is required"))
        }
        Kind::ServiceAccount
            if given(&["access", "namespaceScopedAccess", "projectScopedAccess"]) != 1 =>
        {
            Err(Refusal::invalid(
                "exactly one of access, namespaceScopedAccess and projectScopedAccess is required",
            ))
        }
        Kind::Group if given(&["cloudGroup", "googleGroup", "scimGroup"]) != 1 => Err(
            Refusal::invalid("exactly one of cloudGroup, googleGroup and scimGroup is required"),
        ),
        Kind::Group if spec.contains_key("cloudGroup") && !group_name(name("displayName")) => Err(
            Refusal::invalid("a group's name has 3 to 64 characters of a-z, 0-9, - and _"),
        ),
        _ => Ok(()),
    }
}

fn group_name(name: &str) -> bool {
    (3..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// What an update may not change. *Unknown*: the codes, and whether an address can change.
pub(crate) fn immutable(
    kind: Kind,
    stored: &Value,
    new: &Map<String, Value>,
) -> Result<(), Refusal> {
    let fields: &[&str] = match kind {
        Kind::User => &["/email"],
        Kind::ServiceAccount => &[
            "/namespaceScopedAccess/namespace",
            "/projectScopedAccess/projectId",
        ],
        Kind::Group => &["/cloudGroup", "/googleGroup", "/scimGroup"],
    };
    let new = Value::Object(new.clone());
    match fields
        .iter()
        .find(|field| stored.pointer(field) != new.pointer(field))
    {
        Some(field) => Err(Refusal::new(
            Code::FailedPrecondition,
            format!(
                "{} cannot be changed",
                field.trim_start_matches('/').replace('/', ".")
            ),
        )),
        None => Ok(()),
    }
}
