//! Building worlds.

use rollcall_simulators::northflank::{
    ENGINEERING_ID, OPERATIONS_ID, Sizes, World, directory_group_id,
};
use serde_json::json;

#[test]
fn the_worked_example_is_as_it_is_written() {
    let world = World::worked_example();
    assert_eq!(
        world.access_view(),
        json!({
            "members": ["alice-w", "bob-k", "carol-p"],
            "roles": {
                "org-admin": {"explicit": ["alice-w"], "groups": [], "members": {"alice-w": "explicit"}},
                "developer": {
                    "explicit": ["bob-k"], "groups": [ENGINEERING_ID],
                    "members": {"alice-w": "implicit", "bob-k": "explicit", "carol-p": "implicit"},
                },
            },
            "groups": {
                ENGINEERING_ID: {"members": ["alice-w", "carol-p"], "without_account": 0},
                OPERATIONS_ID: {"members": ["bob-k"], "without_account": 1},
            },
        })
    );
    assert_eq!(directory_group_id("01ENG"), ENGINEERING_ID);
    assert_eq!(World::rich(), World::rich());
}

#[test]
fn generated_worlds_depend_on_the_seed_alone() {
    let sizes = Sizes {
        members: 300,
        roles: 40,
        groups: 30,
        members_per_role: 10,
        members_per_group: 40,
        groups_per_role: 3,
    };
    let world = World::generate(&sizes, 1);
    assert_eq!(world, World::generate(&sizes, 1));
    assert_ne!(world, World::generate(&sizes, 2));
    assert_eq!(
        (world.members.len(), world.roles.len(), world.groups.len()),
        (300, 40, 30)
    );
    let text = world.access_view().to_string();
    assert!(text.contains("implicit") && text.contains("explicit"));
    assert!(world.members.values().any(|member| member.name.is_none()));
    assert!(
        world
            .members
            .values()
            .any(|member| member.finalized == Some(false))
    );
    let groups = || world.groups.values().flat_map(|group| &group.members);
    assert!(groups().any(|member| member.id.is_none()));
    assert!(
        groups()
            .flat_map(|member| &member.id)
            .all(|id| world.members.contains_key(id))
    );
    for role in world.roles.values() {
        assert!(role.explicit.len() <= 10);
        assert!(
            role.explicit
                .iter()
                .all(|id| world.members.contains_key(id))
        );
        let links = role.directory_groups.iter().flatten();
        assert!(links.clone().count() <= 3);
        assert!(links.clone().all(|id| world.groups.contains_key(id)));
    }
    let documented = |id: &&String| {
        let id = id.strip_prefix("directory_group_").unwrap();
        id.len() == 26
            && id
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    assert!(world.groups.keys().all(|id| documented(&id)));
    let slugs = world.members.keys().chain(world.roles.keys());
    assert!(
        slugs
            .flat_map(|id| id.bytes())
            .all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
    );
    let nothing = Sizes {
        members: 0,
        ..sizes
    };
    assert_eq!(World::generate(&nothing, 1).roles.len(), 40);
}

#[test]
fn a_large_world_is_made_in_no_time() {
    let sizes = Sizes {
        members: 5000,
        roles: 150,
        groups: 900,
        members_per_role: 90,
        members_per_group: 90,
        groups_per_role: 5,
    };
    let begun = std::time::Instant::now();
    assert_eq!(World::generate(&sizes, 7).groups.len(), 900);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn the_access_view_sees_who_has_what_and_nothing_else() {
    let before = World::worked_example();
    let view = before.access_view();
    let mut world = before.clone();
    world
        .edit_member("carol-p", |carol| carol.name = Some("Carol".to_owned()))
        .describe("org-admin", "May do everything")
        .restrict("org-admin", json!([]))
        .link("developer", ENGINEERING_ID);
    assert_ne!(world, before);
    assert_eq!(world.access_view(), view);
    let changes: [fn(&mut World) -> &mut World; 6] = [
        |world| world.add_member("new", "", ""),
        |world| world.remove_member("alice-w"),
        |world| world.unassign("developer", "bob-k"),
        |world| world.unlink("developer", ENGINEERING_ID),
        |world| world.leave(ENGINEERING_ID, "carol-p"),
        |world| world.remove_group(OPERATIONS_ID),
    ];
    for change in changes {
        let mut world = before.clone();
        assert_ne!(change(&mut world).access_view(), view);
    }
}
