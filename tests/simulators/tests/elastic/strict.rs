//! Whatever the APIs do not document is refused, and counted.

use rollcall_simulators::elastic::{Elastic, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World};

use crate::{
    client::{cloud_as, send, sim},
    wire::exchange,
};

#[tokio::test]
async fn addresses_methods_and_parameters_nobody_documents_on_the_cloud() {
    let sim = sim(World::rich()).await;
    let before = sim.with_world(|world| world.clone());
    for (i, (method, path, status)) in [
        ("GET", "/", 404),
        ("GET", "/organizations", 404),
        ("GET", "/api/v2/organizations", 404),
        ("GET", "/api/v1", 404),
        ("GET", "/api/v1/", 404),
        ("GET", "/api/v1/organizations/", 404),
        ("GET", "/api/v1//organizations", 404),
        ("GET", "/api/v1/organizations/1/groups", 404),
        ("GET", "/api/v1/users/1001", 404),
        ("GET", "/api/v1/deployments", 404),
        ("GET", "/api/v1/serverless/projects/vector", 404),
        ("GET", "/_security/user", 404),
        ("POST", "/api/v1/organizations", 405),
        ("DELETE", "/api/v1/organizations/198583657190/members", 405),
        ("GET", "/api/v1/users/1001/role_assignments", 405),
        ("GET", "/api/v1/deployments/_search", 405),
        ("GET", "/api/v1/organizations?page=2", 400),
        (
            "GET",
            "/api/v1/organizations/198583657190/members?size=5",
            400,
        ),
        ("GET", "/api/v1/organizations/100%", 400),
        ("GET", "/api/v1/organizations/%FF", 400),
        (
            "POST",
            "/api/v1/users/1001/role_assignments?force=true",
            400,
        ),
        ("POST", "/api/v1/deployments/_search", 415),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = send(&sim.cloud_url(), TEST_CLOUD_KEY, method, path, None).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
        assert!(!reply.code().is_empty());
        assert_eq!(sim.violations().len(), i + 1, "{method} {path}");
    }
    assert_eq!(sim.with_world(|world| world.clone()), before);
}

#[tokio::test]
async fn addresses_methods_and_parameters_nobody_documents_on_a_deployment() {
    let sim = sim(World::rich()).await;
    let before = sim.with_world(|world| world.clone());
    for (i, (method, path, status)) in [
        ("GET", "/", 400),
        ("GET", "/_security", 400),
        ("GET", "/_security/users", 400),
        ("GET", "/_security/user/", 400),
        ("GET", "/_security//user", 400),
        ("GET", "/_security/user/svc/_profile", 400),
        ("GET", "/_security/role/a/b", 400),
        ("GET", "/_cat/indices", 400),
        ("GET", "/api/v1/organizations", 400),
        ("POST", "/_security/_query/user", 400),
        ("PATCH", "/_security/user/svc", 405),
        ("PUT", "/_security/user", 405),
        ("GET", "/_security/user/svc/_enable", 405),
        ("GET", "/_security/user?size=10", 400),
        ("GET", "/_security/user?with_profile_uid=yes", 400),
        ("GET", "/_security/user/svc?refresh=true", 400),
        ("GET", "/_security/role?pretty", 400),
        ("GET", "/_security/_authenticate?x=1", 400),
        ("GET", "/_security/user/50%", 400),
        ("GET", "/_security/user/%zz", 400),
        ("GET", "/_security/user/%FF", 400),
        ("PUT", "/_security/user/svc", 400),
    ]
    .into_iter()
    .enumerate()
    {
        let url = sim.deployment_url("main");
        let reply = send(&url, TEST_DEPLOYMENT_KEY, method, path, None).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
        assert_eq!(reply.headers["x-elastic-product"], "Elasticsearch");
        assert_eq!(sim.violations().len(), i + 1, "{method} {path}");
    }
    assert_eq!(sim.with_world(|world| world.clone()), before);
}

