//! Confluence Cloud: the REST API, v1 and v2, limited to people, groups, spaces and access.
//!
//! Written from the vendor's public API definitions and documentation, and from what public projects have measured on
//! live sites. Where those are silent, a comment says *unknown* and what is assumed; what a client might guess wrongly
//! is a switch in [`Options`].

mod access;
mod options;
mod people;
mod samples;
mod world;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

pub use options::{Options, RateLimit};
pub use samples::{
    ALL_SCOPES, BEARER_TOKEN, READER_EMAIL, READER_TOKEN, SCOPED_TOKEN, Sizes, TEST_EMAIL,
    TEST_TOKEN,
};
pub use world::{Group, Permission, RoleMode, Space, World};

pub use crate::paging::{EmptyPage, Ordering};
use crate::{
    Configuration, Simulator, head,
    kit::{Api, Tenant},
    paging::Place,
    refusal::{self, Refusal},
    routes::{self, Desk, Reply, Route, ok},
    server::{Answer, Call},
};

/// The vendor.
pub struct Vendor;

/// A running simulator; it stops when dropped.
pub type Confluence = Simulator<Vendor>;

type Request<'a> = routes::Request<'a, Vendor>;

/// The site's address in links, whatever the simulator's own is.
const SITE: &str = "https://acme.atlassian.net";
/// The path of the gateway to all sites.
const GATEWAY: &str = "/ex/confluence/";

impl Confluence {
    /// The site: `http://127.0.0.1:PORT`, with `/wiki/rest/api` and `/wiki/api/v2` below it.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.url()
    }

    /// The gateway to the site, with the same below it: `http://127.0.0.1:PORT/ex/confluence/{cloudId}`.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        let cloud_id = self.with_world(|world| world.cloud_id.clone());
        format!("{}{GATEWAY}{cloud_id}", self.url())
    }
}

/// The account id of a token's owner.
fn owner(token: &Value) -> &str {
    token["owner"].as_str().unwrap_or_default()
}

/// Whether a request is for `/wiki/api/v2`. All that is nothing else belongs to v1.
fn is_v2(call: &Call) -> bool {
    call.path.contains("/wiki/api/v2/")
}

impl Api for Vendor {
    type World = World;
    type Options = Options;
    type Meters = ();

    fn configuration(simulator: &Simulator<Self>) -> Configuration {
        Configuration::new([
            ("domain-url", simulator.base_url()),
            ("username", TEST_EMAIL.to_owned()),
            ("api-key", TEST_TOKEN.to_owned()),
        ])
    }

    fn answer(tenant: &mut Tenant<Self>, call: &Call) -> Answer {
        let mut inner = call.clone();
        let gateway = call.path.strip_prefix(GATEWAY);
        if let Some((site, path)) = gateway.and_then(|rest| rest.split_once('/')) {
            if site != tenant.world.cloud_id {
                let body = json!({
                    "timestamp": Timestamp::now().to_string(), "status": 404, "error": "Not Found", "path": call.path,
                    "message": "No message available",
                });
                return tenant.refuse(call, &Refusal::usual(404).body(body));
            }
            (inner.request.path, inner.host) = (format!("/{path}"), GATEWAY.to_owned());
        }
        let passed = count(tenant, call.running);
        routes::answer(tenant, &inner, passed)
    }

    /// v1 names an exception, v2 has a list of errors. *Unknown*: most names. Taken: those of HTTP.
    fn envelope(_options: &Options, call: &Call, refusal: &Refusal) -> Value {
        let (status, reason) = (refusal.status, refusal.reason.as_str());
        let name = StatusCode::from_u16(status).ok();
        let name = name.and_then(|status| status.canonical_reason());
        let name = name.unwrap_or_default();
        if is_v2(call) {
            // The 404 that does not name what was not found is also the answer to bad credentials.
            let bare = reason == Refusal::usual(404).reason;
            let title = if bare { name } else { reason };
            let code = name.to_uppercase().replace(' ', "_");
            return json!({"errors": [{"status": status, "code": code, "title": title, "detail": null}]});
        }
        let exception = format!("{}Exception", name.replace(' ', ""));
        json!({
            "statusCode": status, "data": {"authorized": true, "valid": true, "errors": [], "successful": true},
            "message": format!("com.atlassian.confluence.api.service.exceptions.{exception}: {reason}"),
        })
    }

