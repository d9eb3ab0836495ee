//! The queries that are known, and what they cost.

use std::collections::BTreeSet;

use rollcall_simulators::{
    Fault, FaultKind,
    buildkite::{
        ADA_ID, BEN_ID, CLEO_ID, EVERYONE_ID, GRAPHQL_TOKEN, LARGE_TEAM_ID, MEMBER_TOKEN,
        MissingOrganization, PLATFORM_ID, Teams, World,
    },
};
use serde_json::{Value, json};

use crate::{
    client::{MEMBERS, MORE, TEAMS, query, query_as, sim},
    wire::exchange,
};

fn teams_of(data: &Value) -> &[Value] {
    data["data"]["organization"]["teams"]["edges"]
        .as_array()
        .unwrap()
}

#[tokio::test]
async fn teams_come_with_their_members() {
    let sim = sim(World::worked_example()).await;
    let variables = json!({"slug": "acme-inc", "teams": 50, "members": 100});
    let reply = query(&sim, TEAMS, variables).await;
    assert_eq!(reply.status, 200);
    let teams = teams_of(&reply.json);
    assert_eq!(teams.len(), 2);
    assert_eq!(teams[0]["node"]["uuid"], EVERYONE_ID);
    let platform = json!({
        "uuid": PLATFORM_ID, "name": "Platform", "slug": "platform", "description": "Runs CI",
        "privacy": "SECRET", "isDefaultTeam": false, "defaultMemberRole": "MEMBER",
        "createdAt": "2023-03-14T00:45:16.215Z",
        "members": {
            "pageInfo": {
                "hasNextPage": false,
                "endCursor": teams[1]["node"]["members"]["pageInfo"]["endCursor"],
            },
            "edges": [{"node": {
                "role": "MAINTAINER", "createdAt": "2023-03-14T00:49:55.534Z", "user": {"uuid": BEN_ID},
            }}],
        },
    });
    assert_eq!(teams[1]["node"], platform);
    // 4 + 50 × (4 + 2 × 100) asked for, 4 + 2 × 4 + 4 × 2 taken.
    assert_eq!(reply.headers["ratelimit-complexity-requested"], "10204");
    assert_eq!(reply.headers["ratelimit-complexity-actual"], "20");
    assert_eq!(reply.json.get("stats"), None);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn members_come_with_what_rest_does_not_know() {
    let sim = sim(World::rich()).await;
    let reply = query(&sim, MEMBERS, json!({"slug": "acme-inc"})).await;
    let edges = reply.json["data"]["organization"]["members"]["edges"]
        .as_array()
        .unwrap();
    assert_eq!(edges.len(), 100);
    assert_eq!(
        edges[1]["node"],
        json!({
            "role": "MEMBER", "createdAt": "2022-01-01T00:00:00.000Z", "lastSeenAt": null,
            "complimentary": false, "security": {"twoFactorEnabled": false}, "sso": {"mode": "OPTIONAL"},
            "user": {"uuid": BEN_ID, "name": "Ben Builder", "email": "ben@example.com", "bot": false, "machineUser": false},
        })
    );
    for what in ["bot", "machineUser"] {
        let some = edges
            .iter()
            .filter(|edge| edge["node"]["user"][what] == true);
        assert_eq!(some.count(), 1, "{what}");
    }
    let strong = edges.iter();
    let strong = strong.filter(|edge| edge["node"]["security"]["twoFactorEnabled"] == true);
    assert_eq!(strong.count(), 1);
}

#[tokio::test]
async fn all_pages_together_are_everything() {
    let sim = sim(World::rich()).await;
    let mut found = BTreeSet::new();
    let mut large = Value::Null;
    let mut after = Value::Null;
    loop {
        let variables = json!({"slug": "acme-inc", "teams": 4, "members": 100, "after": after});
        let reply = query(&sim, TEAMS, variables).await;
        for edge in teams_of(&reply.json) {
            found.insert(edge["node"]["uuid"].as_str().unwrap().to_owned());
            if edge["node"]["uuid"] == LARGE_TEAM_ID {
                large = edge["node"].clone();
            }
        }
        let info = &reply.json["data"]["organization"]["teams"]["pageInfo"];
        after = info["endCursor"].clone();
        if info["hasNextPage"] == false {
            break;
        }
    }
    let all = sim.with_world(|world| {
        let teams = world.organizations["acme-inc"].teams.iter();
        teams.map(|team| team.id.clone()).collect::<BTreeSet<_>>()
    });
    assert_eq!(found, all);
    let info = &large["members"]["pageInfo"];
    assert_eq!(info["hasNextPage"], true);
    let variables = json!({"team": "acme-inc/large", "after": info["endCursor"]});
    let more = query(&sim, MORE, variables).await;
    let members = &more.json["data"]["team"]["members"];
    assert_eq!(members["edges"].as_array().unwrap().len(), 30);
    assert_eq!(members["pageInfo"]["hasNextPage"], false);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn values_may_stand_in_the_query_itself() {
    let sim = sim(World::worked_example()).await;
    let text = "# a comment\n{ organization(slug: \"acme\\u002dinc\") { members(first: 2, after: null) { edges { node { user { uuid } } } } } }";
    let reply = query(&sim, text, Value::Null).await;
    let nodes = [ADA_ID, BEN_ID].map(|id| json!({"node": {"user": {"uuid": id}}}));
    assert_eq!(
        reply.json,
        json!({"data": {"organization": {"members": {"edges": nodes}}}})
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_query_is_told_what_it_cost_if_it_asks() {
    let sim = sim(World::worked_example()).await;
    let token = format!("Bearer {GRAPHQL_TOKEN}");
    let headers = [
        ("authorization", token.as_str()),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("buildkite-include-query-stats", "true"),
    ];
    let body = json!({"query": MEMBERS, "variables": {"slug": "acme-inc"}}).to_string();
    let reply = exchange(&sim.url(), "POST", "/v1", &headers, &body).await;
    assert_eq!(
        reply.unwrap().json["stats"],
        json!({"requestedComplexity": 404, "actualComplexity": 16})
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_organization_or_a_team_may_be_missing() {
    let sim = sim(World::rich()).await;
    for slug in ["nowhere", "globex", "ACME-INC"] {
        let reply = query(&sim, MEMBERS, json!({"slug": slug})).await;
        assert_eq!(
            (reply.status, reply.error()),
            (200, "No Organization found")
        );
    }
    sim.set_options(|options| options.missing_organization = MissingOrganization::Null);
    let reply = query(&sim, MEMBERS, json!({"slug": "nowhere"})).await;
    assert_eq!(reply.json, json!({"data": {"organization": null}}));
    for team in ["acme-inc/nothing", "acme-inc", "globex/everyone", ""] {
        let reply = query(&sim, MORE, json!({"team": team})).await;
        if team.is_empty() {
            assert!(reply.error().contains("slug"));
        } else {
            assert_eq!(reply.json, json!({"data": {"team": null}}), "{team}");
        }
    }
}

#[tokio::test]
async fn who_is_no_admin_sees_less_here_too() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.edit_token(MEMBER_TOKEN, |token| {
            token.scopes.insert("graphql".to_owned());
        });
    });
    let variables = json!({"slug": "acme-inc", "teams": 50, "members": 100});
    let reply = query_as(&sim, MEMBER_TOKEN, TEAMS, variables.clone()).await;
    assert_eq!(teams_of(&reply.json).len(), 1);
    let secret = json!({"team": "acme-inc/platform"});
    let reply = query_as(&sim, MEMBER_TOKEN, MORE, secret).await;
    assert_eq!(reply.json["data"]["team"], Value::Null);
    let reply = query_as(&sim, MEMBER_TOKEN, MEMBERS, json!({"slug": "acme-inc"})).await;
    let edges = &reply.json["data"]["organization"]["members"]["edges"];
    assert_eq!(edges[0]["node"]["sso"], Value::Null);
    assert_eq!(edges[2]["node"]["user"]["uuid"], CLEO_ID);
    assert_eq!(edges[2]["node"]["sso"]["mode"], "REQUIRED");
    sim.set_options(|options| options.members_may_view_teams = false);
    let reply = query_as(&sim, MEMBER_TOKEN, TEAMS, variables.clone()).await;
    assert_eq!((reply.status, reply.error()), (200, "Forbidden"));
    sim.set_options(|options| {
        options.members_may_view_teams = true;
        options.teams = Teams::Empty;
    });
    let reply = query(&sim, TEAMS, variables).await;
    assert!(teams_of(&reply.json).is_empty());
    let info = &reply.json["data"]["organization"]["teams"]["pageInfo"];
    assert_eq!(*info, json!({"hasNextPage": false, "endCursor": null}));
}

#[tokio::test]
async fn cursors_grow_stale_and_lists_never_end() {
    let sim = sim(World::rich()).await;
    let variables = |after: &Value| json!({"slug": "acme-inc", "after": after});
    sim.set_faults(vec![Fault::every(FaultKind::StaleCursor)]);
    let first = query(&sim, MEMBERS, variables(&Value::Null)).await;
    let info = first.json["data"]["organization"]["members"]["pageInfo"].clone();
    let stale = query(&sim, MEMBERS, variables(&info["endCursor"])).await;
    assert_eq!(
        (stale.status, stale.error()),
        (200, "The cursor is invalid")
    );
    sim.set_faults(vec![Fault::every(FaultKind::RepeatCursor)]);
    let last = query(&sim, MEMBERS, variables(&info["endCursor"])).await;
    assert_eq!(
        last.json["data"]["organization"]["members"]["pageInfo"],
        info
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}
