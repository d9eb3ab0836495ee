//! The calls of REST: <https://buildkite.com/docs/apis/rest-api>. Only reads: writes are unknown here, above all
//! `DELETE /v2/access-token`, which would revoke the token in use. Scopes are checked before lookups; *unknown* whether
//! the vendor does so too.

use serde_json::{Value, json};

use super::{
    ECHOED_KEY, InvisibleTeam, Options, Organization, Paging, Shift, SsoMode, Team, Teams, Token,
    TokenDates, Vendor, identify, limits, now,
    world::{base64_id, is_uuid},
};
use crate::{
    address::Query,
    kit::Tenant,
    paging,
    refusal::Refusal,
    routes::{self, Desk, Reply, Request, Route, ok, routes},
    server::{Answer, Call},
};

/// What links and addresses in answers begin with: a host that does not exist, so that a client that follows a link as it
/// is, with its token, is found out.
const PUBLIC: &str = "https://api.buildkite.invalid/v2";
/// The parameters of all lists.
const PAGES: [&str; 2] = ["page", "per_page"];
/// The rows of a page without a `per_page`.
const DEFAULT: usize = 30;
/// The most rows of a page.
const MOST: usize = 100;

const ORGANIZATIONS: Option<&str> = Some("read_organizations");
/// The documentation calls the scope of the members of a team `view_teams`, which no token can have.
const TEAMS: Option<&str> = Some("read_teams");
const USER: Option<&str> = Some("read_user");

static ROUTES: &[Route<Vendor>] = routes! {
    GET "/v2/access-token" [] None access_token;
    GET "/v2/user" [] USER user;
    GET "/v2/organizations" PAGES ORGANIZATIONS organizations;
    GET "/v2/organizations/{}/members" PAGES ORGANIZATIONS members;
    GET "/v2/organizations/{}/members/{}" [] ORGANIZATIONS member;
    GET "/v2/organizations/{}/teams" PAGES TEAMS teams;
    GET "/v2/organizations/{}/teams/{}/members" PAGES TEAMS team_members;
};

impl Desk for Vendor {
    type Caller = Token;
    type Need = Option<&'static str>;

    fn routes() -> &'static [Route<Self>] {
        ROUTES
    }

    fn identify(tenant: &Tenant<Self>, call: &Call) -> Result<Token, Refusal> {
        identify(tenant, call)
    }

    fn allow(request: &Request<'_, Self>, need: Self::Need) -> Result<(), Refusal> {
        need.map_or(Ok(()), |scope| request.caller.scope(scope))
    }

    fn unknown(_call: &Call) -> Refusal {
        Refusal::usual(404).wrong()
    }

    fn wrong_method(call: &Call, _allowed: &[&str]) -> Refusal {
        Self::unknown(call)
    }
}

/// Answers a request. *Unknown*: whose budget requests with a bad token use, and whether they are ever limited. Taken:
/// nobody's, and they are not.
pub(super) fn answer(tenant: &mut Tenant<Vendor>, call: &Call) -> Answer {
    let caller = identify(tenant, call).ok();
    let payer = (caller.as_ref(), call.path.split('/').nth(3));
    let now = now(tenant);
    let readings = tenant.meters.spend(limits::REST, &tenant.options, now, payer, 1);
    let passed = match caller {
        Some(_) => limits::check(&readings),
        None => Ok(()),
    };
    let mut answer = routes::answer(tenant, call, passed);
    answer.headers.extend(limits::headers(&readings));
    let shows = |id: &mut String| {
        let mut rows = answer.body.as_array().into_iter().flatten();
        rows.any(|row| row["id"] == **id && row.get("privacy").is_some())
    };
    if let Some(id) = tenant.options.team_vanishes.take_if(shows) {
        for org in tenant.world.organizations.values_mut() {
            org.teams.retain(|team| team.id != id);
        }
    }
    answer
}

/// <https://buildkite.com/docs/apis/rest-api/access-token>
fn access_token(request: &mut Request<'_, Vendor>) -> Reply {
    let (token, world) = (&request.caller, &request.tenant.world);
    let format = match request.tenant.options.token_dates {
        TokenDates::Spaced => "%Y-%m-%d %H:%M:%S UTC",
        TokenDates::Rfc3339 => "%Y-%m-%dT%H:%M:%S.000Z",
    };
    let date = |at: jiff::Timestamp| at.strftime(format).to_string();
    let owner = world.users.get(&token.owner).cloned().unwrap_or_default();
    ok(json!({
        "uuid": token.uuid, "scopes": token.scopes, "description": "C1 Integration",
        "created_at": date(token.created_at), "expires_at": token.expires_at.map(date),
        "user": {"name": owner["name"], "email": owner["email"]},
    }))
}

