//! Where lists go on.

use std::collections::BTreeSet;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    ADA_ID, Buildkite, DOCUMENTED_SCOPES, ECHOED_KEY, ORGANIZATION, Options, Paging, Shift, Sizes,
    TEST_TOKEN, World,
};
use rollcall_simulators::{Fault, FaultKind, Ordering};
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

/// Or somebody before it goes: then the first row of the next page moves to a page that was read already.
#[tokio::test]
async fn a_row_that_is_deleted_before_the_place_takes_no_other_row_along() {
    let world = long_lists();
    let people: Vec<String> = world.organizations[ORGANIZATION]
        .members
        .iter()
        .map(|m| m.user.clone())
        .collect();
    let everyone = world.organizations[ORGANIZATION].teams.iter();
    let everyone = everyone.max_by_key(|team| team.members.len());
    let everyone = everyone.expect("a team").id.clone();
    let list = format!("/v2/organizations/{ORGANIZATION}");
    let gone = people[7].clone();
    let in_team = format!("{list}/teams/{everyone}/members");
    for path in [format!("{list}/members"), in_team] {
        for page in [2, 3] {
            let desk = desk_of(world.clone(), |_| {}).await;
            for _ in 1..page {
                desk.vendor.sim.before(&path, |_| {});
            }
            let (team, user) = (everyone.clone(), gone.clone());
            desk.vendor.sim.before(&path, move |world| {
                world.remove_member(ORGANIZATION, &user);
                world.remove_from_team(ORGANIZATION, &team, &user);
            });
            let shown = Shown::by(&desk).await;
            let what = format!("{path}, before page {page}");
            let held = |user: &String| {
                let team = format!("team:{everyone}:");
                let held = shown.held_directly(&format!("user:{user}"));
                held.len() > 1 && held.iter().any(|e| e.starts_with(&team))
            };
            let missed: Vec<&String> = people.iter().filter(|p| **p != gone && !held(p)).collect();
            assert!(missed.is_empty(), "{what}: {missed:?}");
            assert_eq!(shown.warnings(), Vec::<String>::new(), "{what}");
            // The third page overlaps the second by two rows. Where one is not enough, the page before is read again.
            let asked = desk.vendor.sim.requests();
            let asked = asked.iter().filter(|r| r.path == path).count();
            assert_eq!(asked, if page == 2 { 5 } else { 3 }, "{what}");
        }
    }
}

/// However often it is read again.
#[tokio::test]
async fn where_it_cannot_be_told_what_moved_a_warning_says_so() {
    let whole = digest_of(World::rich()).await;
    let desk = desk_of(World::rich(), |options| options.shift = Shift::Skips).await;
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], whole);
    let warnings = shown.warnings();
    let told = "the list of members of the organization changed while it was read";
    let is_told = |w: &String| w.starts_with("ListMoved") && w.contains(told);
    assert!(warnings.iter().any(is_told), "{warnings:?}");
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

/// A page without rows does not end a list that goes on, but neither does a list go on for ever for them.
#[tokio::test]
async fn empty_pages_that_point_to_others_are_followed_as_long_as_lists_end() {
    let whole = digest_of(long_lists()).await;
    for empty_pages in [1, 2, 7] {
        let desk = desk_of(long_lists(), |o| o.empty_pages = empty_pages).await;
        let answer = desk.complete().await;
        assert_eq!(answer["content_digest"], whole, "{empty_pages}");
    }
    for (path, empty_pages) in [("organizations", 60), ("members", 0), ("teams", 0)] {
        let desk = desk_of(long_lists(), |o| o.empty_pages = empty_pages).await;
        let more = |n: usize| {
            let link = format!("<https://x.invalid/?page={}>; rel=\"next\"", n + 1);
            let kind = FaultKind::Status {
                code: 200,
                headers: vec![("link".to_owned(), link)],
                body: Some(json!([])),
            };
            let path = format!("/v2/organizations/{ORGANIZATION}/{path}");
            Fault::matching("GET", &path, kind)
                .exactly()
                .from(n)
                .times(1)
        };
        desk.vendor.sim.set_faults((1..100).map(more).collect());
        let error = desk.sync().await.expect_err("it never ends");
        assert_eq!(error.code(), "EndlessList", "{path}: {error}");
        assert!(!desk.is_published(), "{path}");
    }
}
