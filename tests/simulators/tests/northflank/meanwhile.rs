//! What somebody else does while a client reads.

use rollcall_simulators::northflank::{ENGINEERING_ID, TEST_TOKEN, World};

use crate::client::{DEVELOPERS, get, sim};

#[tokio::test]
async fn a_role_can_be_deleted_between_two_reads() {
    let sim = sim(World::worked_example()).await;
    sim.before(DEVELOPERS, |world| {
        world.remove_role("developer");
    });
    assert_eq!(
        get(&sim, "/v1/org-roles").await.ids(),
        ["developer", "org-admin"]
    );
    assert_eq!(
        get(&sim, "/v1/org-roles/org-admin/members").await.status,
        200
    );
    assert_eq!(get(&sim, DEVELOPERS).await.status, 404);
    assert_eq!(get(&sim, "/v1/org-roles").await.ids(), ["org-admin"]);
}

#[tokio::test]
async fn changes_before_the_same_path_come_one_by_one() {
    let sim = sim(World::worked_example()).await;
    sim.before(DEVELOPERS, |world| {
        world.assign("developer", "newcomer");
    });
    sim.before(DEVELOPERS, |world| {
        world.edit_token(TEST_TOKEN, |token| token.permissions.clear());
    });
    let reply = get(&sim, &format!("{DEVELOPERS}?type=explicit")).await;
    assert_eq!(reply.ids(), ["bob-k", "newcomer"]);
    assert_eq!(get(&sim, DEVELOPERS).await.status, 403);
}

#[tokio::test]
async fn an_id_changes_when_the_account_is_set_up() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world
            .assign("org-admin", "carol-p")
            .finalize("carol-p", "carol-park");
    });
    let members = get(&sim, "/v1/org-members").await;
    assert_eq!(members.ids(), ["alice-w", "bob-k", "carol-park"]);
    assert_eq!(members.row("carol-park")["finalized"], true);
    let group = format!("/v1/directory-groups/{ENGINEERING_ID}/members");
    for path in [&group, DEVELOPERS, "/v1/org-roles/org-admin/members"] {
        let reply = get(&sim, path).await;
        assert!(reply.ids().contains(&"carol-park"), "{path}");
        assert!(!reply.text.contains("carol-p\""), "{path}");
    }
}
