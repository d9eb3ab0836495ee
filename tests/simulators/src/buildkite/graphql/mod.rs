//! The GraphQL API, as far as two queries go: the teams of an organization with their members, and its members.
//! <https://buildkite.com/docs/apis/graphql-api>

mod connection;
mod cost;
mod lexer;
mod parser;
mod run;
mod schema;

use serde_json::{Map, Value, json};

use super::{
    Inner,
    caller::Caller,
    meter::Payer,
    refusal::{Api, Refusal},
    routes::{Good, accept},
};
use crate::{
    head,
    lists::{cursor, read_cursor},
    server::{Answer, Call},
};

/// With it a query is told what it cost.
const STATS: &str = "buildkite-include-query-stats";

/// A query that was run, and the points it takes.
struct Ran {
    good: Good,
    points: u64,
}

/// Answers a request. *Unknown*: what queries cost that are refused. Taken: nothing.
pub(crate) fn answer(inner: &mut Inner, call: &Call) -> Answer {
    let caller = Caller::identify(inner, call, Api::GraphQl);
    let payer = caller
        .as_ref()
        .map_or_else(|_| Payer::default(), |caller| caller.payer(None));
    let now = inner.time.now(&inner.options.clock);
    let mut readings = inner
        .graphql
        .spend(Api::GraphQl, &inner.options, now, &payer, 0);
    let passed = readings.check(&inner.options);
    if caller.is_ok() && passed.is_err() {
        inner.graphql.refuse();
    }
    let reply = caller.and_then(|caller| {
        passed?;
        checked(inner, call, &caller)
    });
    if let Ok(ran) = &reply {
        let points = ran.points;
        readings = inner
            .graphql
            .spend(Api::GraphQl, &inner.options, now, &payer, points);
    }
    let mut answer = match reply {
        Ok(ran) => ran.good.answer(),
        Err(refusal) => refusal.answer(Api::GraphQl),
    };
    answer.headers.extend(readings.headers());
    answer
}

fn checked(inner: &Inner, call: &Call, caller: &Caller) -> Result<Ran, Refusal> {
    head::headers(call, &[STATS], &inner.options.extra_headers).map_err(Refusal::violation)?;
    accept(call)?;
    if call.method != "POST" {
        return Err(Refusal::not_found().wrong());
    }
    if !call.query.is_empty() {
        return Err(Refusal::violation("there are no query parameters"));
    }
    // *Unknown*: the answer to a body that does not say what it is. Taken: 415.
    head::content_type(call).map_err(|reason| Refusal::new(415, reason).wrong())?;
    caller.scope("graphql")?;
    let stats = match call.header(STATS) {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return Err(Refusal::violation(format!("{STATS} is {other:?}"))),
    };
    let body = head::json(call).map_err(Refusal::violation)?;
    let body = head::object(&body, "the body", &["query", "variables"]);
    query(inner, caller, body.map_err(Refusal::violation)?, stats)
}

/// An error in a query, which is a 200 all the same.
pub(crate) fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::new(200, message).wrong()
}

fn query(
    inner: &Inner,
    caller: &Caller,
    body: &Map<String, Value>,
    stats: bool,
) -> Result<Ran, Refusal> {
    let text = head::text(body, "the body", "query").map_err(Refusal::violation)?;
    let variables = match body.get("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables.clone(),
        Some(_) => return Err(Refusal::violation("variables is not an object")),
    };
    let document = parser::parse(text).map_err(wrong)?;
    let fields = schema::check(&document, &variables).map_err(wrong)?;
    let requested = within(inner, &fields)?;
    let data = run::Run { inner, caller }.query(&fields)?;
    let points = cost::actual(&data);
    let mut good = Good::ok(json!({"data": data}));
    if stats {
        good.body["stats"] = json!({"requestedComplexity": requested, "actualComplexity": points});
    }
    for (name, value) in [("requested", requested), ("actual", points)] {
        let name = format!("ratelimit-complexity-{name}");
        good.headers.push((name, value.to_string()));
    }
    Ok(Ran { good, points })
}

/// What a query asks for, if that is not too much.
fn within(inner: &Inner, fields: &[schema::Field]) -> Result<u64, Refusal> {
    let (depth, most) = (cost::depth(fields), inner.options.max_depth);
    if depth > most {
        // *Unknown*: the text. Taken: like the one for complexity.
        return Err(wrong(format!(
            "Query has depth of {depth}, which exceeds max depth of {most}"
        )));
    }
    let (requested, most) = (cost::requested(fields), inner.options.max_complexity);
    if requested > most {
        return Err(wrong(format!(
            "Query has complexity of {requested}, which exceeds max complexity of {most}"
        )));
    }
    Ok(requested)
}

/// The cursor among the variables of a request.
fn asked(call: &Call) -> Option<String> {
    let body: Value = serde_json::from_slice(&call.body).ok()?;
    let variables = body["variables"].as_object()?.values();
    let mut texts = variables.filter_map(Value::as_str);
    texts
        .find(|text| read_cursor(text).is_some())
        .map(str::to_owned)
}

/// Whether a request asks for a further page.
pub(crate) fn carries_cursor(call: &Call) -> bool {
    Api::of(&call.path) == Api::GraphQl && asked(call).is_some()
}

/// What a cursor that is no longer good is answered. *Unknown*: the vendor's text.
pub(crate) fn stale_cursor() -> Answer {
    Refusal::new(200, "The cursor is invalid").answer(Api::GraphQl)
}

/// Makes the outer list of an answer point to the page it is, for ever.
pub(crate) fn repeat(call: &Call, answer: &mut Answer) {
    let Some(data) = answer.body["data"].as_object_mut() else {
        return;
    };
    let objects = data.values_mut().filter_map(Value::as_object_mut);
    let lists = objects.flat_map(Map::values_mut);
    for info in lists.filter_map(|list| list.get_mut("pageInfo")) {
        let list = info["endCursor"].as_str().and_then(read_cursor);
        let first = list.map(|(list, _)| cursor(&list, 0));
        info["hasNextPage"] = json!(true);
        info["endCursor"] = json!(asked(call).or(first));
    }
}
