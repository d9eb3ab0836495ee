//! The calls, who may use them, and those that read.

use serde_json::{Value, json};

use super::{
    Vendor, not_found,
    options::{EmailFilter, Feature},
    types::{self, FIELDS, Writer},
    world::{CREATED, World, text},
    writes::{ROLE, write},
};
use crate::{
    head,
    kit::{Api, Tenant},
    paging::{self, Place, Rows},
    refusal::Refusal,
    routes::{Desk, Reply, Request, Route, ok, routes},
    server::Call,
};

/// The parameters of pages, of the list of users and of deletions.
pub(super) const PAGES: [&str; 2] = ["pageSize", "pageToken"];
pub(super) const OF_USERS: [&str; 3] = ["pageSize", "pageToken", "email"];
pub(super) const OF_CHANGES: [&str; 2] = ["resourceVersion", "asyncOperationId"];
/// Largest page. *Unknown*: what a larger `pageSize` does. Taken: it is cut to this, and counted as a violation.
const MOST: usize = 1000;

static ROUTES: &[Route<Vendor>] = routes! {
    GET "/cloud/account" [] () account;
    GET "/cloud/current-identity" [] () identity;
    GET "/cloud/operations/{}" [] () operation;
    GET "/cloud/users" OF_USERS () list;
    GET "/cloud/{}" PAGES () list;
    GET "/cloud/{}/{}" [] () one;
    GET "/cloud/user-groups/{}/members" PAGES () sublist;
    GET "/cloud/projects/{}/service-accounts" PAGES () sublist;
    POST "/cloud/users" [] () write;
    POST "/cloud/users/{}" [] () write;
    POST "/cloud/service-accounts/{}" [] () write;
    POST "/cloud/user-groups/{}" [] () write;
    DELETE "/cloud/users/{}" OF_CHANGES () write;
    POST "/cloud/namespaces/{}/users/{}/access" [] () write;
    POST "/cloud/namespaces/{}/service-accounts/{}/access" [] () write;
    POST "/cloud/namespaces/{}/user-groups/{}/access" [] () write;
};

/// The owner of the key a request came with, and the API version it names.
pub(crate) struct Caller {
    owner: String,
    /// Owner or admin, itself or through a group.
    is_admin: bool,
    pub(super) is_owner: bool,
    pub(super) version: u32,
}

impl Desk for Vendor {
    type Caller = Caller;
    type Need = ();
    const HEADERS: &'static [&'static str] = &["temporal-cloud-api-version"];

    fn routes() -> &'static [Route<Self>] {
        ROUTES
    }

    /// Unknown, expired and disabled keys are all the same to the client.
    fn identify(tenant: &Tenant<Self>, call: &Call) -> Result<Caller, Refusal> {
        let (world, now) = (&tenant.world, tenant.clock.now());
        let key = head::bearer(call).and_then(|sent| world.api_keys.get(sent));
        let is_alive = |key: &Value| text(key, "/expiryTime").parse().is_ok_and(|end| now < end);
        let key = key.filter(|key| is_alive(key) && key["disabled"] != true);
        let key = key.ok_or_else(|| Refusal::new(401, "invalid or expired API key"))?;
        // The gateway puts one in where there is none, but what an absent field means changes from version to version.
        let version = call.header("temporal-cloud-api-version");
        let version = version.and_then(types::version);
        let invalid = || Refusal::violation("API version specified is invalid");
        let owner = text(key, "/ownerId");
        let all = world.members.iter();
        let groups = all.filter(|(_, users)| users.contains(owner));
        let groups = groups.filter_map(|(group, _)| world.groups.get(group));
        let specs = groups.chain(world.principal(owner)).map(|row| &row["spec"]);
        let roles: Vec<&str> = specs.map(|spec| text(spec, ROLE)).collect();
        let is_owner = roles.contains(&"ROLE_OWNER");
        Ok(Caller {
            owner: owner.to_owned(),
            is_admin: is_owner || roles.contains(&"ROLE_ADMIN"),
            is_owner,
            version: version.ok_or_else(invalid)?,
        })
    }

    /// The document names no `Accept`.
    fn check(_tenant: &Tenant<Self>, _call: &Call) -> Result<(), Refusal> {
        Ok(())
    }

    fn allow(request: &Request<'_, Self>, (): ()) -> Result<(), Refusal> {
        let (options, path) = (&request.tenant.options, &request.call.path);
        let feature = match path {
            _ if path.contains("/cloud/projects") => options.projects,
            _ if path.contains("/cloud/custom-roles") => options.custom_roles,
            _ if path.contains("/user-groups") => options.groups,
            _ => Feature::Enabled,
        };
        let is_free = request.call.method == "GET" || request.caller.is_admin;
        let status = match feature {
            Feature::Enabled if is_free => return Ok(()),
            Feature::Enabled | Feature::Forbidden => 403,
            Feature::NotFound => 404,
            Feature::Unimplemented => 501,
        };
        Err(Refusal::usual(status))
    }
}

