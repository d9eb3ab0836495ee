//! Who is let in, and what the others are told.

use rollcall_simulators::confluence::{GatewayRefusal, World};
use serde_json::json;

use crate::{
    client::{ADA, READER, SCOPED, SERVICE, get, send, sim},
    wire::exchange,
};

const V1: &str = "/wiki/rest/api/group";
const V2: &str = "/wiki/api/v2/spaces";

fn behind(gateway: &str, path: &str) -> String {
    let at = gateway.find("/ex/").unwrap();
    format!("{}{path}", &gateway[at..])
}

#[tokio::test]
async fn tokens_work_where_they_are_meant_for() {
    let sim = sim(World::rich()).await;
    let gateway = sim.gateway_url();
    let any_case = "Basic QURBQGFjbWUuaW86dGVzdC10b2tlbg==";
    for (who, on_site, at_gateway) in [
        (ADA, 200, 200),
        (any_case, 200, 200),
        (READER, 200, 200),
        (SCOPED, 401, 200),
        (SERVICE, 401, 200),
    ] {
        for path in [V1, V2] {
            let reply = send(&sim, who, "GET", path, None).await;
            assert_eq!(reply.status, on_site, "{who} {path}");
            if on_site == 401 {
                assert!(reply.headers["content-type"].starts_with("text/html"));
                assert!(reply.text.starts_with("<!doctype html>"));
            }
            let reply = send(&sim, who, "GET", &behind(&gateway, path), None).await;
            assert_eq!(reply.status, at_gateway, "{who} {path}");
        }
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn bad_credentials_are_403_in_v1_and_a_404_that_says_nothing_in_v2() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.add_user("712020:off", "Off", "off@acme.io");
    });
    // A wrong token, another's token, and a service account's token sent as one's own.
    for who in [
        "Basic YWRhQGFjbWUuaW86d3Jvbmc=",
        "Basic cmVhZGVyQGFjbWUuaW86dGVzdC10b2tlbg==",
        "Basic YWRhQGFjbWUuaW86YmVhcmVyLXRva2Vu",
        "Bearer test-token",
    ] {
        let current = send(&sim, who, "GET", "/wiki/rest/api/user/current", None).await;
        assert_eq!(
            (current.status, current.reason().as_str()),
            (403, "caller cannot access Confluence")
        );
        assert_eq!(current.json["data"]["authorized"], false);
        let search = send(
            &sim,
            who,
            "GET",
            "/wiki/rest/api/search/user?cql=type%3Duser",
            None,
        )
        .await;
        assert_eq!(
            (search.status, search.reason().as_str()),
            (403, "Current user not permitted to use Confluence")
        );
        let v2 = send(&sim, who, "GET", V2, None).await;
        assert_eq!(v2.status, 404);
        assert_eq!(
            v2.json,
            json!({"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null}]})
        );
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
    for headers in [
        vec![("accept", "application/json")],
        vec![("authorization", "Token x")],
    ] {
        let reply = exchange(&sim.base_url(), "GET", V1, &headers, "")
            .await
            .unwrap();
        assert_eq!(reply.status, 403);
    }
    assert_eq!(sim.violations().len(), 2);
}

#[tokio::test]
async fn tokens_stop_working_when_they_or_their_owners_do() {
    let sim = sim(World::rich()).await;
    assert_eq!(send(&sim, READER, "GET", V2, None).await.status, 200);
    sim.with_world(|world| {
        world.revoke_token("reader-token");
    });
    assert_eq!(send(&sim, READER, "GET", V2, None).await.status, 404);
    assert_eq!(send(&sim, READER, "GET", V1, None).await.status, 403);
    assert_eq!(get(&sim, V1).await.status, 200);
    sim.with_world(|world| {
        world.deactivate("712020:a1");
    });
    assert_eq!(get(&sim, V1).await.status, 403);
}

#[tokio::test]
async fn the_gateway_knows_one_site() {
    let sim = sim(World::worked_example()).await;
    let found = exchange(&sim.base_url(), "GET", "/_edge/tenant_info", &[], "")
        .await
        .unwrap();
    let cloud_id = found.json["cloudId"].as_str().unwrap().to_owned();
    assert!(
        sim.gateway_url()
            .ends_with(&format!("/ex/confluence/{cloud_id}"))
    );
    let wrong = format!("/ex/confluence/{}{V2}", cloud_id.replace('5', "6"));
    let reply = send(&sim, SCOPED, "GET", &wrong, None).await;
    assert_eq!((reply.status, &reply.json["status"]), (404, &json!(404)));
    assert_eq!(reply.json["path"], json!(wrong));
    assert!(reply.json.get("errors").is_none());
    sim.with_world(|world| world.cloud_id = "another".to_owned());
    assert_eq!(
        send(&sim, SCOPED, "GET", &behind(&sim.gateway_url(), V2), None)
            .await
            .status,
        200
    );
    sim.set_options(|options| options.gateway_bad_credentials = GatewayRefusal::Unauthorized);
    let path = behind(&sim.gateway_url(), V2);
    assert_eq!(
        send(&sim, "Bearer wrong", "GET", &path, None).await.status,
        401
    );
}

#[tokio::test]
async fn every_call_needs_its_scopes() {
    let sim = sim(World::with_roles()).await;
    let user = "read:confluence-user";
    let details = "read:content-details:confluence";
    let groups = "read:confluence-groups";
    let (group, person) = ("read:group:confluence", "read:user:confluence");
    let space = "read:space:confluence";
    let permission = "read:space.permission:confluence";
    for (path, scopes) in [
        (
            "/wiki/rest/api/user/current",
            vec![vec![user], vec![details]],
        ),
        (
            "/wiki/rest/api/user?accountId=712020%3Aa1",
            vec![vec![user], vec![details]],
        ),
        (
            "/wiki/rest/api/search/user?cql=type%3Duser",
            vec![vec![details]],
        ),
        (V1, vec![vec![groups], vec![group]]),
        (
            "/wiki/rest/api/group/22-eng/membersByGroupId",
            vec![vec![groups], vec![group, person]],
        ),
        (
            "/wiki/rest/api/user/memberof?accountId=712020%3Aa1",
            vec![vec![groups], vec![group, person]],
        ),
        (V2, vec![vec![space]]),
        ("/wiki/api/v2/spaces/98310/permissions", vec![vec![space]]),
        ("/wiki/api/v2/space-roles", vec![vec![permission]]),
        (
            "/wiki/api/v2/spaces/98310/role-assignments",
            vec![vec![permission]],
        ),
        (
            "/wiki/api/v2/space-role-mode",
            vec![vec!["read:configuration:confluence"]],
        ),
    ] {
        let path = behind(&sim.gateway_url(), path);
        for set in scopes {
            sim.with_world(|world| {
                world.set_scopes("scoped-token", &set);
            });
            assert_eq!(
                send(&sim, SCOPED, "GET", &path, None).await.status,
                200,
                "{path} {set:?}"
            );
            let less = &set[1..];
            sim.with_world(|world| {
                world.set_scopes("scoped-token", less);
            });
            let reply = send(&sim, SCOPED, "GET", &path, None).await;
            assert_eq!(
                (reply.status, &reply.json),
                (
                    401,
                    &json!({"code": 401, "message": "Unauthorized; scope does not match"})
                ),
                "{path} {less:?}"
            );
            assert_eq!(
                reply.headers["x-failure-category"],
                "FAILURE_CLIENT_SCOPE_CHECK"
            );
        }
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}