    /// Cursors of v2 are hexadecimal, so that there is nothing to decode.
    fn cursor(call: &Call) -> Option<String> {
        let mut pairs = call.query.split('&');
        let cursor = pairs.find_map(|pair| pair.strip_prefix("cursor="));
        cursor.map(str::to_owned)
    }

    /// *Unknown*: the vendor's text.
    fn stale_cursor() -> Refusal {
        Refusal::new(400, "The provided cursor is invalid")
    }

    fn repeat_cursor(_options: &Options, call: &Call, answer: &mut Answer) {
        repeat(call, answer);
    }
}

/// Refuses a request that arrived when more than may be were under way.
fn count(tenant: &Tenant<Vendor>, running: usize) -> Result<(), Refusal> {
    let limit = tenant.options.rate_limit.as_ref();
    let Some(limit) = limit.filter(|limit| running > limit.most) else {
        return Ok(());
    };
    // `2026-09-01T10:00Z`, the next minute if need be.
    let free = tenant.clock.now().as_second() + limit.retry_after as i64;
    let reset = Timestamp::from_second((free + 59) / 60 * 60).unwrap_or(Timestamp::MAX);
    Err(Refusal::new(429, "Rate limit exceeded")
        .header("retry-after", limit.retry_after)
        .header("ratelimit-reason", "conf-global-based")
        .header("x-ratelimit-reset", reset.strftime("%Y-%m-%dT%H:%MZ")))
}

/// The call with which a client finds the gateway: it needs no credentials and no header.
const TENANT_INFO: &str = "/_edge/tenant_info";

/// Each with its parameters, and the scopes that it needs: one of several sets of them.
static ROUTES: &[Route<Vendor>] = routes::routes! {
    GET "/_edge/tenant_info" [] "" cloud_id;
    GET "/wiki/rest/api/user" ["accountId"] "read:confluence-user | read:content-details:confluence" people::user;
    GET "/wiki/rest/api/user/current" ["expand"] "read:confluence-user | read:content-details:confluence" people::current;
    GET "/wiki/rest/api/user/memberof" ["accountId", "start", "limit", "next"] "read:confluence-groups | read:group:confluence read:user:confluence" people::groups_of_user;
    GET "/wiki/rest/api/search/user" ["cql", "start", "limit", "cursor", "sitePermissionTypeFilter"] "read:content-details:confluence" people::search;
    GET "/wiki/rest/api/group" ["start", "limit", "next"] "read:confluence-groups | read:group:confluence" people::groups;
    GET "/wiki/rest/api/group/by-id" ["id"] "read:confluence-groups | read:group:confluence" people::group;
    GET "/wiki/rest/api/group/{}/membersByGroupId" ["start", "limit", "next"] "read:confluence-groups | read:group:confluence read:user:confluence" people::members;
    POST "/wiki/rest/api/group/userByGroupId" ["groupId"] "write:confluence-groups | write:group:confluence" people::add_member;
    DELETE "/wiki/rest/api/group/userByGroupId" ["groupId", "accountId"] "write:confluence-groups | write:group:confluence" people::remove_member;
    POST "/wiki/rest/api/space/{}/permission" [] "read:space.permission:confluence write:space.permission:confluence" access::grant;
    DELETE "/wiki/rest/api/space/{}/permission/{}" [] "write:space.permission:confluence" access::revoke;
    POST "/wiki/api/v2/users-bulk" [] "read:user:confluence" people::users_bulk;
    GET "/wiki/api/v2/spaces" ["cursor", "limit"] "read:space:confluence" access::spaces;
    GET "/wiki/api/v2/spaces/{}" [] "read:space:confluence" access::space;
    GET "/wiki/api/v2/spaces/{}/permissions" ["cursor", "limit"] "read:space:confluence" access::permissions;
    GET "/wiki/api/v2/space-role-mode" [] "read:configuration:confluence" access::mode;
    GET "/wiki/api/v2/space-roles" ["cursor", "limit"] "read:space.permission:confluence" access::roles;
    GET "/wiki/api/v2/spaces/{}/role-assignments" ["cursor", "limit"] "read:space.permission:confluence" access::assignments;
    POST "/wiki/api/v2/spaces/{}/role-assignments" [] "write:space.permission:confluence" access::assign;
};

