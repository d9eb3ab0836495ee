//! Building worlds.

use std::collections::BTreeSet;

use rollcall_simulators::elastic::{SECOND_ORGANIZATION_ID, Sizes, World};
use serde_json::{Value, json};

use crate::client::ORG;

#[test]
fn the_worked_example_is_as_it_is_written() {
    let view = World::worked_example().access_view();
    assert_eq!(
        view["organizations"],
        json!({ORG: {
            "members": {"1001": [format!("organization organization-admin of {ORG}")], "1002": []},
            "invitations": {},
        }})
    );
    let main = &view["deployments"]["main"];
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&view["deployments"]), ["main"]);
    assert_eq!(keys(&main["users"]), ["jacknich", "olduser", "svc"]);
    assert_eq!(keys(&main["roles"]), ["admin", "superuser", "viewer"]);
    assert_eq!(keys(&main["mappings"]), ["mapping1"]);
    assert_eq!(main["users"]["svc"]["password"], "password of svc");
}

#[test]
fn the_rich_world_has_one_of_everything() {
    let world = World::rich();
    assert_eq!(world, World::rich());
    assert_eq!(
        world.organizations.keys().collect::<Vec<_>>(),
        [ORG, SECOND_ORGANIZATION_ID]
    );
    let members = &world.organizations[ORG].members;
    assert!(
        members
            .values()
            .any(|member| member.name.is_none() && member.email.is_none())
    );
    let text = world.access_view()["organizations"].to_string();
    for wanted in [
        "on all",
        "with [\\\"logs_reader\\\"]",
        "connected_cluster",
        "something_new",
        "project/security",
        "project/project_of_the_future",
        "billing-admin",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    let main = &world.deployments["main"];
    assert_eq!(
        main.users
            .values()
            .filter(|user| user.is_reserved())
            .count(),
        7
    );
    let names: BTreeSet<&String> = world.deployments["second"].users.keys().collect();
    assert!(
        ["jacknich", "svc", "elastic"]
            .iter()
            .all(|name| names.contains(&(*name).to_owned()))
    );
    for sign in [' ', '/', '%', ',', '@', ':', '+', '?'] {
        assert!(main.users.keys().any(|name| name.contains(sign)), "{sign}");
    }
    let dangling = |user: &str| {
        main.users[user]
            .roles
            .iter()
            .any(|role| !main.roles.contains_key(role))
    };
    assert!(dangling("dangling") && !dangling("twice"));
    assert!(
        main.mappings
            .values()
            .any(|mapping| mapping.get("rules").is_none())
    );
    assert!(
        main.mappings
            .values()
            .any(|mapping| mapping["enabled"] == false)
    );
    assert!(
        main.mappings
            .contains_key("elastic-cloud-sso-kibana-do-not-change")
    );
    let rules: Vec<String> = main
        .mappings
        .values()
        .map(|mapping| mapping["rules"].to_string())
        .collect();
    for wanted in [
        "any",
        "all",
        "except",
        "groups",
        "dn",
        "realm.name",
        "metadata.",
        "null",
        "*",
        "/",
    ] {
        assert!(rules.iter().any(|rule| rule.contains(wanted)), "{wanted}");
    }
}

#[test]
fn generated_worlds_depend_on_the_seed_alone() {
    let sizes = Sizes {
        members: 300,
        invitations: 20,
        deployments: 3,
        projects: 6,
        users: 400,
        roles: 50,
        roles_per_user: 5,
        mappings: 30,
    };
    let world = World::generate(&sizes, 1);
    assert_eq!(world, World::generate(&sizes, 1));
    assert_ne!(world, World::generate(&sizes, 2));
    let (organization, main) = (&world.organizations[ORG], &world.deployments["main"]);
    assert_eq!(
        (
            organization.members.len(),
            organization.invitations.len(),
            world.deployments.len(),
            world.projects.len()
        ),
        (300, 20, 3, 6)
    );
    assert_eq!(
        (main.users.len(), main.roles.len(), main.mappings.len()),
        (407, 80, 30)
    );
    for user in main.users.values() {
        assert!(
            user.roles.iter().all(|role| main.roles.contains_key(role)),
            "{user:?}"
        );
    }
    assert!(main.users.values().any(|user| !user.enabled));
    assert!(main.users.values().any(|user| user.full_name.is_none()));
    let text = world.access_view()["organizations"].to_string();
    for wanted in [
        "organization-admin",
        "on all",
        "project/",
        "deployment-viewer",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    let nothing = Sizes {
        members: 0,
        invitations: 0,
        deployments: 0,
        projects: 0,
        users: 0,
        roles: 0,
        roles_per_user: 0,
        mappings: 1,
    };
    assert_eq!(
        World::generate(&nothing, 1).deployments["main"].users.len(),
        7
    );
}

#[test]
fn a_large_world_is_made_in_no_time() {
    let sizes = Sizes {
        members: 5000,
        users: 5000,
        roles: 500,
        mappings: 200,
        ..Sizes::default()
    };
    let begun = std::time::Instant::now();
    assert_eq!(
        World::generate(&sizes, 7).deployments["main"].users.len(),
        5007
    );
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn the_access_view_sees_everything_about_users_and_nothing_else_about_members() {
    let before = World::worked_example();
    let mut world = before.clone();
    world.edit_member(ORG, "1002", |bob| bob.name = Some("Bob".to_owned()));
    assert_ne!(world, before);
    assert_eq!(world.access_view(), before.access_view());
    // The same in other words.
    world.assign(
        ORG,
        "1002",
        json!({"deployment": [], "project": {"security": []}}),
    );
    assert_eq!(world.access_view(), before.access_view());
    world.edit_user("main", "svc", |user| user.password.push('!'));
    assert_ne!(world.access_view(), before.access_view());
}
