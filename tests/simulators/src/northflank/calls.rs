//! The calls: <https://northflank.com/docs/v1/api/org>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Both, Denial, Permission, SINCE, Vendor,
    world::{Group, Role, Token, World, text},
};
use crate::{
    head,
    kit::{Api, Tenant},
    paging::{self, Place, with_id},
    refusal::Refusal,
    routes::{Desk, Reply, Request, Route, ok, routes},
    server::Call,
};

/// The parameters of pages.
pub(super) const PAGES: [&str; 3] = ["per_page", "page", "cursor"];
/// The parameters of the list of who holds a role.
pub(super) const HOLDERS: [&str; 5] = ["per_page", "page", "cursor", "type", "userIds*"];
/// The most rows of a page.
const MOST: usize = 100;
/// The rows of a page without a `per_page`.
const DEFAULT: usize = 50;

const MEMBERS: Option<Permission> = Some(Permission::MembersRead);
const ROLES: Option<Permission> = Some(Permission::RolesRead);

static ROUTES: &[Route<Vendor>] = routes! {
    GET "/v1/auth" [] None describe_token;
    GET "/v1/org-members" PAGES MEMBERS list_members;
    GET "/v1/org-roles" PAGES ROLES list_roles;
    GET "/v1/org-roles/{}" [] ROLES role;
    GET "/v1/org-roles/{}/members" HOLDERS ROLES list_holders;
    GET "/v1/directory-groups" PAGES ROLES list_groups;
    GET "/v1/directory-groups/{}/members" PAGES MEMBERS list_in_group;
};

impl Desk for Vendor {
    type Caller = Token;
    type Need = Option<Permission>;

    fn routes() -> &'static [Route<Self>] {
        ROUTES
    }

    /// Unknown, expired and revoked tokens are all the same to the client.
    fn identify(tenant: &Tenant<Self>, call: &Call) -> Result<Token, Refusal> {
        let sent = head::bearer(call).ok_or_else(|| Refusal::usual(401).wrong())?;
        let now = tenant.clock.now();
        let known = tenant.world.tokens.iter().find(|token| token.value == sent);
        let valid = known.filter(|token| token.expires_at.is_none_or(|end| now < end));
        valid.cloned().ok_or_else(|| Refusal::usual(401))
    }

    /// *Unknown*: the answers to a client that does not take JSON, and to one without `Content-Type`. Taken: 406 and
    /// 415.
    fn check(_tenant: &Tenant<Self>, call: &Call) -> Result<(), Refusal> {
        head::accept(call).map_err(|reason| Refusal::new(406, reason).wrong())?;
        head::content_type(call).map_err(|reason| Refusal::new(415, reason).wrong())
    }

    fn allow(request: &Request<'_, Self>, need: Self::Need) -> Result<(), Refusal> {
        let (options, token) = (&request.tenant.options, &request.caller);
        let denial = match need {
            Some(_) if token.team.is_some() => options.team_token,
            Some(permission) if !token.permissions.contains(&permission) => options.no_permission,
            _ => return Ok(()),
        };
        Err(Refusal::usual(match denial {
            Denial::Forbidden => 403,
            Denial::Unauthorized => 401,
            Denial::NotFound => 404,
        }))
    }
}

