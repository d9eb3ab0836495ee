//! Teams, and what becomes of them during a sync.

use rollcall_connector::{Chain, ErrorType};
use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    EVERYONE_ID, LARGE_TEAM_ID, ORGANIZATION, PLATFORM_ID, Teams, World,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{desk_of, digest_of, small_with, team_id};

/// What a sync shows of an organization that never had this team, but for its warnings.
async fn without(mut world: World, team: &str) -> Value {
    world.remove_team(ORGANIZATION, team);
    digest_of(world).await
}

/// One line of the public connector fails as a whole then, whatever is missing.
#[tokio::test]
async fn a_team_that_is_deleted_between_the_lists_is_not_shown_and_told() {
    let expected = without(World::worked_example(), PLATFORM_ID).await;
    let desk = desk_of(World::worked_example(), |options| {
        options.team_vanishes = Some(PLATFORM_ID.to_owned());
    })
    .await;
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], expected);
    assert_eq!(
        shown.warnings(),
        [format!(
            "DeletedDuringSync: team {PLATFORM_ID} was deleted or hidden during the sync"
        )]
    );
}

#[tokio::test]
async fn a_team_that_is_deleted_between_its_pages_is_not_shown_with_half_its_members() {
    let expected = without(World::rich(), LARGE_TEAM_ID).await;
    let desk = desk_of(World::rich(), |_| {}).await;
    let path = format!("/v2/organizations/{ORGANIZATION}/teams/{LARGE_TEAM_ID}/members");
    desk.vendor.sim.before(&path, |_| {});
    desk.vendor.sim.before(&path, |world| {
        world.remove_team(ORGANIZATION, LARGE_TEAM_ID);
    });
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], expected);
    let warnings = shown.warnings();
    assert!(warnings.iter().any(|w| w.starts_with("DeletedDuringSync")));
}

/// A 404 may be a hiccup, or a refusal: the list of teams says whether a team is gone, whatever the words. A list that has
/// no team at all any more says nothing.
#[tokio::test]
async fn a_404_for_a_team_that_is_listed_still_is_no_deletion() {
    let teams = format!("/v2/organizations/{ORGANIZATION}/teams");
    let of_platform = format!("{teams}/{PLATFORM_ID}/members");
    let none = Fault::matching("GET", &teams, said(200, json!([]))).exactly();
    for (words, list, why) in [
        ("Not Found", None, "still lists the team"),
        ("No team found", None, "still lists the team"),
        ("Not Found", Some(none.from(2)), "lists no team at all"),
    ] {
        let desk = desk_of(World::worked_example(), |_| {}).await;
        let kind = said(404, json!({"message": words}));
        let mut faults = vec![Fault::matching("GET", &of_platform, kind)];
        faults.extend(list);
        desk.vendor.sim.set_faults(faults);
        let error = desk.sync().await.expect_err(words);
        let chain = Chain(&error).to_string();
        assert_eq!(
            (error.kind(), error.code().as_str()),
            (ErrorType::Unavailable, "ContradictoryAnswers"),
            "{chain}"
        );
        assert!(
            chain.contains(why) && chain.contains(PLATFORM_ID),
            "{chain}"
        );
        assert!(!desk.is_published(), "{words}");
    }
}

fn said(code: u16, body: Value) -> FaultKind {
    FaultKind::Status {
        code,
        headers: Vec::new(),
        body: Some(body),
    }
}

/// A proxy's page, or that the token has lost the whole organization, is no word on a team.
#[tokio::test]
async fn only_the_api_says_that_a_team_is_gone() {
    for (kind, code) in [
        (
            rollcall_simulators::buildkite::html_page(404),
            "VendorNotFound",
        ),
        (
            said(404, json!({"message": "No organization found"})),
            "UnknownOrganization",
        ),
        (FaultKind::status(403), "CredentialTooWeak"),
    ] {
        let desk = desk_of(World::worked_example(), |_| {}).await;
        let path = format!("/v2/organizations/{ORGANIZATION}/teams/{PLATFORM_ID}");
        let what = format!("{kind:?}");
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("GET", &path, kind)]);
        let error = desk.sync().await.expect_err(&what);
        assert_eq!(error.code(), code, "{what}: {}", Chain(&error));
        assert!(!desk.is_published(), "{what}");
    }
}

