//! Lists that do not end, end too soon, or change while they are read.

use rollcall_harness::shown::Shown;
use rollcall_simulators::Fault;
use rollcall_simulators::confluence::{EmptyPage, World};
use serde_json::json;

use super::{code, desk_of, outcome, revoke, says};
use crate::Desk;

/// 450 groups and a group of 450: three pages each.
fn long() -> World {
    let mut world = World::with_roles();
    let ids: Vec<String> = (0..450).map(|n| format!("712020:n{n:03}")).collect();
    for (n, id) in ids.iter().enumerate() {
        world.add_user(id, "N", "");
        world.add_group(&format!("g{n:03}"), &format!("g{n:03}"), &[]);
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    world.add_group("44-all", "all", &all);
    world
}

/// How often the two lists of three pages were asked for.
fn pages_of_long_lists(desk: &Desk) -> [usize; 2] {
    let requests = desk.vendor.sim.requests();
    ["/rest/api/group", "/group/44-all/membersByGroupId"]
        .map(|list| requests.iter().filter(|r| r.path.ends_with(list)).count())
}

/// The first of these groups and members are removed before the second page of the list is asked for, and so on.
fn lose_between_pages(desk: &Desk, list: &str, leaving: Vec<Vec<String>>) {
    desk.vendor.sim.before(list, |_| {});
    for ids in leaving {
        desk.vendor.sim.before(list, move |w| {
            for id in ids {
                w.groups.remove(&id);
                for group in w.groups.values_mut() {
                    group.members.remove(&id);
                }
            }
        });
    }
}

/// The public connector ends at the first of them, or fails.
#[tokio::test]
async fn lists_that_only_have_empty_pages_fail_instead_of_being_read_for_ever() {
    let every = |o: &mut rollcall_simulators::confluence::Options, v1: bool| {
        let page = if v1 {
            &mut o.v1_empty_page
        } else {
            &mut o.v2_empty_page
        };
        *page = EmptyPage::All;
    };
    for v1 in [true, false] {
        let desk = desk_of(World::with_roles()).await;
        desk.vendor.sim.set_options(|o| every(o, v1));
        assert_eq!(code(desk.sync().await), "EndlessList");
        assert!(!desk.is_published() && desk.vendor.sim.calls() < 300);
        // What is read within one change is a loop of its own.
        let what = if v1 {
            "group:11-adm:member"
        } else {
            "space:98310:read-space"
        };
        desk.vendor.sim.clear_requests();
        let failed = revoke(&desk, "r1", what, "user:712020:c3").await;
        assert_eq!(code(failed), "EndlessList", "{what}");
        assert!(desk.vendor.sim.calls() < 100);
    }
}

/// A user is in a group that comes after an empty page.
#[tokio::test]
async fn a_change_follows_empty_pages_too() {
    let mut world = World::worked_example();
    world
        .add_group("12-x", "a", &["712020:c3"])
        .add_group("13-x", "zz", &["712020:c3"]);
    let desk = desk_of(world).await;
    desk.vendor.sim.set_options(|o| {
        o.force_page_size = Some(1);
        (o.v1_empty_page, o.v2_empty_page) = (EmptyPage::Between, EmptyPage::Between);
    });
    outcome(
        revoke(&desk, "r1", "group:13-x:member", "user:712020:c3").await,
        "revoked",
    );
    outcome(
        revoke(&desk, "r2", "space:98310:delete-space", "group:22-eng").await,
        "revoked",
    );
}

/// Lists that decide access fail; the user search does not, and does not hold the sync up.
#[tokio::test]
async fn a_list_whose_pages_are_all_the_same_is_read_three_times_at_most() {
    for list in [
        "/group",
        "/membersByGroupId",
        "/spaces",
        "/permissions",
        "/space-roles",
        "/role-assignments",
    ] {
        let desk = desk_of(World::with_roles()).await;
        desk.vendor.sim.set_options(|o| o.stuck_list = Some(list));
        let failed = desk.sync().await.expect_err(list);
        assert_eq!(failed.code(), "EndlessList", "{list}");
        // A retry of the same run would go on with the same page.
        assert!(failed.restarts_run(), "{list}");
        let requests = desk.vendor.sim.requests();
        let asked = requests.iter().filter(|r| r.path.ends_with(list)).count();
        // Two groups and two spaces; and one call to see whether we are let in.
        assert!(asked <= 6, "{list}: {asked}");
    }
    let desk = Desk::new().await;
    let whole = Shown::by(&desk).await;
    desk.vendor.sim.clear_requests();
    desk.vendor.sim.set_options(|o| {
        (o.stuck_list, o.force_page_size) = (Some("/search/user"), Some(3));
    });
    let shown = Shown::by(&desk).await;
    assert!(
        shown
            .warnings()
            .iter()
            .any(|w| w.starts_with("BlindSpot: The user search")),
        "{:?}",
        shown.warnings()
    );
    let asked = desk.vendor.sim.requests();
    assert_eq!(
        asked
            .iter()
            .filter(|r| r.path.ends_with("/search/user"))
            .count(),
        2
    );
    // Nobody's access is missing, and nobody who has any.
    assert_eq!(
        shown.grants.keys().collect::<Vec<_>>(),
        whole.grants.keys().collect::<Vec<_>>()
    );
}

/// Searches of the same API are reported to take no notice of `start`, and to have a cursor in the link.
#[tokio::test]
async fn the_user_search_follows_a_cursor_where_there_is_one() {
    let mut world = World::worked_example();
    for n in 0..345 {
        world.add_user(&format!("712020:n{n:03}"), "N", "");
    }
    let desk = desk_of(world).await;
    desk.vendor.sim.set_options(|o| o.search_by_cursor = true);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.count("user"), 348);
    assert!(!shown.warnings().iter().any(|w| w.starts_with("BlindSpot")));
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
}