/// <https://northflank.com/docs/v1/api/miscellaneous/auth>. *Unknown*: the form of permissions. Taken: the lists are
/// empty, so that no client relies on them.
fn describe_token(request: &mut Request<'_, Vendor>) -> Reply {
    // A client may well ask whether there is such a call.
    if !request.tenant.options.auth {
        return Err(Refusal::usual(404));
    }
    let (world, token) = (&request.tenant.world, &request.caller);
    let kind = if token.team.is_some() { "team" } else { "org" };
    let (id, uid) = (&world.organization_id, &world.organization_uid);
    let mut data = json!({
        "tokenKind": "api", "id": token.name.to_lowercase().replace(' ', "-"), "name": token.name,
        "permissions": {"orgScope": [], "teamScope": [], "projectScope": []},
        "creatorEmail": "it@acme.test", "createdAt": SINCE, "entityId": id, "entityUid": uid, "entityType": kind,
        "role": {"name": "Auditor", "roleId": "auditor", "roleType": kind, "entityType": kind},
    });
    if let Some(team) = &token.team {
        data["orgId"] = json!(id);
        data["orgUid"] = json!(uid);
        data["entityId"] = json!(team);
        data["entityUid"] = json!("64b0c0ffee64b0c0ffee64b1");
    }
    if let Some(end) = token.expires_at {
        data["expiresAt"] = json!(end.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string());
    }
    ok(json!({ "data": data }))
}

fn list_members(request: &mut Request<'_, Vendor>) -> Reply {
    let members = request.tenant.world.members.iter();
    let rows = members.map(|(id, member)| with_id(id, member)).collect();
    page(request, "members", rows)
}

/// Roles without their `permissions`, which are only in the call for one alone.
fn list_roles(request: &mut Request<'_, Vendor>) -> Reply {
    let roles = request.tenant.world.roles.iter();
    let rows = roles.map(|(id, role)| with_id(id, &role.row)).collect();
    page(request, "roles", rows)
}

fn find<'w>(world: &'w World, id: &str) -> Result<&'w Role, Refusal> {
    let role = world.roles.get(id);
    role.ok_or_else(|| Refusal::new(404, "role not found"))
}

/// *Unknown*: the names of permissions. Taken: none.
fn role(request: &mut Request<'_, Vendor>) -> Reply {
    let id = request.id(0);
    let mut row = with_id(id, &find(&request.tenant.world, id)?.row);
    row["permissions"] = json!({"orgScope": [], "teamScope": [], "projectScope": []});
    ok(json!({ "data": row }))
}

/// *Unknown*: what `type` finds of those who hold a role in both ways. Taken: the rows that are listed with that type.
fn list_holders(request: &mut Request<'_, Vendor>) -> Reply {
    let kind = request.one_of("type", &["explicit", "implicit"])?;
    let wanted: BTreeSet<&str> = request.query.all("userIds").collect();
    let (world, both) = (&request.tenant.world, request.tenant.options.both);
    let mut rows = Vec::new();
    for (id, holding) in world.holders(find(world, request.id(0))?) {
        if !wanted.is_empty() && !wanted.contains(id) {
            continue;
        }
        let listed: &[&str] = match (holding.explicit, holding.implicit.is_some(), both) {
            (true, false, _) | (true, true, Both::Explicit) => &["explicit"],
            (true, true, Both::TwoRows) => &["explicit", "implicit"],
            (false, _, _) | (true, true, Both::Implicit) => &["implicit"],
        };
        for listed in listed.iter().filter(|listed| kind.is_none_or(|kind| kind == **listed)) {
            let mut row = with_id(id, &world.person(id, holding));
            row["type"] = Value::from(*listed);
            rows.push(row);
        }
    }
    page(request, "members", rows)
}

fn list_groups(request: &mut Request<'_, Vendor>) -> Reply {
    let groups = request.tenant.world.groups.iter();
    let listed = groups.filter(|(_, group)| group.listed);
    let mut rows: Vec<Value> = listed.map(|(id, group)| with_id(id, &group.row)).collect();
    if request.tenant.options.paged_groups {
        return page(request, "directoryGroups", rows);
    }
    if !request.call.query.is_empty() {
        return Err(Refusal::violation("the list of groups has no parameters"));
    }
    request.tenant.options.ordering.arrange(&mut rows);
    ok(json!({"data": {"directoryGroups": rows}}))
}

fn list_in_group(request: &mut Request<'_, Vendor>) -> Reply {
    let group = request.tenant.world.listed_group(request.id(0));
    let group = group.ok_or_else(|| Refusal::new(404, "directory group not found"))?;
    let mut rows = group.members.clone();
    rows.sort_by_key(|row| (row["id"].is_null(), text(row, "id").to_owned()));
    page(request, "members", rows)
}

