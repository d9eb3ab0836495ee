//! Queries that are not known, or are too much.

use rollcall_simulators::buildkite::{GRAPHQL_TOKEN, TEST_TOKEN, World};
use serde_json::json;

use crate::{
    client::{MEMBERS, TEAMS, query, query_as, send, sim},
    wire::exchange,
};

#[tokio::test]
async fn a_token_needs_the_scope() {
    let sim = sim(World::worked_example()).await;
    let reply = query_as(&sim, TEST_TOKEN, MEMBERS, json!({"slug": "acme-inc"})).await;
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.error(),
        "Your access token doesn't have the graphql scope"
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_query_may_ask_for_too_much() {
    let sim = sim(World::worked_example()).await;
    let variables = json!({"slug": "acme-inc", "teams": 500, "members": 100});
    let reply = query(&sim, TEAMS, variables).await;
    assert_eq!(
        (reply.status, reply.error()),
        (
            200,
            "Query has complexity of 102004, which exceeds max complexity of 50000"
        )
    );
    // Without `first` a list has 500 rows.
    let reply = query(&sim, TEAMS, json!({"slug": "acme-inc"})).await;
    assert!(reply.error().contains("502004"), "{}", reply.text);
    sim.set_options(|options| options.max_depth = 5);
    let reply = query(&sim, MEMBERS, json!({"slug": "acme-inc"})).await;
    assert!(reply.error().contains("depth of 6"), "{}", reply.text);
    assert_eq!(sim.violations().len(), 3);
}

#[tokio::test]
async fn only_what_is_needed_is_known() {
    let sim = sim(World::worked_example()).await;
    let org = |inner: &str| format!("{{ organization(slug: \"acme-inc\") {{ {inner} }} }}");
    let edges = "edges { node { role } }";
    for (count, (text, reason)) in [
        (org("name"), "'name' doesn't exist on type 'Organization'"),
        (
            org("pipelines(first: 1) { edges { node { name } } }"),
            "pipelines",
        ),
        (
            org("members(last: 1) { pageInfo { endCursor } }"),
            "argument 'last'",
        ),
        (
            org(&format!("members(first: 501) {{ {edges} }}")),
            "'first'",
        ),
        (org(&format!("members(first: 0) {{ {edges} }}")), "'first'"),
        (
            org(&format!("members(first: \"1\") {{ {edges} }}")),
            "'first'",
        ),
        (
            org(&format!("members(after: \"abc\") {{ {edges} }}")),
            "cursor",
        ),
        (org("members(first: 1)"), "must have selections"),
        (
            org("members(first: 1) { edges { node { role { x } } } }"),
            "and none",
        ),
        (org("members { edges { cursor } }"), "'cursor'"),
        (org("a: members { pageInfo { endCursor } }"), "Parse error"),
        (org("... on Organization { name }"), "Parse error"),
        (
            org("members @skip { pageInfo { endCursor } }"),
            "Parse error",
        ),
        (org("members { pageInfo { endCursor endCursor } }"), "twice"),
        (org(""), "nothing is selected"),
        ("{ viewer { user { name } } }".to_owned(), "'viewer'"),
        ("{ organization { name } }".to_owned(), "slug"),
        ("mutation { teamDelete { id } }".to_owned(), "only queries"),
        ("{ organization(slug: \"acme-inc".to_owned(), "no end"),
        (
            format!("{} {{", org(&format!("members {{ {edges} }}"))),
            "over",
        ),
        (
            format!("query($x: ID!) {}", org(&format!("members {{ {edges} }}"))),
            "not used",
        ),
        (
            org(&format!("members(first: $n) {{ {edges} }}")),
            "not declared",
        ),
        (
            "query($x: String!) { team(slug: $x) { name } }".to_owned(),
            "Type mismatch",
        ),
        (
            "query($x: ID!) { team(slug: $x) { name } }".to_owned(),
            "invalid value",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = query(&sim, &text, json!({})).await;
        assert_eq!(reply.status, 200, "{text}");
        assert!(reply.error().contains(reason), "{text}: {}", reply.text);
        assert_eq!(sim.violations().len(), count + 1, "{text}");
    }
}

#[tokio::test]
async fn a_cursor_is_only_good_for_its_list() {
    let sim = sim(World::rich()).await;
    let reply = query(&sim, MEMBERS, json!({"slug": "acme-inc"})).await;
    let cursor = &reply.json["data"]["organization"]["members"]["pageInfo"]["endCursor"];
    let variables = json!({"slug": "acme-inc", "teams": 1, "members": 1, "after": cursor});
    let reply = query(&sim, TEAMS, variables).await;
    assert_eq!(reply.error(), "The cursor belongs to another list");
    assert_eq!(sim.violations().len(), 1);
}

#[tokio::test]
async fn the_body_and_the_head_are_as_documented() {
    let sim = sim(World::worked_example()).await;
    let good = json!({"query": MEMBERS, "variables": {"slug": "acme-inc"}});
    for (count, (path, body, status)) in [
        (
            "/v1",
            json!({"query": MEMBERS, "operationName": "Members"}),
            400,
        ),
        ("/v1", json!({"query": ""}), 400),
        ("/v1", json!({"variables": {}}), 400),
        ("/v1", json!([good]), 400),
        ("/v1", json!({"query": MEMBERS, "variables": []}), 400),
        (
            "/v1",
            json!({"query": MEMBERS, "variables": {"slug": "acme-inc", "x": 1}}),
            200,
        ),
        ("/v1?x=1", good.clone(), 400),
        ("/v1/", good.clone(), 404),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = send(&sim, GRAPHQL_TOKEN, "POST", path, Some(&body)).await;
        assert_eq!(reply.status, status, "{path} {body}");
        assert_eq!(sim.violations().len(), count + 1, "{path} {body}");
    }
    sim.clear_requests();
    let token = format!("Bearer {GRAPHQL_TOKEN}");
    let who = ("authorization", token.as_str());
    let accept = ("accept", "application/json");
    let kind = ("content-type", "application/json");
    let stats = "buildkite-include-query-stats";
    let good = good.to_string();
    for (count, (method, headers, body, status)) in [
        ("GET", vec![who, accept], "", 404),
        ("POST", vec![who, kind], &good, 406),
        ("POST", vec![who, accept], &good, 415),
        (
            "POST",
            vec![who, accept, ("content-type", "application/graphql")],
            &good,
            415,
        ),
        ("POST", vec![who, accept, kind], "{", 400),
        ("POST", vec![who, accept, kind, (stats, "yes")], &good, 400),
        (
            "POST",
            vec![who, accept, kind, ("x-request-id", "1")],
            &good,
            400,
        ),
        ("POST", vec![accept, kind], &good, 401),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = exchange(&sim.url(), method, "/v1", &headers, body).await;
        let reply = reply.unwrap();
        assert_eq!(reply.status, status, "{headers:?}");
        assert!(!reply.error().is_empty());
        assert_eq!(sim.violations().len(), count + 1, "{headers:?}");
    }
}
