//! How many requests a sync takes: what the token is and reaches, the pages of the members, of the teams, and of who is in
//! each team. Nothing is asked twice, and nothing per person.

use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    ADA_ID, CLEO_ID, ORGANIZATION, Paging, SECOND_ORGANIZATION, Sizes, WIDE_TOKEN, World,
};
use serde_json::json;

use crate::{Desk, Simulated};

/// So many members, and teams with so many of them.
fn sized(users: usize, teams: &[usize]) -> World {
    let sizes = Sizes {
        users,
        teams: 0,
        ..Sizes::default()
    };
    let mut world = World::generate(&sizes, 3);
    let members = world.organizations[ORGANIZATION].members.iter();
    let people: Vec<String> = members.map(|m| m.user.clone()).collect();
    for (n, size) in teams.iter().enumerate() {
        let id = format!("f0000000-0000-4000-8000-{n:012x}");
        world.add_team(
            ORGANIZATION,
            &id,
            &format!("team-{n}"),
            &format!("Team {n}"),
        );
        for user in people.iter().take(*size) {
            world.add_to_team(ORGANIZATION, &id, user, "member");
        }
    }
    world
}

/// The requests of a sync, in order of their names. It must tell their number itself.
async fn calls_of_sync(desk: &Desk) -> Vec<String> {
    desk.vendor.sim.clear_requests();
    let shown = Shown::by(desk).await;
    let requests = desk.vendor.sim.requests();
    let mut calls: Vec<String> = requests.iter().map(|r| r.line()).collect();
    assert_eq!(shown.answer["calls"], calls.len());
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    calls.sort();
    calls
}

/// The pages of a list with so many rows: of what size, and how many rows these and the ones before have. Each begins
/// before the last row of the one before.
const PAGES: [(usize, usize); 4] = [(100, 100), (99, 198), (98, 294), (97, 388)];

/// Whether an empty list is empty, takes a call to know. One of a hundred rows is full, and the API says nothing of others:
/// it could be the first of more, see `defects`.
fn pages(path: &str, rows: usize) -> Vec<String> {
    let rows = if rows == 100 { 101 } else { rows };
    let last = PAGES.iter().position(|(_, reached)| *reached >= rows);
    let pages = PAGES.iter().take(last.expect("a page") + 1).zip(1..);
    pages
        .map(|((size, _), page)| format!("GET /v2/{path}?page={page}&per_page={size}"))
        .collect()
}

fn expected(world: &World, slug: &str) -> Vec<String> {
    let organization = &world.organizations[slug];
    let of = format!("organizations/{slug}");
    let mut calls = vec!["GET /v2/access-token".to_owned()];
    calls.extend(pages("organizations", 1));
    calls.extend(pages(&format!("{of}/members"), organization.members.len()));
    calls.extend(pages(&format!("{of}/teams"), organization.teams.len()));
    for team in &organization.teams {
        let path = format!("{of}/teams/{}/members", team.id);
        calls.extend(pages(&path, team.members.len()));
    }
    calls.sort();
    calls
}

/// One line of the public connector asks for no size of pages and gets thirty rows at a time: for the large team of the last
/// row eleven calls instead of four.
#[tokio::test]
async fn a_sync_takes_a_call_per_hundred_rows_of_each_list_and_two_more() {
    let many = vec![1; 230];
    for (users, teams, total) in [
        (2, [].as_slice(), 2 + 1 + 1),
        (99, &[0], 2 + 1 + 1 + 1),
        (98, &[98, 0, 0], 2 + 1 + 1 + 3),
        // Exactly a hundred: one call more, of the members and of a team.
        (100, &[100, 99], 2 + (1 + 1) + 1 + (1 + 1) + 1),
        (101, &[101, 0, 1], 2 + 2 + 1 + 4),
        (198, &[198, 100], 2 + 2 + 1 + 2 + (1 + 1)),
        // Pages overlap.
        (200, &[199, 100], 2 + 3 + 1 + 3 + (1 + 1)),
        (301, &many, 2 + 4 + 3 + 230),
        (301, &[301], 2 + 4 + 1 + 4),
    ] {
        let world = sized(users, teams);
        let desk = Desk::around(Simulated::of(world.clone()).await);
        let calls = calls_of_sync(&desk).await;
        assert_eq!(calls.len(), total, "{users} users: {calls:#?}");
        assert_eq!(calls, expected(&world, ORGANIZATION), "{users} users");
    }
}

/// As some lists of the vendor may: only the size of a page says then that there may be another one.
#[tokio::test]
async fn without_a_link_a_full_page_costs_one_call_to_see_the_end() {
    let world = sized(198, &[100, 99, 150]);
    let desk = Desk::around(Simulated::of(world.clone()).await);
    desk.vendor
        .sim
        .set_options(|options| options.paging = Paging::NoLinks);
    let calls = calls_of_sync(&desk).await;
    // Of the members there are two full pages; what a list of a hundred rows costs is counted already.
    let mut expected = expected(&world, ORGANIZATION);
    expected.push(format!(
        "GET /v2/organizations/{ORGANIZATION}/members?page=3&per_page=98"
    ));
    expected.sort();
    assert_eq!(calls, expected);
}

#[tokio::test]
async fn whoever_is_in_teams_and_not_in_the_organization_costs_one_call_however_many_the_teams() {
    let mut world = sized(5, &[5, 5, 5]);
    world.remove_member(ORGANIZATION, CLEO_ID);
    let desk = Desk::around(Simulated::of(world.clone()).await);
    let calls = calls_of_sync(&desk).await;
    let mut expected = expected(&world, ORGANIZATION);
    expected.push(format!(
        "GET /v2/organizations/{ORGANIZATION}/members/{CLEO_ID}"
    ));
    expected.sort();
    assert_eq!(calls, expected);
}

/// The organization that was found when the token was checked is not asked for again.
#[tokio::test]
async fn of_several_organizations_only_the_chosen_one_is_asked_about() {
    let world = World::rich();
    let desk = Desk::around(Simulated::of(world.clone()).await);
    desk.set_keys(&json!({"api-token": WIDE_TOKEN, "organization": SECOND_ORGANIZATION}));
    let calls = calls_of_sync(&desk).await;
    assert_eq!(calls, expected(&world, SECOND_ORGANIZATION));
    assert!(
        world.organizations[SECOND_ORGANIZATION]
            .member(ADA_ID)
            .is_some()
    );
}
