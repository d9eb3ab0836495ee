//! Roles, and who has which in a space.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    head,
    options::{BeforeRoles, ModeAnswer},
    pairs,
    refusal::Refusal,
    routes::{Context, Good, Reply, one_of},
    world::{Principal, Role, RoleMode, Space},
};
use crate::address::Query;

const PRINCIPALS: [(&str, &str); 3] = [
    ("USER", "user"),
    ("GROUP", "group"),
    ("ACCESS_CLASS", "access-class"),
];
const CLASSES: [&str; 5] = [
    "all-licensed-users",
    "all-product-admins",
    "anonymous-users",
    "authenticated-users",
    "jsm-project-admins",
];
/// The largest body, in bytes.
const LARGEST: usize = 5 << 20;

/// `GET /wiki/api/v2/space-role-mode`
pub(crate) fn mode(context: &mut Context<'_>) -> Reply {
    context.query(&[])?;
    match context.inner.options.mode_answer {
        ModeAnswer::Mode => Ok(Good::ok(json!({"mode": context.inner.world.mode.name()}))),
        ModeAnswer::Missing => Ok(Good::ok(json!({}))),
        ModeAnswer::NotFound => Err(Refusal::not_found("Space roles are not available")),
    }
}

/// `GET /wiki/api/v2/space-permissions`
pub(crate) fn catalogue(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["cursor", "limit"])?;
    context.v2_list(pairs::catalogue(), &query, Value::clone)
}

/// `GET /wiki/api/v2/space-roles`. *Unknown*: what `space-id` selects by itself. Taken: all roles can be given in every
/// space; together with a principal it selects the role the principal has there.
pub(crate) fn list(context: &mut Context<'_>) -> Reply {
    let query = context.query(&[
        "space-id",
        "role-type",
        "principal-id",
        "principal-type",
        "cursor",
        "limit",
    ])?;
    let kind = one_of(&query, "role-type", &["SYSTEM", "CUSTOM"])?;
    let who = principal(&query)?;
    if !context.there_are_roles()? {
        return context.v2_list(Vec::new(), &query, Value::clone);
    }
    let space = query
        .get("space-id")
        .map(|id| context.viewed(id))
        .transpose()?;
    let world = &context.inner.world;
    let held: Option<BTreeSet<&String>> = who.as_ref().map(|who| {
        let spaces = world.spaces.values();
        let spaces = spaces.filter(|other| space.is_none_or(|space| space.id == other.id));
        spaces.filter_map(|space| space.roles.get(who)).collect()
    });
    let roles = world.roles.iter().filter(|role| {
        kind.is_none_or(|kind| role.kind == kind)
            && held.as_ref().is_none_or(|held| held.contains(&role.id))
    });
    context.v2_list(roles.collect(), &query, |role: &&Role| {
        let mut shown = json!({
            "id": role.id, "type": role.kind, "name": role.name, "description": role.description,
        });
        if !context.inner.options.mute_roles {
            shown["spacePermissions"] = json!(role.permissions);
        }
        shown
    })
}

/// `GET /wiki/api/v2/spaces/{id}/role-assignments`
pub(crate) fn assignments(context: &mut Context<'_>, id: &str) -> Reply {
    let query = context.query(&[
        "role-id",
        "role-type",
        "principal-id",
        "principal-type",
        "cursor",
        "limit",
    ])?;
    let kind = one_of(&query, "role-type", &["SYSTEM", "CUSTOM"])?;
    let who = principal(&query)?;
    if !context.there_are_roles()? {
        return context.v2_list(Vec::new(), &query, Value::clone);
    }
    let space = context.viewed(id)?;
    let world = &context.inner.world;
    let rows = space.roles.iter().filter(|(principal, role)| {
        let of_kind = |kind| world.role(role).is_some_and(|role| role.kind == kind);
        query.get("role-id").is_none_or(|id| id == *role)
            && kind.is_none_or(of_kind)
            && who.as_ref().is_none_or(|who| who == *principal)
    });
    context.v2_list(rows.collect(), &query, |(principal, role)| {
        assignment(principal, role)
    })
}

