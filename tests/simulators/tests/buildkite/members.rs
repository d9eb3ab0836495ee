//! Organizations, members, the token and its owner.

use rollcall_simulators::buildkite::{
    ADA_ID, BEN_ID, CLEO_ID, MEMBER_TOKEN, SsoMode, TokenDates, WIDE_TOKEN, World,
};
use serde_json::{Value, json};

use crate::client::{ORG, get, get_as, sim};

#[tokio::test]
async fn a_token_says_what_it_is_good_for() {
    let sim = sim(World::rich()).await;
    let reply = get(&sim, "/access-token").await;
    assert_eq!(
        reply.json,
        json!({
            "uuid": "0d9d6b3e-5a51-4a7e-9a55-0c3f7d8d0001",
            "scopes": ["read_organizations", "read_teams", "read_user"],
            "description": "C1 Integration",
            "created_at": "2026-08-01 06:07:42 UTC", "expires_at": null,
            "user": {"name": "Ada Admin", "email": "ada@example.com"},
        })
    );
    let reply = get_as(&sim, WIDE_TOKEN, "/access-token").await;
    assert_eq!(reply.json["expires_at"], "2100-01-01 00:00:00 UTC");
    sim.set_options(|options| options.token_dates = TokenDates::Rfc3339);
    let reply = get_as(&sim, WIDE_TOKEN, "/access-token").await;
    assert_eq!(reply.json["created_at"], "2026-08-01T06:07:42.000Z");
    assert_eq!(reply.json["expires_at"], "2100-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn a_user_is_shown_to_themselves() {
    let sim = sim(World::worked_example()).await;
    let reply = get(&sim, "/user").await;
    assert_eq!(reply.json["id"], ADA_ID);
    assert_eq!(reply.json["email"], "ada@example.com");
    assert!(
        reply.json["graphql_id"]
            .as_str()
            .unwrap()
            .starts_with("VXNlci0t")
    );
    let reply = get_as(&sim, MEMBER_TOKEN, "/user").await;
    assert_eq!(reply.json["id"], CLEO_ID);
}

#[tokio::test]
async fn organizations_are_those_of_the_token() {
    let sim = sim(World::rich()).await;
    let reply = get(&sim, "/organizations").await;
    let base = "https://api.buildkite.invalid/v2/organizations/acme-inc";
    assert_eq!(
        reply.json,
        json!([{
            "id": "11111111-1111-4111-8111-111111111111",
            "graphql_id": "T3JnYW5pemF0aW9uLS0tMTExMTExMTEtMTExMS00MTExLTgxMTEtMTExMTExMTExMTEx",
            "url": base, "web_url": "https://buildkite.com/acme-inc", "name": "Acme Inc", "slug": "acme-inc",
            "pipelines_url": format!("{base}/pipelines"), "agents_url": format!("{base}/agents"),
            "emojis_url": format!("{base}/emojis"), "created_at": "2021-05-09T21:05:59.874Z",
        }])
    );
    assert_eq!(get(&sim, ORG).await.json, reply.json[0]);
    let reply = get_as(&sim, WIDE_TOKEN, "/organizations").await;
    assert_eq!(reply.column("slug"), ["acme-inc", "globex"]);
    for path in [
        "/organizations/globex",
        "/organizations/ACME-INC",
        "/organizations/x/members",
        "/organizations/x/teams",
    ] {
        let reply = get(&sim, path).await;
        assert_eq!(
            (reply.status, reply.message()),
            (404, "No organization found")
        );
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

/// The members of the worked example as an admin sees them.
fn members() -> Value {
    json!([
        {"id": ADA_ID, "name": "Ada Admin", "email": "ada@example.com", "role": "admin", "sso_mode": "required"},
        {"id": BEN_ID, "name": "Ben Builder", "email": "ben@example.com", "role": "member", "sso_mode": "optional"},
        {"id": CLEO_ID, "name": "Cleo Coder", "email": "cleo@example.com", "role": "member", "sso_mode": "required"},
    ])
}

#[tokio::test]
async fn members_have_a_role_and_a_way_to_sign_in() {
    let sim = sim(World::worked_example()).await;
    let reply = get(&sim, &format!("{ORG}/members")).await;
    assert_eq!(reply.json, members());
    let one = get(&sim, &format!("{ORG}/members/{BEN_ID}")).await;
    assert_eq!(one.json, members()[1]);
    sim.with_world(|world| {
        world.remove_member("acme-inc", BEN_ID);
    });
    let gone = get(&sim, &format!("{ORG}/members/{BEN_ID}")).await;
    assert_eq!((gone.status, gone.message()), (404, "Not Found"));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn who_is_no_admin_sees_only_their_own_way_to_sign_in() {
    let sim = sim(World::worked_example()).await;
    let path = format!("{ORG}/members");
    let reply = get_as(&sim, MEMBER_TOKEN, &path).await;
    let shown: Vec<bool> = reply
        .rows()
        .iter()
        .map(|row| row.get("sso_mode").is_some())
        .collect();
    assert_eq!(shown, [false, false, true]);
    assert_eq!(reply.column("role"), ["admin", "member", "member"]);
    sim.set_options(|options| options.sso_mode = SsoMode::Everybody);
    assert_eq!(get_as(&sim, MEMBER_TOKEN, &path).await.json, members());
    sim.set_options(|options| options.sso_mode = SsoMode::Nobody);
    assert!(!get(&sim, &path).await.text.contains("sso_mode"));
}

#[tokio::test]
async fn an_older_api_has_no_roles() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.omit_role = true);
    let reply = get(&sim, &format!("{ORG}/members")).await;
    assert!(reply.rows().iter().all(|row| row.get("role").is_none()));
    assert_eq!(reply.rows().len(), 3);
}

#[tokio::test]
async fn members_may_be_forbidden_to_those_who_are_no_admins() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.members_may_view_teams = false);
    for path in ["members", "teams"] {
        let path = format!("{ORG}/{path}");
        let reply = get_as(&sim, MEMBER_TOKEN, &path).await;
        assert_eq!((reply.status, reply.message()), (403, "Forbidden"));
        assert_eq!(get(&sim, &path).await.status, 200);
    }
}
