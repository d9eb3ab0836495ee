//! Nothing missing and nothing wrong: the snapshot against what the simulated organization itself says.

use std::collections::BTreeSet;

use rollcall_harness::shown::Shown;
use rollcall_simulators::Ordering;
use rollcall_simulators::buildkite::{
    CLEO_ID, MEMBER_TOKEN, ORGANIZATION, Organization, SECOND_ORGANIZATION, Sizes, WIDE_TOKEN,
    World,
};
use serde_json::{Map, Value, json};

use crate::{Desk, Simulated};

/// The grants that the organization states, with these of its teams.
fn stated(desk: &Desk, slug: &str, teams: &BTreeSet<String>) -> BTreeSet<String> {
    let view = desk.vendor.sim.access_view();
    let view = &view["organizations"][slug];
    let id = organization(desk, slug).id;
    let mut ids = BTreeSet::new();
    for (user, role) in entries(&view["members"]) {
        ids.insert(format!("organization:{id}:member:user:{user}"));
        if role == "admin" {
            ids.insert(format!("organization:{id}:admin:user:{user}"));
        }
    }
    for (team, members) in entries(&view["teams"]).filter(|(team, _)| teams.contains(*team)) {
        for (user, role) in entries(members) {
            let slug = if role == "maintainer" {
                "maintainer"
            } else {
                "member"
            };
            ids.insert(format!("team:{team}:{slug}:user:{user}"));
        }
    }
    ids
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn organization(desk: &Desk, slug: &str) -> Organization {
    desk.vendor
        .sim
        .with_world(|w| w.organizations[slug].clone())
}

fn all_teams(desk: &Desk, slug: &str) -> BTreeSet<String> {
    let teams = organization(desk, slug).teams.into_iter();
    teams.map(|team| team.id).collect()
}

/// The snapshot has these grants and no others, these teams, everybody who is in the organization or in one of them, and two
/// entitlements on each.
async fn shows(desk: &Desk, slug: &str, teams: &BTreeSet<String>) -> Shown {
    let shown = Shown::by(desk).await;
    let organization = organization(desk, slug);
    shown.states(&stated(desk, slug, teams));
    assert_eq!(shown.grants.len(), shown.direct().len());

    let members = organization.members.iter().map(|m| &m.user);
    let in_teams = organization
        .teams
        .iter()
        .filter(|team| teams.contains(&team.id));
    let in_teams = in_teams.flat_map(|team| team.members.iter().map(|m| &m.user));
    let people = members.chain(in_teams).map(|id| format!("user:{id}"));
    let resources: BTreeSet<String> = people
        .chain(teams.iter().map(|id| format!("team:{id}")))
        .chain([format!("organization:{}", organization.id)])
        .collect();
    let found: BTreeSet<String> = shown.resources.keys().cloned().collect();
    assert_eq!(found, resources);

    let slugs = teams
        .iter()
        .flat_map(|id| ["maintainer", "member"].map(|slug| format!("team:{id}:{slug}")));
    let of_organization =
        ["admin", "member"].map(|slug| format!("organization:{}:{slug}", organization.id));
    let entitlements: BTreeSet<String> = slugs.chain(of_organization).collect();
    let found: BTreeSet<String> = shown.entitlements.keys().cloned().collect();
    assert_eq!(found, entitlements);
    shown
}

/// The public connector shows maintainers as members, or members and maintainers and nothing of the organization.
#[tokio::test]
async fn an_organization_with_every_oddity_is_shown_to_the_last_grant() {
    let desk = Desk::around(Simulated::of(World::rich()).await);
    let shown = shows(&desk, ORGANIZATION, &all_teams(&desk, ORGANIZATION)).await;
    assert_eq!(shown.count("team"), 15);
    assert_eq!(
        shown.warnings(),
        [
            "UnknownValue: 1 members of the organization have a role that Rollcall does not know, and are shown as `member`",
            "UnknownValue: 1 memberships in teams have a role that Rollcall does not know, and are shown as `member`",
        ]
    );
}

#[tokio::test]
async fn generated_organizations_are_shown_to_the_last_grant_whatever_the_pages_and_their_order() {
    let sizes = Sizes {
        users: 320,
        teams: 40,
        members_per_team: 30,
        ..Sizes::default()
    };
    for (seed, page) in [(1, None), (2, Some(7)), (3, Some(99))] {
        let desk = Desk::around(Simulated::of(World::generate(&sizes, seed)).await);
        desk.vendor.sim.set_options(|options| {
            options.force_page_size = page;
            options.ordering = Ordering::Shuffled(seed);
        });
        let shown = shows(&desk, ORGANIZATION, &all_teams(&desk, ORGANIZATION)).await;
        assert!(shown.grants.len() > 1000, "{}", shown.grants.len());
        assert_eq!(shown.warnings(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_members_token_shows_all_that_its_owner_may_see_and_nothing_else() {
    let generated = World::generate(
        &Sizes {
            secret_percent: 60,
            teams: 30,
            ..Sizes::default()
        },
        5,
    );
    for world in [World::rich(), generated] {
        let desk = Desk::around(Simulated::of(world).await);
        desk.set_keys(&json!({"api-token": MEMBER_TOKEN}));
        let teams = organization(&desk, ORGANIZATION).teams;
        let seen = teams
            .iter()
            .filter(|team| team.privacy == "visible" || team.member(CLEO_ID).is_some());
        let seen: BTreeSet<String> = seen.map(|team| team.id.clone()).collect();
        assert!(seen.len() < teams.len());
        let shown = shows(&desk, ORGANIZATION, &seen).await;
        let warnings = shown.warnings();
        let hidden = |w: &&String| w.starts_with("MayNotBeAdministrator");
        assert_eq!(warnings.iter().filter(hidden).count(), 1, "{warnings:?}");
    }
}

/// Ada is in both, and both have a team called Everyone.
#[tokio::test]
async fn of_two_organizations_nothing_but_the_chosen_one_is_shown() {
    for (slug, hides) in [(ORGANIZATION, false), (SECOND_ORGANIZATION, true)] {
        let desk = Desk::around(Simulated::of(World::rich()).await);
        desk.set_keys(&json!({"api-token": WIDE_TOKEN, "organization": slug}));
        let shown = shows(&desk, slug, &all_teams(&desk, slug)).await;
        // Ada administers the first one alone.
        let warned = shown.warnings().iter().any(|w| {
            w.starts_with("MayNotBeAdministrator: nothing says that Ada Admin administers")
        });
        assert_eq!(warned, hides, "{slug}");
    }
}
