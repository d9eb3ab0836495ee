//! People and groups.

use serde_json::{Value, json};

use super::{
    Request, SITE, owner, page,
    world::{Group, is_guest},
};
use crate::{
    head,
    refusal::Refusal,
    routes::{Reply, ok},
    server::Answer,
};

fn not_found(what: &str, id: &str) -> Refusal {
    Refusal::new(404, format!("No {what} found with id: {id}"))
}

pub(super) fn current(request: &mut Request) -> Reply {
    let id = owner(&request.caller);
    let mut row = by_id(request, id)?;
    if let Some(name) = request.one_of("expand", &["operations"])? {
        row[name] = request.tenant.world.users[id][name].clone();
        row["_expandable"] = json!({"personalSpace": ""});
    }
    ok(row)
}

pub(super) fn user(request: &mut Request) -> Reply {
    ok(by_id(request, request.required("accountId")?)?)
}

fn by_id(request: &Request, id: &str) -> Result<Value, Refusal> {
    let user = request.tenant.world.users.get(id);
    let user = user.ok_or_else(|| not_found("user", id))?;
    let mut row = v1(shown(request, user, true));
    row["locale"] = json!("en_US");
    Ok(row)
}

/// A row as v1 has it. *Unknown*: whether v1 knows customers. Taken: their type is empty, as documented.
fn v1(mut row: Value) -> Value {
    if row["accountType"] == "customer" {
        row["accountType"] = json!("");
    }
    let id = row["accountId"].as_str().unwrap_or_default();
    row["_links"] = json!({"self": format!("{SITE}/wiki/rest/api/user?accountId={id}")});
    row["type"] = json!("known");
    row["isGuest"] = json!(is_guest(&row));
    row["_expandable"] = json!({"operations": "", "personalSpace": ""});
    row
}

/// The caller's view of a user. *Unknown*: whether search and members have the suffix of a name that marks users
/// without access. Taken: only users that are requested by id have it, as only they have the status.
fn shown(request: &Request, user: &Value, by_id: bool) -> Value {
    let (address, mut row) = (&request.tenant.options.hidden_email, user.clone());
    let mut hidden = vec!["operations", "emailHidden", "indexed"];
    if row["emailHidden"] == true && row["accountId"] != owner(&request.caller) {
        row["email"] = json!(address);
        hidden.extend(address.is_none().then_some("email"));
    }
    if by_id {
        let name = row["displayName"].as_str().unwrap_or_default();
        let is_person = user["accountType"] == "atlassian";
        let tail = match user["accountStatus"].as_str() {
            Some("inactive") => " (Deactivated)",
            Some("active") if is_person && user["operations"] == json!([]) => " (Unlicensed)",
            _ => "",
        };
        row["displayName"] = json!(format!("{name}{tail}"));
        row["timeZone"] = Value::Null;
    } else {
        hidden.push("accountStatus");
    }
    let fields = row.as_object_mut().into_iter();
    fields.for_each(|fields| fields.retain(|name, _| !hidden.contains(&name.as_str())));
    row
}

/// Unknown ids are left out.
pub(super) fn users_bulk(request: &mut Request) -> Reply {
    let body = request.body(&["accountIds"])?;
    let ids = body["accountIds"].as_array();
    let ids: Option<Vec<&str>> = ids.and_then(|ids| ids.iter().map(Value::as_str).collect());
    let ids = ids.filter(|ids| (1..=250).contains(&ids.len()));
    let ids = ids.ok_or_else(|| Refusal::violation("accountIds must be 1 to 250 texts"))?;
    let users = ids.into_iter();
    let users = users.filter_map(|id| request.tenant.world.users.get(id));
    let rows = users.map(|user| {
        let mut row = shown(request, user, true);
        if row["accountType"] == "" {
            row["accountType"] = json!("unknown");
        }
        row["personalSpaceId"] = Value::Null;
        row
    });
    ok(json!({"results": rows.collect::<Vec<_>>(), "_links": {}}))
}

