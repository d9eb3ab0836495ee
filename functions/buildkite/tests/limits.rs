//! Two limits hold at once, of the organization and of the token's user, and both are obeyed before they are reached. The
//! simulator goes by the clock of the workbench, which nobody waits for.

use std::sync::Arc;

use rollcall_connector::clock::{Clock as _, between};
use rollcall_harness::answers::slice;
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_simulators::buildkite::{Clock, Limits, World, too_many_requests};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::Simulated;
use crate::world::{TEAMS, answered, desk_of, digest_of, generated};

/// What a sync took: its last answer, how many seconds it waited altogether, and the most calls between two waits.
pub(crate) async fn waited<const GRAPHQL: bool>(
    world: World,
    [rest, graphql]: [Limits; 2],
) -> (Value, u64, usize) {
    let vendor = Simulated::<GRAPHQL>::at(world, |o| (o.rest, o.graphql) = (rest, graphql));
    let desk = Bench::around(vendor.await);
    let (clock, began) = (desk.clock.clone(), desk.clock.now());
    let time: Clock = Arc::new(move || between(began, clock.now()));
    desk.vendor.sim.set_options(|options| options.clock = Some(time));
    let (mut answer, mut most) = (json!({}), 0);
    loop {
        let (next, wait) = slice(&desk, &answer).await;
        answer = next;
        let requests = desk.vendor.requests();
        assert!(requests.iter().all(|r| r.status != 429));
        most = most.max(requests.len());
        // Two hundred points of GraphQL are left to others.
        assert!(desk.vendor.sim.points_used() <= 4_800);
        let waited = between(began, desk.clock.now()).as_secs();
        let Some(wait) = wait else {
            return (answer, waited, most);
        };
        desk.vendor.clear_requests();
        desk.clock.advance(wait);
    }
}

/// One line of the public connector fails for good when a limit is reached, the other runs into it again and again; and
/// its library reads the headers of the organization's limit alone.
#[tokio::test]
async fn a_sync_of_120_teams_is_never_refused_leaves_a_reserve_and_ends_like_one_without_limits() {
    let large = || generated([120, 120, 4]);
    let whole = desk_of(large(), |_| {}).await.complete().await;
    let mut shared = Limits::REST;
    (shared.per_organization, shared.per_user) = (100, 1_000);
    // Of the real ones the user's is the tighter one, and two are left; of the organization's a fifth, for its builds.
    for (rest, most, waits) in [(Limits::REST, 48, 2), (shared, 80, 1)] {
        let (answer, seconds, calls) = waited::<false>(large(), [rest, Limits::NONE]).await;
        assert_eq!((seconds, calls), (60 * waits, most));
        for part in ["content_digest", "counts", "warnings"] {
            assert_eq!(answer[part], whole[part]);
        }
        // After each wait it is asked anew what the token is and reaches, and nothing else twice.
        let calls = answer["calls"].as_u64().expect("a number");
        assert_eq!(json!(calls - 2 * waits), whole["calls"]);
    }
}

/// Somebody else may have used up what there was: the refusal says how much less than nothing is left, of which limit, and
/// for how long; the Terraform provider once took the seconds for a moment in 1970. `Retry-After` is not documented, and is
/// honoured if it comes.
#[tokio::test]
async fn a_sync_that_either_limit_refuses_at_any_call_resumes_at_the_announced_time() {
    let whole = digest_of(World::worked_example()).await;
    for (kind, seconds, outside) in [
        // It may have looked again after a moment; the vendor rounds up to whole seconds.
        (too_many_requests("rest", 60), 60..62, true),
        (too_many_requests("rest_user", 60), 60..62, true),
        (FaultKind::too_many_requests(Some(100)), 100..101, true),
        (too_many_requests("rest", 9), 9..20, false),
        (too_many_requests("rest_user", 9), 9..20, false),
    ] {
        for n in if outside { 1..=6 } else { 4..=4 } {
            let what = format!("{kind:?} at call {n}");
            let desk = desk_of(World::worked_example(), |_| {}).await;
            desk.vendor.set_faults([Fault::nth(n, kind.clone())]);
            let began = desk.clock.now();
            let (mut answer, wait) = slice(&desk, &json!({})).await;
            assert_eq!(wait.is_some(), outside, "{what}");
            if let Some(wait) = wait {
                desk.clock.advance(wait);
                answer = slice(&desk, &answer).await.0;
            }
            assert_eq!(answer["content_digest"], whole, "{what}: {answer:#}");
            let refused = desk.vendor.requests().iter().filter(|r| r.status == 429).count();
            assert_eq!(refused, 1, "{what}: it asked again at once");
            let waited = between(began, desk.clock.now()).as_secs();
            assert!(seconds.contains(&waited), "{what}: it waited {waited} s");
        }
    }
    // Without any header a limit is taken to last a minute, as long as the windows do.
    let desk = answered(TEAMS, FaultKind::too_many_requests(None)).await;
    let (_, wait) = slice(&desk, &json!({})).await;
    assert_eq!(wait.map(|wait| wait.as_secs()), Some(60));
}
