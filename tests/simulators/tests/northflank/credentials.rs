//! Who may read what.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rollcall_simulators::northflank::{
    Denial, ENGINEERING_ID, EXPIRED_TOKEN, NO_MEMBERS_TOKEN, NO_ROLES_TOKEN, REVOKED_TOKEN,
    TEAM_TOKEN, TEST_TOKEN, World,
};
use serde_json::json;

use crate::{
    client::{DEVELOPERS, PROPER, get, get_as, sim, sim_with},
    wire::exchange,
};

/// The calls that need the permission to read roles.
const OF_ROLES: [&str; 4] = [
    "/v1/org-roles",
    "/v1/org-roles/developer",
    DEVELOPERS,
    "/v1/directory-groups",
];

/// The calls that need the permission to read members.
fn of_members() -> [String; 2] {
    [
        "/v1/org-members".to_owned(),
        format!("/v1/directory-groups/{ENGINEERING_ID}/members"),
    ]
}

#[tokio::test]
async fn bad_tokens_are_all_the_same() {
    let sim = sim(World::worked_example()).await;
    for token in [EXPIRED_TOKEN, REVOKED_TOKEN, "unknown"] {
        for path in ["/v1/auth", "/v1/org-members", "/v1/directory-groups"] {
            let reply = get_as(&sim, token, path).await;
            assert_eq!((reply.status, reply.id()), (401, "nf-sim-unauthenticated"));
            assert!(!reply.text.contains(token));
        }
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_bearer_token_is_a_violation() {
    let sim = sim(World::worked_example()).await;
    let [accept, kind] = PROPER;
    let basic = format!("Basic {TEST_TOKEN}");
    let twice = format!("Bearer {TEST_TOKEN} {TEST_TOKEN}");
    for bad in ["", TEST_TOKEN, "Bearer", "Bearer ", &basic, &twice] {
        let mut headers = vec![accept, kind];
        if !bad.is_empty() {
            headers.push(("authorization", bad));
        }
        let reply = exchange(&sim.base_url(), "GET", "/v1/org-members", &headers, "").await;
        assert_eq!(reply.unwrap().status, 401, "{bad}");
        assert_eq!(sim.violations().len(), 1, "{bad}");
        sim.clear_requests();
    }
}

#[tokio::test]
async fn each_call_needs_its_permission() {
    let sim = sim(World::worked_example()).await;
    for path in OF_ROLES {
        assert_eq!(
            get_as(&sim, NO_MEMBERS_TOKEN, path).await.status,
            200,
            "{path}"
        );
        let refused = get_as(&sim, NO_ROLES_TOKEN, path).await;
        assert_eq!(
            (refused.status, refused.id()),
            (403, "nf-sim-forbidden"),
            "{path}"
        );
    }
    for path in of_members() {
        assert_eq!(
            get_as(&sim, NO_ROLES_TOKEN, &path).await.status,
            200,
            "{path}"
        );
        let refused = get_as(&sim, NO_MEMBERS_TOKEN, &path).await;
        assert_eq!(
            (refused.status, refused.id()),
            (403, "nf-sim-forbidden"),
            "{path}"
        );
    }
    sim.with_world(|world| {
        world.edit_token(TEST_TOKEN, |token| token.permissions.clear());
    });
    for path in OF_ROLES {
        assert_eq!(get(&sim, path).await.status, 403, "{path}");
    }
    assert_eq!(get(&sim, "/v1/auth").await.status, 200);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_denial_can_be_any_of_three() {
    for (denial, status) in [
        (Denial::Forbidden, 403),
        (Denial::Unauthorized, 401),
        (Denial::NotFound, 404),
    ] {
        let sim = sim_with(|options| options.no_permission = denial).await;
        assert_eq!(
            get_as(&sim, NO_ROLES_TOKEN, "/v1/org-roles").await.status,
            status
        );
        assert_eq!(get_as(&sim, TEAM_TOKEN, "/v1/org-roles").await.status, 403);
        let sim = sim_with(|options| options.team_token = denial).await;
        assert_eq!(
            get_as(&sim, NO_ROLES_TOKEN, "/v1/org-roles").await.status,
            403
        );
        for path in OF_ROLES.map(str::to_owned).iter().chain(&of_members()) {
            assert_eq!(
                get_as(&sim, TEAM_TOKEN, path).await.status,
                status,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_expires_by_the_simulator_s_clock() {
    let sim = sim(World::worked_example()).await;
    let end = Timestamp::now() + SignedDuration::from_hours(2);
    sim.with_world(|world| {
        world.edit_token(TEST_TOKEN, |token| token.expires_at = Some(end));
    });
    let said = get(&sim, "/v1/auth").await.json["data"]["expiresAt"].clone();
    let whole = end.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    assert_eq!(said, json!(whole));
    sim.advance(Duration::from_secs(7000));
    assert_eq!(get(&sim, "/v1/org-roles").await.status, 200);
    sim.advance(Duration::from_secs(300));
    assert_eq!(get(&sim, "/v1/org-roles").await.status, 401);
}
