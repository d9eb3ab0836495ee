//! Whatever the API does not document is refused, and counted.

use rollcall_simulators::buildkite::{Limits, TEST_TOKEN, World};

use crate::{
    client::{get, send, sim},
    wire::exchange,
};

#[tokio::test]
async fn addresses_methods_and_parameters_nobody_documents() {
    let sim = sim(World::rich()).await;
    sim.set_options(|options| options.rest = Limits::NONE);
    let before = sim.with_world(|world| world.clone());
    let (org, ben) = (
        "/v2/organizations/acme-inc",
        "b0000000-0000-4000-8000-00000000000b",
    );
    let team = "f0000000-0000-4000-8000-000000000002";
    for (i, (method, path, status)) in [
        ("GET", "/".to_owned(), 404),
        ("GET", "/organizations".to_owned(), 404),
        ("GET", "/v2".to_owned(), 404),
        ("GET", "/v2/".to_owned(), 404),
        ("GET", "/v2/v2/organizations".to_owned(), 404),
        ("GET", "/v2/organizations/".to_owned(), 404),
        ("GET", "/v2//organizations".to_owned(), 404),
        ("GET", "/v2/users".to_owned(), 404),
        ("GET", format!("{org}/invitations"), 404),
        ("GET", format!("{org}/rate_limit"), 404),
        ("GET", format!("{org}/teams/{team}/pipelines"), 404),
        ("GET", format!("{org}/teams/platform"), 404),
        ("GET", format!("{org}/members/ben@example.com"), 404),
        ("GET", format!("{org}/teams/{team}/members/1"), 404),
        ("HEAD", "/v2/organizations".to_owned(), 404),
        ("DELETE", "/v2/access-token".to_owned(), 404),
        ("DELETE", format!("{org}/members/{ben}"), 404),
        ("POST", format!("{org}/teams/{team}/members"), 404),
        ("PATCH", format!("{org}/teams/{team}/members/{ben}"), 404),
        ("DELETE", format!("{org}/teams/{team}/members/{ben}"), 404),
        ("GET", format!("{org}?page=1"), 400),
        ("GET", "/v2/access-token?x=1".to_owned(), 400),
        ("GET", "/v2/user?page=1".to_owned(), 400),
        ("GET", format!("{org}/members?user_id={ben}"), 400),
        ("GET", format!("{org}/members?role=admin"), 400),
        ("GET", format!("{org}/members?page=0"), 400),
        ("GET", format!("{org}/members?per_page=0"), 400),
        ("GET", format!("{org}/members?per_page=all"), 400),
        ("GET", format!("{org}/members?page=1&page=2"), 400),
        ("GET", format!("{org}/teams?user_id=ben"), 400),
        ("GET", format!("{org}/teams?api_key=x"), 400),
        ("GET", format!("{org}/teams/100%"), 400),
        ("GET", "/v2/organizations/%FF".to_owned(), 400),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = send(&sim, TEST_TOKEN, method, &path, None).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
        if method != "HEAD" {
            assert!(!reply.message().is_empty());
        }
        assert_eq!(sim.violations().len(), i + 1, "{method} {path}");
    }
    assert_eq!(sim.with_world(|world| world.clone()), before);
}

#[tokio::test]
async fn headers_that_are_missing_or_too_many() {
    let sim = sim(World::worked_example()).await;
    let token = format!("Bearer {TEST_TOKEN}");
    let who = ("authorization", token.as_str());
    let accept = ("accept", "application/json");
    for (count, (headers, body, status, reason)) in [
        (vec![who], "", 406, "accept"),
        (vec![who, ("accept", "text/html")], "", 406, "text/html"),
        (vec![who, ("accept", "*/*")], "", 406, "accept"),
        (
            vec![who, accept, ("x-request-id", "1")],
            "",
            400,
            "x-request-id",
        ),
        (
            vec![who, accept, ("buildkite-include-query-stats", "true")],
            "",
            400,
            "stats",
        ),
        (vec![who, accept, accept], "", 400, "given twice"),
        (vec![who, accept], "{}", 400, "body"),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = exchange(&sim.url(), "GET", "/v2/organizations", &headers, body).await;
        let reply = reply.unwrap();
        assert_eq!(reply.status, status, "{headers:?}");
        assert!(reply.message().contains(reason), "{}", reply.text);
        assert_eq!(sim.violations().len(), count + 1, "{headers:?}");
    }
    sim.clear_requests();
    sim.set_options(|options| options.extra_headers.push("x-request-id".to_owned()));
    let headers = [
        who,
        ("accept", "text/html, application/json;q=0.9"),
        ("user-agent", "test"),
        ("x-request-id", "1"),
    ];
    let reply = exchange(&sim.url(), "GET", "/v2/organizations", &headers, "").await;
    assert_eq!((reply.unwrap().status, sim.violations().len()), (200, 0));
}

#[tokio::test]
async fn the_simulator_tells_where_it_is() {
    let sim = sim(World::worked_example()).await;
    assert_eq!(sim.base_url(), format!("{}/v2", sim.url()));
    assert_eq!(sim.graphql_url(), format!("{}/v1", sim.url()));
    assert_eq!(get(&sim, "/organizations").await.status, 200);
}
