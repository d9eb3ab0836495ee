//! Too many requests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rollcall_simulators::buildkite::{
    Buildkite, Clock, Limits, MEMBER_TOKEN, Options, TOKEN_WITHOUT_READ_USER, World,
};
use serde_json::json;

use crate::client::{MEMBERS, ORG, Reply, get, get_as, query, query_as, sim};

/// So many requests, on a clock that stands still.
async fn limited(per_organization: u64, per_user: u64) -> Buildkite {
    let options = Options {
        rest: Limits {
            per_organization,
            per_user,
            ..Limits::REST
        },
        clock: Clock::Manual,
        ..Options::default()
    };
    Buildkite::start(World::worked_example(), options)
        .await
        .unwrap()
}

/// Remaining, limit and reset.
fn budget(reply: &Reply, prefix: &str) -> [i64; 3] {
    ["remaining", "limit", "reset"].map(|name| {
        let header = &reply.headers[&format!("{prefix}-{name}")];
        header.parse().unwrap()
    })
}

#[tokio::test]
async fn every_answer_says_how_much_is_left() {
    let sim = limited(200, 50).await;
    for (i, path) in ["/user", "/organizations/x", "/nothing", ORG]
        .into_iter()
        .enumerate()
    {
        let reply = get(&sim, path).await;
        let used = i64::try_from(i + 1).unwrap();
        assert_eq!(budget(&reply, "ratelimit"), [200 - used, 200, 60]);
        assert_eq!(budget(&reply, "ratelimit-user"), [50 - used, 50, 60]);
        assert_eq!(reply.headers["ratelimit-scope"], "rest");
        assert_eq!(reply.headers["ratelimit-user-scope"], "rest_user");
        assert!(!reply.headers.contains_key("ratelimit-warning"));
    }
    sim.advance(Duration::from_millis(17_500));
    let reply = get(&sim, ORG).await;
    // Seconds from now, and not a point in time.
    assert_eq!(budget(&reply, "ratelimit-user"), [45, 50, 43]);
    let nobody = get_as(&sim, "bkua_unknown", ORG).await;
    assert_eq!(budget(&nobody, "ratelimit-user"), [49, 50, 60]);
}

