//! Who is in the organization and in its teams, and what becomes of them during a sync.

use rollcall_harness::conformance::{Bench, Subject, answer_of};
use rollcall_harness::shown::Shown;
use rollcall_simulators::FaultKind;
use rollcall_simulators::buildkite::{
    ADA_ID, BEN_ID, EVERYONE_ID, LARGE_TEAM_ID, MEMBER_TOKEN, ORGANIZATION, PLATFORM_ID, SsoMode,
    TEST_TOKEN, Teams, World, html_page,
};
use serde_json::json;

use crate::Simulated;
use crate::world::{Desk, MEMBERS, TEAMS, at, desk_of, digest_of, of_team, said, sync_fails};

/// The public connector leaves out secret teams without a warning. Where the API returns no roles, it returns the sign-in mode
/// of other users to administrators only.
#[tokio::test]
async fn possibly_missing_secret_teams_are_reported_whenever_they_can_be_detected() {
    for (omit_role, sso_mode, token, warned) in [
        (false, SsoMode::AdminsAndOwn, TEST_TOKEN, false),
        (false, SsoMode::AdminsAndOwn, MEMBER_TOKEN, true),
        (true, SsoMode::AdminsAndOwn, TEST_TOKEN, false),
        (true, SsoMode::AdminsAndOwn, MEMBER_TOKEN, true),
        (true, SsoMode::Nobody, TEST_TOKEN, true),
    ] {
        // The owner may be alone on a page, or on another one than everybody else.
        for size in [None, Some(1), Some(2)] {
            let desk = desk_of(World::worked_example(), |o| {
                (o.omit_role, o.sso_mode, o.force_page_size) = (omit_role, sso_mode, size);
            })
            .await;
            desk.set_keys(&json!({"api-token": token}));
            let told = desk.complete().await["warnings"].to_string();
            let what = format!("{omit_role}, {sso_mode:?}, {token}");
            assert_eq!(told.contains("MayNotBeAdministrator"), warned, "{what}");
        }
    }
}

/// Whoever owns a token is in the organization that it reaches: a list without anybody, or without them, is not whole. Where
/// nothing says who owns the token, nobody is missed.
#[tokio::test]
async fn a_list_of_members_without_the_tokens_owner_publishes_nothing() {
    let ben = json!({"id": BEN_ID, "name": "Ben Builder", "email": "ben@example.com"});
    let ada = |name: &str, email: &str| json!([ben, {"id": ADA_ID, "name": name, "email": email}]);
    let unowned = at("/v2/access-token", FaultKind::without("user"));
    for (rows, is_owned, code) in [
        (json!([]), true, Some("EmptyList")),
        (json!([]), false, Some("EmptyList")),
        (json!([ben]), true, Some("CallerNotListed")),
        (json!([ben]), false, None),
        (ada("A. Admin", "a@x.io"), true, Some("CallerNotListed")),
        // She is known by one of the two, in any case of letters.
        (ada("A. Admin", "ADA@example.com"), true, None),
        (ada("Ada Admin", ""), true, None),
    ] {
        let (desk, unowned) = (Desk::small().await, (!is_owned).then_some(unowned.clone()));
        desk.vendor.set_faults([at(MEMBERS, said(200, rows.clone()))].into_iter().chain(unowned));
        let found = desk.sync().await.err().map(|e| e.code().as_str());
        assert_eq!(found, code, "{rows}");
        assert_eq!(desk.is_published(), code.is_none(), "{rows}");
    }
}

