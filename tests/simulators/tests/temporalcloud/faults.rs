//! Misbehaviour on demand.

use std::time::{Duration, Instant};

use rollcall_simulators::{Fault, FaultKind, temporalcloud::World};
use serde_json::json;

use crate::client::{VERSION, get, post, quick, raw};

const GOOD: [(&str, &str); 2] = [
    ("authorization", "Bearer test-key"),
    ("temporal-cloud-api-version", VERSION),
];

#[tokio::test]
async fn statuses_by_number_and_by_path() {
    let sim = quick(World::worked_example()).await;
    sim.set_faults(vec![
        Fault::nth(2, FaultKind::too_many_requests(Some(7))).times(2),
        Fault::matching("GET", "/cloud/users", FaultKind::status(503))
            .from(2)
            .times(1)
            .exactly(),
    ]);
    assert_eq!(get(&sim, "/cloud/account").await.status, 200);
    let limited = get(&sim, "/cloud/account").await;
    assert_eq!(
        (
            limited.status,
            limited.json["code"].as_u64(),
            limited.headers["retry-after"].as_str()
        ),
        (429, Some(8), "7")
    );
    assert_eq!(get(&sim, "/cloud/users").await.status, 429);
    assert_eq!(get(&sim, "/cloud/users/u1").await.status, 200);
    assert_eq!(get(&sim, "/cloud/users?pageSize=5").await.status, 503);
    assert_eq!(get(&sim, "/cloud/users").await.status, 200);
    sim.set_faults(vec![Fault::every(FaultKind::Redirect {
        to: "http://127.0.0.1:1/".to_owned(),
    })]);
    let moved = get(&sim, "/cloud/account").await;
    assert_eq!(
        (moved.status, moved.headers["location"].as_str()),
        (307, "http://127.0.0.1:1/")
    );
    sim.clear_faults();
    assert_eq!(get(&sim, "/cloud/account").await.status, 200);
    assert_eq!(
        sim.requests()
            .iter()
            .map(|request| request.status)
            .collect::<Vec<_>>(),
        [200, 429, 429, 200, 503, 200, 307, 200]
    );
}

#[tokio::test]
async fn broken_connections_and_bodies() {
    let sim = quick(World::worked_example()).await;
    sim.set_faults(vec![
        Fault::nth(1, FaultKind::CutBody),
        Fault::nth(2, FaultKind::Disconnect),
        Fault::nth(3, FaultKind::InvalidJson),
    ]);
    let cut = get(&sim, "/cloud/users").await;
    let declared: usize = cut.headers["content-length"].parse().unwrap();
    assert_eq!((cut.status, cut.text.len()), (200, declared / 2));
    assert!(raw(&sim, "GET", "/cloud/users", &GOOD, "").await.is_none());
    let invalid = get(&sim, "/cloud/users").await;
    assert_eq!(
        invalid.text.len(),
        invalid.headers["content-length"].parse::<usize>().unwrap()
    );
    assert!(serde_json::from_str::<serde_json::Value>(&invalid.text).is_err());
    assert_eq!(get(&sim, "/cloud/users").await.ids("users").len(), 2);
    assert_eq!(
        sim.requests()
            .iter()
            .map(|request| request.status)
            .collect::<Vec<_>>(),
        [200, 0, 200, 200]
    );
}

#[tokio::test]
async fn a_lost_answer_is_a_write_done_and_a_disconnect_is_not() {
    let sim = quick(World::worked_example()).await;
    let body = json!({"spec": {"email": "new@example.com"}, "asyncOperationId": "op"});
    let headers = [GOOD[0], GOOD[1], ("content-type", "application/json")];
    for (kind, done) in [
        (FaultKind::Disconnect, false),
        (FaultKind::LoseAnswer, true),
    ] {
        sim.set_faults(vec![Fault::matching("POST", "/cloud/users", kind).times(1)]);
        assert!(
            raw(&sim, "POST", "/cloud/users", &headers, &body.to_string())
                .await
                .is_none()
        );
        assert_eq!(
            sim.with_world(|world| world.user_by_email("new@example.com").is_some()),
            done
        );
    }
    assert_eq!(post(&sim, "/cloud/users", body).await.status, 200);
    assert_eq!(sim.with_world(|world| world.users.len()), 3);
}

#[tokio::test]
async fn cursors_that_repeat_or_go_stale() {
    let sim = quick(World::worked_example()).await;
    sim.set_faults(vec![Fault::matching(
        "GET",
        "/cloud/users",
        FaultKind::RepeatCursor,
    )]);
    let first = get(&sim, "/cloud/users").await;
    let token = first.json["nextPageToken"].as_str().unwrap().to_owned();
    let second = get(&sim, &format!("/cloud/users?pageToken={token}")).await;
    assert_eq!(
        (
            second.ids("users").len(),
            second.json["nextPageToken"].as_str()
        ),
        (2, Some(token.as_str()))
    );
    sim.set_faults(vec![Fault::every(FaultKind::StaleCursor).times(1)]);
    assert_eq!(get(&sim, "/cloud/users").await.status, 200);
    assert_eq!(
        get(&sim, &format!("/cloud/users?pageToken={token}"))
            .await
            .status,
        400
    );
    assert_eq!(
        get(&sim, &format!("/cloud/users?pageToken={token}"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn slowness_latency_and_concurrency() {
    let sim = quick(World::worked_example()).await;
    sim.set_options(|options| options.latency = Duration::from_millis(60));
    sim.set_faults(vec![Fault::nth(
        1,
        FaultKind::Slow(Duration::from_millis(60)),
    )]);
    let start = Instant::now();
    get(&sim, "/cloud/users").await;
    assert!(start.elapsed() >= Duration::from_millis(120));
    assert_eq!(sim.peak_concurrency(), 1);
    tokio::join!(
        get(&sim, "/cloud/users"),
        get(&sim, "/cloud/users"),
        get(&sim, "/cloud/users")
    );
    assert_eq!(sim.peak_concurrency(), 3);
}
