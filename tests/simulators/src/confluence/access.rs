//! Spaces, and the access to them through permissions and roles. Only spaces that the caller can view exist;
//! permissions are granted and revoked by the key of the space.

use std::iter::repeat_n;

use serde_json::{Value, json};

use super::{
    Request, RoleMode, SITE, owner, page,
    world::{Permission, Space, is_guest, principal},
};
use crate::{
    head,
    refusal::Refusal,
    routes::{Reply, ok},
};

/// The permissions of every site.
const ALWAYS: &str = "read/space administer/space delete/space export/space restrict_content/space create/page delete/page \
    archive/page create/blogpost delete/blogpost create/comment delete/comment create/attachment delete/attachment";
/// What can be granted besides on a site with roles.
const WITH_ROLES: &str = "update/page update/blogpost export_content/space manage_content/space manage_templates/space \
    manage_look_and_feel/space manage_users/space manage_nonlicensed_users/space manage_public_links/space \
    manage_guest_users/space delete_space/space archive_space/space";
const CLASSES: &str = "access-class:all-licensed-users access-class:all-product-admins access-class:anonymous-users \
    access-class:authenticated-users access-class:jsm-project-admins";
const READ_FIRST: &str =
    "The subject must have read permission on the space before others can be added";
const ROLES_ONLY: &str = "InvalidRbacOperationException: Space permission updates that are not from RBAC are not supported in roles-only mode";

/// Whether it is one of these words.
pub(super) fn is_among(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

fn may(request: &Request, space: &Space, pair: &str) -> bool {
    let world = &request.tenant.world;
    world.may(owner(&request.caller), space, pair)
}

/// *Unknown*: whether archived spaces are there. Taken: they are.
pub(super) fn spaces(request: &mut Request) -> Reply {
    let spaces = request.tenant.world.spaces.values();
    let spaces = spaces.filter(|space| may(request, space, "read/space"));
    page(request, spaces.collect(), |space| space.row.clone())
}

pub(super) fn space(request: &mut Request) -> Reply {
    ok(viewed(request)?.row.clone())
}

/// The space of the path, if the caller can view it; a 404 says what was not found.
fn viewed<'r>(request: &'r Request) -> Result<&'r Space, Refusal> {
    let id = request.number_id(0)?;
    let space = request.tenant.world.spaces.get(&id);
    let space = space.filter(|space| may(request, space, "read/space"));
    space.ok_or_else(|| Refusal::new(404, format!("Cannot find a space with id [{id}]")))
}

/// Row by row, those that roles come down to among them if they are shown.
pub(super) fn permissions(request: &mut Request) -> Reply {
    let (space, options) = (viewed(request)?, &request.tenant.options);
    let mut rows = space.permissions.clone();
    if options.rows_of_roles {
        rows.extend(request.tenant.world.rows_of_roles(space));
    }
    rows.sort_by_key(|row| row.id);
    let copies = |row: Permission| {
        let is_class = row.who.starts_with("access-class:") || row.who.starts_with("anonymous:");
        repeat_n(row, 1 + usize::from(options.repeat_class_rows && is_class))
    };
    let rows = rows.into_iter().flat_map(copies).collect();
    page(request, rows, |row| {
        let who = match row.who.split_once(':').unwrap_or_default() {
            ("anonymous", _) => options.anonymous_row.clone(),
            ("access-class", class) => {
                json!({"type": "access-class", "id": class.to_uppercase().replace('-', "_")})
            }
            (kind, id) => json!({"type": kind, "id": id}),
        };
        let (verb, noun) = row.pair.split_once('/').unwrap_or_default();
        json!({"id": row.id.to_string(), "principal": who, "operation": {"key": verb, "targetType": noun}})
    })
}

pub(super) fn mode(request: &mut Request) -> Reply {
    ok(json!({"mode": match request.tenant.world.mode {
        RoleMode::PreRoles => "PRE_ROLES",
        RoleMode::Transition => "ROLES_TRANSITION",
        RoleMode::Roles => "ROLES",
    }}))
}

/// Whether the site has roles; if not, the answer may already be clear.
fn are_there_roles(request: &Request) -> Result<bool, Refusal> {
    let pre_roles = request.tenant.world.mode == RoleMode::PreRoles;
    match request.tenant.options.before_roles {
        Some(reason) if pre_roles => Err(Refusal::new(404, reason)),
        _ => Ok(!pre_roles),
    }
}

