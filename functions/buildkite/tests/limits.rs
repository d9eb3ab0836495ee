//! Two limits hold at once, of the organization and of the token's user, and both are obeyed before they are reached. The
//! simulator goes by the clock of the workbench, which nobody waits for.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{Clock as _, after, between};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_simulators::buildkite::{Clock, Limits, Sizes, World, too_many_requests};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

const MINUTE: Duration = Duration::from_secs(60);

/// A hundred and twenty teams, one of which takes three pages.
fn large() -> World {
    let sizes = Sizes {
        users: 250,
        teams: 120,
        members_per_team: 4,
        ..Sizes::default()
    };
    World::generate(&sizes, 11)
}

async fn limited(world: World, rest: Limits) -> Desk {
    let desk = Desk::around(Simulated::of(world).await);
    let clock = desk.clock.clone();
    let began = clock.now();
    desk.vendor.sim.set_options(|options| {
        options.rest = rest;
        options.clock = Clock::Given(Arc::new(move || between(began, clock.now())));
    });
    desk
}

fn limits(per_organization: u64, per_user: u64) -> Limits {
    Limits {
        per_organization,
        per_user,
        ..Limits::REST
    }
}

/// The digest of a sync without limits.
async fn unlimited(world: World) -> Value {
    let desk = Desk::around(Simulated::of(world).await);
    desk.complete().await["content_digest"].clone()
}

fn refused(desk: &Desk) -> usize {
    let requests = desk.vendor.sim.requests();
    requests.iter().filter(|r| r.status == 429).count()
}

/// When an answer wants to be gone on with, which must be for a limit.
fn resume_at(answer: &Value) -> Timestamp {
    assert_eq!(answer["status"], "continue", "{answer:#}");
    assert_eq!(answer["reason"], "rate_limit", "{answer:#}");
    let at = answer["resume_at"].as_str().expect("a time");
    at.parse().expect("a time")
}

fn gone_on_with(answer: &Value) -> Value {
    json!({"sync_id": answer["sync_id"]})
}

/// Runs a sync to its end, coming back exactly when told to. Gives the last answer, and how many requests each slice took.
async fn in_slices(desk: &Desk) -> (Value, Vec<usize>) {
    let mut event = json!({});
    let mut slices = Vec::new();
    loop {
        desk.vendor.sim.clear_requests();
        let before = desk.clock.now();
        let answer = answer_of(desk.invoke(Operation::Sync, event).await);
        slices.push(desk.vendor.sim.calls());
        assert_eq!(refused(desk), 0, "after {slices:?}");
        if answer["status"] == "complete" {
            return (answer, slices);
        }
        assert!(!desk.is_published());
        assert_eq!(desk.clock.now(), before, "it waited by itself");
        // The window began with the slice.
        assert_eq!(resume_at(&answer), after(before, MINUTE));
        desk.clock.advance(MINUTE);
        event = gone_on_with(&answer);
    }
}

/// One line of the public connector fails for good when a limit is reached, the other runs into it again and again; and
/// its library reads the headers of the organization's limit alone.
#[tokio::test]
async fn a_sync_of_120_teams_is_never_refused_leaves_a_reserve_and_ends_like_one_without_limits() {
    let whole = unlimited(large()).await;
    for (rest, per_slice) in [
        // The real ones: the user's is the tighter one, and two of it are left.
        (Limits::REST, 48),
        // Where the organization has more by its plan, the user does not.
        (limits(400, 50), 48),
        // A fifth of what is the whole organization's is left for its builds.
        (limits(100, 1000), 80),
        (limits(55, 50), 44),
    ] {
        let desk = limited(large(), rest).await;
        let (answer, slices) = in_slices(&desk).await;
        assert_eq!(answer["content_digest"], whole, "{rest:?}");
        assert_eq!(answer["warnings"], json!([]), "{rest:?}");
        let (last, full) = slices.split_last().expect("slices");
        assert!(full.iter().all(|n| *n == per_slice), "{rest:?}: {slices:?}");
        assert!(
            !full.is_empty() && *last <= per_slice,
            "{rest:?}: {slices:?}"
        );
        // Each slice asks anew what the token is and reaches, and nothing else twice.
        let total: usize = slices.iter().sum();
        let at_least = desk.vendor.sim.with_world(|w| {
            let organization = w.organizations.values().next().expect("one");
            let pages = |rows: usize| rows.div_ceil(100).max(1);
            let teams = &organization.teams;
            let in_teams: usize = teams.iter().map(|team| pages(team.members.len())).sum();
            pages(organization.members.len()) + pages(teams.len()) + in_teams
        });
        assert_eq!(total, at_least + 2 * slices.len(), "{rest:?}");
    }
}