/// A user: <https://buildkite.com/docs/apis/rest-api/user>
fn user_row(request: &Request<'_, Vendor>, id: &str) -> Option<Value> {
    let user = request.tenant.world.users.get(id)?;
    Some(json!({
        "id": id, "graphql_id": base64_id("User", id), "name": user["name"], "email": user["email"],
        "avatar_url": format!("https://www.gravatar.com/avatar/{}", id.replace('-', "")),
        "created_at": user["created_at"],
    }))
}

fn user(request: &mut Request<'_, Vendor>) -> Reply {
    let row = user_row(request, &request.caller.owner);
    ok(row.ok_or_else(|| Refusal::usual(404))?)
}

/// <https://buildkite.com/docs/apis/rest-api/organizations>
fn organizations(request: &mut Request<'_, Vendor>) -> Reply {
    let (world, token) = (&request.tenant.world, &request.caller);
    let seen = world.organizations.keys().filter_map(|slug| token.organization(world, slug));
    let rows = seen.map(|org| {
        let slug = &org.slug;
        let url = format!("{PUBLIC}/organizations/{slug}");
        json!({
            "id": org.id, "graphql_id": base64_id("Organization", &org.id), "url": url,
            "web_url": format!("https://buildkite.com/{slug}"), "name": org.name, "slug": slug,
            "pipelines_url": format!("{url}/pipelines"), "agents_url": format!("{url}/agents"),
            "emojis_url": format!("{url}/emojis"), "created_at": org.created_at,
        })
    });
    let rows = rows.collect();
    page(request, rows)
}

/// The organization that the path names. *Unknown*: the status if there is none; the text was seen. Taken: 404. *Unknown*
/// too, and not simulated: what those get who may not view its teams and members.
fn viewed<'r>(request: &'r Request<'_, Vendor>) -> Result<&'r Organization, Refusal> {
    let org = request.caller.organization(&request.tenant.world, request.id(0));
    org.ok_or_else(|| Refusal::new(404, "No organization found"))
}

/// *Unknown*: whether a slug is accepted as an id. Taken: only a UUID is.
fn uuid<'r>(request: &'r Request<'_, Vendor>, n: usize) -> Result<&'r str, Refusal> {
    let id = request.id(n);
    match is_uuid(id) {
        true => Ok(id),
        false => Err(Refusal::usual(404).wrong()),
    }
}

/// <https://buildkite.com/docs/apis/rest-api/organizations/members>
fn member_row(request: &Request<'_, Vendor>, org: &Organization, member: &Value) -> Value {
    let (options, caller) = (&request.tenant.options, &request.caller.owner);
    let id = member["user"].as_str().unwrap_or_default();
    let user = request.tenant.world.users.get(id).cloned().unwrap_or_default();
    let mut row = json!({"id": id, "name": user["name"], "email": user["email"]});
    if !options.omit_role {
        row["role"] = member["role"].clone();
    }
    let sees_mode = match options.sso_mode {
        SsoMode::AdminsAndOwn => org.is_admin(caller) || id == caller,
        SsoMode::Everybody => true,
        SsoMode::Nobody => false,
    };
    if sees_mode {
        row["sso_mode"] = member["sso_mode"].clone();
    }
    row
}

fn members(request: &mut Request<'_, Vendor>) -> Reply {
    let org = viewed(request)?;
    let members = org.members.iter();
    let rows = members.map(|member| member_row(request, org, member)).collect();
    page(request, rows)
}

fn member(request: &mut Request<'_, Vendor>) -> Reply {
    let org = viewed(request)?;
    let member = org.member(uuid(request, 1)?);
    let member = member.ok_or_else(|| Refusal::usual(404))?;
    ok(member_row(request, org, member))
}

/// The organization that the path names, for a call about its teams.
fn with_teams<'r>(request: &'r Request<'_, Vendor>) -> Result<&'r Organization, Refusal> {
    let org = viewed(request)?;
    match request.tenant.options.teams {
        Teams::On | Teams::Empty => Ok(org),
        Teams::Forbidden => Err(Refusal::usual(403)),
        Teams::NotFound => Err(Refusal::usual(404)),
    }
}

/// <https://buildkite.com/docs/apis/rest-api/teams>
fn team_row(request: &Request<'_, Vendor>, team: &Team) -> Value {
    let mut row = team.row.clone();
    row["id"] = json!(team.id);
    row["graphql_id"] = json!(base64_id("Team", &team.id));
    let creator = row["created_by"].as_str().and_then(|id| user_row(request, id));
    row["created_by"] = json!(creator);
    match request.tenant.options.team_permissions {
        true => {
            for what in ["pipelines", "suites", "registries"] {
                row[format!("members_can_create_{what}")] = json!(what == "pipelines");
            }
        }
        false => {
            row.as_object_mut().and_then(|row| row.remove("default_member_role"));
        }
    }
    row
}