pub(super) fn roles(request: &mut Request) -> Reply {
    let (there_are, roles) = (are_there_roles(request)?, request.tenant.world.roles.iter());
    page(request, roles.filter(|_| there_are).collect(), Value::clone)
}

pub(super) fn assignments(request: &mut Request) -> Reply {
    let rows = match are_there_roles(request)? {
        true => assignment_rows(viewed(request)?),
        false => Vec::new(),
    };
    page(request, rows, |row| row)
}

/// A principal is `{"principalType": "ACCESS_CLASS", "principalId": "all-licensed-users"}` here.
fn assignment_rows(space: &Space) -> Vec<Value> {
    let row = |(who, role): (&String, &String)| {
        let (kind, id) = who.split_once(':').unwrap_or_default();
        let kind = kind.to_uppercase().replace('-', "_");
        json!({"principal": {"principalType": kind, "principalId": id}, "roleId": role})
    };
    space.roles.iter().map(row).collect()
}

/// Each entry sets the one role of a principal, or takes it. *Unknown*: the list that is answered, and who besides
/// administrators of the space may do this. Taken: all of the space's; site administrators who can view it.
pub(super) fn assign(request: &mut Request) -> Reply {
    let size = request.call.bytes.len();
    Refusal::when(size > 5 << 20, 413, "the body is too large")?;
    let there_are = are_there_roles(request)?;
    Refusal::when(!there_are, 404, "Space roles are not available")?;
    let (space, caller) = (viewed(request)?, owner(&request.caller));
    let (id, site_admin) = (space.id, request.tenant.world.is_site_admin(caller));
    let may = site_admin || may(request, space, "administer/space");
    Refusal::when(!may, 404, "Cannot manage roles of the space")?;
    let body = head::json(request.call)?;
    let no_list = || "the body is not an array".to_owned();
    let entries = body.as_array().ok_or_else(no_list)?;
    let changes = entries.iter().map(|entry| change(request, entry));
    let changes = changes.collect::<Result<Vec<_>, _>>()?;
    let world = &mut request.tenant.world;
    for (who, role) in changes {
        world.edit_space(id, |space| match role {
            Some(role) => space.set_role(who, role),
            None => drop(space.roles.remove(&who)),
        });
    }
    let rows = world.spaces.get(&id).map(assignment_rows);
    ok(json!({"results": rows, "_links": {"base": format!("{SITE}/wiki")}}))
}

/// One entry of the body. *Unknown*: the status for principals and roles nobody has heard of. Taken: 400.
fn change(request: &Request, entry: &Value) -> Result<(String, Option<String>), Refusal> {
    let world = &request.tenant.world;
    let object = head::object(entry, "an entry", &["principal", "roleId"])?;
    let fields = ["principalType", "principalId"];
    let [kind, id] = head::texts(&entry["principal"], "principal", fields)?;
    let who = principal(&kind.to_lowercase().replace('_', "-"), id);
    let is_known = match kind {
        "USER" => world.users.contains_key(id),
        "GROUP" => world.groups.contains_key(id),
        "ACCESS_CLASS" => is_among(CLASSES, &who),
        _ => return Err(format!("principalType must not be {kind:?}").into()),
    };
    Refusal::when(!is_known, 400, "Cannot find the principal")?;
    if !object.contains_key("roleId") {
        return Ok((who, None));
    }
    let role = head::text(object, "an entry", "roleId")?;
    let is_known = world.roles.iter().any(|known| known["id"] == role);
    Refusal::when(!is_known, 400, "Cannot find the role")?;
    Ok((who, Some(role.to_owned())))
}

/// What comes and goes with a permission on a site with roles. *Unknown*: what comes along with `create/comment` and
/// `update/blogpost`. Taken: nothing.
fn companion(mode: RoleMode, pair: &str) -> Option<&'static str> {
    match (mode, pair) {
        (RoleMode::PreRoles, _) => None,
        (_, "read/space") => Some("export_content/space"),
        (_, "create/page") => Some("update/page"),
        (_, "administer/space") => Some("manage_users/space"),
        _ => None,
    }
}

/// The space with the key of the path, if the caller administers it. *Unknown*: a key in other letters. Taken: not
/// found.
fn administered<'r>(request: &'r Request) -> Result<&'r Space, Refusal> {
    let (world, key) = (&request.tenant.world, request.id(0));
    Refusal::when(world.mode == RoleMode::Roles, 400, ROLES_ONLY)?;
    let mut spaces = world.spaces.values();
    let space = spaces.find(|space| space.row["key"] == key);
    let space = space.filter(|space| may(request, space, "read/space"));
    let unknown = || Refusal::new(404, format!("No space found with key : {key}"));
    let space = space.ok_or_else(unknown)?;
    let stranger = !may(request, space, "administer/space");
    Refusal::when(stranger, 403, "only its administrators may do this")?;
    Ok(space)
}

