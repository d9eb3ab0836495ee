//! Building worlds.

use std::collections::BTreeSet;

use rollcall_simulators::confluence::{RoleMode, Sizes, World};
use serde_json::json;

#[test]
fn the_worked_example_is_as_it_is_written() {
    let world = World::worked_example();
    assert_eq!(world.mode, RoleMode::PreRoles);
    assert_eq!(
        world.users.keys().collect::<Vec<_>>(),
        ["557058:b2", "712020:a1", "712020:c3"]
    );
    assert_eq!(
        world.access_view(),
        json!({
            "groups": {"11-adm": ["712020:a1"], "22-eng": ["557058:b2", "712020:a1", "712020:c3"]},
            "spaces": {
                "98310": {"permissions": {
                    "access-class:all-licensed-users": ["read/space"],
                    "group:22-eng": ["create/page", "delete/space", "read/space"],
                    "user:712020:a1": ["administer/space", "read/space"],
                    "user:712020:c3": ["read/space"],
                }},
                "98311": {"permissions": {"user:712020:a1": ["administer/space", "read/space"]}},
            },
        })
    );
    let roles = World::with_roles().access_view();
    assert_eq!(
        roles["spaces"]["98310"],
        json!({
            "permissions": {"user:712020:c3": ["read/space"]},
            "roles": {"access-class:all-licensed-users": "r2", "group:22-eng": "r2", "user:712020:a1": "r1"},
        })
    );
    assert_eq!(
        roles["spaces"]["98311"],
        world.access_view()["spaces"]["98311"]
    );
}

#[test]
fn the_rich_worlds_have_one_of_everything() {
    let world = World::rich();
    let set = |texts: Vec<&str>| {
        texts
            .into_iter()
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let statuses = world
        .users
        .values()
        .map(|user| user.status.as_str())
        .collect();
    assert_eq!(
        set(statuses),
        set(vec!["active", "closed", "inactive", "unknown"])
    );
    let kinds = world
        .users
        .values()
        .map(|user| user.account_type.as_str())
        .collect();
    assert_eq!(set(kinds), set(vec!["", "app", "atlassian", "customer"]));
    let managed = world
        .groups
        .values()
        .map(|group| group.managed_by.as_deref().unwrap_or("-"));
    assert_eq!(
        set(managed.collect()),
        set(vec!["-", "ADMINS", "EXTERNAL", "OPEN", "TEAM_MEMBERS"])
    );
    let rows = || world.spaces.values().flat_map(|space| &space.permissions);
    let principals = rows().map(|row| row.principal.kind.as_str()).collect();
    assert_eq!(
        set(principals),
        set(vec![
            "access-class",
            "anonymous",
            "device",
            "group",
            "role",
            "user"
        ])
    );
    let ids: BTreeSet<u64> = rows().map(|row| row.id).collect();
    assert_eq!(ids.len(), rows().count(), "ids of rows are unique");
    assert_eq!(
        (World::rich(), World::rich_with_roles()),
        (World::rich(), World::rich_with_roles())
    );
    assert_eq!(World::rich_with_roles().mode, RoleMode::Transition);
}

#[test]
fn generated_worlds_depend_on_the_seed_alone() {
    let sizes = Sizes {
        users: 300,
        groups: 40,
        spaces: 200,
        personal_spaces: 50,
        ..Sizes::default()
    };
    let world = World::generate(&sizes, 1);
    assert_eq!(world, World::generate(&sizes, 1));
    assert_ne!(world, World::generate(&sizes, 2));
    assert_eq!(
        (world.users.len(), world.groups.len(), world.spaces.len()),
        (303, 40, 250)
    );
    let rows = world
        .spaces
        .values()
        .map(|space| space.permissions.len())
        .sum::<usize>();
    assert!(rows > 5 * 250, "{rows}");
    let keys: BTreeSet<String> = world
        .spaces
        .values()
        .map(|space| space.key.to_lowercase())
        .collect();
    assert_eq!(keys.len(), 250);
    let text = world.access_view().to_string();
    for wanted in [
        "anonymous:anonymous",
        "access-class:",
        "restrict_content/space",
        "group:",
        "archive/page",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    for space in world.spaces.values() {
        for row in &space.permissions {
            assert!(
                space.has(&row.principal, "read", "space"),
                "read comes first"
            );
        }
        assert!(
            space
                .permissions
                .iter()
                .any(|row| row.pair() == "administer/space")
        );
    }
    assert!(world.users.values().any(|user| user.guest));
    assert!(world.users.values().any(|user| user.status == "inactive"));
    assert!(
        world
            .groups
            .values()
            .any(|group| group.managed_by.as_deref() == Some("EXTERNAL"))
    );
}

#[test]
fn a_large_world_is_made_in_no_time() {
    let sizes = Sizes {
        users: 1000,
        groups: 300,
        members_per_group: 40,
        spaces: 2000,
        ..Sizes::default()
    };
    let begun = std::time::Instant::now();
    let world = World::generate(&sizes, 7);
    assert_eq!(world.spaces.len(), 2005);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn the_access_view_sees_access_and_nothing_else() {
    let before = World::worked_example();
    let mut world = before.clone();
    world.grant(98310, "user", "557058:b2", "read/space");
    assert_ne!(world.access_view(), before.access_view());
    world.edit_space(98310, |space| {
        space
            .permissions
            .retain(|row| row.principal.id != "557058:b2")
    });
    world.edit_user("557058:b2", |user| user.display_name = "Robert".to_owned());
    assert_eq!(world.access_view(), before.access_view());
    assert_ne!(world, before);
    world.deactivate("712020:c3");
    assert!(!world.is_member("22-eng", "712020:c3"));
    assert!(
        world.spaces[&98310]
            .permissions
            .iter()
            .any(|row| row.principal.id == "712020:c3")
    );
    world.remove_user("712020:c3");
    assert!(
        world.spaces[&98310]
            .permissions
            .iter()
            .any(|row| row.principal.id == "712020:c3")
    );
}