/// Where teams are switched off, everybody can do everything, and the API has nothing to tell of it.
#[tokio::test]
async fn no_teams_at_all_are_shown_as_none_and_told() {
    let desk = desk_of(World::worked_example(), |o| o.teams = Teams::Empty).await;
    let shown = Shown::by(&desk).await;
    assert_eq!((shown.count("team"), shown.count("user")), (0, 3));
    assert_eq!(
        shown.warnings(),
        [
            "EmptyList: the API shows no team: there is none, teams are switched off, or all are hidden from the token's owner"
        ]
    );
}

/// It is not documented what the API answers then. An error is never taken for an empty list: it could be another one.
#[tokio::test]
async fn a_refusal_to_list_teams_is_not_taken_for_having_none() {
    for (teams, kind, code, fix) in [
        (
            Teams::Forbidden,
            ErrorType::PermissionDenied,
            "CredentialTooWeak",
            "who may see the organization's members and teams",
        ),
        (
            Teams::NotFound,
            ErrorType::NotFound,
            "NotAvailable",
            "Switch teams on in the organization's settings",
        ),
    ] {
        let desk = desk_of(World::worked_example(), |_| {}).await;
        let before = desk.complete().await;
        desk.vendor.sim.set_options(|o| o.teams = teams);
        let published = desk.published();
        let error = desk.sync().await.expect_err("no teams");
        assert_eq!(
            (error.kind(), error.code().as_str()),
            (kind, code),
            "{teams:?}"
        );
        assert!(error.fix().contains(fix), "{teams:?}: {}", error.fix());
        assert!(desk.published() == published, "{teams:?}");
        // Switched on again, all is as it was.
        desk.vendor.sim.set_options(|o| o.teams = Teams::On);
        let after = desk.complete().await;
        assert_eq!(after["content_digest"], before["content_digest"]);
    }
}

#[tokio::test]
async fn a_team_without_a_name_has_its_slug_for_one() {
    for (name, shown_as) in [("", "quiet"), ("  ", "quiet"), (" Quiet ", "Quiet")] {
        let id = team_id(1);
        let desk = small_with(|world| {
            world.add_team(ORGANIZATION, &id, "quiet", name);
        })
        .await;
        let shown = Shown::by(&desk).await;
        let team = shown.resource(&format!("team:{id}"));
        assert_eq!(team.display_name, shown_as);
        let entitlement = shown.entitlement(&format!("team:{id}:member"));
        assert_eq!(entitlement.display_name, format!("{shown_as} Team Member"));
    }
}

/// One line of the public connector shows a team's name alone; the other shows description, privacy, slug, and whether new
/// people are put into it, under these keys.
#[tokio::test]
async fn what_a_team_says_of_itself_is_shown_and_what_it_does_not_say_is_left_out() {
    let id = team_id(2);
    let bare = |world: &mut World| {
        world.add_team(ORGANIZATION, &id, "bare", "Bare");
    };
    let desk = small_with(bare).await;
    let shown = Shown::by(&desk).await;
    let profile = Value::Object(shown.resource(&format!("team:{id}")).profile.clone());
    let expected = json!({
        "slug": "bare", "privacy": "visible", "is_default_team": false,
        "created_at": "2022-01-01T00:00:00Z",
    });
    assert_eq!(profile, expected);

    // Documented where teams are made, and read by the vendor's own client.
    let desk = small_with(bare).await;
    desk.vendor.sim.set_options(|o| o.team_permissions = true);
    let shown = Shown::by(&desk).await;
    let mut profile = shown.resource(&format!("team:{id}")).profile.clone();
    assert_eq!(profile.remove("default_member_role"), Some(json!("member")));
    assert_eq!(Value::Object(profile), expected);
}

/// A team's dates may come in the form that a token's dates have.
#[tokio::test]
async fn both_spellings_of_a_date_are_the_same_moment() {
    for text in [
        "2023-03-14T00:45:16.000Z",
        "2023-03-14T00:45:16Z",
        "2023-03-14 00:45:16 UTC",
        "2023-03-14T01:45:16+01:00",
    ] {
        let desk = small_with(|world| {
            world.edit_team(ORGANIZATION, EVERYONE_ID, |team| {
                team.created_at = text.to_owned();
            });
        })
        .await;
        let shown = Shown::by(&desk).await;
        let team = shown.resource(&format!("team:{EVERYONE_ID}"));
        let moment = "2023-03-14T00:45:16Z";
        assert_eq!(team.created_at.as_deref(), Some(moment), "{text}");
        assert_eq!(team.profile["created_at"], moment, "{text}");
    }
}
