//! Every call, with the whole body of its answer.

use rollcall_simulators::northflank::{ENGINEERING_ID, OPERATIONS_ID, TEAM_TOKEN, World};
use serde_json::{Value, json};

use crate::client::{DEVELOPERS, get, get_as, sim};

fn alice() -> Value {
    json!({
        "id": "alice-w", "name": "Alice Wu",
        "emails": [
            {"address": "alice.old@acme.test", "verified": false},
            {"address": "alice@acme.test", "verified": true},
        ],
        "joinedAt": "2023-02-14T08:30:00.000Z", "finalized": true,
    })
}

fn bob() -> Value {
    json!({
        "id": "bob-k", "name": "Bob K", "emails": [{"address": "bob@acme.test", "verified": true}],
        "joinedAt": "2022-03-01T09:00:00.000Z", "finalized": true,
    })
}

fn carol() -> Value {
    json!({
        "id": "carol-p", "emails": [{"address": "carol@acme.test", "verified": false}],
        "joinedAt": "2023-02-14T08:30:00.000Z", "finalized": false,
    })
}

fn developer() -> Value {
    json!({
        "id": "developer", "name": "Developer", "description": "Ships the shop",
        "restrictions": {"enabled": true, "teams": [{
            "teamId": "web",
            "restrictions": {"enabled": true, "projects": ["shop"], "restrictionMode": "in"},
        }]},
        "directoryGroups": [ENGINEERING_ID],
        "createdAt": "2023-02-14T08:30:00.000Z", "updatedAt": "2023-02-14T08:30:00.000Z",
    })
}

/// The row with a field more.
fn with(mut row: Value, name: &str, value: Value) -> Value {
    row[name] = value;
    row
}

/// The only page of a list.
fn page(field: &str, rows: &[Value]) -> Value {
    json!({"data": {field: rows}, "pagination": {"hasNextPage": false, "count": rows.len()}})
}

#[tokio::test]
async fn members_are_listed_as_documented() {
    let sim = sim(World::worked_example()).await;
    let reply = get(&sim, "/v1/org-members?per_page=100").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(reply.json, page("members", &[alice(), bob(), carol()]));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn roles_are_listed_as_documented_and_permissions_are_told_of_one_alone() {
    let sim = sim(World::worked_example()).await;
    let admin = json!({
        "id": "org-admin", "name": "Org Admin", "restrictions": {"enabled": false},
        "createdAt": "2023-02-14T08:30:00.000Z", "updatedAt": "2023-02-14T08:30:00.000Z",
    });
    let reply = get(&sim, "/v1/org-roles").await;
    assert_eq!(reply.json, page("roles", &[developer(), admin]));
    let permissions = json!({"orgScope": [], "teamScope": [], "projectScope": []});
    let reply = get(&sim, "/v1/org-roles/developer").await;
    assert_eq!(
        reply.json,
        json!({"data": with(developer(), "permissions", permissions)})
    );
}

#[tokio::test]
async fn members_of_roles_say_how_they_hold_them() {
    let sim = sim(World::worked_example()).await;
    let explicit = |row| with(row, "type", json!("explicit"));
    let implicit = |row| with(row, "type", json!("implicit"));
    let reply = get(&sim, "/v1/org-roles/org-admin/members").await;
    assert_eq!(reply.json, page("members", &[explicit(alice())]));
    let reply = get(&sim, DEVELOPERS).await;
    let rows = [implicit(alice()), explicit(bob()), implicit(carol())];
    assert_eq!(reply.json, page("members", &rows));
}

#[tokio::test]
async fn groups_have_no_pages_and_their_members_have_plain_addresses() {
    let sim = sim(World::worked_example()).await;
    let group = |id: &str, name: &str, idp: &str| {
        json!({
            "id": id, "name": name, "idpId": idp,
            "createdAt": "2024-05-02T10:00:00.000Z", "updatedAt": "2024-05-02T10:00:00.000Z",
        })
    };
    let reply = get(&sim, "/v1/directory-groups").await;
    let groups = [
        group(ENGINEERING_ID, "Engineering", "00g-eng-7"),
        group(OPERATIONS_ID, "Operations", "00g-ops-8"),
    ];
    assert_eq!(reply.json, json!({"data": {"directoryGroups": groups}}));
    let path = |id: &str| format!("/v1/directory-groups/{id}/members");
    let reply = get(&sim, &path(ENGINEERING_ID)).await;
    let rows = [
        json!({"id": "alice-w", "name": "Alice Wu", "emails": ["alice@acme.test"]}),
        json!({"id": "carol-p", "emails": ["carol@acme.test"]}),
    ];
    assert_eq!(reply.json, page("members", &rows));
    let reply = get(&sim, &path(OPERATIONS_ID)).await;
    let rows = [
        json!({"id": "bob-k", "name": "Bob K", "emails": ["bob@acme.test"]}),
        json!({"id": null, "name": "Dan Future", "emails": ["dan@acme.test"]}),
    ];
    assert_eq!(reply.json, page("members", &rows));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_can_be_asked_what_it_is() {
    let sim = sim(World::worked_example()).await;
    let reply = get(&sim, "/v1/auth").await;
    assert_eq!(
        reply.json,
        json!({"data": {
            "tokenKind": "api", "id": "c1-sync", "name": "C1 sync",
            "entityId": "acme", "entityUid": "64b0c0ffee64b0c0ffee64b0", "entityType": "org",
            "role": {"name": "Auditor", "roleId": "auditor", "roleType": "org", "entityType": "org"},
            "permissions": {"orgScope": [], "teamScope": [], "projectScope": []},
            "creatorEmail": "it@acme.test", "createdAt": "2023-02-14T08:30:00.000Z",
        }})
    );
    let team = &get_as(&sim, TEAM_TOKEN, "/v1/auth").await.json["data"];
    assert_eq!(team["entityType"], "team");
    assert_eq!(
        (&team["entityId"], &team["orgId"]),
        (&json!("web"), &json!("acme"))
    );
    sim.set_options(|options| options.auth = false);
    let reply = get(&sim, "/v1/auth").await;
    assert_eq!((reply.status, reply.id()), (404, "nf-sim-not-found"));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_organization_without_a_directory_has_no_groups() {
    let mut world = World::worked_example();
    world
        .remove_group(ENGINEERING_ID)
        .remove_group(OPERATIONS_ID)
        .unlink("developer", ENGINEERING_ID);
    let sim = sim(world).await;
    let reply = get(&sim, "/v1/directory-groups").await;
    assert_eq!(reply.json, json!({"data": {"directoryGroups": []}}));
    assert_eq!(get(&sim, DEVELOPERS).await.ids(), ["bob-k"]);
    assert_eq!(sim.calls_by_path()["/v1/directory-groups"], 1);
}
