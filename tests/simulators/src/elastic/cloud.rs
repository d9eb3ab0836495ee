//! The API of Elastic Cloud: <https://www.elastic.co/docs/api/doc/cloud>. Errors are
//! `{"errors": [{"code", "message", "fields"?}]}`, and a header has the code.

use serde_json::{Map, Value, json};

use super::{
    SINCE, Vendor,
    assignments::{self, Row, Target},
    calls::Caller,
    world::{CloudKey, Cluster, Organization, is_project_of},
};
use crate::{
    head,
    kit::{Api, Tenant},
    paging::{Place, with_id},
    refusal::Refusal,
    routes::{Reply, Request, ok},
    server::Call,
};

/// The list to which the search's cursors belong.
pub(super) const SEARCH: &str = "deployments";
/// A page without `size`. *Unknown*. Taken: as many as the documented example asks for.
const DEFAULT: usize = 100;

/// *Unknown*: which of the documented codes a bad key gets on which call (taken: the same everywhere), and the code of a
/// 429, as only those of invitations and billing are documented (taken: one like theirs).
pub(super) fn envelope(refusal: &Refusal) -> Value {
    let usual = match refusal.status {
        401 => "root.unauthenticated",
        403 => "root.unauthorized",
        404 => "root.resource_not_found",
        429 => "root.rate_limited",
        503 => "root.unavailable",
        400 => "root.invalid_data",
        _ => "root.internal_server_error",
    };
    let code = if refusal.code.is_empty() { usual } else { refusal.code };
    let mut error = json!({"code": code, "message": refusal.reason});
    if let Some(fields) = &refusal.detail {
        error["fields"] = fields.clone();
    }
    json!({"errors": [error]})
}

/// 400 to an invalid body.
pub(super) fn bad_body(message: impl Into<String>) -> Refusal {
    Refusal::violation(message).code("root.invalid_json_request")
}

/// Counts a request, and returns whether it is still carried out and the headers of every answer. *Unknown*: the unit
/// of the interval. Taken: seconds.
pub(super) fn count(tenant: &mut Tenant<Vendor>) -> (Result<(), Refusal>, Vec<(String, String)>) {
    let (quota, window) = (&tenant.options.quota, &mut tenant.meters.quota);
    let passed = quota.spend(window, tenant.clock.running());
    let headers = [
        ("x-ratelimit-interval", quota.window.as_secs()),
        ("x-ratelimit-limit", quota.requests),
        ("x-ratelimit-remaining", quota.left(window)),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_string()));
    (passed, headers.into())
}

fn api_key(call: &Call) -> Option<&str> {
    let (scheme, key) = call.header("authorization")?.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("apikey") && !key.is_empty()).then_some(key)
}

/// The header with the key's expiry. *Unknown*: the format of the date. Taken: that of all dates of this API.
pub(super) fn key_expiration(tenant: &Tenant<Vendor>, call: &Call) -> Option<(String, String)> {
    let end = identify(tenant, call).ok()?.expires?;
    let end = end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Some(("x-elastic-api-key-expiration".to_owned(), end))
}

/// The key. A deployment's key has no business here.
pub(super) fn identify(tenant: &Tenant<Vendor>, call: &Call) -> Result<CloudKey, Refusal> {
    let world = &tenant.world;
    let sent = api_key(call).ok_or_else(|| Refusal::usual(401).wrong())?;
    let mut keys = world.deployments.values().flat_map(|cluster| &cluster.keys);
    if keys.any(|key| key.encoded == sent) {
        return Err(Refusal::new(401, "the key of a deployment was sent to the Cloud API").wrong());
    }
    let now = tenant.clock.now();
    let known = world.cloud_keys.iter().find(|key| key.secret == sent);
    let valid = known.filter(|key| key.expires.is_none_or(|end| end > now));
    valid.cloned().ok_or_else(|| Refusal::usual(401))
}

fn key<'r>(request: &'r Request<'_, Vendor>) -> Result<&'r CloudKey, Refusal> {
    match &request.caller {
        Caller::Cloud(key) => Ok(key),
        Caller::Deployment(_) => Err(Refusal::usual(401)),
    }
}

/// Rows in the requested order.
fn arranged(request: &Request<'_, Vendor>, rows: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut rows: Vec<Value> = rows.collect();
    request.tenant.options.ordering.arrange(&mut rows);
    rows
}

/// `GET /organizations`. A key sees the organizations it is of: today's keys exactly one.
pub(super) fn organizations(request: &mut Request<'_, Vendor>) -> Reply {
    let key = key(request)?;
    let organizations = request.tenant.world.organizations.iter();
    let seen = organizations.filter(|(id, _)| key.organizations.contains(id));
    let rows = arranged(request, seen.map(|(id, org)| with_id(id, &org.row)));
    let mut body = json!({ "organizations": rows });
    if let Some(cursor) = &request.tenant.options.next_page {
        body["next_page"] = json!(cursor);
    }
    ok(body)
}

