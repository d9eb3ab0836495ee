//! Too many requests, and misbehaviour on demand, on all hosts.

use std::time::Duration;

use rollcall_simulators::{
    Fault, FaultKind,
    elastic::{Options, Quota, World, html_page},
};
use serde_json::json;

use crate::{
    client::{cloud, get, put, second, send, sim},
    wire::exchange,
};

#[tokio::test]
async fn every_answer_of_the_cloud_says_how_much_is_left() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| {
        options.quota = Quota {
            limit: 2,
            interval: Duration::from_secs(90),
            retry_after: Some(7),
            forgive_after: Some(2),
        };
    });
    for (path, status, left) in [
        ("/organizations", 200, "1"),
        ("/organizations/0", 404, "0"),
        ("/organizations", 429, "0"),
        ("/organizations", 429, "0"),
        ("/organizations", 200, "1"),
    ] {
        let reply = cloud(&sim, path).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.headers["x-ratelimit-interval"], "90");
        assert_eq!(reply.headers["x-ratelimit-limit"], "2");
        assert_eq!(reply.headers["x-ratelimit-remaining"], left);
        let wait = reply.headers.get("retry-after").map(String::as_str);
        assert_eq!(wait, (status == 429).then_some("7"));
    }
    let other = get(&sim, "/user").await;
    assert!(!other.headers.contains_key("x-ratelimit-limit"));
    sim.set_options(|options| {
        options.quota.limit = 1;
        options.quota.interval = Duration::from_millis(50);
        options.quota.retry_after = None;
    });
    cloud(&sim, "/organizations").await;
    let refused = cloud(&sim, "/organizations").await;
    assert_eq!(refused.status, 429);
    assert!(!refused.headers.contains_key("retry-after"));
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(cloud(&sim, "/organizations").await.status, 200);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn faults_speak_the_language_of_their_host() {
    let sim = sim(World::worked_example()).await;
    for (status, kind) in [
        (400, "illegal_argument_exception"),
        (401, "security_exception"),
        (403, "security_exception"),
        (409, "version_conflict_engine_exception"),
        (410, "api_not_available_exception"),
        (429, "es_rejected_execution_exception"),
        (500, "exception"),
        (503, "unavailable_shards_exception"),
    ] {
        sim.set_faults(vec![Fault::every(FaultKind::status(status))]);
        let es = get(&sim, "/user").await;
        assert_eq!((es.status, es.error().0), (status, kind));
        assert_eq!(es.json["status"], status);
        let cloud = cloud(&sim, "/organizations").await;
        assert_eq!(cloud.status, status);
        assert!(cloud.code().contains('.'), "{}", cloud.text);
    }
    sim.set_faults(vec![Fault::every(FaultKind::status(404))]);
    assert_eq!(get(&sim, "/user/svc").await.text, "{}");
    assert_eq!(put(&sim, "svc", &json!({})).await.json["ok"], false);
    sim.set_faults(vec![Fault::every(html_page(502))]);
    for page in [
        get(&sim, "/user").await,
        cloud(&sim, "/organizations").await,
    ] {
        assert_eq!(
            (page.status, page.headers["content-type"].as_str()),
            (502, "text/html")
        );
        assert!(page.text.starts_with("<html>"));
    }
    sim.clear_faults();
    assert_eq!(get(&sim, "/user").await.status, 200);
}

#[tokio::test]
async fn faults_count_the_requests_to_all_hosts() {
    let sim = sim(World::rich()).await;
    sim.set_faults(vec![
        Fault::nth(3, FaultKind::status(503)),
        Fault::nth_matching(2, "GET", "/_security/user", FaultKind::status(429)),
        Fault::nth_matching(1, "GET", "/api/v1/organizations", FaultKind::status(403)).exactly(),
    ]);
    let statuses = [
        get(&sim, "/user").await.status,
        cloud(&sim, "/organizations").await.status,
        get(&sim, "/role").await.status,
        second(&sim, "/user").await.status,
        get(&sim, "/user").await.status,
        cloud(&sim, "/organizations").await.status,
    ];
    assert_eq!(statuses, [200, 403, 503, 429, 200, 200]);
    assert_eq!(sim.calls(), 6);
    let lines: Vec<String> = sim
        .requests()
        .iter()
        .map(|request| request.line())
        .collect();
    assert_eq!(
        lines[1..3],
        ["GET /api/v1/organizations", "GET /_security/role"]
    );
    assert_eq!(
        (
            sim.cloud_requests().len(),
            sim.deployment_requests("main").len(),
            sim.deployment_requests("second").len()
        ),
        (2, 3, 1)
    );
    sim.clear_requests();
    assert_eq!((sim.calls(), sim.deployment_requests("main").len()), (0, 0));
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_write() {
    let sim = sim(World::worked_example()).await;
    sim.set_faults(vec![Fault::nth_matching(
        1,
        "PUT",
        "/_security/user",
        FaultKind::LoseAnswer,
    )]);
    let headers = [
        (
            "authorization",
            "ApiKey VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==",
        ),
        ("accept", "application/json"),
        ("content-type", "application/json"),
    ];
    let path = "/_security/user/svc";
    let reply = exchange(
        &sim.deployment_url("main"),
        "PUT",
        path,
        &headers,
        r#"{"roles":["admin"]}"#,
    )
    .await;
    assert!(reply.is_none());
    let read = get(&sim, "/user/svc").await;
    assert_eq!(read.json["svc"]["roles"], json!(["admin"]));
}

#[tokio::test]
async fn answers_can_be_cut_spoiled_and_late() {
    let sim = sim(World::worked_example()).await;
    sim.set_faults(vec![
        Fault::nth(1, FaultKind::CutBody),
        Fault::nth(2, FaultKind::InvalidJson),
    ]);
    let cut = get(&sim, "/user").await;
    assert_eq!(
        cut.text.len(),
        cut.headers["content-length"].parse::<usize>().unwrap() / 2
    );
    let spoiled = get(&sim, "/user").await;
    assert!(spoiled.status == 200 && spoiled.json.is_null());
    sim.set_options(|options| options.latency = Duration::from_millis(30));
    let begun = std::time::Instant::now();
    cloud(&sim, "/organizations").await;
    get(&sim, "/user").await;
    assert!(begun.elapsed() >= Duration::from_millis(60));
    assert_eq!(sim.peak_concurrency(), 1);
}

#[tokio::test]
async fn deployments_take_the_ports_after_the_cloud_s() {
    // A range that nobody uses by default; another test run may, so that a few are tried.
    for port in [28_235, 28_335, 28_435] {
        let started = rollcall_simulators::elastic::Elastic::start_on(
            port,
            World::rich(),
            Options::default(),
        );
        let Ok(sim) = started.await else { continue };
        assert_eq!(sim.cloud_url(), format!("http://127.0.0.1:{port}"));
        assert_eq!(
            sim.deployment_url("main"),
            format!("http://127.0.0.1:{}", port + 1)
        );
        assert_eq!(
            sim.deployment_url("second"),
            format!("http://127.0.0.1:{}", port + 2)
        );
        assert_eq!(sim.deployment_url("third"), "");
        let key = rollcall_simulators::elastic::SECOND_DEPLOYMENT_KEY;
        let url = sim.deployment_url("second");
        let reply = send(&url, key, "GET", "/_security/_authenticate", None).await;
        assert_eq!(reply.status, 200);
        return;
    }
    panic!("no free ports");
}
