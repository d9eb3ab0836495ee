//! How many requests things take. Nothing is asked twice in a sync, and nothing is asked per user.

use rollcall_simulators::confluence::World;

use crate::script::Stage;

/// A thousand people, three hundred groups and two thousand spaces; as many in one group, and on one space, as fit on a page.
/// Ada, Bob, Bot and their groups and spaces are there already.
fn large() -> World {
    let mut world = World::worked_example();
    let person = |n: usize| format!("712020:p{:03}", n % 997);
    for n in 0..997 {
        world.add_user(&person(n), "P", "");
    }
    for group in 0..298 {
        let id = format!("g{group:03}");
        world.add_group(&id, &id, &[]);
        for n in 0..if group == 7 { 200 } else { 2 } {
            world.add_member(&id, &person(group * 31 + n));
        }
    }
    for n in 0..1998 {
        let id = 200_000 + n as u64;
        world.add_space(id, &format!("S{n}"), "S", "global");
        world.grant(id, "user", "712020:a1", "read/space");
        for n in n..n + if n == 7 { 249 } else { 1 } {
            world.grant(id, "user", &person(n), "read/space");
        }
    }
    world
}

/// The public connector takes 6,616 calls for a site of this size, and shows a hundred people and the members of groups.
#[tokio::test]
async fn a_sync_of_a_thousand_users_three_hundred_groups_and_two_thousand_spaces_takes_2329_calls()
{
    let mut stage = Stage::of(large()).await;
    let calls = r#"
        keys {"verb": "read"}
        sync
        // Who we are, and which site it is; whether the API v2 lets us in (counted with the spaces), whether there are roles.
        calls 1 /user/current
        calls 1 /tenant_info
        calls 1 /space-role-mode
        // Ten pages, since Bob is hidden, and one to see the end; whether the accounts are active, 250 at a time.
        calls 11 /search/user
        calls 4 /users-bulk
        calls 2 /group
        calls 300 /membersByGroupId
        calls 9 /spaces
        calls 2000 /permissions
        calls 2329"#;
    stage.play(calls).await;
    assert_eq!(["user", "group", "space"].map(|kind| stage.shown().count(kind)), [1000, 300, 2000]);
    // In the small site are four members and five rows.
    let grants = 298 * 2 + 198 + 1998 * 2 + 248 + 4 + 5;
    assert_eq!(stage.shown().direct().len(), grants);
}

/// The roles of a site, and who has one on a space, are as many as fit on two pages.
#[tokio::test]
async fn roles_are_read_once_for_a_site_and_once_for_a_space() {
    let mut world = World::with_roles();
    for n in 0..498 {
        let id = format!("{n}");
        world.add_role(&id, "CUSTOM", "X", &["read/space"]);
        world.set_role(98311, "user", &id, "r2");
    }
    world.set_role(98311, "group", "22-eng", "r2");
    world.set_role(98311, "group", "11-adm", "r2");
    let calls = "sync\n shows space_role:497\n calls 2 /space-roles\n calls 3 /role-assignments";
    Stage::of(world).await.play(calls).await;
}

rollcall_harness::scripts! { crate::script::play;
/// The README has a table of them.
a_change_takes_no_more_calls_than_it_needs_to_look_before_and_after: "
    on rows
    grant export-space bot granted calls=11
    grant export-space bot already_granted calls=6
    revoke export-space bot revoked calls=9
    revoke export-space bot already_revoked calls=6
    grant in-adm bot granted calls=10
    revoke in-adm bot revoked calls=8
    on both
    grant export-space bot granted calls=12
    grant admin eng granted calls=13
    revoke admin eng revoked calls=11"
}
