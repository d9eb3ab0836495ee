//! Too many requests.

use std::time::Duration;

use rollcall_simulators::{
    Fault, FaultKind,
    northflank::{EXPIRED_TOKEN, NO_ROLES_TOKEN, Northflank, RateLimit, World},
};

use crate::client::{Reply, get, get_as, sim, sim_with};

const MEMBERS: &str = "/v1/org-members";

/// Limit and what remains.
fn told(reply: &Reply) -> [&str; 2] {
    ["limit", "remaining"].map(|name| reply.headers[&format!("x-ratelimit-{name}")].as_str())
}

/// Whether so many seconds are left until the count begins anew, or a few less: the machine may be busy.
fn resets_in(reply: &Reply, seconds: u64) -> bool {
    let told: u64 = reply.headers["x-ratelimit-reset"].parse().unwrap();
    (seconds - 9..=seconds).contains(&told)
}

async fn limited(requests: usize) -> Northflank {
    sim_with(|options| options.rate_limit.requests = requests).await
}

#[tokio::test]
async fn every_answer_says_how_much_is_left() {
    let sim = sim(World::worked_example()).await;
    let first = get(&sim, MEMBERS).await;
    assert_eq!(told(&first), ["1000", "999"]);
    assert!(resets_in(&first, 3600));
    sim.advance(Duration::from_secs(60));
    for (reply, status, left) in [
        (get(&sim, "/v1/org-roles/gone").await, 404, "998"),
        (get_as(&sim, EXPIRED_TOKEN, MEMBERS).await, 401, "997"),
        (
            get_as(&sim, NO_ROLES_TOKEN, "/v1/org-roles").await,
            403,
            "996",
        ),
        (get(&sim, "/v1/org-members?per_page=0").await, 400, "995"),
        (get(&sim, "/nowhere").await, 404, "994"),
    ] {
        assert_eq!(reply.status, status);
        assert_eq!(told(&reply), ["1000", left]);
        assert!(resets_in(&reply, 3540));
    }
}

#[tokio::test]
async fn an_hour_after_the_first_request_the_count_begins_anew() {
    let sim = limited(2).await;
    // The window is not open before there is a request.
    sim.advance(Duration::from_secs(3000));
    let first = get(&sim, MEMBERS).await;
    assert_eq!(told(&first), ["2", "1"]);
    assert!(resets_in(&first, 3600));
    sim.advance(Duration::from_secs(3000));
    assert_eq!(get(&sim, MEMBERS).await.status, 200);
    let refused = get(&sim, MEMBERS).await;
    assert_eq!(
        (refused.status, refused.id()),
        (429, "nf-sim-too-many-requests")
    );
    assert_eq!(told(&refused), ["2", "0"]);
    assert!(resets_in(&refused, 600));
    assert!(!refused.headers.contains_key("retry-after"));
    sim.advance(Duration::from_secs(590));
    assert_eq!(get(&sim, MEMBERS).await.status, 429);
    sim.advance(Duration::from_secs(10));
    let next = get(&sim, MEMBERS).await;
    assert_eq!(told(&next), ["2", "1"]);
    assert!(resets_in(&next, 3600));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_organization_s_tokens_share_the_count() {
    let sim = limited(2).await;
    assert_eq!(get(&sim, MEMBERS).await.status, 200);
    assert_eq!(get_as(&sim, NO_ROLES_TOKEN, MEMBERS).await.status, 200);
    assert_eq!(get(&sim, MEMBERS).await.status, 429);
    assert_eq!(get_as(&sim, EXPIRED_TOKEN, MEMBERS).await.status, 429);
}

#[tokio::test]
async fn time_passes_by_itself_too() {
    let sim = sim_with(|options| {
        options.rate_limit = RateLimit {
            requests: 1,
            window: Duration::from_secs(1),
            retry_after: Some(7),
            forgive_after: None,
        };
    })
    .await;
    assert_eq!(told(&get(&sim, MEMBERS).await), ["1", "0"]);
    let refused = get(&sim, MEMBERS).await;
    assert_eq!(
        (refused.status, refused.headers["retry-after"].as_str()),
        (429, "7")
    );
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert_eq!(get(&sim, MEMBERS).await.status, 200);
}

#[tokio::test]
async fn refusals_can_be_forgiven_and_the_switches_begin_a_new_count() {
    let sim = limited(1).await;
    sim.set_options(|options| options.rate_limit.forgive_after = Some(2));
    for status in [200, 429, 429, 200, 429] {
        assert_eq!(get(&sim, MEMBERS).await.status, status);
    }
    sim.set_options(|options| options.rate_limit.requests = 3);
    assert_eq!(told(&get(&sim, MEMBERS).await)[1], "2");
}

#[tokio::test]
async fn answers_of_faults_are_counted_like_others() {
    let sim = sim(World::worked_example()).await;
    sim.set_faults(vec![
        Fault::nth(1, FaultKind::status(500)),
        Fault::nth(2, FaultKind::too_many_requests(Some(3))),
        Fault::nth(3, FaultKind::CutBody),
        Fault::nth(
            4,
            FaultKind::Redirect {
                to: "http://elsewhere.test/".to_owned(),
            },
        ),
    ]);
    assert_eq!(told(&get(&sim, MEMBERS).await), ["1000", "999"]);
    let refused = get(&sim, MEMBERS).await;
    assert_eq!(told(&refused), ["1000", "0"]);
    assert_eq!(refused.headers["retry-after"], "3");
    for left in ["997", "996", "995"] {
        assert_eq!(told(&get(&sim, MEMBERS).await)[1], left);
    }
}

#[tokio::test]
async fn a_fault_may_say_otherwise() {
    let sim = sim(World::worked_example()).await;
    let said = ("x-ratelimit-reset".to_owned(), "1784100000".to_owned());
    sim.set_faults(vec![Fault::every(FaultKind::Status {
        code: 429,
        headers: vec![said],
        body: None,
    })]);
    let refused = get(&sim, MEMBERS).await;
    assert_eq!(told(&refused), ["1000", "0"]);
    assert_eq!(refused.headers["x-ratelimit-reset"], "1784100000");
}
