//! The lists of who reaches one namespace or project: by an entry of their own, or through an account or project
//! role (`inheritedAccess`), but not through a group.

use serde_json::{Value, json};

use super::{
    refusal::Refusal,
    routes::{Context, Reply},
    schema::{self, Message},
    state::{Kind, World, text},
};

/// The kind of principal a list is about, by its path segment.
pub(crate) fn kind(segment: &str) -> Option<Kind> {
    match segment {
        "user-assignments" => Some(Kind::User),
        "service-account-assignments" => Some(Kind::ServiceAccount),
        "user-group-assignments" => Some(Kind::Group),
        _ => None,
    }
}

fn list(kind: Kind) -> (&'static str, &'static Message) {
    match kind {
        Kind::User => ("users", &schema::LIST_USER_ASSIGNMENTS),
        Kind::ServiceAccount => ("serviceAccounts", &schema::LIST_SERVICE_ACCOUNT_ASSIGNMENTS),
        Kind::Group => ("groups", &schema::LIST_GROUP_ASSIGNMENTS),
    }
}

fn entry(kind: Kind, object: &Value, field: &str, access: Value, inherited: bool) -> Value {
    let name = match kind {
        Kind::User => "email",
        Kind::ServiceAccount => "name",
        Kind::Group => "displayName",
    };
    let label = text(object, &format!("/spec/{name}"));
    json!({"id": object["id"], name: label, field: access, "inheritedAccess": inherited, "resourceVersion": object["resourceVersion"]})
}

fn is_admin(world: &World, id: &str) -> bool {
    matches!(
        world.account_role(id).as_deref(),
        Some("ROLE_OWNER" | "ROLE_ADMIN")
    )
}

/// The strongest permission on a namespace and whether it is inherited. *Unknown*: which one is shown when a
/// principal has both. Taken: the stronger one, and its own entry if they are equal.
fn permission(world: &World, id: &str, namespace: &str, project: &str) -> Option<(String, bool)> {
    const ORDER: [&str; 4] = [
        "PERMISSION_ADMIN",
        "PERMISSION_WRITE",
        "PERMISSION_READ",
        "PERMISSION_FUTURE",
    ];
    let own = world
        .namespace_permission(id, namespace)
        .map(|permission| (permission, false));
    let account = is_admin(world, id).then(|| ("PERMISSION_ADMIN".to_owned(), true));
    let project = world
        .project_role(id, project)
        .and_then(|role| match role.as_str() {
            "PROJECT_ROLE_ADMIN" => Some(("PERMISSION_ADMIN".to_owned(), true)),
            "PROJECT_ROLE_WRITE" => Some(("PERMISSION_WRITE".to_owned(), true)),
            "PROJECT_ROLE_READ" => Some(("PERMISSION_READ".to_owned(), true)),
            _ => None,
        });
    let rank = |(permission, _): &(String, bool)| {
        ORDER
            .iter()
            .position(|known| known == permission)
            .unwrap_or(ORDER.len())
    };
    [own, account, project]
        .into_iter()
        .flatten()
        .min_by_key(rank)
}

pub(crate) fn namespace(context: &mut Context<'_>, namespace: &str, segment: &str) -> Reply {
    let query = context.query(&["pageSize", "pageToken"])?;
    let world = &context.inner.world;
    let kind = kind(segment).unwrap_or(Kind::User);
    let found = world
        .namespaces
        .get(namespace)
        .ok_or_else(|| Refusal::not_found("namespace", namespace))?;
    if !context.caller.administers_namespace(world, namespace) {
        let action = match kind {
            Kind::User => "cloud.namespace.getUserNamespaceAssignments",
            Kind::ServiceAccount => "cloud.namespace.getServiceAccountNamespaceAssignments",
            Kind::Group => "cloud.namespace.getUserGroupNamespaceAssignments",
        };
        context.caller.require(world, action, namespace)?;
    }
    let project = text(found, "/projectId");
    let entries = world.principals(kind).iter().filter_map(|(id, object)| {
        let (permission, inherited) = permission(world, id, namespace, project)?;
        Some(entry(
            kind,
            object,
            "namespaceAccess",
            json!({"permission": permission}),
            inherited,
        ))
    });
    let items = entries.collect();
    let (field, message) = list(kind);
    context.page(items, field, &query, message)
}

pub(crate) fn project(context: &mut Context<'_>, project: &str, segment: &str) -> Reply {
    let query = context.query(&["pageSize", "pageToken"])?;
    let world = &context.inner.world;
    let kind = kind(segment).unwrap_or(Kind::User);
    if !world.projects.contains_key(project) {
        return Err(Refusal::not_found("project", project));
    }
    if !context.caller.administers_project(world, project) {
        return Err(Refusal::denied(format!(
            "permission denied on project {project}"
        )));
    }
    let entries = world.principals(kind).iter().filter_map(|(id, object)| {
        let inherited = match world.account_role(id).as_deref() {
            Some("ROLE_OWNER" | "ROLE_ADMIN") => Some("PROJECT_ROLE_ADMIN"),
            Some("ROLE_DEVELOPER") => Some("PROJECT_ROLE_DEVELOPER"),
            _ => None,
        };
        let own = world.project_role(id, project);
        let (role, inherited) = match (own, inherited) {
            (_, Some("PROJECT_ROLE_ADMIN")) => ("PROJECT_ROLE_ADMIN".to_owned(), true),
            (Some(own), _) => (own, false),
            (None, Some(role)) => (role.to_owned(), true),
            (None, None) => return None,
        };
        Some(entry(
            kind,
            object,
            "projectAccess",
            json!({"role": role}),
            inherited,
        ))
    });
    let items = entries.collect();
    let (field, message) = list(kind);
    context.page(items, field, &query, message)
}
