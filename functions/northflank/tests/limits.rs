//! A thousand requests an hour, which everybody in the organization shares. A tenant that needs more than that is read in
//! several hours, and the waiting is done outside.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{Clock, between};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_simulators::northflank::{RateLimit, Sizes, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

const HOUR: Duration = Duration::from_secs(3600);

/// More lists than an hour has requests.
fn large() -> World {
    let sizes = Sizes {
        members: 250,
        roles: 150,
        groups: 900,
        members_per_role: 2,
        members_per_group: 3,
        groups_per_role: 2,
    };
    World::generate(&sizes, 3)
}

fn limit(desk: &Desk, requests: usize) {
    desk.vendor.sim.set_options(|o| {
        o.rate_limit = RateLimit {
            requests,
            ..RateLimit::default()
        };
    });
}

/// One slice of a sync, and what it was to wait for, if it was.
async fn slice(desk: &Desk, event: Value) -> (Value, Option<Duration>) {
    let answer = answer_of(desk.invoke(Operation::Sync, event).await);
    if answer["status"] != "continue" {
        return (answer, None);
    }
    assert_eq!(answer["reason"], "rate_limit", "{answer}");
    let at: Timestamp = answer["resume_at"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    let wait = between(desk.clock.now(), at);
    (answer, Some(wait))
}

/// Time passes here and at the vendor.
fn pass(desk: &Desk, time: Duration) {
    desk.clock.advance(time);
    desk.vendor.sim.advance(time);
}

/// Runs to the end; gives the answer and how many requests each window had.
async fn windows(desk: &Desk) -> (Value, Vec<usize>) {
    let (mut event, mut windows, mut before) = (json!({}), Vec::new(), 0);
    loop {
        let (answer, wait) = slice(desk, event).await;
        let calls = desk.vendor.sim.calls();
        windows.push(calls - before);
        before = calls;
        let Some(wait) = wait else {
            return (answer, windows);
        };
        assert!(!desk.is_published(), "half a sync is published");
        assert!(wait > HOUR / 2 && wait <= HOUR, "{wait:?}");
        pass(desk, wait);
        event = json!({"sync_id": answer["sync_id"]});
        assert!(windows.len() < 20, "it never ends: {windows:?}");
    }
}

fn statuses_are_all_200(desk: &Desk) {
    let others: Vec<String> = desk
        .vendor
        .sim
        .requests()
        .iter()
        .filter(|r| r.status != 200)
        .map(|r| format!("{}: {}", r.line(), r.status))
        .collect();
    assert_eq!(others, Vec::<String>::new());
}

#[tokio::test]
async fn a_tenant_that_needs_more_than_an_hours_requests_is_read_in_two_hours_and_never_refused() {
    let desk = Desk::around(Simulated::of(large()).await);
    let whole = desk.complete().await;
    let needed = desk.vendor.sim.calls();
    assert!(needed > 1050, "{needed}");

    let desk = Desk::around(Simulated::of(large()).await);
    limit(&desk, 1000);
    let (answer, windows) = windows(&desk).await;
    assert_eq!(answer["status"], "complete", "{answer}");
    assert_eq!(answer["content_digest"], whole["content_digest"]);
    assert_eq!(answer["counts"], whole["counts"]);
    assert_eq!(windows.len(), 2, "{windows:?}");
    // A twentieth is left for everybody else, but for what was under way at the same time.
    assert!(
        windows[0] > 900 && windows[0] <= 950 + 3,
        "{windows:?} of {needed}"
    );
    // The second process says who it is and whether it may, and reads nothing else twice.
    assert_eq!(windows.iter().sum::<usize>(), needed + 4);
    assert_eq!(answer["calls"], json!(needed + 4));
    statuses_are_all_200(&desk);
}

/// The vendor raises the limit on request, or somebody else uses most of it.
#[tokio::test]
async fn the_limit_is_the_one_that_the_vendor_sends() {
    let world = || {
        let sizes = Sizes {
            groups: 60,
            ..Sizes::default()
        };
        World::generate(&sizes, 4)
    };
    let desk = Desk::around(Simulated::of(world()).await);
    let whole = desk.complete().await;
    for (requests, hours) in [(30, 3), (60, 2), (400, 1)] {
        let desk = Desk::around(Simulated::of(world()).await);
        limit(&desk, requests);
        let (answer, windows) = windows(&desk).await;
        assert_eq!(answer["content_digest"], whole["content_digest"]);
        assert_eq!(windows.len(), hours, "{requests}: {windows:?}");
        let reserve = requests / 20;
        assert!(
            windows.iter().all(|n| *n <= requests - reserve + 3),
            "{requests}: {windows:?}"
        );
        statuses_are_all_200(&desk);
    }
}

/// The header is in seconds from now, and no time of day; without `Retry-After` it says how long to wait.
#[tokio::test]
async fn a_refusal_in_the_middle_is_waited_for_as_long_as_the_vendor_says() {
    let desk = Desk::around(Simulated::of(World::worked_example()).await);
    let whole = desk.complete().await;
    for (retry_after, least, most) in [(Some(1800), 1800, 1800), (None, 3590, 3600)] {
        let desk = Desk::around(Simulated::of(World::worked_example()).await);
        desk.vendor.sim.set_faults(vec![Fault::nth_matching(
            1,
            "GET",
            "/v1/org-roles/developer/members",
            FaultKind::too_many_requests(retry_after),
        )]);
        let (answer, wait) = slice(&desk, json!({})).await;
        let wait = wait.expect("a wait").as_secs();
        assert!((least..=most).contains(&wait), "{retry_after:?}: {wait}");
        assert!(!desk.is_published());
        pass(&desk, Duration::from_secs(wait));
        let (answer, wait) = slice(&desk, json!({"sync_id": answer["sync_id"]})).await;
        assert_eq!(wait, None);
        assert_eq!(answer["content_digest"], whole["content_digest"]);
    }
}

/// A limit that is used up before the first request of a sync is no matter of the token.
#[tokio::test]
async fn a_limit_that_others_have_used_up_is_no_bad_credential() {
    let desk = Desk::around(Simulated::of(World::worked_example()).await);
    desk.vendor.sim.set_faults(vec![
        Fault::every(FaultKind::too_many_requests(Some(900))).times(1),
    ]);
    let (answer, wait) = slice(&desk, json!({})).await;
    assert_eq!(wait, Some(Duration::from_secs(900)));
    assert!(!desk.is_published());
    pass(&desk, Duration::from_secs(900));
    let (answer, _) = slice(&desk, json!({"sync_id": answer["sync_id"]})).await;
    assert_eq!(answer["status"], "complete");
}