/// `POST /wiki/api/v2/spaces/{id}/role-assignments`: each entry sets the one role of a principal, or takes it.
/// *Unknown*: the list that is answered. Taken: all of the space's.
pub(crate) fn assign(context: &mut Context<'_>, id: &str) -> Reply {
    context.query(&[])?;
    if context.call.body.len() > LARGEST {
        return Err(Refusal::new(413, "the body is too large"));
    }
    if !context.there_are_roles()? {
        return Err(Refusal::not_found("Space roles are not available"));
    }
    let space = context.viewed(id)?;
    let (id, world) = (space.id, &context.inner.world);
    // *Unknown*: who besides administrators of the space may do this. Taken: site administrators who can view it.
    if !context.caller.administers(world, space) && !context.caller.site_admin {
        let reason = format!("Cannot manage roles of the space with id [{id}]");
        return Err(Refusal::not_found(reason));
    }
    let body = head::json(context.call)?;
    let entries = body
        .as_array()
        .ok_or_else(|| Refusal::violation("the body is not an array"))?;
    let mut changes = Vec::new();
    for entry in entries {
        changes.push(context.change(entry)?);
    }
    let distinct: BTreeSet<&Principal> = changes.iter().map(|(who, _)| who).collect();
    if distinct.len() < changes.len() {
        return Err(Refusal::violation("a principal is given twice"));
    }
    if let Some(space) = context.inner.world.spaces.get_mut(&id) {
        for (who, role) in changes {
            match role {
                Some(role) => {
                    // Either a role or permissions of one's own.
                    space.permissions.retain(|row| row.principal.plain() != who);
                    space.roles.insert(who, role);
                }
                None => {
                    space.roles.remove(&who);
                }
            }
        }
    }
    let world = &context.inner.world;
    let rows = world
        .spaces
        .get(&id)
        .map(|space| context.assignment_rows(space));
    let base = format!("{}/wiki", world.site);
    Ok(Good::ok(
        json!({"results": rows.unwrap_or_default(), "_links": {"base": base}}),
    ))
}

/// The principal of a filter: its id and type come together.
fn principal(query: &Query) -> Result<Option<Principal>, Refusal> {
    let names = PRINCIPALS.map(|(name, _)| name);
    let kind = one_of(query, "principal-type", &names)?;
    match (kind, query.get("principal-id")) {
        (None, None) => Ok(None),
        (Some(kind), Some(id)) => read(kind, id).map(Some),
        _ => Err(Refusal::violation(
            "principal-id and principal-type come together",
        )),
    }
}

fn read(kind: &str, id: &str) -> Result<Principal, Refusal> {
    let found = PRINCIPALS.iter().find(|(name, _)| *name == kind);
    let (_, kind) =
        found.ok_or_else(|| Refusal::violation(format!("principalType must not be {kind:?}")))?;
    Ok(Principal::new(kind, id).plain())
}

fn assignment(principal: &Principal, role: &str) -> Value {
    let found = PRINCIPALS.iter().find(|(_, kind)| *kind == principal.kind);
    let kind = found.map_or(principal.kind.as_str(), |(name, _)| name);
    json!({"principal": {"principalType": kind, "principalId": principal.id}, "roleId": role})
}

impl Context<'_> {
    /// Whether the site has roles; if not, the answer may already be clear.
    fn there_are_roles(&self) -> Result<bool, Refusal> {
        if self.inner.world.mode != RoleMode::PreRoles {
            return Ok(true);
        }
        match self.inner.options.before_roles {
            BeforeRoles::NotFound => Err(Refusal::not_found("Space roles are not available")),
            BeforeRoles::BareNotFound => Err(Refusal::bare_not_found()),
            BeforeRoles::Empty => Ok(false),
        }
    }

    /// All assignments of a space.
    pub(crate) fn assignment_rows(&self, space: &Space) -> Vec<Value> {
        let rows = space.roles.iter();
        rows.map(|(principal, role)| assignment(principal, role))
            .collect()
    }

    /// One entry of the body. *Unknown*: the status for principals and roles nobody has heard of. Taken: 400.
    fn change(&self, entry: &Value) -> Result<(Principal, Option<String>), Refusal> {
        let world = &self.inner.world;
        let entry = head::object(entry, "an entry", &["principal", "roleId"])?;
        let who = entry.get("principal").unwrap_or(&Value::Null);
        let who = head::object(who, "principal", &["principalType", "principalId"])?;
        let id = head::text(who, "principal", "principalId")?;
        let who = read(head::text(who, "principal", "principalType")?, id)?;
        let known = match who.kind.as_str() {
            "user" => world.users.contains_key(id),
            "group" => world.groups.contains_key(id),
            _ => CLASSES.contains(&who.id.as_str()),
        };
        if !known {
            return Err(Refusal::invalid(format!(
                "Cannot find a principal with id [{id}]"
            )));
        }
        if !entry.contains_key("roleId") {
            return Ok((who, None));
        }
        let role = head::text(entry, "an entry", "roleId")?;
        match world.role(role) {
            Some(role) => Ok((who, Some(role.id.clone()))),
            None => Err(Refusal::invalid(format!(
                "Cannot find a role with id [{role}]"
            ))),
        }
    }
}
