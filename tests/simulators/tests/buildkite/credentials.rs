//! Tokens, and what they are refused.

use std::time::Duration;

use rollcall_simulators::buildkite::{
    ADA_ID, CLEO_ID, EVERYONE_ID, EXPIRED_TOKEN, MEMBER_TOKEN, TEST_TOKEN,
    TOKEN_WITHOUT_ORGANIZATION, TOKEN_WITHOUT_READ_ORGANIZATIONS, TOKEN_WITHOUT_READ_TEAMS,
    TOKEN_WITHOUT_READ_USER, TOKEN_WITHOUT_SCOPES, World,
};
use serde_json::json;

use crate::{
    client::{MEMBERS, ORG, get, get_as, query_as, sim},
    wire::exchange,
};

const REFUSED: &str = "Authentication required. Please supply a valid API Access Token: https://buildkite.com/docs/apis/rest-api#authentication";

/// Every call, and the scope it needs.
fn calls() -> Vec<(String, Option<&'static str>)> {
    let (organizations, teams) = (Some("read_organizations"), Some("read_teams"));
    let team = format!("{ORG}/teams/{EVERYONE_ID}");
    vec![
        ("/access-token".to_owned(), None),
        ("/user".to_owned(), Some("read_user")),
        ("/organizations".to_owned(), organizations),
        (ORG.to_owned(), organizations),
        (format!("{ORG}/members"), organizations),
        (format!("{ORG}/members/{ADA_ID}"), organizations),
        (format!("{ORG}/teams"), teams),
        (team.clone(), teams),
        (format!("{team}/members"), teams),
        (format!("{team}/members/{ADA_ID}"), teams),
    ]
}

#[tokio::test]
async fn a_token_nobody_knows_is_refused_everywhere() {
    let sim = sim(World::worked_example()).await;
    for (path, _) in calls() {
        for token in [EXPIRED_TOKEN, "bkua_unknown"] {
            let reply = get_as(&sim, token, &path).await;
            assert_eq!((reply.status, reply.message()), (401, REFUSED), "{path}");
            assert!(reply.headers.contains_key("ratelimit-user-remaining"));
        }
    }
    let reply = query_as(&sim, EXPIRED_TOKEN, MEMBERS, json!({"slug": "acme-inc"})).await;
    assert_eq!(reply.status, 401);
    assert!(reply.error().ends_with("/graphql-api#authentication"));
    // What somebody configures wrongly is not the client's fault.
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn only_bearer_tokens_will_do() {
    let sim = sim(World::worked_example()).await;
    let accept = ("accept", "application/json");
    for (count, who) in [
        None,
        Some(format!("Basic {TEST_TOKEN}")),
        Some(TEST_TOKEN.to_owned()),
        Some("Bearer ".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let mut headers = vec![accept];
        headers.extend(who.as_deref().map(|who| ("authorization", who)));
        let reply = exchange(&sim.url(), "GET", "/v2/access-token", &headers, "").await;
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.message()), (401, REFUSED));
        assert_eq!(sim.violations().len(), count + 1);
    }
}

#[tokio::test]
async fn every_call_needs_its_scope_and_names_it() {
    let sim = sim(World::worked_example()).await;
    for (token, lacks) in [
        (TOKEN_WITHOUT_READ_ORGANIZATIONS, "read_organizations"),
        (TOKEN_WITHOUT_READ_TEAMS, "read_teams"),
        (TOKEN_WITHOUT_READ_USER, "read_user"),
    ] {
        for (path, needs) in calls() {
            let reply = get_as(&sim, token, &path).await;
            if needs == Some(lacks) {
                let message = format!("Your access token doesn't have the {lacks} scope");
                assert_eq!((reply.status, reply.message()), (403, message.as_str()));
            } else {
                assert_eq!(reply.status, 200, "{path}");
            }
        }
        sim.advance(Duration::from_secs(61));
    }
    for (path, needs) in calls() {
        let status = get_as(&sim, TOKEN_WITHOUT_SCOPES, &path).await.status;
        assert_eq!(status, if needs.is_some() { 403 } else { 200 });
    }
    // The scope comes before the organization.
    let reply = get_as(&sim, TOKEN_WITHOUT_READ_TEAMS, "/organizations/x/teams").await;
    assert_eq!(reply.status, 403);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_for_no_organization_sees_none() {
    let sim = sim(World::worked_example()).await;
    let token = TOKEN_WITHOUT_ORGANIZATION;
    let list = get_as(&sim, token, "/organizations").await;
    assert_eq!((list.status, list.text.as_str()), (200, "[]"));
    let reply = get_as(&sim, token, &format!("{ORG}/members")).await;
    assert_eq!(
        (reply.status, reply.message()),
        (404, "No organization found")
    );
    assert_eq!(get_as(&sim, token, "/user").await.status, 200);
}

#[tokio::test]
async fn who_leaves_an_organization_has_no_access_to_it_any_more() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.remove_member("acme-inc", CLEO_ID);
    });
    let reply = get_as(&sim, MEMBER_TOKEN, ORG).await;
    assert_eq!(reply.status, 404);
    let list = get_as(&sim, MEMBER_TOKEN, "/organizations").await;
    assert_eq!(list.json, json!([]));
}

#[tokio::test]
async fn tokens_expire_and_are_revoked() {
    let sim = sim(World::worked_example()).await;
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    sim.with_world(|world| {
        world.edit_token(TEST_TOKEN, |token| {
            let now = std::time::SystemTime::now();
            token.expires_at = Some((now + week).try_into().unwrap());
        });
    });
    assert_eq!(get(&sim, "/access-token").await.status, 200);
    sim.advance(week + Duration::from_secs(1));
    assert_eq!(get(&sim, "/access-token").await.status, 401);
    assert_eq!(get_as(&sim, MEMBER_TOKEN, "/user").await.status, 200);
    sim.with_world(|world| {
        world.revoke_token(MEMBER_TOKEN);
    });
    assert_eq!(get_as(&sim, MEMBER_TOKEN, "/user").await.status, 401);
}
