//! Teams and who is in them.

use rollcall_simulators::buildkite::{
    ADA_ID, BEN_ID, CLEO_ID, EVERYONE_ID, InvisibleTeam, MEMBER_TOKEN, PLATFORM_ID, Teams, World,
};
use serde_json::{Value, json};

use crate::client::{ORG, get, get_as, sim};

/// The team `Platform` of the worked example.
fn platform() -> Value {
    json!({
        "id": PLATFORM_ID,
        "graphql_id": "VGVhbS0tLWYwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMg==",
        "name": "Platform", "slug": "platform", "description": "Runs CI", "privacy": "secret",
        "default": false, "created_at": "2023-03-14T00:45:16.215Z",
        "created_by": {
            "id": ADA_ID, "graphql_id": "VXNlci0tLWEwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwYQ==",
            "name": "Ada Admin", "email": "ada@example.com",
            "avatar_url": "https://www.gravatar.com/avatar/a000000000004000800000000000000a",
            "created_at": "2022-01-18T02:51:30.983Z",
        },
    })
}

#[tokio::test]
async fn an_admin_sees_all_teams() {
    let sim = sim(World::worked_example()).await;
    let teams = get(&sim, &format!("{ORG}/teams")).await;
    assert_eq!(teams.column("id"), [EVERYONE_ID, PLATFORM_ID]);
    assert_eq!(teams.json[0]["default"], true);
    assert_eq!(teams.json[0]["privacy"], "visible");
    assert_eq!(teams.json[1], platform());
    let one = get(&sim, &format!("{ORG}/teams/{PLATFORM_ID}")).await;
    assert_eq!(one.json, platform());
}

#[tokio::test]
async fn members_of_a_team_have_a_role_and_no_address() {
    let sim = sim(World::worked_example()).await;
    let path = format!("{ORG}/teams/{EVERYONE_ID}/members");
    let members = get(&sim, &path).await;
    assert_eq!(members.column("user_id"), [ADA_ID, BEN_ID, CLEO_ID]);
    assert_eq!(members.column("role"), ["maintainer", "member", "member"]);
    let path = format!("{ORG}/teams/{PLATFORM_ID}/members");
    let ben = json!({
        "role": "maintainer", "created_at": "2023-03-14T00:49:55.534Z", "user_id": BEN_ID,
        "user_name": "Ben Builder",
    });
    assert_eq!(get(&sim, &path).await.json, json!([ben]));
    assert_eq!(get(&sim, &format!("{path}/{BEN_ID}")).await.json, ben);
    let other = get(&sim, &format!("{path}/{ADA_ID}")).await;
    assert_eq!((other.status, other.message()), (404, "Not Found"));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn who_is_no_admin_sees_visible_teams_and_their_own() {
    let sim = sim(World::rich()).await;
    let path = format!("{ORG}/teams?per_page=100");
    let all = get(&sim, &path).await;
    let seen = get_as(&sim, MEMBER_TOKEN, &path).await;
    let hidden: Vec<&str> = all
        .column("slug")
        .into_iter()
        .filter(|slug| !seen.column("slug").contains(slug))
        .collect();
    assert_eq!(hidden, ["platform", "secret-and-empty"]);
    assert!(seen.column("slug").contains(&"secret-of-cleo"));
    for below in ["", "/members"] {
        let path = format!("{ORG}/teams/{PLATFORM_ID}{below}");
        let reply = get_as(&sim, MEMBER_TOKEN, &path).await;
        assert_eq!((reply.status, reply.message()), (404, "Not Found"));
        assert_eq!(get(&sim, &path).await.status, 200);
    }
    sim.set_options(|options| options.invisible_team = InvisibleTeam::Forbidden);
    let path = format!("{ORG}/teams/{PLATFORM_ID}/members");
    assert_eq!(get_as(&sim, MEMBER_TOKEN, &path).await.status, 403);
    let path = format!("{ORG}/teams/f0000000-0000-4000-8000-0000000000ff");
    assert_eq!(get_as(&sim, MEMBER_TOKEN, &path).await.status, 404);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn teams_of_a_user() {
    let sim = sim(World::worked_example()).await;
    let path = |user: &str| format!("{ORG}/teams?user_id={user}");
    assert_eq!(
        get(&sim, &path(BEN_ID)).await.column("slug"),
        ["everyone", "platform"]
    );
    assert_eq!(get(&sim, &path(CLEO_ID)).await.column("slug"), ["everyone"]);
    let nobody = "00000000-0000-4000-8000-000000000000";
    assert_eq!(get(&sim, &path(nobody)).await.json, json!([]));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_oddities_of_the_rich_world_are_shown() {
    let sim = sim(World::rich()).await;
    let teams = get(&sim, &format!("{ORG}/teams?per_page=100")).await;
    let team = |slug: &str| {
        let mut rows = teams.rows().iter();
        rows.find(|row| row["slug"] == slug).unwrap().clone()
    };
    assert_eq!(team("empty")["description"], Value::Null);
    assert_eq!(team("empty")["created_by"], Value::Null);
    assert_eq!(team("everyone")["description"], "");
    assert_eq!(team("blank-name")["name"], "");
    assert_eq!(team("creator-gone")["created_by"]["name"], "Gone Gal");
    assert_eq!(team("other-dates")["created_at"], "2023-03-14 00:45:16 UTC");
    let members =
        |slug: &str| format!("{ORG}/teams/{}/members", team(slug)["id"].as_str().unwrap());
    assert_eq!(get(&sim, &members("empty")).await.json, json!([]));
    let odd = get(&sim, &members("odd-members")).await;
    assert_eq!(odd.column("user_name"), ["Gone Gal", "", "Odd Role", ""]);
    assert_eq!(odd.column("role")[2], "observer_of_the_future");
    let people = get(&sim, &format!("{ORG}/members?per_page=100")).await;
    assert!(!people.column("id").contains(&odd.column("user_id")[0]));
}

#[tokio::test]
async fn teams_may_say_what_they_allow() {
    let sim = sim(World::worked_example()).await;
    let path = format!("{ORG}/teams/{EVERYONE_ID}");
    assert!(!get(&sim, &path).await.text.contains("default_member_role"));
    sim.set_options(|options| options.team_permissions = true);
    let team = get(&sim, &path).await;
    assert_eq!(team.json["default_member_role"], "member");
    assert_eq!(team.json["members_can_destroy_packages"], false);
}

#[tokio::test]
async fn an_organization_may_have_no_teams() {
    let sim = sim(World::worked_example()).await;
    for (teams, list, one) in [
        (Teams::Empty, 200, 404),
        (Teams::Forbidden, 403, 403),
        (Teams::NotFound, 404, 404),
        (Teams::On, 200, 200),
    ] {
        sim.set_options(|options| options.teams = teams);
        let reply = get(&sim, &format!("{ORG}/teams")).await;
        assert_eq!(reply.status, list);
        if teams == Teams::Empty {
            assert_eq!(reply.json, json!([]));
        }
        let path = format!("{ORG}/teams/{EVERYONE_ID}/members");
        assert_eq!(get(&sim, &path).await.status, one);
        assert_eq!(get(&sim, &format!("{ORG}/members")).await.rows().len(), 3);
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}
