//! Too many requests, and misbehaviour on demand.

use std::time::Duration;

use rollcall_simulators::{
    Fault, FaultKind,
    confluence::{RateLimit, World},
};
use serde_json::json;

use crate::{
    client::{ADA, delete, get, post, sim},
    wire::exchange,
};

const GROUPS: &str = "/wiki/rest/api/group";

#[tokio::test]
async fn a_budget_runs_out_and_says_when_it_is_full_again() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| {
        options.rate_limit = Some(RateLimit::Budget {
            requests: 6,
            window: Duration::from_secs(90),
            forgive_after: Some(2),
        });
    });
    for (left, near) in [
        ("5", "false"),
        ("4", "false"),
        ("3", "false"),
        ("2", "false"),
        ("1", "true"),
        ("0", "true"),
    ] {
        let reply = get(&sim, GROUPS).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.headers["x-ratelimit-limit"], "6");
        assert_eq!(reply.headers["x-ratelimit-remaining"], left);
        assert_eq!(reply.headers["x-ratelimit-nearlimit"], near);
    }
    for path in [GROUPS, "/wiki/api/v2/spaces"] {
        let reply = get(&sim, path).await;
        assert_eq!(reply.status, 429);
        let wait: u64 = reply.headers["retry-after"].parse().unwrap();
        assert!((80..=90).contains(&wait), "{wait}");
        assert_eq!(
            reply.headers["ratelimit-reason"],
            "confluence-quota-tenant-based"
        );
        // 2026-09-01T10:00Z
        let reset = &reply.headers["x-ratelimit-reset"];
        assert_eq!((reset.len(), &reset[16..]), (17, "Z"), "{reset}");
    }
    assert_eq!(get(&sim, GROUPS).await.status, 200, "forgiven");
    sim.set_options(|options| {
        options.rate_limit = Some(RateLimit::Budget {
            requests: 1,
            window: Duration::from_millis(50),
            forgive_after: None,
        });
    });
    assert_eq!(get(&sim, GROUPS).await.status, 200);
    assert_eq!(get(&sim, GROUPS).await.headers["retry-after"], "1");
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(get(&sim, GROUPS).await.status, 200);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| {
        options.latency = Duration::from_millis(100);
        options.rate_limit = Some(RateLimit::Concurrency {
            most: 3,
            retry_after: 7,
        });
    });
    let calls = (0..8).map(|_| get(&sim, GROUPS));
    let mut replies = Vec::new();
    let mut running: Vec<_> = calls.map(Box::pin).collect();
    // All are sent before any is answered.
    std::future::poll_fn(|cx| {
        running.retain_mut(|call| match call.as_mut().poll(cx) {
            std::task::Poll::Ready(reply) => {
                replies.push(reply);
                false
            }
            std::task::Poll::Pending => true,
        });
        if running.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert_eq!(
        (replies.len(), refused.len(), sim.peak_concurrency()),
        (8, 5, 8)
    );
    assert_eq!(refused[0].headers["retry-after"], "7");
    assert_eq!(refused[0].headers["ratelimit-reason"], "conf-global-based");
    assert_eq!(get(&sim, GROUPS).await.status, 200);
}

#[tokio::test]
async fn faults_have_the_body_of_their_part_of_the_api() {
    let sim = sim(World::worked_example()).await;
    for (status, newer) in [
        (400, false),
        (401, false),
        (403, true),
        (404, false),
        (500, true),
        (503, false),
    ] {
        sim.set_options(|options| options.newer_errors = newer);
        sim.set_faults(vec![Fault::every(FaultKind::status(status))]);
        let v1 = get(&sim, GROUPS).await;
        assert_eq!(
            (v1.status, &v1.json["statusCode"]),
            (status, &json!(status))
        );
        assert_eq!(v1.json.get("data").is_none(), newer);
        let v2 = get(&sim, "/wiki/api/v2/spaces").await;
        assert_eq!(
            (v2.status, &v2.json["errors"][0]["status"]),
            (status, &json!(status))
        );
    }
    sim.set_options(|options| options.newer_errors = true);
    sim.clear_faults();
    let missing = get(&sim, "/wiki/rest/api/user?accountId=x").await;
    assert_eq!(
        missing.message(),
        "org.springframework.web.server.ResponseStatusException: 404 NOT_FOUND \"No user found with id: x\""
    );
}

#[tokio::test]
async fn an_answer_can_be_lost_spoiled_or_a_page_for_people() {
    let sim = sim(World::worked_example()).await;
    let add = "/wiki/rest/api/group/userByGroupId?groupId=11-adm";
    sim.set_faults(vec![
        Fault::nth_matching(
            1,
            "POST",
            add.split('?').next().unwrap(),
            FaultKind::InvalidJson,
        ),
        Fault::nth_matching(1, "GET", GROUPS, FaultKind::CutBody),
        Fault::nth_matching(
            2,
            "GET",
            GROUPS,
            FaultKind::Status {
                code: 502,
                headers: vec![("content-type".to_owned(), "text/html".to_owned())],
                body: Some(json!("<html>Bad gateway</html>")),
            },
        ),
    ]);
    let added = post(&sim, add, &json!({"accountId": "557058:b2"})).await;
    assert_eq!((added.status, added.text.as_str()), (201, ",,"));
    let cut = get(&sim, GROUPS).await;
    assert_eq!(
        cut.text.len(),
        cut.headers["content-length"].parse::<usize>().unwrap() / 2
    );
    let page = get(&sim, GROUPS).await;
    assert_eq!(
        (page.status, page.text.as_str()),
        (502, "<html>Bad gateway</html>")
    );
    assert_eq!(page.headers["content-type"], "text/html");
    assert_eq!(get(&sim, GROUPS).await.rows().len(), 2);
    let lines: Vec<_> = sim
        .requests()
        .iter()
        .map(|request| (request.line(), request.status))
        .collect();
    assert_eq!(lines[0], (format!("POST {add}"), 201));
    assert_eq!((lines.len(), sim.calls()), (4, 4));
    sim.clear_requests();
    assert_eq!(sim.calls(), 0);
}

#[tokio::test]
async fn answers_without_a_body_cannot_be_cut_and_are_not_waited_for() {
    let sim = sim(World::worked_example()).await;
    let path = "/wiki/rest/api/group/userByGroupId?groupId=11-adm";
    let before = sim.access_view();
    for kind in [FaultKind::CutBody, FaultKind::InvalidJson] {
        sim.set_faults(vec![Fault::every(kind)]);
        let added = post(&sim, path, &json!({"accountId": "557058:b2"})).await;
        assert_eq!(added.status, 201);
        assert_ne!(sim.access_view(), before);
        let removed = delete(&sim, &format!("{path}&accountId=557058%3Ab2")).await;
        assert_eq!((removed.status, removed.text.as_str()), (204, ""));
        assert_eq!(sim.access_view(), before);
    }
    sim.set_faults(vec![Fault::every(FaultKind::LoseAnswer)]);
    let body = json!({"accountId": "557058:b2"}).to_string();
    let headers = [
        ("authorization", ADA),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-atlassian-token", "no-check"),
    ];
    assert!(
        exchange(&sim.base_url(), "POST", path, &headers, &body)
            .await
            .is_none()
    );
    assert_ne!(sim.access_view(), before);
}
