//! What a correct client sends, in order, and what it is told.

use rollcall_simulators::confluence::{RoleMode, World};
use serde_json::json;

use crate::client::{delete, get, grant, held, post, sim};

const BOB: &str = "557058:b2";

#[tokio::test]
async fn granting_needs_read_first_and_revoking_read_takes_everything() {
    let sim = sim(World::worked_example()).await;
    let before = sim.access_view();
    let refused = grant(&sim, "ENG", "user", BOB, "create/page").await;
    assert_eq!(
        (refused.status, refused.reason().contains("read permission")),
        (400, true)
    );
    let read = grant(&sim, "ENG", "user", BOB, "read/space").await;
    assert_eq!((read.status, &read.json["id"]), (200, &json!(2001)));
    assert_eq!(
        read.json,
        json!({"id": 2001, "subject": {"type": "user", "identifier": BOB}, "operation": {"key": "read", "target": "space"}, "_links": {}})
    );
    let create = grant(&sim, "ENG", "user", BOB, "create/page").await;
    assert_eq!((create.status, &create.json["id"]), (200, &json!(2003)));
    let again = grant(&sim, "ENG", "user", BOB, "create/page").await;
    assert_eq!(
        (again.status, again.reason().as_str()),
        (400, "Permission already exists")
    );
    assert_eq!(
        held(&sim, 98310, BOB).await,
        ["2001 read/space", "2003 create/page"]
    );

    let gone = delete(&sim, "/wiki/rest/api/space/ENG/permission/2003").await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert!(!gone.headers.contains_key("content-type"));
    assert_eq!(held(&sim, 98310, BOB).await, ["2001 read/space"]);
    assert_eq!(
        grant(&sim, "ENG", "user", BOB, "delete/page").await.status,
        200
    );
    assert_eq!(
        delete(&sim, "/wiki/rest/api/space/ENG/permission/2001")
            .await
            .status,
        204
    );
    assert!(held(&sim, 98310, BOB).await.is_empty());
    let twice = delete(&sim, "/wiki/rest/api/space/ENG/permission/2001").await;
    assert_eq!(
        (twice.status, twice.reason().as_str()),
        (404, "No permission found with id : 2001")
    );
    assert_eq!(sim.access_view(), before);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn with_roles_companions_come_and_go() {
    let sim = sim(World::with_roles()).await;
    let before = sim.access_view();
    assert_eq!(
        grant(&sim, "ENG", "user", BOB, "create/page").await.status,
        400
    );
    assert_eq!(
        grant(&sim, "ENG", "user", BOB, "read/space").await.json["id"],
        2001
    );
    assert_eq!(
        grant(&sim, "ENG", "user", BOB, "create/page").await.json["id"],
        2003
    );
    assert_eq!(
        held(&sim, 98310, BOB).await,
        [
            "2001 read/space",
            "2002 export_content/space",
            "2003 create/page",
            "2004 update/page"
        ]
    );
    assert_eq!(
        grant(&sim, "ENG", "user", BOB, "update/page").await.status,
        400
    );
    assert_eq!(
        delete(&sim, "/wiki/rest/api/space/ENG/permission/2003")
            .await
            .status,
        204
    );
    assert_eq!(
        held(&sim, 98310, BOB).await,
        ["2001 read/space", "2002 export_content/space"]
    );
    assert_eq!(
        grant(&sim, "ENG", "user", BOB, "administer/space")
            .await
            .status,
        200
    );
    assert!(
        held(&sim, 98310, BOB)
            .await
            .contains(&"2006 manage_users/space".to_owned())
    );
    assert_eq!(
        delete(&sim, "/wiki/rest/api/space/ENG/permission/2005")
            .await
            .status,
        204
    );
    assert_eq!(
        delete(&sim, "/wiki/rest/api/space/ENG/permission/2001")
            .await
            .status,
        204
    );
    assert_eq!(sim.access_view(), before);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let sim = sim(World::worked_example()).await;
    // Administration itself, and read, which would take it along.
    for id in [1001, 1002] {
        let reply = delete(&sim, &format!("/wiki/rest/api/space/ENG/permission/{id}")).await;
        assert_eq!(
            (reply.status, reply.reason().as_str()),
            (400, "all admin permissions cannot be removed")
        );
    }
    for pair in ["administer/space"] {
        assert_eq!(
            grant(&sim, "ENG", "group", "22-eng", pair).await.status,
            200
        );
    }
    assert_eq!(
        delete(&sim, "/wiki/rest/api/space/ENG/permission/1002")
            .await
            .status,
        204
    );
    assert!(held(&sim, 98310, "712020:a1").await.is_empty());
}

#[tokio::test]
async fn membership_is_added_and_removed_without_words() {
    let sim = sim(World::worked_example()).await;
    let before = sim.access_view();
    let added = post(
        &sim,
        "/wiki/rest/api/group/userByGroupId?groupId=11-adm",
        &json!({"accountId": BOB}),
    )
    .await;
    assert_eq!((added.status, added.text.as_str()), (201, ""));
    assert!(sim.with_world(|world| world.is_member("11-adm", BOB)));
    for _ in 0..2 {
        let path = "/wiki/rest/api/group/userByGroupId?groupId=11-adm&accountId=557058%3Ab2";
        let removed = delete(&sim, path).await;
        assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    }
    assert_eq!(sim.access_view(), before);
}

#[tokio::test]
async fn a_new_role_takes_the_place_of_the_old_and_no_role_removes_it() {
    let sim = sim(World::with_roles()).await;
    let path = "/wiki/api/v2/spaces/98310/role-assignments";
    let of_ada = format!("{path}?principal-id=712020%3Aa1&principal-type=USER");
    let who = json!({"principalType": "USER", "principalId": "712020:a1"});
    assert_eq!(get(&sim, &of_ada).await.all("/roleId"), ["r1"]);
    let swapped = post(&sim, path, &json!([{"principal": who, "roleId": "r2"}])).await;
    assert_eq!(swapped.status, 200);
    assert_eq!(swapped.rows().len(), 3);
    assert_eq!(get(&sim, &of_ada).await.all("/roleId"), ["r2"]);
    assert_eq!(
        post(&sim, path, &json!([{"principal": who}])).await.status,
        200
    );
    assert!(get(&sim, &of_ada).await.rows().is_empty());
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_site_with_nothing_but_roles_refuses_every_permission_write() {
    let sim = sim(World::with_roles()).await;
    sim.with_world(|world| world.mode = RoleMode::Roles);
    let replies = [
        grant(&sim, "ENG", "user", BOB, "read/space").await,
        grant(&sim, "NONE", "user", BOB, "read/space").await,
        delete(&sim, "/wiki/rest/api/space/ENG/permission/1001").await,
    ];
    for reply in replies {
        assert_eq!(reply.status, 400);
        assert!(
            reply.message().contains("InvalidRbacOperationException: Space permission updates that are not from RBAC are not supported in roles-only mode"),
            "{}",
            reply.text
        );
    }
}

/// `…/permissions`, by the number of the space or by its key, is another product's.
#[tokio::test]
async fn calls_of_the_server_product_are_not_there() {
    let sim = sim(World::worked_example()).await;
    let body = json!({"subject": {"type": "user", "identifier": BOB}, "operation": {"key": "read", "target": "space"}});
    let replies = [
        post(&sim, "/wiki/rest/api/space/98310/permissions", &body).await,
        post(&sim, "/wiki/rest/api/space/98310/permission", &body).await,
        delete(&sim, "/wiki/rest/api/space/ENG/permissions/1001").await,
    ];
    assert_eq!(replies.map(|reply| reply.status), [404, 404, 404]);
    assert_eq!(sim.violations().len(), 2);
}
