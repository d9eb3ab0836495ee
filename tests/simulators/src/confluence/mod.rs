//! Confluence Cloud: the REST API, v1 and v2, as far as people, groups, spaces and access go.
//!
//! Written from the vendor's public API definitions and documentation, and from what public projects have measured on
//! live sites. Where those are silent a comment says *unknown* and which side is taken; what a client might get wrong
//! by guessing is a switch in [`Options`].

mod access;
mod options;
mod pages;
mod people;
mod samples;
mod world;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

pub use options::{EmptyPage, Options, RateLimit};
pub use samples::{
    ALL_SCOPES, BEARER_TOKEN, READER_EMAIL, READER_TOKEN, SCOPED_TOKEN, Sizes, TEST_EMAIL,
    TEST_TOKEN,
};
pub use world::{Group, Permission, RoleMode, Space, Token, User, World};

pub use crate::paging::Ordering;
use crate::{
    Simulator,
    clock::{Window, whole_seconds},
    head,
    kit::{Api, Tenant},
    refusal::{self, Refusal},
    routes::{self, Desk, Reply, Route, ok},
    server::{Answer, Call},
};

/// The vendor.
pub struct Vendor;

/// A running simulator; it stops when dropped.
pub type Confluence = Simulator<Vendor>;

type Request<'a> = routes::Request<'a, Vendor>;

/// The site's address as links show it, whatever the simulator's own is.
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

    /// Who has what: [`World::access_view`].
    #[must_use]
    pub fn access_view(&self) -> Value {
        self.with_world(|world| world.access_view())
    }
}

/// The part of a path that is the same on the site and behind the gateway.
fn on_site(path: &str) -> &str {
    &path[path.find("/wiki/").unwrap_or_default()..]
}

/// Whether a request is for `/wiki/api/v2`. All that is nothing else belongs to v1.
fn is_v2(call: &Call) -> bool {
    on_site(&call.path).starts_with("/wiki/api/v2/")
}

impl Api for Vendor {
    type World = World;
    type Options = Options;
    type Meters = Window;

