//! Building worlds.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use rollcall_simulators::buildkite::{
    ADA_ID, BEN_ID, CLEO_ID, EVERYONE_ID, EXPIRED_TOKEN, GRAPHQL_TOKEN, LARGE_TEAM_ID,
    MEMBER_TOKEN, ORGANIZATION, PLATFORM_ID, SECOND_ORGANIZATION, Sizes, TEST_TOKEN, WIDE_TOKEN,
    World,
};
use serde_json::json;

#[test]
fn the_worked_example_is_as_it_is_written() {
    let world = World::worked_example();
    assert_eq!(
        world.access_view(),
        json!({"organizations": {ORGANIZATION: {
            "members": {ADA_ID: "admin", BEN_ID: "member", CLEO_ID: "member"},
            "teams": {
                EVERYONE_ID: {ADA_ID: "maintainer", BEN_ID: "member", CLEO_ID: "member"},
                PLATFORM_ID: {BEN_ID: "maintainer"},
            },
        }}})
    );
    let owner = |secret: &str| {
        let mut tokens = world.tokens.iter();
        tokens
            .find(|one| one.secret == secret)
            .unwrap()
            .owner
            .clone()
    };
    for secret in [TEST_TOKEN, GRAPHQL_TOKEN, EXPIRED_TOKEN] {
        assert_eq!(owner(secret), ADA_ID);
    }
    assert_eq!(owner(MEMBER_TOKEN), CLEO_ID);
}

#[test]
fn the_rich_world_has_one_of_everything() {
    let world = World::rich();
    assert_eq!(world, World::rich());
    let slugs: Vec<&String> = world.organizations.keys().collect();
    assert_eq!(slugs, [ORGANIZATION, SECOND_ORGANIZATION]);
    let org = &world.organizations[ORGANIZATION];
    let users: Vec<_> = org
        .members
        .iter()
        .map(|one| &world.users[&one.user])
        .collect();
    assert!(users.iter().any(|user| user.name.is_empty()));
    assert!(users.iter().any(|user| user.email.is_empty()));
    assert!(users.iter().any(|user| !user.name.is_ascii()));
    assert!(org.members.len() > 100);
    let teams = || org.teams.iter();
    assert!(teams().any(|team| team.members.is_empty()));
    assert!(teams().any(|team| team.name.is_empty()));
    assert!(teams().any(|team| team.description.is_none()));
    assert!(teams().any(|team| team.created_by.is_none()));
    assert!(teams().any(|team| team.privacy == "secret" && team.member(CLEO_ID).is_some()));
    assert!(org.team(LARGE_TEAM_ID).unwrap().members.len() > 100);
    for sign in ['&', '/', '<', '"', '%', '🚀'] {
        assert!(teams().any(|team| team.name.contains(sign)), "{sign}");
    }
    let members = || teams().flat_map(|team| &team.members);
    assert!(members().any(|one| !["member", "maintainer"].contains(&one.role.as_str())));
    assert!(members().any(|one| org.member(&one.user).is_none()));
    assert!(members().any(|one| !world.users.contains_key(&one.user)));
    assert!(
        org.members
            .iter()
            .any(|one| !["admin", "member"].contains(&one.role.as_str()))
    );
    let wide = world.tokens.iter().find(|one| one.secret == WIDE_TOKEN);
    assert_eq!(wide.unwrap().organizations.len(), 2);
}

#[test]
fn all_ids_are_uuids_and_different() {
    for world in [World::rich(), World::generate(&Sizes::default(), 3)] {
        let mut ids: Vec<&String> = world.users.keys().collect();
        for org in world.organizations.values() {
            ids.push(&org.id);
            ids.extend(org.teams.iter().map(|team| &team.id));
            let slugs: BTreeSet<&String> = org.teams.iter().map(|team| &team.slug).collect();
            assert_eq!(slugs.len(), org.teams.len());
        }
        let distinct: BTreeSet<&&String> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        for id in ids {
            let lengths: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        }
    }
}

#[test]
fn generated_worlds_depend_on_the_seed_alone() {
    let sizes = Sizes {
        users: 300,
        teams: 80,
        members_per_team: 10,
        everyone: true,
        secret_percent: 25,
    };
    let world = World::generate(&sizes, 1);
    assert_eq!(world, World::generate(&sizes, 1));
    assert_ne!(world, World::generate(&sizes, 2));
    let org = &world.organizations[ORGANIZATION];
    assert_eq!((org.members.len(), org.teams.len()), (300, 80));
    assert_eq!(org.teams[0].members.len(), 300);
    let held: usize = org.teams[1..].iter().map(|team| team.members.len()).sum();
    assert!((400..1200).contains(&held), "{held}");
    assert!(org.teams.iter().any(|team| team.privacy == "secret"));
    for team in &org.teams {
        let users: BTreeSet<&String> = team.members.iter().map(|one| &one.user).collect();
        assert_eq!(users.len(), team.members.len());
        assert!(users.iter().all(|user| org.member(user).is_some()));
    }
    let nothing = Sizes {
        users: 0,
        teams: 0,
        members_per_team: 0,
        everyone: false,
        secret_percent: 0,
    };
    let world = World::generate(&nothing, 1);
    assert_eq!(world.organizations[ORGANIZATION].members.len(), 2);
}

#[test]
fn a_large_world_is_made_in_no_time() {
    let sizes = Sizes {
        users: 5000,
        teams: 500,
        members_per_team: 20,
        ..Sizes::default()
    };
    let begun = Instant::now();
    let world = World::generate(&sizes, 7);
    assert_eq!(world.users.len(), 5000);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_access_view_sees_who_has_what_and_nothing_else() {
    let before = World::worked_example();
    let mut world = before.clone();
    world
        .edit_user(BEN_ID, |ben| ben.name = "Benjamin".to_owned())
        .edit_team(ORGANIZATION, PLATFORM_ID, |team| {
            team.name = "Base".to_owned()
        });
    assert_ne!(world, before);
    assert_eq!(world.access_view(), before.access_view());
    world.add_to_team(ORGANIZATION, PLATFORM_ID, CLEO_ID, "member");
    assert_ne!(world.access_view(), before.access_view());
}