impl World {
    /// A list by its name in a path, and the name of its rows' type.
    fn list(&self, name: &str, call: &Call) -> Result<(&'static str, &Rows), Refusal> {
        Ok(match name {
            "users" => ("User", &self.users),
            "service-accounts" => ("ServiceAccount", &self.service_accounts),
            "user-groups" => ("UserGroup", &self.groups),
            "namespaces" => ("Namespace", &self.namespaces),
            "custom-roles" => ("CustomRole", &self.custom_roles),
            "projects" => ("Project", &self.projects),
            _ => return Err(Vendor::unknown(call)),
        })
    }
}

/// A row, and the name of its type.
pub(super) type Found<'r> = Result<(&'static str, &'r Value), Refusal>;

/// The row of the list that a path names there.
pub(super) fn find<'r>(request: &'r Request<'_, Vendor>, segment: usize) -> Found<'r> {
    let list = request.call.path.split('/').nth(segment).unwrap_or_default();
    let (name, rows) = request.tenant.world.list(list, request.call)?;
    let id = request.ids.last().map(String::as_str).unwrap_or_default();
    let row = rows.get(id).ok_or_else(|| not_found(name, id))?;
    Ok((name, row))
}

/// An answer of a type, from its stored form.
pub(super) fn reply(request: &Request<'_, Vendor>, message: &str, body: &Value) -> Reply {
    let (options, version) = (&request.tenant.options, request.caller.version);
    ok(Writer(options, version).write(message, body))
}

/// A row as the caller may see it, with the operation that is running on it: for anyone but owners and admins, other
/// users' access and invitation are left out, without an error.
fn view(request: &Request<'_, Vendor>, row: &Value) -> Value {
    let (mut row, caller) = (row.clone(), &request.caller);
    let mut running = request.tenant.world.running();
    if let Some((id, operation)) = running.find(|(_, known)| row["id"] == *known.change.1) {
        row["asyncOperationId"] = json!(id);
        row["state"] = json!(match operation.change.0 {
            "delete" => "RESOURCE_STATE_DELETING",
            _ => "RESOURCE_STATE_UPDATING",
        });
    }
    let is_user = row["spec"].get("email").is_some();
    if is_user && !caller.is_admin && row["id"] != *caller.owner {
        row["invitation"] = Value::Null;
        row["spec"]["access"] = Value::Null;
    }
    row
}

fn account(request: &mut Request<'_, Vendor>) -> Reply {
    let id = &request.tenant.world.account_id;
    let account = json!({
        "id": id, "resourceVersion": "account-1", "state": "RESOURCE_STATE_ACTIVE", "spec": {},
        "metrics": {"uri": format!("https://{id}.tmprl.cloud/prometheus")},
    });
    reply(request, "GetAccount", &json!({"account": account}))
}

fn identity(request: &mut Request<'_, Vendor>) -> Reply {
    let (world, owner) = (&request.tenant.world, &request.caller.owner);
    let (field, kind) = match world.users.contains_key(owner) {
        true => ("user", "OWNER_TYPE_USER"),
        false => ("serviceAccount", "OWNER_TYPE_SERVICE_ACCOUNT"),
    };
    let key = head::bearer(request.call).map(|sent| &world.api_keys[sent]);
    let mut key = json!({"id": format!("key-{owner}"), "state": "RESOURCE_STATE_ACTIVE", "spec": key, "createdTime": CREATED});
    key["spec"]["ownerType"] = json!(kind);
    let body = json!({field: world.principal(owner), "principalApiKey": key});
    reply(request, "GetCurrentIdentity", &body)
}