/// Both hosts, with a request that reads and one that writes, and with a key of their own.
fn hosts(sim: &Elastic) -> [(String, String, &'static str, &'static str, &'static str); 2] {
    [
        (
            sim.cloud_url(),
            format!("ApiKey {TEST_CLOUD_KEY}"),
            "/api/v1/organizations",
            "POST",
            "/api/v1/deployments/_search",
        ),
        (
            sim.deployment_url("main"),
            format!("ApiKey {TEST_DEPLOYMENT_KEY}"),
            "/_security/user",
            "PUT",
            "/_security/user/svc",
        ),
    ]
}

#[tokio::test]
async fn headers_that_are_missing_or_too_many() {
    let sim = sim(World::worked_example()).await;
    let before = sim.access_view();
    let accept = ("accept", "application/json");
    let kind = ("content-type", "application/json");
    for (base, key, read, method, write) in hosts(&sim) {
        let who = ("authorization", key.as_str());
        let cloud = read.starts_with("/api");
        let bad_kind = if cloud { 415 } else { 406 };
        let body = r#"{"size":1,"roles":[]}"#;
        for (method, path, headers, body, status, reason) in [
            ("GET", read, vec![who], "", 406, "accept"),
            (
                "GET",
                read,
                vec![who, ("accept", "text/html")],
                "",
                406,
                "accept",
            ),
            (
                "GET",
                read,
                vec![who, accept, ("x-request-id", "1")],
                "",
                400,
                "x-request-id",
            ),
            (
                "GET",
                read,
                vec![who, accept, accept],
                "",
                400,
                "given twice",
            ),
            ("GET", read, vec![who, who, accept], "", 400, "given twice"),
            ("GET", read, vec![who, accept, kind], "{}", 400, "body"),
            (method, write, vec![who, accept], body, bad_kind, "ontent-"),
            (
                method,
                write,
                vec![who, accept, ("content-type", "text/plain")],
                body,
                bad_kind,
                "text/plain",
            ),
            (method, write, vec![who, accept, kind], "{", 400, ""),
        ] {
            let count = sim.violations().len();
            let reply = exchange(&base, method, path, &headers, body).await.unwrap();
            assert_eq!(reply.status, status, "{method} {path} {headers:?}");
            assert!(reply.text.contains(reason), "{}", reply.text);
            assert_eq!(sim.violations().len(), count + 1, "{headers:?}");
        }
    }
    assert_eq!(sim.access_view(), before);
    sim.clear_requests();
    sim.set_options(|options| options.extra_headers.push("x-request-id".to_owned()));
    for (base, key, read, ..) in hosts(&sim) {
        let headers = [
            ("authorization", key.as_str()),
            ("accept", "text/html, application/json;q=0.9"),
            ("x-request-id", "1"),
        ];
        let reply = exchange(&base, "GET", read, &headers, "").await.unwrap();
        assert_eq!((reply.status, sim.violations().len()), (200, 0));
    }
}

#[tokio::test]
async fn a_body_says_that_it_is_json_and_may_say_in_which_letters() {
    let sim = sim(World::worked_example()).await;
    let key = format!("ApiKey {TEST_DEPLOYMENT_KEY}");
    let headers = [
        ("authorization", key.as_str()),
        ("accept", "application/json"),
        ("content-type", "application/json; charset=utf-8"),
    ];
    let url = sim.deployment_url("main");
    let path = "/_security/user/svc";
    let reply = exchange(&url, "PUT", path, &headers, r#"{"roles":[]}"#).await;
    assert_eq!((reply.unwrap().status, sim.violations().len()), (200, 0));
    let body = serde_json::json!({"size": 1});
    let found = cloud_as(
        &sim,
        TEST_CLOUD_KEY,
        "POST",
        "/deployments/_search",
        Some(&body),
    )
    .await;
    assert_eq!((found.status, sim.violations().len()), (200, 0));
}