/// The organization that the path names, if the key can access it. *Unknown*: whether the lists distinguish the two, as
/// the call for the organization itself does. Taken: they do not, because only 404 is documented for them.
fn named<'r>(request: &'r Request<'_, Vendor>) -> Result<&'r Organization, Refusal> {
    let (key, id) = (key(request)?, request.id(0));
    let organization = request.tenant.world.organizations.get(id);
    let organization = organization.filter(|_| key.organizations.iter().any(|known| known == id));
    organization.ok_or_else(|| no_organization(id))
}

fn no_organization(id: &str) -> Refusal {
    let message = format!("Organization [{id}] could not be found");
    Refusal::new(404, message).code("organization.not_found")
}

/// `GET /organizations/{id}`
pub(super) fn organization(request: &mut Request<'_, Vendor>) -> Reply {
    let id = request.id(0);
    if !request.tenant.world.organizations.contains_key(id) {
        return Err(no_organization(id));
    }
    let org = named(request).map_err(|_| {
        Refusal::new(403, "You are not a member of this organization")
            .code("organization.invalid_access")
    })?;
    ok(with_id(id, &org.row))
}

/// A row with the assignments the key sees, if there are any. *Unknown*: whether a key that sees single deployments sees
/// what is assigned on all of them. Taken: it does not.
fn seen(key: &CloudKey, row: &Value) -> Value {
    let mut row = row.clone();
    let Some(Value::Object(mut assignments)) =
        row.as_object_mut().and_then(|row| row.remove("role_assignments"))
    else {
        return row;
    };
    if let Some(ids) = &key.deployments {
        let mut entries = assignments.remove("deployment").unwrap_or_else(|| json!([]));
        let list = entries.as_array_mut().map(std::mem::take).unwrap_or_default();
        let seen = list.into_iter().filter_map(|mut entry| {
            let on = entry["deployment_ids"].as_array_mut()?;
            on.retain(|id| id.as_str().is_some_and(|id| ids.contains(id)));
            (!on.is_empty()).then_some(entry)
        });
        let seen: Vec<Value> = seen.collect();
        assignments.clear();
        if !seen.is_empty() {
            assignments.insert("deployment".to_owned(), json!(seen));
        }
    }
    if !assignments.is_empty() {
        row["role_assignments"] = Value::Object(assignments);
    }
    row
}

/// `GET /organizations/{id}/members`, which has no pages.
pub(super) fn members(request: &mut Request<'_, Vendor>) -> Reply {
    let (org, key) = (named(request)?, key(request)?);
    let rows = org.members.iter().map(|(id, row)| {
        let mut row = seen(key, row);
        row["organization_id"] = json!(request.id(0));
        row["user_id"] = json!(id);
        row
    });
    ok(json!({"members": arranged(request, rows)}))
}

/// `GET /organizations/{id}/invitations`, which has no pages. Those who have not accepted one are not members.
pub(super) fn invitations(request: &mut Request<'_, Vendor>) -> Reply {
    let (org, key) = (named(request)?, key(request)?);
    let rows = org.invitations.iter().map(|(token, row)| {
        let mut row = seen(key, row);
        row["token"] = json!(token);
        row["organization"] = with_id(request.id(0), &org.row);
        row
    });
    ok(json!({"invitations": arranged(request, rows)}))
}

/// `GET /serverless/projects/{type}`, all on one page. *Unknown*: what a key sees that is not the owner's. Taken: nothing.
pub(super) fn projects(request: &mut Request<'_, Vendor>) -> Reply {
    let (kind, key) = (request.id(0), key(request)?);
    if !assignments::PROJECTS.contains(&kind) {
        return Err(Refusal::usual(404).wrong());
    }
    let projects = request.tenant.world.projects.iter();
    let seen = projects.filter(|(_, project)| {
        let reaches = key.organizations.contains(&project.organization);
        project.kind == kind && reaches && key.deployments.is_none()
    });
    let rows = seen.map(|(id, project)| {
        let name = &project.name;
        json!({
            "id": id, "name": name, "alias": name, "type": kind, "region_id": "aws-us-east-1",
            "metadata": {"created_at": SINCE, "organization_id": project.organization},
            "endpoints": {"elasticsearch": format!("https://{name}.es.us-east-1.aws.elastic.cloud")},
        })
    });
    ok(json!({"items": arranged(request, rows)}))
}

/// `POST /deployments/_search`, of which only `size` and `cursor` are simulated.
pub(super) fn search(request: &mut Request<'_, Vendor>) -> Reply {
    let key = key(request)?;
    let body = body(request, &["size", "cursor"])?;
    let size = body
        .get("size")
        .map_or(Some(DEFAULT), |size| size.as_u64().and_then(|size| usize::try_from(size).ok()));
    let size = size.filter(|&size| size > 0);
    let size = size.ok_or_else(|| bad_body("size is not a number of deployments"))?;
    let place = match body.get("cursor") {
        None => Place::beginning(SEARCH.to_owned()),
        Some(cursor) => {
            let place = cursor.as_str().and_then(Place::read);
            place.ok_or_else(|| Vendor::stale_cursor().wrong())?
        }
    };
    let world = &request.tenant.world;
    let seen = world.deployments.iter().filter(|(_, cluster)| {
        let sees = key.deployments.as_ref().is_none_or(|ids| ids.contains(&cluster.id));
        !cluster.serverless && sees && key.organizations.contains(&cluster.organization)
    });
    let all: Vec<Value> = seen.map(|(name, cluster)| deployment(request, name, cluster)).collect();
    let found = all.len();
    let (page, next) = place.cut(all, size, &request.tenant.options);
    let mut body = json!({"return_count": page.len(), "match_count": found, "deployments": page});
    if let Some(next) = next {
        body["cursor"] = json!(next.write());
    }
    ok(body)
}

