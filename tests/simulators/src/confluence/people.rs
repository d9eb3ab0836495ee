//! People and groups.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Request, SITE,
    pages::page,
    world::{Group, User},
};
use crate::{
    head,
    refusal::Refusal,
    routes::{Good, Reply, ok},
};

fn not_found(what: &str, id: &str) -> Refusal {
    Refusal::new(404, format!("No {what} found with id: {id}"))
}

pub(super) fn current(request: &mut Request) -> Reply {
    let mut row = by_id(request, &request.caller.owner)?;
    if let Some(name) = request.one_of("expand", &["operations"])? {
        // Without a licence nobody gets here.
        row[name] = json!([{"operation": "use", "targetType": "application"}]);
        row["_expandable"] = json!({"personalSpace": ""});
    }
    ok(row)
}

pub(super) fn user(request: &mut Request) -> Reply {
    ok(by_id(request, request.required("accountId")?)?)
}

/// *Unknown*: whether v1 knows customers. Taken: their type is empty, as documented.
fn by_id(request: &Request, id: &str) -> Result<Value, Refusal> {
    let user = request.tenant.world.users.get(id);
    let user = user.ok_or_else(|| not_found("user", id))?;
    let mut row = in_list(request, user);
    add_status(&mut row, user);
    row["locale"] = json!("en_US");
    Ok(row)
}

/// A user as lists of v1 have them.
fn in_list(request: &Request, user: &User) -> Value {
    let mut row = with_email(request, user);
    if row["accountType"] == "customer" {
        row["accountType"] = json!("");
    }
    let id = row["accountId"].as_str().unwrap_or_default();
    row["_links"] = json!({"self": format!("{SITE}/wiki/rest/api/user?accountId={id}")});
    row["type"] = json!("known");
    row["isGuest"] = json!(user.is_guest());
    row["_expandable"] = json!({"operations": "", "personalSpace": ""});
    row
}

/// The row, with the address as far as the caller may see it.
fn with_email(request: &Request, user: &User) -> Value {
    let mut row = user.row.clone();
    if user.email_hidden && row["accountId"] != request.caller.owner {
        match (&request.tenant.options.hidden_email, row.as_object_mut()) {
            (None, Some(row)) => drop(row.remove("email")),
            (shown, _) => row["email"] = json!(shown),
        }
    }
    row
}

/// What is only shown where users are asked for by id: the status, and the tail of a name that tells who cannot come in.
/// *Unknown*: whether search and members have the tail. Taken: they do not.
fn add_status(row: &mut Value, user: &User) {
    let tail = match user.status.as_str() {
        "inactive" => " (Deactivated)",
        "active" if !user.licensed && user.row["accountType"] == "atlassian" => " (Unlicensed)",
        _ => "",
    };
    let name = row["displayName"].as_str().unwrap_or_default();
    row["displayName"] = json!(format!("{name}{tail}"));
    row["accountStatus"] = json!(user.status);
    row["timeZone"] = Value::Null;
}

/// Each once; ids nobody has heard of are left out.
pub(super) fn users_bulk(request: &mut Request) -> Reply {
    let body = request.body(&["accountIds"])?;
    let ids = body["accountIds"].as_array();
    let ids: Option<Vec<&str>> = ids.and_then(|ids| ids.iter().map(Value::as_str).collect());
    let ids = ids.filter(|ids| (1..=250).contains(&ids.len()));
    let ids = ids.ok_or_else(|| Refusal::violation("accountIds must be 1 to 250 texts"))?;
    let mut seen = BTreeSet::new();
    let ids = ids.into_iter().filter(|id| seen.insert(*id));
    let users = ids.filter_map(|id| request.tenant.world.users.get(id));
    let rows = users.map(|user| {
        let mut row = with_email(request, user);
        if row["accountType"] == "" {
            row["accountType"] = json!("unknown");
        }
        add_status(&mut row, user);
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
    let plain = cql.replace([' ', '"'], "").to_lowercase();
    if plain != "type=user" {
        return Err(Refusal::violation(format!("Could not parse cql : {cql}")));
    }
    let users = request.tenant.world.users.values();
    let users =
        users.filter(|user| user.indexed && !["inactive", "closed"].contains(&&*user.status));
    let users = users.filter(|user| match filter {
        Some("all") => true,
        filter => user.is_guest() == (filter == Some("externalCollaborator")),
    });
    let found = users.take(options.search_total).collect();
    let mut good = page(request, found, |user| {
        let (row, name) = (in_list(request, user), &user.row["displayName"]);
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
    let groups = request.tenant.world.groups.values();
    page(request, by_name(groups), Value::clone)
}

/// *Unknown*: the answer for a user nobody has heard of. Taken: 404.
pub(super) fn groups_of_user(request: &mut Request) -> Reply {
    let (id, world) = (request.required("accountId")?, &request.tenant.world);
    if !world.users.contains_key(id) {
        return Err(not_found("user", id));
    }
    let groups = world.groups.values();
    let groups = groups.filter(|group| group.members.contains(id));
    page(request, by_name(groups), Value::clone)
}

fn by_name<'w>(groups: impl Iterator<Item = &'w Group>) -> Vec<&'w Value> {
    let mut rows: Vec<&Value> = groups.map(|group| &group.row).collect();
    rows.sort_by_key(|row| (row["name"].as_str(), row["id"].as_str()));
    rows
}

pub(super) fn group(request: &mut Request) -> Reply {
    let (id, status) = (
        request.required("id")?,
        request.tenant.options.unknown_group_status,
    );
    let group = request.tenant.world.groups.get(id);
    let mut unknown = not_found("group", id);
    unknown.status = status;
    ok(group.ok_or(unknown)?.row.clone())
}

/// A group nobody has heard of has no members.
pub(super) fn members(request: &mut Request) -> Reply {
    let world = &request.tenant.world;
    let group = world.groups.get(request.id(0));
    let members = group.into_iter().flat_map(|group| &group.members);
    page(request, members.collect(), |id| match world.users.get(id) {
        Some(user) => in_list(request, user),
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
    let mut good = Good::from(Value::Null);
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
    let stranger = !world.is_site_admin(&request.caller.owner);
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