/// Nobody who is deactivated.
pub(super) fn search(request: &mut Request) -> Reply {
    let (request, options) = (&*request, &request.tenant.options);
    let filters = ["none", "externalCollaborator", "all"];
    let filter = request.one_of("sitePermissionTypeFilter", &filters)?;
    let cql = request.required("cql")?;
    if cql.replace([' ', '"'], "").to_lowercase() != "type=user" {
        return Err(format!("Could not parse cql : {cql}").into());
    }
    let users = request.tenant.world.users.values();
    let users = users.filter(|user| user["indexed"] == true && user["accountStatus"] != "inactive");
    let users = users.filter(|user| match filter {
        Some("all") => true,
        filter => is_guest(user) == (filter == Some("externalCollaborator")),
    });
    let found = users.take(options.search_total).collect();
    let mut good = page(request, found, |user| {
        let (row, name) = (v1(shown(request, user, false)), &user["displayName"]);
        let url = format!("/people/{}", row["accountId"].as_str().unwrap_or_default());
        json!({
            "user": row, "title": name, "excerpt": "", "url": url, "breadcrumbs": [], "entityType": "user",
            "iconCssClass": "aui-icon content-type-profile", "lastModified": "2025-02-18T04:08:03.579Z", "score": 0.0,
        })
    })?;
    good.body["totalSize"] = good.body["size"].clone();
    good.body["cqlQuery"] = json!(cql);
    good.body["searchDuration"] = json!(12);
    Ok(good)
}

pub(super) fn groups(request: &mut Request) -> Reply {
    by_name(request, request.tenant.world.groups.values())
}

/// *Unknown*: the answer for an unknown user. Taken: 404.
pub(super) fn groups_of_user(request: &mut Request) -> Reply {
    let (id, world) = (request.required("accountId")?, &request.tenant.world);
    if !world.users.contains_key(id) {
        return Err(not_found("user", id));
    }
    let groups = world.groups.values();
    by_name(request, groups.filter(|group| group.members.contains(id)))
}

fn by_name<'w>(request: &Request, groups: impl Iterator<Item = &'w Group>) -> Reply {
    let mut rows: Vec<&Value> = groups.map(|group| &group.row).collect();
    rows.sort_by_key(|row| (row["name"].as_str(), row["id"].as_str()));
    page(request, rows, Value::clone)
}

pub(super) fn group(request: &mut Request) -> Reply {
    let (id, status) = (request.required("id")?, request.tenant.options.unknown_group_status);
    let group = request.tenant.world.groups.get(id);
    let mut unknown = not_found("group", id);
    unknown.status = status;
    ok(group.ok_or(unknown)?.row.clone())
}

/// An unknown group has no members.
pub(super) fn members(request: &mut Request) -> Reply {
    let world = &request.tenant.world;
    let group = world.groups.get(request.id(0));
    let members = group.into_iter().flat_map(|group| &group.members);
    page(request, members.collect(), |id| match world.users.get(id) {
        Some(user) => v1(shown(request, user, false)),
        None => {
            json!({"type": "unknown", "accountId": id, "accountType": "", "email": "", "publicName": "", "displayName": ""})
        }
    })
}

pub(super) fn add_member(request: &mut Request) -> Reply {
    let body = request.body(&["accountId"])?;
    let [user] = head::texts(&body, "the body", ["accountId"])?;
    let text = request.tenant.options.member_added_text;
    let again = request.tenant.options.add_member_again;
    let is_new = writable(request, user)?.members.insert(user.to_owned());
    let refused = !is_new && again != 201;
    Refusal::when(refused, again, "User is already a member of the group")?;
    let mut good = Answer::from(Value::Null);
    good.status = 201;
    if !text.is_empty() {
        good.body = json!(text);
        let plain = "text/plain".to_owned();
        good.headers.push(("content-type".to_owned(), plain));
    }
    Ok(good)
}

/// Whether or not the user is in the group.
pub(super) fn remove_member(request: &mut Request) -> Reply {
    let user = request.required("accountId")?.to_owned();
    writable(request, &user)?.members.remove(&user);
    ok(Value::Null)
}

/// The group of the query, if the caller may let this user in and out. *Unknown*: the answer for groups that are managed
/// by an external directory. Taken: 403.
fn writable<'r>(request: &'r mut Request, user: &str) -> Result<&'r mut Group, Refusal> {
    let id = request.required("groupId")?.to_owned();
    let world = &mut request.tenant.world;
    let stranger = !world.is_site_admin(owner(&request.caller));
    Refusal::when(stranger, 403, "only site administrators may change groups")?;
    let group = world.groups.get_mut(&id);
    let group = group.ok_or_else(|| not_found("group", &id))?;
    if !world.users.contains_key(user) {
        return Err(not_found("user", user));
    }
    let external = group.row["managedBy"] == "EXTERNAL";
    Refusal::when(external, 403, "the group is managed elsewhere")?;
    Ok(group)
}
