//! What changes while a client reads.

use rollcall_simulators::buildkite::{CLEO_ID, EVERYONE_ID, MEMBER_TOKEN, PLATFORM_ID, World};
use serde_json::json;

use crate::client::{MEMBERS, ORG, get, get_as, query, sim};

#[tokio::test]
async fn a_team_may_be_gone_after_the_list_has_shown_it() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.team_vanishes = Some(PLATFORM_ID.to_owned()));
    let path = format!("{ORG}/teams/{PLATFORM_ID}/members");
    assert_eq!(get(&sim, &path).await.status, 200);
    let seen = get_as(&sim, MEMBER_TOKEN, &format!("{ORG}/teams")).await;
    assert_eq!(seen.column("id"), [EVERYONE_ID]);
    // Nobody has been shown the team yet.
    assert_eq!(get(&sim, &path).await.status, 200);
    let list = get(&sim, &format!("{ORG}/teams")).await;
    assert_eq!(list.column("id"), [EVERYONE_ID, PLATFORM_ID]);
    let gone = get(&sim, &path).await;
    assert_eq!((gone.status, gone.message()), (404, "Not Found"));
    let list = get(&sim, &format!("{ORG}/teams")).await;
    assert_eq!(list.column("id"), [EVERYONE_ID]);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_may_be_revoked_half_way() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.revoke_after = Some(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(&sim, ORG).await.status);
    }
    assert_eq!(statuses, [200, 200, 401, 401]);
    assert_eq!(
        query(&sim, MEMBERS, json!({"slug": "acme-inc"}))
            .await
            .status,
        401
    );
    sim.set_options(|options| options.revoke_after = None);
    assert_eq!(get(&sim, ORG).await.status, 200);
}

#[tokio::test]
async fn a_member_may_leave_and_still_be_in_a_team() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.remove_member("acme-inc", CLEO_ID);
    });
    let members = get(&sim, &format!("{ORG}/members")).await;
    assert!(!members.column("id").contains(&CLEO_ID));
    let team = get(&sim, &format!("{ORG}/teams/{EVERYONE_ID}/members")).await;
    assert!(team.column("user_id").contains(&CLEO_ID));
    sim.with_world(|world| {
        world.remove_from_team("acme-inc", EVERYONE_ID, CLEO_ID);
        world.remove_team("acme-inc", PLATFORM_ID);
    });
    assert_eq!(
        sim.access_view()["organizations"]["acme-inc"]["teams"]
            .as_object()
            .unwrap()
            .len(),
        1
    );
}