/// The Terraform provider once took the seconds for a moment in 1970, and did not wait at all.
#[tokio::test]
async fn whoever_comes_back_too_early_is_told_the_same_moment_again() {
    let whole = unlimited(large()).await;
    let desk = limited(large(), Limits::REST).await;
    let began = desk.clock.now();
    let mut answer = answer_of(desk.invoke(Operation::Sync, json!({})).await);
    assert_eq!(resume_at(&answer), after(began, MINUTE));
    // Each time it takes a request to find out. Two are there; the third is refused, and so is the fourth: less than nothing
    // is left.
    for early in 1..=4 {
        desk.clock.advance(Duration::from_millis(2500));
        answer = answer_of(desk.invoke(Operation::Sync, gone_on_with(&answer)).await);
        let late = between(after(began, MINUTE), resume_at(&answer));
        // The vendor rounds up to whole seconds.
        assert!(late <= Duration::from_secs(1), "{early}: {late:?}");
        assert!(resume_at(&answer) >= after(began, MINUTE), "{early}");
        assert_eq!(refused(&desk), early.max(2) - 2);
        let spent = 48 + early;
        assert_eq!(desk.vendor.sim.calls(), spent);
    }
    desk.clock
        .advance(between(desk.clock.now(), resume_at(&answer)));
    let answer = answer_of(desk.finish(gone_on_with(&answer)).await);
    assert_eq!(answer["content_digest"], whole);
    assert_eq!(refused(&desk), 2);
}

/// Somebody else may have used up what there was: the refusal says how much less than nothing is left, of which limit, and
/// for how long.
#[tokio::test]
async fn a_refusal_by_either_limit_at_any_call_is_gone_on_with_when_it_says() {
    let whole = unlimited(World::worked_example()).await;
    for scope in ["rest", "rest_user"] {
        for n in 1..=6 {
            let what = format!("{scope} at call {n}");
            let desk = limited(World::worked_example(), Limits::REST).await;
            let fault = Fault::nth(n, too_many_requests(scope, 60));
            desk.vendor.sim.set_faults(vec![fault]);
            let began = desk.clock.now();
            let answer = answer_of(desk.invoke(Operation::Sync, json!({})).await);
            let (at, event) = (resume_at(&answer), gone_on_with(&answer));
            // It may have looked again after a moment; the vendor rounds up to whole seconds.
            let late = between(after(began, MINUTE), at);
            assert!(at >= after(began, MINUTE), "{what}: {at}");
            assert!(late <= Duration::from_secs(1), "{what}: {late:?}");
            assert_eq!(refused(&desk), 1, "{what}: it asked again at once");
            assert!(!desk.is_published(), "{what}");
            desk.clock.advance(between(desk.clock.now(), at));
            let answer = answer_of(desk.invoke(Operation::Sync, event).await);
            assert_eq!(answer["content_digest"], whole, "{what}: {answer:#}");
            assert_eq!(refused(&desk), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_short_wait_is_waited_for_inside() {
    let whole = unlimited(World::worked_example()).await;
    for scope in ["rest", "rest_user"] {
        let rest = Limits {
            window: Duration::from_secs(9),
            ..Limits::REST
        };
        let desk = limited(World::worked_example(), rest).await;
        let fault = Fault::nth(4, too_many_requests(scope, 9));
        desk.vendor.sim.set_faults(vec![fault]);
        let began = desk.clock.now();
        let answer = answer_of(desk.invoke(Operation::Sync, json!({})).await);
        assert_eq!(answer["content_digest"], whole, "{scope}: {answer:#}");
        let waited = between(began, desk.clock.now());
        assert!(
            (9..20).contains(&waited.as_secs()),
            "{scope}: it waited {waited:?}"
        );
        assert_eq!(refused(&desk), 1, "{scope}");
    }
}

/// `Retry-After` is not documented, and is honoured if it comes; without it and without the other headers a limit is taken
/// to last a minute, as long as the windows do.
#[tokio::test]
async fn a_refusal_without_the_documented_headers_is_waited_for_too() {
    let whole = unlimited(World::worked_example()).await;
    for (seconds, expected) in [(Some(100), 100..101), (None, 60..120)] {
        let desk = Desk::around(Simulated::of(World::worked_example()).await);
        let teams = "/v2/organizations/acme-inc/teams";
        let kind = FaultKind::too_many_requests(seconds);
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("GET", teams, kind).exactly()]);
        let began = desk.clock.now();
        let answer = answer_of(desk.invoke(Operation::Sync, json!({})).await);
        let wait = between(began, resume_at(&answer)).as_secs();
        assert!(expected.contains(&wait), "{seconds:?}: {wait}");
        desk.vendor.sim.clear_faults();
        let answer = answer_of(desk.finish(gone_on_with(&answer)).await);
        assert_eq!(answer["content_digest"], whole, "{seconds:?}");
    }
}