/// Full of signs that mean something in a query, so that a client that does not escape it is found out.
pub(super) fn cursor(place: &Place) -> String {
    format!("nf+/{}==", place.write())
}

/// A page of a list that is in documented order: <https://northflank.com/docs/v1/api/use-the-api>.
fn page(request: &mut Request<'_, Vendor>, field: &str, rows: Vec<Value>) -> Reply {
    let size = request.up_to("per_page", MOST)?.unwrap_or(DEFAULT);
    let mut common = request.tenant.options.common.clone();
    let size = common.force_page_size.unwrap_or(size);
    let place = place(request, size)?;
    if request.query.get("page").is_some() {
        // A client that uses page numbers has no cursor to distinguish empty pages.
        common.empty_pages = 0;
    }
    let (rows, next) = place.cut(rows, size, &common);
    let mut pagination = json!({"hasNextPage": next.is_some(), "count": rows.len()});
    if let Some(next) = next {
        pagination["cursor"] = Value::from(cursor(&next));
    }
    ok(json!({"data": {field: rows}, "pagination": pagination}))
}

/// The beginning of the requested page.
fn place(request: &Request<'_, Vendor>, size: usize) -> Result<Place, Refusal> {
    let list = paging::name(&request.call.path, &request.call.query, &PAGES);
    match (request.number("page")?, request.query.get("cursor")) {
        (Some(0), _) => Err(Refusal::violation("page begins with 1")),
        (Some(_), Some(_)) => Err(Refusal::violation("page and cursor are given")),
        (page, None) => {
            let offset = (page.unwrap_or(1) - 1).saturating_mul(size);
            Ok(Place { offset, ..Place::beginning(list) })
        }
        (None, Some(text)) => {
            // Whatever the simulator gives away it can read: the client has changed this one.
            let text = text.strip_prefix("nf+/").and_then(|text| text.strip_suffix("=="));
            let place = text.and_then(Place::read);
            let place = place.ok_or_else(|| Vendor::stale_cursor().wrong())?;
            match place.list == list {
                true => Ok(place),
                false => Err(Refusal::violation("cursor belongs to another list")),
            }
        }
    }
}

/// The way in which somebody has a role.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holding<'w> {
    /// Given by hand.
    pub(super) explicit: bool,
    /// Through a linked group, as the first of these has them.
    pub(super) implicit: Option<&'w Value>,
}

impl World {
    /// Everybody who holds the role, by id: never kept, always worked out. People without an account hold nothing.
    pub(super) fn holders<'w>(&'w self, role: &'w Role) -> BTreeMap<&'w str, Holding<'w>> {
        let mut holders: BTreeMap<&str, Holding<'_>> = BTreeMap::new();
        for id in &role.explicit {
            holders.entry(id).or_default().explicit = true;
        }
        let groups = role.linked().filter_map(|id| self.groups.get(id));
        for member in groups.flat_map(|group: &Group| &group.members) {
            if let Some(id) = member["id"].as_str() {
                let holding = holders.entry(id).or_default();
                holding.implicit.get_or_insert(member);
            }
        }
        holders
    }

    /// A holder of a role. *Unknown*: whether people outside the organization are listed. Taken: they are, with their
    /// group's data about them.
    fn person(&self, id: &str, holding: Holding<'_>) -> Value {
        let stranger = || {
            let seen = holding.implicit.cloned().unwrap_or_else(|| json!({}));
            let emails = seen["emails"].as_array().into_iter().flatten();
            let emails: Vec<Value> = emails.map(|email| json!({"address": email})).collect();
            let mut row = json!({"emails": emails});
            if seen["name"].is_string() {
                row["name"] = seen["name"].clone();
            }
            row
        };
        self.members.get(id).cloned().unwrap_or_else(stranger)
    }
}