/// The fields that clients use to find the endpoint; there are many more. The addresses lead to the simulator.
fn deployment(request: &Request<'_, Vendor>, name: &str, cluster: &Cluster) -> Value {
    let url = request.tenant.world.urls.get(name);
    let url = url.map_or("http://127.0.0.1:9", String::as_str);
    let (endpoint, port) = url.rsplit_once(':').unwrap_or((url, "443"));
    let endpoint = endpoint.trim_start_matches("http://");
    let port: u16 = port.parse().unwrap_or(443);
    json!({
        "id": cluster.id, "name": name, "alias": name,
        "metadata": {"hidden": false, "organization_id": cluster.organization},
        "resources": {"elasticsearch": [{
            "ref_id": "main-elasticsearch", "id": cluster.id, "region": "us-east-1",
            "info": {"cluster_id": cluster.id, "healthy": true, "status": "started", "metadata": {
                "endpoint": endpoint, "aliased_endpoint": endpoint, "ports": {"http": port, "https": port},
                "service_url": url, "aliased_url": url,
            }},
        }]},
    })
}

/// The body, an object with only these fields. *Unknown*: the answer to a body without a content type. Taken: 415.
fn body(request: &Request<'_, Vendor>, fields: &[&str]) -> Result<Map<String, Value>, Refusal> {
    head::content_type(request.call)
        .map_err(|reason| Refusal::new(415, reason).code("root.unsupported_media_type").wrong())?;
    let body = head::json(request.call).map_err(bad_body)?;
    head::object(&body, "the body", fields).map_err(bad_body).cloned()
}

/// `POST /users/{user_id}/role_assignments`. *Unknown*: the answer to assigning what is assigned. Taken: it is done.
pub(super) fn assign(request: &mut Request<'_, Vendor>) -> Reply {
    change(request, Row::put)
}

/// `DELETE /users/{user_id}/role_assignments`, with a body like the one that assigns. *Unknown*: the answer to taking what
/// is not there. Taken: it is done.
pub(super) fn unassign(request: &mut Request<'_, Vendor>) -> Reply {
    // *Unknown*: what is forced. Taken: nothing.
    request.one_of("force", &["true", "false"])?;
    change(request, Row::remove)
}

/// Changes each assignment in the body, all of which the key may write and the user may have: nothing is done by halves.
fn change(request: &mut Request<'_, Vendor>, change: fn(&Row, &mut Map<String, Value>)) -> Reply {
    let body = body(request, &["platform", "organization", "deployment", "project"])?;
    let rows = assignments::rows(&body)?;
    let user = request.id(0).to_owned();
    for row in &rows {
        authorize(request, row)?;
        member(request, &user, row)?;
    }
    for row in &rows {
        let member = member(request, &user, row)?;
        if !member["role_assignments"].is_object() {
            member["role_assignments"] = json!({});
        }
        if let Some(assignments) = member["role_assignments"].as_object_mut() {
            change(row, assignments);
        }
    }
    ok(json!({}))
}

/// Whether the key may write it. Every resource is looked at; one that does not exist, or is not there any more, cannot be
/// written to.
fn authorize(request: &Request<'_, Vendor>, row: &Row) -> Result<(), Refusal> {
    let (key, world, of) = (key(request)?, &request.tenant.world, &row.organization);
    let is_owner = key.deployments.is_none();
    let allowed = match &row.target {
        Target::Organization | Target::All => is_owner,
        Target::One(id) if row.kind.name == "deployment" => {
            let is_it = |one: &Cluster| one.id == *id && one.organization == *of;
            let found = world.deployments.values().any(is_it);
            found && key.deployments.as_ref().is_none_or(|ids| ids.contains(id))
        }
        Target::One(id) => is_owner && is_project_of(world, id, row.kind.name, of),
    };
    if allowed && key.organizations.contains(of) {
        return Ok(());
    }
    let message = format!("You are not authorized to assign {}", row.role);
    Err(Refusal::new(403, message).code("role_assignments.unauthorized_role_assignments"))
}

/// The user, who must be in the organization of the assignment.
fn member<'r>(
    request: &'r mut Request<'_, Vendor>,
    user: &str,
    row: &Row,
) -> Result<&'r mut Value, Refusal> {
    let org = request.tenant.world.organizations.get_mut(&row.organization);
    let member = org.and_then(|org| org.members.get_mut(user));
    member.ok_or_else(|| {
        Refusal::new(400, format!("User [{user}] cannot have role assignments"))
            .code("role_assignments.invalid_target_user_id")
            .detail(json!(["user_id"]))
    })
}
