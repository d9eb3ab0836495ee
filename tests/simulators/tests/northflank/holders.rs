//! Who holds a role, by hand and through groups.

use rollcall_simulators::northflank::{
    Both, ENGINEERING_ID, OPERATIONS_ID, Sizes, World, directory_group_id,
};
use serde_json::json;

use crate::client::{DEVELOPERS, Reply, all, get, sim};

/// Ids and types.
fn held(reply: &Reply) -> Vec<(&str, &str)> {
    let rows = reply.rows().iter();
    rows.map(|row| (row["id"].as_str().unwrap(), row["type"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn roles_follow_their_groups() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world
            .link("org-admin", OPERATIONS_ID)
            .leave(ENGINEERING_ID, "carol-p");
    });
    let admins = get(&sim, "/v1/org-roles/org-admin/members").await;
    // Dan has no account, and therefore no role.
    assert_eq!(
        held(&admins),
        [("alice-w", "explicit"), ("bob-k", "implicit")]
    );
    let developers = get(&sim, DEVELOPERS).await;
    assert_eq!(
        held(&developers),
        [("alice-w", "implicit"), ("bob-k", "explicit")]
    );
    assert_eq!(
        sim.access_view()["roles"]["org-admin"],
        json!({
            "explicit": ["alice-w"], "groups": [OPERATIONS_ID],
            "members": {"alice-w": "explicit", "bob-k": "implicit"},
        })
    );
}

#[tokio::test]
async fn somebody_who_holds_a_role_in_both_ways_is_listed_in_one_of_three() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.assign("developer", "alice-w");
    });
    let (explicit, implicit) = (("alice-w", "explicit"), ("alice-w", "implicit"));
    for (both, rows) in [
        (Both::Explicit, vec![explicit]),
        (Both::Implicit, vec![implicit]),
        (Both::TwoRows, vec![explicit, implicit]),
    ] {
        sim.set_options(|options| options.both = both);
        let reply = get(&sim, DEVELOPERS).await;
        let (alice, others) = held(&reply)
            .into_iter()
            .partition::<Vec<_>, _>(|(id, _)| *id == "alice-w");
        assert_eq!(alice, rows);
        assert_eq!(others, [("bob-k", "explicit"), ("carol-p", "implicit")]);
        for kind in ["explicit", "implicit"] {
            let reply = get(&sim, &format!("{DEVELOPERS}?type={kind}&userIds=alice-w")).await;
            let wanted: Vec<_> = rows.iter().copied().filter(|row| row.1 == kind).collect();
            assert_eq!(held(&reply), wanted, "{both:?} {kind}");
        }
    }
}

#[tokio::test]
async fn people_can_be_asked_for() {
    let sim = sim(World::worked_example()).await;
    for (filter, ids) in [
        ("type=explicit", vec!["bob-k"]),
        ("type=implicit", vec!["alice-w", "carol-p"]),
        ("userIds=bob-k&userIds=carol-p", vec!["bob-k", "carol-p"]),
        ("userIds=bob-k&type=implicit", vec![]),
        ("userIds=nobody", vec![]),
    ] {
        assert_eq!(
            get(&sim, &format!("{DEVELOPERS}?{filter}")).await.ids(),
            ids,
            "{filter}"
        );
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn two_hundred_and_fifty_hold_a_role_through_a_group() {
    let sizes = Sizes {
        members: 250,
        roles: 0,
        groups: 0,
        ..Sizes::default()
    };
    let mut world = World::generate(&sizes, 1);
    let group = directory_group_id("01ALL");
    world
        .add_group(&group, "All", "")
        .add_role("all", "All")
        .link("all", &group);
    let ids: Vec<String> = world.members.keys().cloned().collect();
    for id in &ids {
        world.join(&group, id);
    }
    let sim = sim(world).await;
    let rows = all(&sim, "/v1/org-roles/all/members").await;
    assert_eq!((rows.len(), sim.calls()), (250, 3));
    assert!(rows.iter().all(|row| row["type"] == "implicit"));
    let people = all(&sim, &format!("/v1/directory-groups/{group}/members")).await;
    assert_eq!(people.len(), 250);
}