#[tokio::test]
async fn the_limit_of_the_user_comes_first_and_the_next_window_opens() {
    let sim = limited(200, 2).await;
    for left in [1, 0] {
        let reply = get(&sim, ORG).await;
        assert_eq!(
            (reply.status, budget(&reply, "ratelimit-user")[0]),
            (200, left)
        );
        let warned = reply.headers.contains_key("ratelimit-user-warning");
        assert_eq!(warned, left == 0);
    }
    sim.advance(Duration::from_secs(18));
    for current in [3, 4] {
        let reply = get(&sim, ORG).await;
        assert_eq!(reply.status, 429);
        assert_eq!(
            reply.json,
            json!({
                "message": "You have exceeded your API rate limit. Please wait 42 seconds before making more requests.",
                "scope": "rest_user", "limit": 2, "current": current, "reset": 42,
            })
        );
        assert_eq!(budget(&reply, "ratelimit-user"), [2 - current, 2, 42]);
        assert_eq!(budget(&reply, "ratelimit"), [200 - current, 200, 42]);
        assert!(!reply.headers.contains_key("retry-after"));
    }
    // Another token of the same user is no way out; another user's is.
    let same = get_as(&sim, TOKEN_WITHOUT_READ_USER, ORG).await;
    assert_eq!(same.status, 429);
    assert_eq!(get_as(&sim, MEMBER_TOKEN, ORG).await.status, 200);
    sim.advance(Duration::from_secs(42));
    let reply = get(&sim, ORG).await;
    assert_eq!(
        (reply.status, budget(&reply, "ratelimit-user")),
        (200, [1, 2, 60])
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_limit_of_the_organization_is_for_all_its_users() {
    let sim = limited(3, 2).await;
    for (token, status) in [
        (MEMBER_TOKEN, 200),
        (MEMBER_TOKEN, 200),
        (TOKEN_WITHOUT_READ_USER, 200),
        (TOKEN_WITHOUT_READ_USER, 429),
    ] {
        let reply = get_as(&sim, token, ORG).await;
        assert_eq!(reply.status, status);
        if status == 429 {
            assert_eq!(reply.json["scope"], "rest");
            assert_eq!(
                (&reply.json["limit"], &reply.json["current"]),
                (&json!(3), &json!(4))
            );
            assert!(reply.headers.contains_key("ratelimit-warning"));
        }
    }
}

#[tokio::test]
async fn a_refusal_may_say_when_to_come_back_and_be_forgiven() {
    let sim = limited(200, 1).await;
    sim.set_options(|options| {
        options.retry_after = true;
        options.forgive_after = Some(2);
    });
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let reply = get(&sim, ORG).await;
        statuses.push(reply.status);
        let wait = reply.headers.get("retry-after").map(String::as_str);
        assert_eq!(wait, (reply.status == 429).then_some("60"));
    }
    assert_eq!(statuses, [200, 429, 429, 200, 429]);
}

#[tokio::test]
async fn the_clock_may_be_somebody_else_s() {
    let seconds = Arc::new(AtomicU64::new(1_000));
    let read = Arc::clone(&seconds);
    let sim = limited(200, 1).await;
    sim.set_options(|options| {
        options.clock = Clock::Given(Arc::new(move || {
            Duration::from_secs(read.load(Ordering::SeqCst))
        }));
    });
    assert_eq!(get(&sim, ORG).await.status, 200);
    seconds.fetch_add(59, Ordering::SeqCst);
    assert_eq!(get(&sim, ORG).await.json["reset"], 1);
    seconds.fetch_add(1, Ordering::SeqCst);
    assert_eq!(get(&sim, ORG).await.status, 200);
    sim.set_options(|options| options.rest.window = Duration::from_millis(30));
    sim.set_options(|options| options.clock = Clock::Real);
    assert_eq!(get(&sim, ORG).await.status, 200);
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(get(&sim, ORG).await.status, 200);
}

#[tokio::test]
async fn queries_spend_points() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| {
        options.clock = Clock::Manual;
        options.graphql.per_user = 15;
        options.graphql.per_organization = 40;
    });
    let variables = || json!({"slug": "acme-inc"});
    // The organization, its members, where they end, their edges; each with its two objects and its user.
    let reply = query(&sim, MEMBERS, variables()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(budget(&reply, "ratelimit-user"), [-1, 15, 300]);
    assert_eq!(budget(&reply, "ratelimit"), [24, 40, 300]);
    assert_eq!(reply.headers["ratelimit-user-scope"], "graphql_user");
    assert!(!reply.headers.contains_key("ratelimit-scope"));
    sim.advance(Duration::from_secs(113));
    let refused = query(&sim, MEMBERS, variables()).await;
    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.error(),
        "You have exceeded your per-user limit of 15 complexity points. Please try again in 187 seconds."
    );
    // The budget of REST is another one.
    assert_eq!(budget(&get(&sim, ORG).await, "ratelimit-user")[0], 49);
    sim.set_options(|options| options.graphql.per_organization = 16);
    sim.set_options(|options| options.graphql.per_user = 5_000);
    assert_eq!(query(&sim, MEMBERS, variables()).await.status, 200);
    let refused = query(&sim, MEMBERS, variables()).await;
    assert_eq!(
        refused.error(),
        "Your organization has exceeded the limit of 16 complexity points. Please try again in 300 seconds."
    );
    let other = query_as(&sim, MEMBER_TOKEN, MEMBERS, variables()).await;
    assert_eq!(other.status, 429);
    sim.advance(Duration::from_secs(300));
    assert_eq!(query(&sim, MEMBERS, variables()).await.status, 200);
}