impl Desk for Vendor {
    /// The row of the token.
    type Caller = Value;
    type Need = &'static str;
    const HEADERS: &'static [&'static str] = &["x-atlassian-token"];

    fn routes() -> &'static [Route<Self>] {
        ROUTES
    }

    /// Bad, revoked and absent credentials are all the same to the client: 403 in v1, 404 in v2.
    fn identify(tenant: &Tenant<Self>, call: &Call) -> Result<Value, Refusal> {
        if call.path == TENANT_INFO {
            return Ok(Value::Null);
        }
        let bad = match call.path.as_str() {
            _ if is_v2(call) => Refusal::usual(404),
            "/wiki/rest/api/user/current" => Refusal::new(403, "caller cannot access Confluence"),
            _ => Refusal::new(403, "Current user not permitted to use Confluence"),
        };
        let sent = call.header("authorization").unwrap_or_default();
        if !sent.starts_with("Basic ") && !sent.starts_with("Bearer ") {
            return Err(bad.wrong());
        }
        let mut tokens = tenant.world.tokens.iter();
        let token = tokens.find(|(secret, _)| tenant.world.header(secret).as_deref() == Some(sent));
        let (_, token) = token.ok_or(bad)?;
        match token["scopes"].is_string() && call.host != GATEWAY {
            true => Err(Refusal::usual(401).body(refusal::page(401))),
            false => Ok(token.clone()),
        }
    }

    /// Writes of v1 must state that they do not come from a browser page. *Unknown*: the answer to a client that does
    /// not take JSON. Taken: 406.
    fn check(_tenant: &Tenant<Self>, call: &Call) -> Result<(), Refusal> {
        if call.path == TENANT_INFO {
            return Ok(());
        }
        head::accept(call).map_err(|reason| Refusal::new(406, reason).wrong())?;
        let said = call.header("x-atlassian-token").unwrap_or_default();
        if !is_v2(call) && call.method != "GET" && !said.eq_ignore_ascii_case("no-check") {
            return Err(Refusal::new(403, "XSRF check failed").wrong());
        }
        match call.method.as_str() {
            "POST" => head::content_type(call).map_err(|reason| Refusal::new(415, reason).wrong()),
            _ => Ok(()),
        }
    }

    fn allow(request: &Request, need: &'static str) -> Result<(), Refusal> {
        let scopes = request.caller["scopes"].as_str();
        let has = |scope| scopes.is_none_or(|scopes| access::is_among(scopes, scope));
        if need.split('|').any(|set| set.split_whitespace().all(has)) {
            return Ok(());
        }
        let body = json!({"code": 401, "message": "Unauthorized; scope does not match"});
        let refusal = Refusal::usual(401).body(body);
        Err(refusal.header("x-failure-category", "FAILURE_CLIENT_SCOPE_CHECK"))
    }
}

fn cloud_id(request: &mut Request) -> Reply {
    ok(json!({"cloudId": request.tenant.world.cloud_id}))
}

fn is_search(call: &Call) -> bool {
    call.path.ends_with("/search/user")
}

