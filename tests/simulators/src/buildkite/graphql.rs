//! The one GraphQL query that there is: the teams of an organization with who is in them
//! (<https://buildkite.com/docs/apis/graphql-api>). It is compared, not understood: any other query is a violation.

use serde_json::{Map, Value, json};

use super::{Token, Vendor, identify, limits, now};
use crate::{
    head,
    kit::Tenant,
    paging::Place,
    refusal::Refusal,
    server::{Answer, Call},
};

/// The query, from the vendor's schema, with single spaces between its words.
const QUERY: &str = "query($slug: ID!, $first: Int!, $after: String, $members: Int!) { organization(slug: $slug) \
    { teams(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node { uuid \
    members(first: $members) { pageInfo { hasNextPage } edges { node { role user { uuid name } } } } } } } } }";
/// With it a query is told what it cost.
const STATS: &str = "buildkite-include-query-stats";
/// The most rows of a list.
const MOST: u64 = 500;
/// The most complexity a query may ask for.
const MAX_COMPLEXITY: u64 = 50_000;

/// Answers a request. *Unknown*: what queries cost that are refused. Taken: nothing.
pub(super) fn answer(tenant: &mut Tenant<Vendor>, call: &Call) -> Answer {
    let caller = identify(tenant, call);
    let payer = (caller.as_ref().ok(), None);
    let now = now(tenant);
    let readings = tenant.meters.spend(limits::GRAPHQL, &tenant.options, now, payer, 0);
    let reply = caller.as_ref().map_err(Clone::clone).and_then(|caller| {
        limits::check(&readings)?;
        carry_out(tenant, call, caller)
    });
    let (mut answer, points) = reply.unwrap_or_else(|refusal| (tenant.refuse(call, &refusal), 0));
    let readings = tenant.meters.spend(limits::GRAPHQL, &tenant.options, now, payer, points);
    answer.headers.extend(limits::headers(&readings));
    answer
}

/// An error in a query, which is a 200 all the same.
fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::new(200, message).wrong()
}

/// What the variables of the query are.
struct Variables {
    slug: String,
    first: u64,
    after: Option<String>,
    members: u64,
}

/// The answer, and the points that it takes.
fn carry_out(
    tenant: &Tenant<Vendor>,
    call: &Call,
    caller: &Token,
) -> Result<(Answer, u64), Refusal> {
    head::headers(call, &[STATS], &tenant.options.extra_headers)?;
    head::accept(call).map_err(|reason| Refusal::new(406, reason).wrong())?;
    if call.method != "POST" || !call.query.is_empty() {
        return Err(Refusal::usual(404).wrong());
    }
    // *Unknown*: the answer to a body without a content type. Taken: 415.
    head::content_type(call).map_err(|reason| Refusal::new(415, reason).wrong())?;
    caller.scope("graphql")?;
    let variables = variables(call)?;
    // An object is one point and a plain value none; `edges` is one point however many there are, and what is in each
    // counts for each: <https://buildkite.com/docs/apis/graphql/graphql-resource-limits>.
    let requested = 4 + variables.first * (4 + 2 * variables.members);
    if requested > MAX_COMPLEXITY {
        return Err(wrong(format!(
            "Query has complexity of {requested}, which exceeds max complexity of {MAX_COMPLEXITY}"
        )));
    }
    let (organization, points) = organization(tenant, caller, &variables)?;
    let mut body = json!({"data": {"organization": organization}});
    if call.header(STATS) == Some("true") {
        body["stats"] = json!({"requestedComplexity": requested, "actualComplexity": points});
    }
    let headers = [("requested", requested), ("actual", points)];
    let headers = headers.map(|(name, n)| (format!("ratelimit-complexity-{name}"), n.to_string()));
    let answer = Answer { status: 200, headers: headers.into(), body, violations: Vec::new() };
    Ok((answer, points))
}