/// Somebody who joined after the members were listed. This sync, and one that begins afterwards, say the same.
#[tokio::test]
async fn a_user_who_joins_during_a_sync_is_shown_like_any_other_member() {
    let mut world = World::worked_example();
    let joe = "d2000000-0000-4000-8000-000000000001";
    world.add_user(joe, "Joining Joe", "joe@example.com");
    let mut desk = desk_of(world, |_| {}).await;
    let first = desk.cut(3).await;
    desk.vendor.sim.with_world(|world| {
        let world = world.add_member(ORGANIZATION, joe, "admin");
        world.add_to_team(ORGANIZATION, EVERYONE_ID, joe, "member");
    });
    let answer = answer_of(desk.finish(json!({"sync_id": first["sync_id"]})).await);
    let next = Shown::by(&desk).await;
    assert_eq!(next.answer["content_digest"], answer["content_digest"]);
    assert_eq!(first["status"], "continue");
    assert!(next.direct().contains(&format!("team:{EVERYONE_ID}:member:user:{joe}")));
}

async fn is_left_out<const GRAPHQL: bool>(world: World, team: &'static str, page: usize) {
    let mut without = world.clone();
    without.remove_team(ORGANIZATION, team);
    let desk = Bench::around(Simulated::<GRAPHQL>::of(world).await);
    desk.vendor.sim.set_options(|o| o.team_vanishes = (page == 0).then(|| team.to_owned()));
    for n in 1..=page {
        desk.vendor.sim.before(&of_team(team), move |world| {
            if n == page {
                world.remove_team(ORGANIZATION, team);
            }
        });
    }
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], digest_of(without).await);
    let told = format!("DeletedDuringSync: team {team} was deleted or hidden during the sync");
    assert!(shown.warnings().contains(&told));
}

/// One line of the public connector fails as a whole then, whatever is missing.
#[tokio::test]
async fn a_team_that_is_deleted_during_a_sync_is_left_out_and_reported() {
    is_left_out::<false>(World::worked_example(), PLATFORM_ID, 0).await;
    is_left_out::<true>(World::worked_example(), PLATFORM_ID, 0).await;
    is_left_out::<false>(World::rich(), LARGE_TEAM_ID, 2).await;
}

/// A 404 may be a hiccup, or a refusal: the list of teams says whether a team is gone, whatever the words. A list that has
/// no team at all any more says nothing.
#[tokio::test]
async fn a_404_for_a_team_that_is_still_listed_is_not_a_deletion() {
    let no = |words| said(404, json!({"message": words}));
    let none = at(TEAMS, said(200, json!([]))).from(2);
    let (contradicted, listed) = ("ContradictoryAnswers", "still lists the team");
    for (kind, list, code, why) in [
        (no("Not Found"), None, contradicted, listed),
        (no("No team found"), None, contradicted, listed),
        (no("No"), Some(none), contradicted, "no longer lists any team"),
        // A proxy's page, or that the token has lost the whole organization, is no word on a team.
        (html_page(404), None, "VendorNotFound", ""),
        (no("No organization found"), None, "UnknownOrganization", ""),
        (FaultKind::status(403), None, "CredentialTooWeak", ""),
    ] {
        let (desk, absent) = (Desk::small().await, at(&of_team(PLATFORM_ID), kind));
        desk.vendor.set_faults([absent].into_iter().chain(list));
        sync_fails(&desk, code, why, code).await;
    }
}

/// Where teams are switched off, everybody can do everything, and the API has nothing to tell of it. It is not documented what
/// it answers then. An error is never taken for an empty list: it could be another one.
#[tokio::test]
async fn an_organization_without_teams_is_reported_and_a_refusal_is_not_taken_for_one() {
    let desk = desk_of(World::worked_example(), |o| o.teams = Teams::Empty).await;
    let shown = Shown::by(&desk).await;
    assert_eq!([shown.count("team"), shown.count("user")], [0, 3]);
    let warning = "EmptyList: the API returns no teams: there are none, teams are switched off, or all are hidden from the token's owner";
    assert_eq!(shown.warnings(), [warning]);
    for (teams, code, fix) in [
        (Teams::Forbidden, "CredentialTooWeak", "who can see"),
        (Teams::NotFound, "NotAvailable", "Switch teams on"),
    ] {
        let desk = desk_of(World::worked_example(), |o| o.teams = teams).await;
        sync_fails(&desk, code, fix, code).await;
    }
}
