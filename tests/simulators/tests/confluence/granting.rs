//! Granting and taking permissions, beyond the transcripts.

use rollcall_simulators::confluence::{GrantToRoleHolder, World};
use serde_json::json;

use crate::client::{READER, delete, get, grant, held, post, send, sim};

#[tokio::test]
async fn the_key_decides_who_may_write_where() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    for (key, status, reason) in [
        ("NONE", 404, "No space found with key : NONE"),
        ("SECRET", 404, "No space found with key : SECRET"),
        ("eng", 404, "No space found with key : eng"),
        ("98310", 404, "No space found with key : 98310"),
        (
            "~712020reader",
            403,
            "only administrators of the space may do this",
        ),
    ] {
        let reply = grant(&sim, key, "user", "557058:b2", "read/space").await;
        assert_eq!((reply.status, reply.reason().as_str()), (status, reason));
        let path = format!("/wiki/rest/api/space/{key}/permission/1001");
        assert_eq!(delete(&sim, &path).await.status, status, "{key}");
    }
    let body = json!({"subject": {"type": "user", "identifier": "557058:b2"}, "operation": {"key": "read", "target": "space"}});
    let path = "/wiki/rest/api/space/ENG/permission";
    assert_eq!(
        send(&sim, READER, "POST", path, Some(&body)).await.status,
        403
    );
    // Another space's row is not found in this one.
    assert_eq!(
        delete(&sim, "/wiki/rest/api/space/ONE/permission/1002")
            .await
            .status,
        404
    );
    assert_eq!(sim.access_view(), before);
    assert_eq!(
        grant(&sim, "%7Eada", "user", "557058:b2", "read/space")
            .await
            .status,
        200
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn subjects_and_pairs_that_do_not_exist_are_refused() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    for (kind, who, pair, wrong) in [
        ("user", "nobody", "read/space", false),
        ("group", "nothing", "read/space", false),
        ("group", "22-eng", "update/page", false),
        ("group", "22-eng", "manage_users/space", false),
        ("group", "22-eng", "create/space", true),
        ("group", "22-eng", "archive/space", true),
        ("group", "22-eng", "read/page", true),
        ("role", "r1", "read/space", true),
        ("group", "22-eng", "read/space", false),
        ("user", "712020:guest", "read/space", false),
        ("user", "712020:guest", "administer/space", false),
        ("user", "", "read/space", true),
    ] {
        sim.clear_requests();
        let reply = grant(&sim, "ENG", kind, who, pair).await;
        assert_eq!(reply.status, 400, "{who} {pair}");
        assert_eq!(
            !sim.violations().is_empty(),
            wrong,
            "{who} {pair}: {}",
            reply.text
        );
    }
    let subject = json!({"type": "user", "identifier": "557058:b2"});
    let operation = json!({"key": "read", "target": "space"});
    sim.clear_requests();
    for body in [
        json!({}),
        json!([]),
        json!({"subject": subject}),
        json!({"subject": subject, "operation": operation, "note": "x"}),
        json!({"subject": subject, "operation": {"key": "read", "targetType": "space"}}),
        json!({"subject": subject, "operation": {"key": "read"}}),
        json!({"subject": {"type": "user", "accountId": "557058:b2"}, "operation": operation}),
    ] {
        let reply = post(&sim, "/wiki/rest/api/space/ENG/permission", &body).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    assert_eq!(sim.violations().len(), 7);
    assert_eq!(sim.access_view(), before);
}

#[tokio::test]
async fn whatever_exists_can_be_granted() {
    let sim = sim(World::rich()).await;
    assert_eq!(
        grant(&sim, "ONE", "user", "anonymous", "read/space")
            .await
            .status,
        200
    );
    for pair in [
        "read/space",
        "administer/space",
        "delete/space",
        "export/space",
        "restrict_content/space",
        "create/page",
        "delete/page",
        "archive/page",
        "create/blogpost",
        "delete/blogpost",
        "create/comment",
        "delete/comment",
        "create/attachment",
        "delete/attachment",
    ] {
        assert_eq!(
            grant(&sim, "ONE", "group", "22-eng", pair).await.status,
            200,
            "{pair}"
        );
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
    let rows = &sim.access_view()["spaces"]["98324"]["permissions"];
    assert_eq!(rows["group:22-eng"].as_array().map(Vec::len), Some(14));
    assert_eq!(rows["anonymous:anonymous"], json!(["read/space"]));
    // A name where there should be an id is understood, and noted.
    assert_eq!(
        grant(&sim, "ONE", "group", "open door", "read/space")
            .await
            .status,
        200
    );
    assert_eq!(sim.violations().len(), 1);
}

#[tokio::test]
async fn rows_of_roles_are_listed_and_cannot_be_deleted() {
    let sim = sim(World::with_roles()).await;
    let rows = held(&sim, 98310, "22-eng").await;
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let (id, pair) = row.split_once(' ').unwrap();
    assert_eq!(pair, "read/space");
    assert_eq!(held(&sim, 98310, "712020:a1").await.len(), 7);
    assert_eq!(held(&sim, 98310, "ALL_LICENSED_USERS").await.len(), 1);
    assert_eq!(held(&sim, 98310, "712020:c3").await, ["1005 read/space"]);
    assert_eq!(held(&sim, 98310, "22-eng").await, rows, "ids stay");
    let path = format!("/wiki/rest/api/space/ENG/permission/{id}");
    assert_eq!(delete(&sim, &path).await.status, 400);
    sim.set_options(|options| options.delete_row_of_role = 404);
    assert_eq!(delete(&sim, &path).await.status, 404);
}

#[tokio::test]
async fn a_role_holder_has_no_permissions_of_their_own() {
    let sim = sim(World::with_roles()).await;
    let before = sim.access_view();
    assert_eq!(
        grant(&sim, "ENG", "group", "22-eng", "create/page")
            .await
            .status,
        400
    );
    assert_eq!(sim.access_view(), before);
    sim.set_options(|options| options.grant_to_role_holder = GrantToRoleHolder::BecomesCustom);
    let again = grant(&sim, "ENG", "group", "22-eng", "read/space").await;
    assert_eq!(again.reason(), "Permission already exists");
    assert_eq!(sim.access_view(), before);
    assert_eq!(
        grant(&sim, "ENG", "group", "22-eng", "create/page")
            .await
            .status,
        200
    );
    let space = &sim.access_view()["spaces"]["98310"];
    assert_eq!(
        space["permissions"]["group:22-eng"],
        json!(["create/page", "read/space", "update/page"])
    );
    assert!(space["roles"].get("group:22-eng").is_none());
    let list = get(&sim, "/wiki/api/v2/spaces/98310/role-assignments").await;
    assert_eq!(list.rows().len(), 2);
}

#[tokio::test]
async fn an_administrator_by_role_counts() {
    let sim = sim(World::with_roles()).await;
    assert_eq!(
        grant(&sim, "ENG", "user", "712020:c3", "administer/space")
            .await
            .status,
        200
    );
    // Ada has the role `Admin`.
    assert_eq!(
        delete(&sim, "/wiki/rest/api/space/ENG/permission/2001")
            .await
            .status,
        204
    );
    assert_eq!(held(&sim, 98310, "712020:c3").await, ["1005 read/space"]);
}
