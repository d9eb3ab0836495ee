//! Building worlds.

use rollcall_simulators::temporalcloud::{Sizes, World};

#[test]
fn generated_worlds_depend_on_the_seed_alone() {
    let sizes = Sizes {
        users: 200,
        service_accounts: 40,
        groups: 12,
        ..Sizes::default()
    };
    let world = World::generate(&sizes, 1);
    assert_eq!(world, World::generate(&sizes, 1));
    assert_ne!(world, World::generate(&sizes, 2));
    assert_eq!(
        (
            world.users.len(),
            world.service_accounts.len(),
            world.groups.len()
        ),
        (200, 41, 12)
    );
    let text = world.access_view().to_string();
    for wanted in [
        "ROLE_OWNER",
        "ROLE_ADMIN",
        "ROLE_FINANCE_ADMIN",
        "namespaceScopedAccess",
        "projectScopedAccess",
        "customRoles",
        "projectAccesses",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    assert_eq!(text.matches("ROLE_OWNER").count(), 1);
    assert!(
        world
            .users
            .values()
            .any(|user| user["state"] == "RESOURCE_STATE_SUSPENDED")
    );
    assert!(
        world
            .users
            .values()
            .any(|user| user["spec"].get("access").is_none())
    );
    assert!(world.users.keys().all(|id| id.len() == 32));
}

#[test]
fn samples_are_always_the_same() {
    assert_eq!(World::rich(), World::rich());
    assert_eq!(
        World::worked_example().account_role("u1").as_deref(),
        Some("ROLE_OWNER")
    );
    assert_eq!(
        World::worked_example()
            .namespace_permission("u2", "demo.a1b23")
            .as_deref(),
        Some("PERMISSION_WRITE")
    );
}

#[test]
fn the_access_view_sees_rights_and_nothing_else() {
    let before = World::worked_example();
    let mut world = before.clone();
    world.set_namespace_permission("u1", "demo.a1b23", "PERMISSION_READ");
    assert_ne!(world.access_view(), before.access_view());
    world.set_namespace_permission("u1", "demo.a1b23", "");
    assert_eq!(world.access_view(), before.access_view());
    assert_ne!(world, before);
    world.add_group("g1", "devs", "", &["u2"]);
    assert!(world.is_member("g1", "u2") && world.exists("g1"));
    assert_ne!(world.access_view(), before.access_view());
}