    fn answer(tenant: &mut Tenant<Self>, call: &Call) -> Answer {
        if let Err(refusal) = count(tenant, call.running) {
            return tenant.refuse(call, &refusal);
        }
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
            (inner.path, inner.host) = (format!("/{path}"), GATEWAY.to_owned());
        }
        routes::answer(tenant, &inner)
    }

    /// v1 names an exception, v2 has a list of errors. *Unknown*: most names. Taken: those of HTTP.
    fn envelope(_options: &Options, call: &Call, refusal: &Refusal) -> Value {
        let (status, reason) = (refusal.status, refusal.reason.as_str());
        let name = StatusCode::from_u16(status).ok();
        let name = name.and_then(|status| status.canonical_reason());
        let name = name.unwrap_or_default();
        if is_v2(call) {
            // The 404 that does not say what was not found is also the answer to bad credentials.
            let bare = reason == Refusal::usual(404).reason;
            let title = if bare { name } else { reason };
            let code = name.to_uppercase().replace(' ', "_");
            return json!({"errors": [{"status": status, "code": code, "title": title, "detail": null}]});
        }
        let authorized = status != 401 && refusal.code != STRANGER;
        let exception = match status {
            403 => "PermissionException".to_owned(),
            _ => format!("{}Exception", name.replace(' ', "")),
        };
        json!({
            "statusCode": status,
            "data": {"authorized": authorized, "valid": true, "errors": [], "successful": authorized},
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
        pages::repeat(call, answer);
    }
}

/// Counts a request that arrived when so many were under way.
fn count(tenant: &mut Tenant<Vendor>, running: usize) -> Result<(), Refusal> {
    let (now, date) = (tenant.clock.running(), tenant.clock.now().as_second());
    let refused = |wait: u64, reason: &str| {
        // `2026-09-01T10:00Z`, the next minute if need be.
        let reset = Timestamp::from_second((date + wait as i64 + 59) / 60 * 60);
        let reset = reset.unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%MZ");
        let refusal = Refusal::new(429, "Rate limit exceeded");
        let refusal = refusal.header("retry-after", wait);
        let refusal = refusal.header("ratelimit-reason", reason);
        Err(refusal.header("x-ratelimit-reset", reset))
    };
    match tenant.options.rate_limit {
        Some(RateLimit::Concurrency { most, retry_after }) if running > most => {
            refused(retry_after, "conf-global-based")
        }
        Some(RateLimit::Budget {
            requests,
            window,
            forgive_after,
        }) => {
            let meter = &mut tenant.meters;
            meter.open(now, window, forgive_after);
            let wait = whole_seconds(meter.left(now, window)).max(1);
            match meter.spend(1, requests as u64) {
                true => Ok(()),
                false => refused(wait, "confluence-quota-tenant-based"),
            }
        }
        _ => Ok(()),
    }
}

/// Where a client finds the gateway: no credentials are needed, and no header.
const TENANT_INFO: &str = "/_edge/tenant_info";
/// What marks the refusal of bad credentials in v1.
const STRANGER: &str = "stranger";

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
    type Caller = Token;
    type Need = &'static str;
    const HEADERS: &'static [&'static str] = &["x-atlassian-token"];

    fn routes() -> &'static [Route<Self>] {
        ROUTES
    }

    /// Bad, revoked and absent credentials are all the same to the client: 403 in v1, 404 in v2.
    fn identify(tenant: &Tenant<Self>, call: &Call) -> Result<Token, Refusal> {
        if call.path == TENANT_INFO {
            return Ok(Token::default());
        }
        let stranger = |reason| Refusal::new(403, reason).code(STRANGER);
        let bad = match call.path.as_str() {
            _ if is_v2(call) => Refusal::usual(404),
            "/wiki/rest/api/user/current" => stranger("caller cannot access Confluence"),
            _ => stranger("Current user not permitted to use Confluence"),
        };
        let (bearer, basic) = (head::bearer(call), head::basic(call));
        if bearer.is_none() && basic.is_none() {
            return Err(bad.wrong());
        }
        let is_sent = |token: &&Token, owner: &User| match &basic {
            None => token.bearer && bearer == Some(&token.secret),
            Some((email, secret)) => {
                let own = owner.row["email"].as_str().unwrap_or_default();
                !token.bearer && *secret == token.secret && email.eq_ignore_ascii_case(own)
            }
        };
        let mut tokens = tenant.world.tokens.iter();
        let token = tokens.find(|token| {
            let owner = tenant.world.users.get(&token.owner);
            let owner = owner.filter(|owner| owner.status == "active" && owner.licensed);
            owner.is_some_and(|owner| is_sent(token, owner))
        });
        let token = token.ok_or(bad)?;
        match token.scopes.is_some() && call.host != GATEWAY {
            true => Err(Refusal::usual(401).body(refusal::page(401))),
            false => Ok(token.clone()),
        }
    }

    /// Writes of v1 must say that they do not come from a page in a browser. *Unknown*: the answer to a client that does
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
        let scopes = request.caller.scopes.as_ref();
        let has = |scope| scopes.is_none_or(|scopes| scopes.contains(scope));
        if need.split('|').any(|set| set.split_whitespace().all(has)) {
            return Ok(());
        }
        let body = json!({"code": 401, "message": "Unauthorized; scope does not match"});
        let refusal = Refusal::usual(401).body(body);
        Err(refusal.header("x-failure-category", "FAILURE_CLIENT_SCOPE_CHECK"))
    }

    /// *Unknown*: the answer to an address that means nothing. Taken: 404, in v2 the one that says nothing.
    fn unknown(call: &Call) -> Refusal {
        match is_v2(call) {
            true => Refusal::usual(404).wrong(),
            false => Refusal::new(404, format!("null for uri: {}", call.path)).wrong(),
        }
    }
}

fn cloud_id(request: &mut Request) -> Reply {
    ok(json!({"cloudId": request.tenant.world.cloud_id}))
}