/// *Unknown*: the answer to pairs and users that do not exist, to more for guests than they can hold, and to whoever has a
/// role. Taken: 400, as for groups.
pub(super) fn grant(request: &mut Request) -> Reply {
    let body = request.body(&["subject", "operation"])?;
    let [kind, name] = head::texts(&body["subject"], "subject", ["type", "identifier"])?;
    let [verb, noun] = head::texts(&body["operation"], "operation", ["key", "target"])?;
    let (pair, who) = (format!("{verb}/{noun}"), principal(kind, name));
    let id = administered(request)?.id;
    let world = &mut request.tenant.world;
    let (mode, always) = (world.mode, is_among(ALWAYS, &pair));
    if !always && !is_among(WITH_ROLES, &pair) {
        return Err(format!("{pair} is not a space permission").into());
    }
    let early = !always && mode == RoleMode::PreRoles;
    Refusal::when(early, 400, "no space permission on a site without roles")?;
    let (who, is_known) = match kind {
        "user" if name == "anonymous" => (principal(name, name), true),
        "user" => (who, world.users.contains_key(name)),
        // Names were allowed once.
        "group"
            if world
                .groups
                .values()
                .any(|group| group.row["name"] == name && group.row["id"] != name) =>
        {
            return Err(format!("{name} is the name of a group, not its id").into());
        }
        "group" => (who, world.groups.contains_key(name)),
        _ => return Err(format!("subject.type must not be {kind:?}").into()),
    };
    Refusal::when(!is_known, 400, format!("No {kind} found : {name}"))?;
    let user = world.users.get(name).filter(|_| kind == "user");
    if user.is_some_and(is_guest) {
        let mut others = world.spaces.values().filter(|other| other.id != id);
        let is_in = |space: &Space| space.permissions.iter().any(|row| row.who == who);
        Refusal::when(others.any(is_in), 400, "guests can be in one space only")?;
        let runs = is_among("administer export restrict_content", verb);
        Refusal::when(runs, 400, "guests cannot run a space")?;
    }
    let (row, space) = (world.next_permission, world.spaces.get_mut(&id));
    let space = space.ok_or_else(|| Refusal::usual(404))?;
    let has_role = mode == RoleMode::Transition && space.roles.contains_key(&who);
    Refusal::when(has_role, 400, "the principal has a role in the space")?;
    Refusal::when(space.has(&who, &pair), 400, "Permission already exists")?;
    let reads = pair == "read/space" || space.has(&who, "read/space");
    Refusal::when(!reads, 400, READ_FIRST)?;
    world.next_permission += 2;
    space.add(row, &who, &pair);
    if let Some(pair) = companion(mode, &pair) {
        space.add(row + 1, &who, pair);
    }
    ok(json!({"id": row, "subject": body["subject"], "operation": body["operation"], "_links": {}}))
}

/// *Unknown*: the answer to deleting a row that comes from a role. Taken: 400.
pub(super) fn revoke(request: &mut Request) -> Reply {
    let id = request.number_id(1)?;
    let (space, world) = (administered(request)?, &request.tenant.world);
    let of_roles = world.rows_of_roles(space);
    let row = space.permissions.iter().find(|row| row.id == id).cloned();
    let row = row.ok_or_else(|| {
        let is_of_role = of_roles.iter().any(|row| row.id == id);
        let status = if is_of_role { 400 } else { 404 };
        Refusal::new(status, format!("No permission found with id : {id}"))
    })?;
    let companion = companion(world.mode, &row.pair);
    let goes = |other: &Permission| {
        let along = row.pair == "read/space" || companion == Some(&*other.pair);
        other.id == id || (along && other.who == row.who)
    };
    let rows = space.permissions.iter().chain(&of_roles);
    let mut admins = rows.filter(|row| row.pair == "administer/space");
    let last = admins.clone().any(goes) && admins.all(goes);
    Refusal::when(last, 400, "all admin permissions cannot be removed")?;
    let space = space.id;
    let world = &mut request.tenant.world;
    world.edit_space(space, |space| space.permissions.retain(|row| !goes(row)));
    ok(Value::Null)
}
