//! How many requests a sync takes: what the token is; each page of members and roles; the groups; and each page of every
//! role's and every group's members. What asks whether the token may is the first page of each list.

use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{ENGINEERING_ID, Sizes, World, directory_group_id};

use crate::{Desk, Simulated};

/// A sync's requests as paths with parameters, cursors left out, in alphabetical order.
async fn calls(world: World) -> (Vec<String>, Shown) {
    let desk = Desk::around(Simulated::of(world).await);
    let shown = Shown::by(&desk).await;
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    let requests = desk.vendor.sim.requests();
    assert_eq!(shown.answer["calls"], requests.len());
    let mut whole: Vec<String> = requests.iter().map(|r| r.line()).collect();
    whole.sort();
    let all = whole.len();
    whole.dedup();
    assert_eq!(whole.len(), all, "a page was asked for twice");
    let calls = requests.iter().map(|r| {
        assert_eq!(r.method, "GET");
        let pages = !matches!(r.path.as_str(), "/v1/auth" | "/v1/directory-groups");
        let mut parameters: Vec<&str> = r.query.split('&').filter(|p| !p.is_empty()).collect();
        if pages {
            assert!(parameters.contains(&"per_page=100"), "{}", r.line());
        } else {
            assert_eq!(parameters, Vec::<&str>::new(), "{}", r.line());
        }
        parameters.retain(|p| *p != "per_page=100");
        let parameters: Vec<&str> = parameters
            .iter()
            .filter_map(|p| p.split('=').next())
            .collect();
        [&[r.path.as_str()], &parameters[..]].concat().join(" ")
    });
    let mut calls: Vec<String> = calls.collect();
    calls.sort();
    (calls, shown)
}

/// The calls for lists of so many rows.
fn expected(members: usize, roles: &[(&str, usize)], groups: &[(&str, usize)]) -> Vec<String> {
    let mut calls = vec!["/v1/auth".to_owned(), "/v1/directory-groups".to_owned()];
    let mut list = |path: String, rows: usize| {
        let more = rows.div_ceil(100).saturating_sub(1);
        calls.extend(std::iter::repeat_n(format!("{path} cursor"), more));
        calls.push(path);
    };
    list("/v1/org-members".to_owned(), members);
    list("/v1/org-roles".to_owned(), roles.len());
    for (id, rows) in roles {
        list(format!("/v1/org-roles/{id}/members"), *rows);
    }
    for (id, rows) in groups {
        list(format!("/v1/directory-groups/{id}/members"), *rows);
    }
    calls.sort();
    calls
}

fn sizes(world: &World) -> Vec<String> {
    let view = world.access_view();
    let roles: Vec<(&str, usize)> = world
        .roles
        .keys()
        .map(|id| {
            let members = view["roles"][id]["members"].as_object().expect("members");
            (id.as_str(), members.len())
        })
        .collect();
    let groups = world.groups.iter().filter(|(_, group)| group.listed);
    let groups: Vec<(&str, usize)> = groups
        .map(|(id, group)| (id.as_str(), group.members.len()))
        .collect();
    expected(world.members.len(), &roles, &groups)
}

#[tokio::test]
async fn each_page_of_each_list_is_asked_for_once_and_nothing_else_is() {
    let (made, _) = calls(World::worked_example()).await;
    assert_eq!(made.len(), 8);
    assert_eq!(made, sizes(&World::worked_example()));
    for seed in 1..=3 {
        let sizes_ = Sizes {
            members: 70 * usize::try_from(seed).expect("small"),
            roles: 45 * usize::try_from(seed).expect("small"),
            members_per_role: 130,
            ..Sizes::default()
        };
        let world = World::generate(&sizes_, seed);
        assert_eq!(calls(world.clone()).await.0, sizes(&world));
    }
}

