//! How long a token is good for, and for which organization.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{Clock, after, between};
use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    ORGANIZATION, SECOND_ORGANIZATION, TEST_TOKEN, TokenDates, WIDE_TOKEN, World,
};
use serde_json::json;

use super::{desk_of, digest_of};
use crate::Desk;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A desk whose token ends at this moment, so long after now. The simulator looks at the real date: the moment must be in
/// the future.
async fn ending(at: &str, left: Duration, dates: TokenDates) -> Desk {
    let end: Timestamp = at.parse().expect("a time");
    let mut world = World::worked_example();
    world.edit_token(TEST_TOKEN, |token| token.expires_at = Some(end));
    let desk = desk_of(world, |options| options.token_dates = dates).await;
    let far = between(desk.clock.now(), end);
    desk.clock.advance(far.saturating_sub(left));
    assert_eq!(after(desk.clock.now(), left), end);
    desk
}

/// A new token ends after seven days unless somebody picks another time, and the public connector then stops.
#[tokio::test]
async fn a_token_that_ends_soon_is_told_with_the_moment_in_either_spelling() {
    for dates in [TokenDates::Spaced, TokenDates::Rfc3339] {
        for (left, warned) in [
            (DAY / 24, true),
            (DAY * 14 - Duration::from_secs(1), true),
            (DAY * 14, false),
            (DAY * 90, false),
        ] {
            let desk = ending("2100-01-01T00:00:00Z", left, dates).await;
            let warnings = Shown::by(&desk).await.warnings();
            let expected = ["KeyEndsSoon: the key ends at 2100-01-01T00:00:00Z"];
            let expected = if warned { expected.as_slice() } else { &[] };
            assert_eq!(warnings, expected, "{dates:?}, {left:?} left");
        }
    }
}

#[tokio::test]
async fn a_token_that_never_ends_is_not_told_of() {
    let desk = desk_of(World::worked_example(), |_| {}).await;
    let token = desk.vendor.sim.with_world(|w| {
        let mut tokens = w.tokens.iter();
        tokens.find(|t| t.secret == TEST_TOKEN).cloned()
    });
    assert_eq!(token.expect("the token").expires_at, None);
    assert_eq!(Shown::by(&desk).await.warnings(), Vec::<String>::new());
}

/// Addresses of browsers take any case; paths of the API may not.
#[tokio::test]
async fn the_organization_is_found_in_any_case_and_asked_for_as_the_api_spells_it() {
    let whole = digest_of(World::worked_example()).await;
    for slug in ["acme-inc", "ACME-Inc", " Acme-inc\n"] {
        let desk = desk_of(World::worked_example(), |_| {}).await;
        desk.set_keys(&json!({"organization": slug}));
        assert_eq!(desk.complete().await["content_digest"], whole, "{slug:?}");
        let requests = desk.vendor.sim.requests();
        let mut paths = requests.iter().map(|r| r.path.as_str());
        let about = |path: &str| path.starts_with("/v2/organizations/");
        let spelt = format!("/v2/organizations/{ORGANIZATION}/");
        assert!(paths.all(|path| !about(path) || path.starts_with(&spelt)));
    }
}

/// Both have a team with the slug `everyone`, and Ada in it.
#[tokio::test]
async fn two_organizations_of_one_token_are_two_connections_that_share_people_and_nothing_else() {
    let mut shown = Vec::new();
    for slug in [ORGANIZATION, SECOND_ORGANIZATION] {
        let desk = desk_of(World::rich(), |_| {}).await;
        desk.set_keys(&json!({"api-token": WIDE_TOKEN, "organization": slug}));
        shown.push(Shown::by(&desk).await);
    }
    let [first, second] = shown.as_slice() else {
        panic!("two")
    };
    let both: Vec<&String> = first
        .resources
        .keys()
        .filter(|id| second.resources.contains_key(*id))
        .collect();
    assert_eq!(both, ["user:a0000000-0000-4000-8000-00000000000a"]);
    let same_grants = first
        .grants
        .keys()
        .filter(|id| second.grants.contains_key(*id));
    assert_eq!(same_grants.count(), 0);
}

/// What a sync of one organization shows must not become that of another behind its back.
#[tokio::test]
async fn a_connection_that_is_turned_to_another_organization_fails() {
    let desk = desk_of(World::rich(), |_| {}).await;
    desk.set_keys(&json!({"api-token": WIDE_TOKEN}));
    desk.complete().await;
    let before = desk.published();
    desk.set_keys(&json!({"api-token": WIDE_TOKEN, "organization": SECOND_ORGANIZATION}));
    let error = desk.sync().await.expect_err("another organization");
    assert_eq!(error.code(), "AnotherTenant");
    assert!(desk.published() == before);
}