/// A row that goes away moves those after it up by one, so that one of them is on neither of two pages.
#[tokio::test]
async fn no_group_or_member_is_lost_when_one_before_it_goes_away_meanwhile() {
    for lost in ["g003", "712020:n003"] {
        let desk = desk_of(long()).await;
        let list = match lost {
            "g003" => "/wiki/rest/api/group",
            _ => "/wiki/rest/api/group/44-all/membersByGroupId",
        };
        lose_between_pages(&desk, list, vec![vec![lost.to_owned()]]);
        let shown = Shown::by(&desk).await;
        let (groups, members) = desk.vendor.sim.with_world(|w| {
            let groups: Vec<String> = w.groups.keys().cloned().collect();
            (groups, w.groups["44-all"].members.clone())
        });
        assert!(!groups.iter().chain(&members).any(|id| id == lost));
        for id in groups {
            shown.resource(&format!("group:{id}"));
        }
        for id in members {
            shown.grant(&format!("group:44-all:member:user:{id}"));
        }
        // It is not begun anew for one row.
        assert_eq!(pages_of_long_lists(&desk), [3, 3], "{lost}");
    }
}

/// The window that begins one row later shows the same few rows, and the list goes on behind it.
#[tokio::test]
async fn a_list_that_is_filtered_after_it_was_cut_into_pages_is_read_to_its_end() {
    // Of each page one, two or none, and of the last one all.
    let visible = |n: usize| [150, 205, 399].contains(&n) || n >= 445;
    let left_out = (0..450).filter(|n| !visible(*n));
    let left_out = left_out.flat_map(|n| [format!("g{n:03}"), format!("712020:n{n:03}")]);
    let desk = desk_of(long()).await;
    desk.vendor
        .sim
        .set_options(|o| o.v1_left_out = left_out.collect());
    let shown = Shown::by(&desk).await;
    for n in (0..450).filter(|n| visible(*n)) {
        shown.resource(&format!("group:g{n:03}"));
        shown.grant(&format!("group:44-all:member:user:712020:n{n:03}"));
    }
}

/// The search decides nobody's access: a page of it that the vendor will not show costs no snapshot.
#[tokio::test]
async fn a_later_page_of_the_user_search_that_is_refused_ends_the_search_and_is_told_of() {
    let desk = Desk::new().await;
    let refused = says(
        400,
        json!({"statusCode": 400, "message": "start is too large"}),
    );
    for (nth, is_fatal) in [(2, false), (1, true)] {
        let fault = Fault::nth_matching(nth, "GET", "/wiki/rest/api/search/user", refused.clone());
        desk.vendor.sim.set_faults(vec![fault]);
        if is_fatal {
            code(desk.sync().await);
            continue;
        }
        let shown = Shown::by(&desk).await;
        let told = |w: &String| w.starts_with("BlindSpot: The user search refused");
        assert!(shown.warnings().iter().any(told), "{:?}", shown.warnings());
    }
}

/// A directory takes people out of a group steadily: those who come first, those at the end of the page that was just
/// read, or many at once.
#[tokio::test]
async fn nobody_who_stays_is_lost_while_many_leave_and_the_sync_completes() {
    let name = |n: usize| format!("712020:n{n:03}");
    let first: Vec<Vec<String>> = (0..10)
        .map(|n| (n * 9..n * 9 + 9).map(name).collect())
        .collect();
    let at_the_end = [199, 391, 583].map(|n| (n - 5..=n).map(name).collect());
    // After the second page so many that the next one has moved further than a page.
    let many = [899..900, 0..350, 350..500].map(|who| who.map(name).collect());
    for (what, leaving) in [
        ("first", first),
        ("at the end of a page", at_the_end.into()),
        ("many", many.into()),
    ] {
        let mut world = World::with_roles();
        let ids: Vec<String> = (0..900).map(name).collect();
        for id in &ids {
            world.add_user(id, "N", "");
        }
        let all: Vec<&str> = ids.iter().map(String::as_str).collect();
        world.add_group("44-all", "all", &all);
        let desk = desk_of(world).await;
        lose_between_pages(
            &desk,
            "/wiki/rest/api/group/44-all/membersByGroupId",
            leaving,
        );
        let shown = Shown::by(&desk).await;
        let stay = desk
            .vendor
            .sim
            .with_world(|w| w.groups["44-all"].members.clone());
        for id in stay {
            shown.grant(&format!("group:44-all:member:user:{id}"));
        }
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new(), "{what}");
    }
}

/// The same rows are asked for twice, and no page more.
#[tokio::test]
async fn the_rows_that_are_asked_for_twice_take_no_more_pages() {
    let desk = desk_of(long()).await;
    Shown::by(&desk).await;
    assert_eq!(pages_of_long_lists(&desk), [3, 3]);
}