fn operation(request: &mut Request<'_, Vendor>) -> Reply {
    let id = request.id(0).to_owned();
    let row = request.tenant.world.poll(&id);
    let body = json!({"asyncOperation": row.ok_or_else(|| not_found("async operation", &id))?});
    reply(request, "GetAsyncOperation", &body)
}

fn one(request: &mut Request<'_, Vendor>) -> Reply {
    let (name, row) = find(request, 2)?;
    let message = format!("Get{name}");
    let body = json!({FIELDS[&*message][0].name: view(request, row)});
    reply(request, &message, &body)
}

/// *Unknown*: what a caller without an account role may list. Taken: the same as with any but the highest.
fn list(request: &mut Request<'_, Vendor>) -> Reply {
    let list = request.call.path.trim_start_matches("/cloud/");
    let (name, rows) = request.tenant.world.list(list, request.call)?;
    let options = &request.tenant.options;
    let is_listed = |row: &&Value| {
        let email = text(row, "/spec/email");
        let is_selected = |wanted: &str| match options.email_filter {
            EmailFilter::IgnoreCase => email.eq_ignore_ascii_case(wanted),
            EmailFilter::Exact => email == wanted,
            EmailFilter::Contains => email.to_lowercase().contains(&wanted.to_lowercase()),
        };
        let is_scoped = row["spec"].get("projectScopedAccess").is_some();
        request.query.get("email").is_none_or(is_selected)
            && (options.scoped_on_main_list || !is_scoped)
    };
    let rows = rows.values().filter(is_listed);
    let mut rows: Vec<Value> = rows.map(|row| view(request, row)).collect();
    let order = match name {
        "UserGroup" => "/spec/displayName",
        "Namespace" => "/spec/name",
        _ => "/id",
    };
    rows.sort_by_key(|row| text(row, order).to_owned());
    page(request, &format!("Get{name}s"), rows)
}

/// The service accounts that are scoped to a project, or the users in a group. *Unknown*: whether the members of Google
/// groups can be listed. Taken: those of every kind can.
fn sublist(request: &mut Request<'_, Vendor>) -> Reply {
    let (name, _) = find(request, 2)?;
    let (world, id) = (&request.tenant.world, request.id(0));
    if name == "UserGroup" {
        let row = |user| json!({"memberId": {"userId": user}, "createdTime": CREATED});
        let rows = world.members.get(id).into_iter().flatten().map(row).collect();
        return page(request, "GetUserGroupMembers", rows);
    }
    let is_in = |row: &&Value| row["spec"]["projectScopedAccess"]["projectId"] == id;
    let rows = world.service_accounts.values().filter(is_in);
    let rows = rows.cloned().collect();
    page(request, "GetProjectServiceAccounts", rows)
}

/// A page of a list that is in documented order.
fn page(request: &mut Request<'_, Vendor>, message: &str, rows: Vec<Value>) -> Reply {
    let size = request.number("pageSize")?;
    let size = size.filter(|size| *size > 0).unwrap_or(100);
    if size > MOST {
        request.violations.push(format!("pageSize is above {MOST}"));
    }
    let list = paging::name(&request.call.path, &request.call.query, &PAGES);
    let place = match request.query.get("pageToken").map(Place::read) {
        None => Place::beginning(list),
        Some(Some(place)) if place.list == list => place,
        // The simulator can read its own cursors: the client has changed this one, or taken it from another list.
        Some(_) => return Err(Vendor::stale_cursor().wrong()),
    };
    let (rows, next) = place.cut(rows, size.min(MOST), &request.tenant.options.common);
    let body =
        json!({FIELDS[message][0].name: rows, "nextPageToken": next.map(|next| next.write())});
    reply(request, message, &body)
}
