//! Where lists go on, and how many requests that takes: what the token is and reaches, the pages of the members, of the
//! teams, and of who is in each team. Nothing is asked twice, and nothing per person.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::{Subject, answer_of};
use rollcall_simulators::Ordering;
use rollcall_simulators::buildkite::{
    CLEO_ID, ECHOED_KEY, ORGANIZATION, Options, Paging, Shift, TEST_TOKEN, World,
};
use serde_json::json;

use crate::world::{MEMBERS, desk_of, digest_of, entries, generated};

/// So many members, and teams with so many of them.
fn sized(users: usize, teams: &[usize]) -> World {
    let mut world = generated([users, 0, 0]);
    let view = &world.access_view()["organizations"][ORGANIZATION]["members"];
    for (n, size) in teams.iter().enumerate() {
        let id = format!("f0000000-0000-4000-8000-{n:012x}");
        world.add_team(ORGANIZATION, &id, &id, "Team");
        for (user, _) in entries(view).take(*size) {
            world.add_to_team(ORGANIZATION, &id, user, "member");
        }
    }
    world
}

/// One line of the public connector asks for no size of pages and gets thirty rows at a time: of 301 rows eleven calls instead
/// of four. Whether an empty list is empty, takes a call to know. The members of organizations and of teams are not documented
/// to have pages, nor to tell of them, nor is the order of lists; and while one is read, rows may come before the place.
#[tokio::test]
async fn a_list_takes_a_call_per_hundred_rows_and_is_shown_once_however_it_is_split_and_ordered() {
    type Change = fn(&mut Options);
    let same: Change = |_| {};
    let silent: Change = |o| (o.paging, o.ordering) = (Paging::NoLinks, Ordering::Reversed);
    let whole: Change = |o| (o.paging, o.ordering) = (Paging::Ignored, Ordering::Shuffled(9));
    let moving: Change = |o| o.shift = Shift::Repeats;
    let hollow: Change = |o| o.empty_pages = 7;
    for (users, teams, change, calls) in [
        (2, [].as_slice(), same, 2 + 1 + 1),
        (99, &[98, 0], same, 2 + 1 + 1 + 2),
        // Exactly a hundred: one call more, of the members and of a team.
        (100, &[100, 99], same, 2 + 2 + 1 + 2 + 1),
        // Pages overlap.
        (200, &[199, 198], same, 2 + 3 + 1 + 3 + 2),
        (301, &[301], same, 2 + 4 + 1 + 4),
        (101, &[1; 101], same, 2 + 2 + 2 + 101),
        // Only the size of a page says then that there may be another one.
        (198, &[100, 99, 150], silent, 2 + 3 + 1 + 2 + 1 + 2),
        // The second page repeats the first one: a client that continues while pages are full never ends.
        (301, &[301], whole, 2 + 2 + 1 + 2),
        (301, &[301], moving, 2 + 4 + 1 + 4),
        (301, &[301], hollow, 2 + 7 + 11 + 8 + 11),
    ] {
        let answer = desk_of(sized(users, teams), change).await.complete().await;
        let expected = digest_of(sized(users, teams)).await;
        assert_eq!(answer["content_digest"], expected, "{users}, {teams:?}");
        assert_eq!(answer["calls"], calls, "{users}, {teams:?}");
        assert_eq!(answer["warnings"] != json!([]), teams.is_empty(), "{users}, {teams:?}");
    }
}

/// If somebody before the place goes, the first row of the next page moves to a page that was read already, and that is read
/// again. Where rows are skipped however often it is read, it cannot be told what moved.
#[tokio::test]
async fn deleting_an_earlier_row_loses_no_other_row_or_is_reported() {
    let desk = desk_of(sized(301, &[1]), |_| {}).await;
    desk.vendor.sim.before(MEMBERS, |_| {});
    desk.vendor.sim.before(MEMBERS, |world| {
        world.remove_member(ORGANIZATION, CLEO_ID);
    });
    let answer = desk.complete().await;
    assert_eq!(answer["content_digest"], digest_of(sized(301, &[1])).await);
    assert_eq!(answer["warnings"], json!([]));

    let desk = desk_of(World::rich(), |options| options.shift = Shift::Skips).await;
    let answer = desk.complete().await;
    assert_eq!(answer["content_digest"], digest_of(World::rich()).await);
    let told = answer["warnings"].to_string();
    assert!(told.contains("ListMoved"), "{told}");
    assert!(told.contains("the list of members of the organization changed while it was read"));
}

/// One line of the public connector keeps the whole address of the next page as it comes and follows it, wherever that is,
/// with the token; and the vendor's own samples have a key in it. The host in it does not exist.
#[tokio::test]
async fn a_link_is_never_followed_and_a_key_in_it_is_kept_nowhere() {
    let mut desk = desk_of(World::rich(), |options| {
        (options.links_echo_key, options.force_page_size) = (true, Some(5));
    })
    .await;
    // Every place that it comes to is written down at some time.
    desk.cx.settings.max_steps = Some(1);
    let secrets = [ECHOED_KEY, "api_key", TEST_TOKEN].map(str::to_owned);
    let mut answer = answer_of(desk.invoke(Operation::Sync, json!({})).await);
    while answer["status"] == "continue" {
        assert_eq!(desk.leak(&secrets), None);
        let event = json!({"sync_id": answer["sync_id"]});
        answer = answer_of(desk.invoke(Operation::Sync, event).await);
    }
    assert_eq!(answer["content_digest"], digest_of(World::rich()).await);
    assert_eq!(desk.leak(&secrets), None);
    assert!(desk.vendor.requests().iter().all(|r| !r.line().contains("api_key")));
}