fn teams(request: &mut Request<'_, Vendor>) -> Reply {
    let org = with_teams(request)?;
    let seen = request.caller.teams(org, &request.tenant.options).into_iter();
    let rows = seen.map(|team| team_row(request, team)).collect();
    page(request, rows)
}

/// <https://buildkite.com/docs/apis/rest-api/teams/members>
fn team_members(request: &mut Request<'_, Vendor>) -> Reply {
    let org = with_teams(request)?;
    let (id, options) = (uuid(request, 1)?, &request.tenant.options);
    let mut seen = request.caller.teams(org, options).into_iter();
    let team = seen.find(|team| team.id == id).ok_or_else(|| {
        let is_there = org.teams.iter().any(|team| team.id == id);
        match options.invisible_team {
            InvisibleTeam::Forbidden if is_there => Refusal::usual(403),
            _ => Refusal::usual(404),
        }
    })?;
    let users = &request.tenant.world.users;
    let rows = team.members.iter().map(|member| {
        let mut row = member.clone();
        let user = users.get(member["user_id"].as_str().unwrap_or_default());
        row["user_name"] = user.map_or(json!(""), |user| user["name"].clone());
        row
    });
    let rows = rows.collect();
    page(request, rows)
}

/// A number that is at least 1. *Unknown*: what others do. Taken: they are refused.
fn number(request: &Request<'_, Vendor>, name: &str, default: usize) -> Result<usize, Refusal> {
    match request.number(name)? {
        Some(0) => Err(Refusal::violation(format!("{name} begins with 1"))),
        number => Ok(number.unwrap_or(default)),
    }
}

/// A page of a list that is in documented order. *Unknown*: a page past the end. Taken: it is empty.
fn page(request: &Request<'_, Vendor>, mut rows: Vec<Value>) -> Reply {
    let options = &request.tenant.options;
    options.ordering.arrange(&mut rows);
    let page = number(request, "page", 1)?;
    let per_page = number(request, "per_page", DEFAULT)?.min(MOST);
    if options.paging == Paging::Ignored {
        return ok(json!(rows));
    }
    let size = options.force_page_size.map_or(per_page, |most| per_page.min(most)).max(1);
    let begun = page.saturating_sub(options.empty_pages).max(1) - 1;
    let (mut from, mut total) = (begun.saturating_mul(size), rows.len());
    match options.shift {
        Shift::Repeats if begun > 0 => (from, total) = (from - 1, total + 1),
        Shift::Skips if begun > 0 => (from, total) = (from + 1, total.saturating_sub(1)),
        _ => {}
    }
    let last = options.empty_pages + total.div_ceil(size).max(1);
    let size = if page > options.empty_pages { size } else { 0 };
    let rows: Vec<Value> = rows.into_iter().skip(from).take(size).collect();
    let mut good = Answer::from(json!(rows));
    let url = |page| page_url(request.call, options, page, per_page);
    let links = [
        ("next", page + 1, page < last),
        ("last", last, page < last),
        ("prev", page.saturating_sub(1), page > 1),
        ("first", 1, page > 1),
    ];
    let links = links.into_iter().filter(|(_, _, is_there)| *is_there);
    let links: Vec<String> =
        links.map(|(rel, page, _)| format!("<{}>; rel=\"{rel}\"", url(page))).collect();
    if options.paging == Paging::Links && !links.is_empty() {
        good.headers.push(("link".to_owned(), links.join(", ")));
    }
    Ok(good)
}

/// The public address of a page of the requested list.
fn page_url(call: &Call, options: &Options, page: usize, per_page: usize) -> String {
    let path = call.path.strip_prefix("/v2").unwrap_or(&call.path);
    let filters = paging::name("", &call.query, &PAGES);
    let filters = filters.trim_start_matches('?');
    let key = if options.links_echo_key { format!("api_key={ECHOED_KEY}&") } else { String::new() };
    let and = if filters.is_empty() { "" } else { "&" };
    format!("{PUBLIC}{path}?{key}page={page}&per_page={per_page}{and}{filters}")
}

/// Makes a list's answer point to the page it is, for ever.
pub(super) fn repeat_page(options: &Options, call: &Call, answer: &mut Answer) {
    if !answer.body.is_array() {
        return;
    }
    let query = Query::parse(&call.query, &PAGES).unwrap_or_default();
    let asked =
        |name, default| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let url = page_url(call, options, asked("page", 1), asked("per_page", DEFAULT));
    answer.headers.retain(|(name, _)| name != "link");
    answer.headers.push(("link".to_owned(), format!("<{url}>; rel=\"next\"")));
}
