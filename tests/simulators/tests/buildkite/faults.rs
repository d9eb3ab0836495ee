//! Misbehaviour on demand.

use std::time::{Duration, Instant};

use rollcall_simulators::{
    Fault, FaultKind,
    buildkite::{GRAPHQL_TOKEN, World, html_page, too_many_requests},
};
use serde_json::json;

use crate::client::{MEMBERS, ORG, get, query, send, sim};

#[tokio::test]
async fn faults_speak_the_language_of_their_api() {
    let sim = sim(World::worked_example()).await;
    for status in [400, 401, 403, 404, 422, 429, 500, 503] {
        sim.set_faults(vec![Fault::every(FaultKind::status(status))]);
        let rest = get(&sim, ORG).await;
        assert_eq!(rest.status, status);
        assert!(!rest.message().is_empty(), "{}", rest.text);
        let graphql = query(&sim, MEMBERS, json!({"slug": "acme-inc"})).await;
        assert_eq!(graphql.status, status);
        assert!(!graphql.error().is_empty(), "{}", graphql.text);
        if status == 429 {
            assert_eq!(rest.json["scope"], "rest_user");
        }
    }
}

#[tokio::test]
async fn a_page_for_people_comes_once() {
    let sim = sim(World::worked_example()).await;
    sim.set_faults(vec![Fault::nth(1, html_page(502))]);
    let page = get(&sim, ORG).await;
    assert_eq!(
        (page.status, page.headers["content-type"].as_str()),
        (502, "text/html")
    );
    assert!(page.text.starts_with("<html>"));
    assert_eq!(get(&sim, ORG).await.status, 200);
}

#[tokio::test]
async fn answers_can_be_cut_spoiled_and_late() {
    let sim = sim(World::worked_example()).await;
    sim.set_faults(vec![
        Fault::nth(1, FaultKind::CutBody),
        Fault::nth(2, FaultKind::InvalidJson),
    ]);
    let cut = get(&sim, ORG).await;
    let length: usize = cut.headers["content-length"].parse().unwrap();
    assert_eq!(cut.text.len(), length / 2);
    let spoiled = get(&sim, ORG).await;
    assert!(spoiled.status == 200 && spoiled.json.is_null());
    sim.set_options(|options| options.latency = Duration::from_millis(30));
    let begun = Instant::now();
    send(&sim, GRAPHQL_TOKEN, "GET", "/v2/user", None).await;
    assert!(begun.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn a_limit_may_be_exceeded_on_demand() {
    let sim = sim(World::worked_example()).await;
    for (scope, prefix, limit) in [
        ("rest", "ratelimit", 200),
        ("rest_user", "ratelimit-user", 50),
    ] {
        sim.set_faults(vec![Fault::nth(1, too_many_requests(scope, 9))]);
        let reply = get(&sim, ORG).await;
        assert_eq!(
            (reply.status, &reply.json["scope"], &reply.json["reset"]),
            (429, &json!(scope), &json!(9))
        );
        assert_eq!(reply.json["limit"], limit);
        assert_eq!(reply.headers[&format!("{prefix}-reset")], "9");
        assert_eq!(get(&sim, ORG).await.status, 200);
    }
}