fn variables(call: &Call) -> Result<Variables, Refusal> {
    let body = head::json(call)?;
    let body = head::object(&body, "the body", &["query", "variables"])?;
    let query = head::text(body, "the body", "query")?;
    if query.split_whitespace().collect::<Vec<_>>().join(" ") != QUERY {
        return Err(wrong(format!("this is not the query that is known here: {query}")));
    }
    let given = &body.get("variables").cloned().unwrap_or_default();
    let known = ["slug", "first", "after", "members"];
    let given: &Map<String, Value> = head::object(given, "variables", &known).map_err(wrong)?;
    let number = |name: &str| {
        let number = given.get(name).and_then(Value::as_u64);
        // *Unknown*: what becomes of a `first` out of range. Taken: an error.
        let number = number.filter(|number| (1..=MOST).contains(number));
        number.ok_or_else(|| wrong(format!("Variable ${name} was provided invalid value")))
    };
    let after = match given.get("after") {
        None | Some(Value::Null) => None,
        Some(Value::String(cursor)) => Some(cursor.clone()),
        Some(_) => return Err(wrong("Variable $after was provided invalid value")),
    };
    Ok(Variables {
        slug: head::text(given, "variables", "slug").map_err(wrong)?.to_owned(),
        first: number("first")?,
        after,
        members: number("members")?,
    })
}

/// The organization, and the points of it. Enumerated values are in capitals here. *Unknown*: whether one that is not there
/// is an error, or null. Taken: an error.
fn organization(
    tenant: &Tenant<Vendor>,
    caller: &Token,
    variables: &Variables,
) -> Result<(Value, u64), Refusal> {
    let options = &tenant.options;
    let org = caller.organization(&tenant.world, &variables.slug);
    let org = org.ok_or_else(|| Refusal::new(200, "No Organization found"))?;
    let list = format!("{}/teams", org.slug);
    let place = match &variables.after {
        None => Place::beginning(list.clone()),
        Some(text) => Place::read(text).ok_or_else(|| wrong("The cursor is invalid"))?,
    };
    if place.list != list {
        return Err(wrong("The cursor belongs to another list"));
    }
    let size = |n: u64| {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        options.force_page_size.map_or(n, |most| n.min(most)).max(1)
    };
    let first = size(variables.first);
    let mut common = options.common.clone();
    common.force_page_size = Some(first);
    let (teams, next) = place.cut(caller.teams(org, options), first, &common);
    let mut points = 4;
    let edges: Vec<Value> = teams
        .iter()
        .map(|team| {
            let mut rows: Vec<&Value> = team.members.iter().collect();
            options.ordering.arrange(&mut rows);
            let most = size(variables.members);
            let has_more = rows.len() > most;
            rows.truncate(most);
            points += 4 + 2 * rows.len() as u64;
            let edges = rows.iter().map(|row| {
                let user = tenant.world.users.get(row["user_id"].as_str().unwrap_or_default());
                let name = user.map_or(json!(""), |user| user["name"].clone());
                let role = row["role"].as_str().unwrap_or_default().to_uppercase();
                json!({"node": {"role": role, "user": {"uuid": row["user_id"], "name": name}}})
            });
            let edges: Vec<Value> = edges.collect();
            json!({"node": {"uuid": team.id, "members": {"pageInfo": {"hasNextPage": has_more}, "edges": edges}}})
        })
        .collect();
    let end = next.as_ref().map(Place::write);
    let end = end.or_else(|| {
        let end = Place { offset: place.offset + edges.len(), ..place.clone() };
        (!edges.is_empty()).then(|| end.write())
    });
    let page = json!({"hasNextPage": next.is_some(), "endCursor": end});
    Ok((json!({"teams": {"pageInfo": page, "edges": edges}}), points))
}

/// The cursor among the variables of a request.
pub(super) fn cursor(call: &Call) -> Option<String> {
    call.body.as_ref()?["variables"]["after"].as_str().map(str::to_owned)
}

/// Makes the list of an answer point to the page it is, for ever.
pub(super) fn repeat_cursor(call: &Call, answer: &mut Answer) {
    let Some(info) = answer.body.pointer_mut("/data/organization/teams/pageInfo") else {
        return;
    };
    let list = info["endCursor"].as_str().and_then(Place::read);
    let first = list.map(|place| Place::beginning(place.list).write());
    info["hasNextPage"] = json!(true);
    info["endCursor"] = json!(cursor(call).or(first));
}
