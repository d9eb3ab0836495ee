//! Whatever the API does not document is refused, and counted.

use rollcall_simulators::confluence::World;
use serde_json::json;

use crate::{
    client::{ADA, get, send, sim},
    wire::exchange,
};

const GROUPS: &str = "/wiki/rest/api/group";
const GRANT: &str = "/wiki/rest/api/space/ENG/permission";
const ADD: &str = "/wiki/rest/api/group/userByGroupId?groupId=11-adm";
const BULK: &str = "/wiki/api/v2/users-bulk";

#[tokio::test]
async fn addresses_methods_and_parameters_nobody_documents() {
    let sim = sim(World::with_roles()).await;
    for (i, (method, path, status)) in [
        ("GET", "/", 404),
        ("GET", "/wiki", 404),
        ("GET", "/rest/api/group", 404),
        ("GET", "/wiki/rest/api/groups", 404),
        ("GET", "/wiki/rest/api/group/", 404),
        ("GET", "/wiki/rest/api/space", 404),
        ("GET", "/wiki/rest/api/space/ENG/permissions", 404),
        ("GET", "/wiki/api/v2/users", 404),
        ("GET", "/wiki/api/v2/spaces/98310/pages", 404),
        ("POST", "/wiki/api/v2/admin-key", 404),
        ("PUT", GROUPS, 405),
        ("POST", GROUPS, 405),
        ("PATCH", "/wiki/api/v2/spaces", 405),
        ("DELETE", "/wiki/api/v2/spaces/98310", 405),
        ("POST", "/_edge/tenant_info", 405),
        ("GET", BULK, 405),
        ("GET", "/_edge/tenant_info?x=1", 400),
        ("GET", "/wiki/rest/api/group?pageSize=5", 400),
        ("GET", "/wiki/rest/api/group?limit=5&limit=6", 400),
        ("GET", "/wiki/rest/api/group?accessType=owner", 400),
        ("GET", "/wiki/rest/api/group/by-id", 400),
        (
            "GET",
            "/wiki/rest/api/group/22-eng/membersByGroupId?expand=groups",
            400,
        ),
        ("GET", "/wiki/rest/api/user", 400),
        ("GET", "/wiki/rest/api/user?key=ada", 400),
        (
            "GET",
            "/wiki/rest/api/user/email?accountId=712020%3Aa1",
            400,
        ),
        (
            "GET",
            "/wiki/rest/api/search/user?cql=type%3Duser&limit=0",
            400,
        ),
        (
            "GET",
            "/wiki/rest/api/search/user?cql=type%3Duser&sitePermissionTypeFilter=guests",
            400,
        ),
        ("GET", "/wiki/api/v2/spaces?start=25", 400),
        ("GET", "/wiki/api/v2/spaces/ENG", 400),
        ("GET", "/wiki/api/v2/space-role-mode?x=1", 400),
        ("DELETE", "/wiki/rest/api/space/ENG/permission/first", 400),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = send(&sim, ADA, method, path, None).await;
        // A POST without a body has no content type, but the address comes first.
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
        assert_eq!(sim.violations().len(), i + 1, "{method} {path}");
    }
    assert_eq!(sim.with_world(|world| world.clone()), World::with_roles());
}

#[tokio::test]
async fn headers_that_are_missing_or_too_many() {
    let sim = sim(World::worked_example()).await;
    let before = sim.access_view();
    let who = ("authorization", ADA);
    let accept = ("accept", "application/json");
    let kind = ("content-type", "application/json");
    let token = ("x-atlassian-token", "no-check");
    let grant = json!({"subject": {"type": "user", "identifier": "557058:b2"}, "operation": {"key": "read", "target": "space"}}).to_string();
    let add = json!({"accountId": "557058:b2"}).to_string();
    let remove = "/wiki/rest/api/group/userByGroupId?groupId=11-adm&accountId=712020%3Aa1";
    for (i, (method, path, headers, body, status, reason)) in [
        ("GET", GROUPS, vec![who], "", 406, "accept"),
        (
            "GET",
            GROUPS,
            vec![who, ("accept", "*/*")],
            "",
            406,
            "accept",
        ),
        (
            "GET",
            GROUPS,
            vec![who, accept, ("x-request-id", "1")],
            "",
            400,
            "x-request-id",
        ),
        (
            "GET",
            GROUPS,
            vec![who, accept, accept],
            "",
            400,
            "given twice",
        ),
        (
            "GET",
            GROUPS,
            vec![who, accept, kind],
            "{}",
            400,
            "has no body",
        ),
        (
            "POST",
            GRANT,
            vec![who, accept, kind],
            &grant,
            403,
            "XSRF check failed",
        ),
        (
            "POST",
            GRANT,
            vec![who, accept, kind, ("x-atlassian-token", "check")],
            &grant,
            403,
            "XSRF check failed",
        ),
        (
            "POST",
            GRANT,
            vec![who, accept, token],
            &grant,
            415,
            "content-type",
        ),
        (
            "POST",
            GRANT,
            vec![who, accept, token, ("content-type", "text/plain")],
            &grant,
            415,
            "content-type",
        ),
        (
            "POST",
            GRANT,
            vec![who, accept, token, kind],
            "{",
            400,
            "not JSON",
        ),
        (
            "POST",
            ADD,
            vec![who, accept, kind],
            &add,
            403,
            "XSRF check failed",
        ),
        (
            "POST",
            ADD,
            vec![who, accept, token],
            &add,
            415,
            "content-type",
        ),
        (
            "DELETE",
            remove,
            vec![who, accept],
            "",
            403,
            "XSRF check failed",
        ),
        (
            "DELETE",
            "/wiki/rest/api/space/ENG/permission/1003",
            vec![who, accept],
            "",
            403,
            "XSRF check failed",
        ),
        (
            "POST",
            BULK,
            vec![who, accept],
            r#"{"accountIds":["x"]}"#,
            415,
            "content-type",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = exchange(&sim.base_url(), method, path, &headers, body)
            .await
            .unwrap();
        assert_eq!(reply.status, status, "{method} {path} {headers:?}");
        assert!(reply.text.contains(reason), "{}", reply.text);
        assert_eq!(sim.violations().len(), i + 1);
    }
    assert_eq!(sim.access_view(), before);
    // v2 does not ask for the header, and a charset is no harm.
    sim.clear_requests();
    let headers = [
        who,
        accept,
        ("content-type", "application/json; charset=utf-8"),
    ];
    let reply = exchange(
        &sim.base_url(),
        "POST",
        BULK,
        &headers,
        r#"{"accountIds":["x"]}"#,
    )
    .await
    .unwrap();
    assert_eq!((reply.status, sim.violations().len()), (200, 0));
    sim.set_options(|options| options.extra_headers.push("x-request-id".to_owned()));
    let headers = [who, accept, ("x-request-id", "1")];
    let reply = exchange(&sim.base_url(), "GET", GROUPS, &headers, "")
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn addresses_are_decoded() {
    let sim = sim(World::rich()).await;
    let found = get(&sim, "/wiki/rest/api/user?accountId=712020%3Aa1").await;
    assert_eq!(found.json["accountId"], "712020:a1");
    assert_eq!(
        get(&sim, "/wiki/rest/api/user?accountId=712020:a1")
            .await
            .status,
        200
    );
    assert_eq!(
        get(&sim, "/wiki/rest/api/group/38%2Fodd%20id/membersByGroupId")
            .await
            .rows()
            .len(),
        1
    );
    assert_eq!(
        get(&sim, "/wiki/rest/api/group/by-id?id=%FF").await.status,
        400
    );
}
