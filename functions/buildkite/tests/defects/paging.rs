//! Where lists go on.

use std::collections::BTreeSet;

use rollcall::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_harness::shown::Shown;
use rollcall_simulators::Ordering;
use rollcall_simulators::buildkite::{
    ADA_ID, Buildkite, DOCUMENTED_SCOPES, ECHOED_KEY, LARGE_TEAM_ID, ORGANIZATION, Options, Paging,
    Shift, Sizes, TEST_TOKEN, World,
};
use serde_json::json;

use super::{desk_of, digest_of};

/// More than two pages of everything.
fn long_lists() -> World {
    let sizes = Sizes {
        users: 230,
        teams: 210,
        members_per_team: 1,
        ..Sizes::default()
    };
    World::generate(&sizes, 21)
}

/// One line of the public connector keeps the whole address of the next page as it comes and follows it, wherever that is,
/// with the token; and the vendor's own samples have a key in it.
#[tokio::test]
async fn a_link_is_never_followed_and_a_key_in_it_is_kept_nowhere() {
    let decoy = Buildkite::start(World::rich(), Options::default())
        .await
        .expect("a decoy");
    let whole = digest_of(World::rich()).await;
    let mut desk = desk_of(World::rich(), |options| {
        options.public_url = decoy.base_url();
        options.links_echo_key = true;
        options.force_page_size = Some(5);
    })
    .await;
    // Every place that it comes to is written down at some time.
    desk.cx.settings.max_steps = Some(1);
    let secrets = [ECHOED_KEY, "api_key", TEST_TOKEN].map(str::to_owned);
    let mut event = json!({});
    let mut slices = 0;
    let answer = loop {
        let answer = answer_of(desk.invoke(Operation::Sync, event).await);
        assert_eq!(desk.leak(&secrets), None);
        if answer["status"] != "continue" {
            break answer;
        }
        event = json!({"sync_id": answer["sync_id"]});
        slices += 1;
    };
    assert!(slices > 10, "{slices}");
    assert_eq!(answer["content_digest"], whole);
    assert_eq!(decoy.requests(), []);
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    for request in desk.vendor.sim.requests() {
        assert!(!request.line().contains("api_key"), "{}", request.line());
        let token = request.header("authorization");
        assert_eq!(token, Some(format!("Bearer {TEST_TOKEN}").as_str()));
    }
}

/// The members of organizations and of teams are not documented to have pages, nor to tell of them.
#[tokio::test]
async fn a_full_page_without_a_word_on_the_next_is_not_taken_for_the_last() {
    let whole = digest_of(long_lists()).await;
    let desk = desk_of(long_lists(), |options| options.paging = Paging::NoLinks).await;
    assert_eq!(desk.complete().await["content_digest"], whole);
}

/// Then the second page is the first one again, and whoever goes on for as long as pages are full never ends.
#[tokio::test]
async fn a_list_that_comes_at_once_whatever_is_asked_for_ends() {
    let whole = digest_of(long_lists()).await;
    let desk = desk_of(long_lists(), |options| options.paging = Paging::Ignored).await;
    assert_eq!(desk.complete().await["content_digest"], whole);
    let requests = desk.vendor.sim.requests();
    let pages: BTreeSet<&str> = requests.iter().map(|r| r.query.as_str()).collect();
    let first_two = ["", "page=1&per_page=100", "page=2&per_page=100"];
    assert_eq!(pages, BTreeSet::from(first_two));
}