/// Neither people nor rows are counted: an organization of one takes as few calls as there are lists.
#[tokio::test]
async fn an_organization_without_roles_and_groups_takes_four_calls() {
    let mut world = World::worked_example();
    world.roles.clear();
    world.groups.clear();
    let (made, shown) = calls(world).await;
    assert_eq!(
        made,
        [
            "/v1/auth",
            "/v1/directory-groups",
            "/v1/org-members",
            "/v1/org-roles"
        ]
    );
    assert_eq!((shown.count("user"), shown.resources.len()), (3, 3));
    let warnings = shown.warnings();
    assert!(warnings.len() == 1 && warnings[0].starts_with("EmptyList: the API shows no role"));
}

#[tokio::test]
async fn a_page_has_a_hundred_rows_and_the_next_row_takes_a_page_more() {
    for (people, pages) in [(99, 1), (100, 1), (101, 2), (200, 2), (201, 3)] {
        let mut world = World::worked_example();
        world.roles.clear();
        world.groups.clear();
        world.members.clear();
        for i in 0..people {
            world.add_member(&format!("p-{i:03}"), "Somebody", "");
        }
        let (made, shown) = calls(world).await;
        assert_eq!(made.len(), 3 + pages, "{people}: {made:?}");
        assert_eq!(shown.count("user"), people);
    }
}

/// All of them follow from the group: the role has one grant of its own, and the rows are read to know that.
#[tokio::test]
async fn two_hundred_and_fifty_implicit_members_take_three_pages_and_no_grant_of_their_own() {
    let mut world = World::worked_example();
    let all = directory_group_id("01ALL");
    world
        .add_group(&all, "All", "a")
        .add_role("all", "All")
        .link("all", &all);
    for i in 0..250 {
        let id = format!("p-{i:03}");
        world.add_member(&id, "Somebody", "").join(&all, &id);
    }
    let (made, shown) = calls(world.clone()).await;
    assert_eq!(made, sizes(&world));
    let of = |path: String| made.iter().filter(|call| call.starts_with(&path)).count();
    assert_eq!(of("/v1/org-roles/all/members".to_owned()), 3);
    assert_eq!(of(format!("/v1/directory-groups/{all}/members")), 3);
    let own: Vec<&str> = shown
        .grants
        .values()
        .filter(|g| g.direct && g.entitlement == "role:all:assigned")
        .map(|g| g.principal.as_str())
        .collect();
    assert_eq!(own, [format!("group:{all}")]);
    let held = shown
        .grants
        .values()
        .filter(|g| g.entitlement == "role:all:assigned" && g.principal.starts_with("user:"));
    assert_eq!(held.count(), 250);
    assert!(!shown.warnings().iter().any(|w| w.contains("Unexplained")));
}

/// The documentation says that this list has no pages. If it has, all of it is read.
#[tokio::test]
async fn a_list_of_groups_that_has_pages_all_the_same_is_read_to_its_end() {
    let mut world = World::worked_example();
    for i in 0..130 {
        world.add_group(&directory_group_id(&format!("02{i:04}")), "More", "m");
    }
    let desk = Desk::around(Simulated::of(world).await);
    let whole = desk.complete().await;
    desk.vendor.sim.clear_requests();
    desk.vendor.sim.set_options(|o| o.paged_groups = true);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], whole["content_digest"]);
    assert_eq!(shown.count("group"), 132);
    let lists = desk.vendor.sim.calls_by_path();
    assert_eq!(lists["/v1/directory-groups"], 3);
    assert!(lists.contains_key(&format!("/v1/directory-groups/{ENGINEERING_ID}/members")));
}

#[tokio::test]
async fn no_more_than_four_requests_are_under_way_at_once() {
    let desk = Desk::around(Simulated::of(World::generate(&Sizes::default(), 2)).await);
    desk.vendor
        .sim
        .set_options(|o| o.latency = std::time::Duration::from_millis(2));
    desk.complete().await;
    let peak = desk.vendor.sim.peak_concurrency();
    assert!((2..=4).contains(&peak), "{peak}");
}
