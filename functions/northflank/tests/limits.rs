//! A thousand requests an hour, which the whole organization shares. A tenant that needs more is read in several hours,
//! and the wait is outside the function.

use std::time::Duration;

use rollcall_harness::answers::slice;
use rollcall_harness::conformance::Subject;
use rollcall_simulators::northflank::{Sizes, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use crate::world::{DEVELOPERS, Desk, desk_of, digest};

/// The vendor raises the limit on request, or somebody else uses most of it: the limit in the headers counts, and a
/// twentieth is left for others.
#[tokio::test]
async fn a_tenant_that_needs_more_than_an_hours_requests_is_read_in_several_and_never_refused() {
    let mut sizes = Sizes::default();
    (sizes.groups, sizes.roles) = (160, 8);
    let world = || World::generate(&sizes, 4);
    let whole = desk_of(world()).await.complete().await;
    for (requests, hours) in [(80, 3), (160, 2), (400, 1)] {
        let desk = desk_of(world()).await;
        desk.vendor.set(|o| o.rate_limit.requests = requests as u64);
        let (mut answer, mut windows) = (json!({}), Vec::new());
        loop {
            let (next, wait) = slice(&desk, &answer).await;
            answer = next;
            windows.push(desk.vendor.sim.calls());
            let requests = desk.vendor.requests();
            assert!(requests.iter().all(|r| r.status == 200), "{windows:?}");
            desk.vendor.clear_requests();
            let Some(wait) = wait else { break };
            assert!((1800..=3600).contains(&wait.as_secs()), "{wait:?}");
            desk.clock.advance(wait);
            desk.vendor.sim.advance(wait);
        }
        assert_eq!(answer["content_digest"], whole["content_digest"]);
        assert_eq!(windows.len(), hours, "{requests}: {windows:?}");
        // Except for concurrent requests.
        let most = windows.iter().max().copied();
        assert!(most <= Some(requests - requests / 20 + 3), "{windows:?}");
        // Each process identifies itself and checks its rights, and reads nothing else twice.
        let calls = windows.iter().sum::<usize>() - 4 * (hours - 1);
        assert_eq!(json!(calls), whole["calls"]);
    }
}

/// The header is in seconds from now, not a time of day; without `Retry-After` it determines the wait. A limit that
/// others have used up before the first request is not a fault of the token.
#[tokio::test]
async fn a_rate_limit_is_waited_for_as_long_as_the_vendor_says_and_is_not_a_bad_credential() {
    let whole = digest(&Desk::small().await).await;
    for (path, retry_after, least, most) in [
        (DEVELOPERS, Some(1800), 1800, 1800),
        (DEVELOPERS, None, 3590, 3600),
        ("", Some(900), 900, 900),
    ] {
        let desk = Desk::small().await;
        let kind = FaultKind::too_many_requests(retry_after);
        desk.vendor.set_faults([Fault::nth_matching(1, "GET", path, kind)]);
        let (answer, wait) = slice(&desk, &json!({})).await;
        let wait = wait.expect("a wait");
        let seconds = wait.as_secs();
        assert!((least..=most).contains(&seconds), "{retry_after:?}: {seconds}");
        desk.clock.advance(wait);
        desk.vendor.sim.advance(wait);
        let (answer, wait) = slice(&desk, &answer).await;
        assert_eq!((wait, &answer["content_digest"]), (None, &whole));
    }
}

#[tokio::test]
async fn no_more_than_four_requests_are_in_flight_at_once() {
    let desk = desk_of(World::generate(&Sizes::default(), 2)).await;
    desk.vendor.set(|o| o.latency = Duration::from_millis(2));
    desk.complete().await;
    let peak = desk.vendor.sim.peak_concurrency();
    assert!((2..=4).contains(&peak), "{peak}");
}