/// The same of the organizations that the token reaches, of which there may be many.
#[tokio::test]
async fn an_organization_among_many_is_found_however_they_are_listed() {
    let mut world = World::worked_example();
    for n in 0..150 {
        let slug = format!("a-{n:03}");
        let id = format!("33333333-3333-4333-8333-{n:012x}");
        world
            .add_organization(&id, &slug, &format!("No. {n}"))
            .add_member(&slug, ADA_ID, "member");
    }
    let slugs: Vec<String> = world.organizations.keys().cloned().collect();
    let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
    world
        .revoke_token(TEST_TOKEN)
        .add_token(TEST_TOKEN, ADA_ID, &DOCUMENTED_SCOPES, &slugs);
    let whole = digest_of(World::worked_example()).await;
    for paging in [Paging::Links, Paging::NoLinks, Paging::Ignored] {
        for shift in [Shift::None, Shift::Repeats] {
            // Acme comes last.
            let desk = desk_of(world.clone(), |options| {
                options.paging = paging;
                options.shift = shift;
            })
            .await;
            let answer = desk.complete().await;
            assert_eq!(answer["content_digest"], whole, "{paging:?} {shift:?}");
            let lists = desk.vendor.sim.requests();
            let lists = lists.iter().filter(|r| r.path == "/v2/organizations");
            assert_eq!(lists.count(), 2, "{paging:?} {shift:?}");
        }
    }
}

/// While a list is read, somebody may come before the place where it is. Rows that come twice are one.
#[tokio::test]
async fn a_row_that_comes_on_two_pages_is_shown_once() {
    let whole = digest_of(World::rich()).await;
    for (paging, page) in [
        (Paging::Links, None),
        (Paging::NoLinks, None),
        (Paging::Links, Some(2)),
        (Paging::Links, Some(7)),
    ] {
        let desk = desk_of(World::rich(), |options| {
            options.shift = Shift::Repeats;
            options.paging = paging;
            options.force_page_size = page;
        })
        .await;
        let answer = desk.complete().await;
        assert_eq!(answer["content_digest"], whole, "{paging:?} {page:?}");
        // And counted once: one membership has a role that nobody knows.
        let warnings = answer["warnings"].to_string();
        assert!(warnings.contains("1 memberships"), "{warnings}");
    }
}

/// Or somebody before it goes: then a row is on no page, and nothing tells. A person whom a team names is found
/// nevertheless; a membership is missed until the next sync. Nothing else suffers.
#[tokio::test]
async fn a_row_that_is_on_no_page_costs_that_row_alone() {
    let whole = desk_of(World::rich(), |_| {}).await;
    let whole = Shown::by(&whole).await;
    let desk = desk_of(World::rich(), |options| options.shift = Shift::Skips).await;
    let world = World::rich();
    let organization = &world.organizations[ORGANIZATION];
    let member = &organization.members[100].user;
    let team = organization.team(LARGE_TEAM_ID).expect("the large team");
    let in_team = &team.members[100];
    assert!(team.member(member).is_some() && in_team.user != *member);

    let shown = Shown::by(&desk).await;
    let id = format!("user:{member}");
    assert_eq!(shown.resource(&id), whole.resource(&id));
    let lookups = format!("/v2/organizations/{ORGANIZATION}/members/{member}");
    let requests = desk.vendor.sim.requests();
    let lookups = requests.iter().filter(|r| r.path == lookups);
    assert_eq!(lookups.count(), 1);

    let mut expected = whole.direct();
    let missed = format!(
        "team:{LARGE_TEAM_ID}:{}:user:{}",
        in_team.role, in_team.user
    );
    assert!(expected.remove(&missed), "{missed}");
    shown.states(&expected);
    let ids = |shown: &Shown| shown.resources.keys().cloned().collect::<Vec<_>>();
    assert_eq!(ids(&shown), ids(&whole));
}

/// The order of lists is not documented.
#[tokio::test]
async fn the_order_of_lists_means_nothing() {
    let whole = digest_of(long_lists()).await;
    for ordering in [Ordering::Reversed, Ordering::Shuffled(9)] {
        for paging in [Paging::NoLinks, Paging::Ignored] {
            let desk = desk_of(long_lists(), |options| {
                options.ordering = ordering;
                options.paging = paging;
            })
            .await;
            let answer = desk.complete().await;
            assert_eq!(answer["content_digest"], whole, "{ordering:?} {paging:?}");
        }
    }
}