/// A page of a list that is in documented order. A page of the search never has more than 100 rows, and nothing marks
/// the end.
fn page<T>(request: &Request, mut items: Vec<T>, row: impl Fn(T) -> Value) -> Reply {
    let (call, options, v2) = (request.call, &request.tenant.options, is_v2(request.call));
    let (default, most, by_cursor, empty) = match v2 {
        true => (25, 250, true, options.v2_empty_page),
        false if is_search(call) => (25, usize::MAX, options.search_by_cursor, EmptyPage::Never),
        false => (200, 200, false, options.v1_empty_page),
    };
    let limit = request.up_to("limit", most)?.unwrap_or(default);
    let start = request.number("start")?.unwrap_or_default();
    let linked = request.query.get("next").is_some() || start > 0;
    let from = match request.query.get("cursor").map(Place::read) {
        None => (linked && !by_cursor).then_some(start),
        // Without a link that has one, there is none.
        Some(_) if !by_cursor => return Err(Refusal::violation("unknown query parameter cursor")),
        Some(None) => return Err(Vendor::stale_cursor()),
        Some(Some(place)) if place.list == call.path => Some(place.offset),
        Some(_) => return Err(Refusal::violation("the cursor belongs to another list")),
    };
    options.ordering.arrange(&mut items);
    let size = options.force_page_size.unwrap_or(limit).clamp(1, limit);
    let size = if is_search(call) { size.min(100) } else { size };
    let stuck = options.stuck_list.unwrap_or("-");
    let (rows, next) = match call.path.ends_with(stuck) {
        true => (items, Some(from.unwrap_or_default() + size)),
        false => empty.cut(items, from, size),
    };
    let is_shown = |row: &Value| {
        let id = row["accountId"].as_str().or(row["id"].as_str());
        v2 || id.is_none_or(|id| !options.v1_left_out.contains(id))
    };
    let rows = rows.into_iter().take(size).map(row);
    let rows: Vec<Value> = rows.filter(is_shown).collect();
    let (base, this) = (format!("{SITE}/wiki"), format!("{SITE}{}", call.path));
    let mut good = Answer::from(match v2 {
        true => json!({"results": rows, "_links": {"base": base}}),
        false => json!({
            "start": start, "limit": limit, "size": rows.len(), "results": rows,
            "_links": {"base": base, "context": "/wiki", "self": this},
        }),
    });
    if let Some(next) = next.filter(|_| by_cursor || !is_search(call)) {
        link(call, by_cursor, (&mut good.body, &mut good.headers), next);
    }
    Ok(good)
}

type Page<'a> = (&'a mut Value, &'a mut Vec<(String, String)>);

/// Makes the page lead to another one. Links do not know of the gateway, and those of v1 are relative to `/wiki`.
fn link(call: &Call, by_cursor: bool, (body, headers): Page, next: usize) {
    let path = &call.path[call.path.find("/wiki/").unwrap_or_default()..];
    let moving: &[&str] = match by_cursor {
        true => &["cursor="],
        false => &["next=", "limit=", "start="],
    };
    let pairs = call.query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.filter(|pair| !moving.iter().any(|name| pair.starts_with(name)));
    let kept: String = pairs.map(|pair| format!("{pair}&")).collect();
    let mut place = Place::beginning(path.to_owned());
    place.offset = next;
    let (cursor, limit) = (place.write(), &body["limit"]);
    let link = match by_cursor {
        true => format!("{path}?{kept}cursor={cursor}"),
        false => format!("{path}?{kept}next=true&limit={limit}&start={next}"),
    };
    let v1 = link.strip_prefix("/wiki").filter(|_| !is_v2(call));
    body["_links"]["next"] = json!(v1.unwrap_or(&link));
    if v1.is_none() {
        headers.retain(|(name, _)| name != "link");
        headers.push(("link".to_owned(), format!("<{link}>; rel=\"next\"")));
    }
}

/// Makes a list's answer lead to the page it is, for ever. Search has no `next` to do it with.
fn repeat(call: &Call, answer: &mut Answer) {
    if call.method == "GET" && answer.body["results"].is_array() && !is_search(call) {
        let cursor = Vendor::cursor(call).and_then(|cursor| Place::read(&cursor));
        let start = answer.body["start"].as_u64().unwrap_or_default() as usize;
        let here = cursor.map_or(start, |place| place.offset);
        let page = (&mut answer.body, &mut answer.headers);
        link(call, is_v2(call), page, here);
    }
}
