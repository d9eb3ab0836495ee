//! What a correct client sends, in order, and what it is told.

use rollcall_simulators::buildkite::{ADA_ID, World};
use serde_json::{Map, Value, json};

use crate::client::{ORG, Reply, get, sim};

/// The rows of all pages. Of a link only the number of the page is of use.
async fn all(sim: &rollcall_simulators::buildkite::Buildkite, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut page = "1".to_owned();
    loop {
        let reply: Reply = get(sim, &format!("{path}?page={page}&per_page=100")).await;
        rows.extend(reply.rows().to_vec());
        let next = reply
            .link("next")
            .and_then(|url| url.split(['?', '&']).nth(1));
        match next.and_then(|pair| pair.strip_prefix("page=")) {
            Some(number) => page = number.to_owned(),
            None => return rows,
        }
    }
}

fn keyed(rows: &[Value], id: &str) -> Map<String, Value> {
    rows.iter()
        .map(|row| (row[id].as_str().unwrap().to_owned(), row["role"].clone()))
        .collect()
}

#[tokio::test]
async fn a_sync_reads_everything_an_admin_sees() {
    let sim = sim(World::rich()).await;
    let token = get(&sim, "/access-token").await;
    assert_eq!(token.json["scopes"].as_array().unwrap().len(), 3);
    assert_eq!(all(&sim, "/organizations").await.len(), 1);
    let me = get(&sim, "/user").await;
    assert_eq!(me.json["id"], ADA_ID);
    let me = get(&sim, &format!("{ORG}/members/{ADA_ID}")).await;
    assert_eq!(me.json["role"], "admin");
    let members = all(&sim, &format!("{ORG}/members")).await;
    let mut teams = Map::new();
    for team in all(&sim, &format!("{ORG}/teams")).await {
        let id = team["id"].as_str().unwrap();
        let rows = all(&sim, &format!("{ORG}/teams/{id}/members")).await;
        teams.insert(id.to_owned(), Value::Object(keyed(&rows, "user_id")));
    }
    let read = json!({"members": keyed(&members, "id"), "teams": teams});
    assert_eq!(sim.access_view()["organizations"]["acme-inc"], read);
    // Two pages of members, one of teams, one for each team and two for the large one; four calls before.
    assert_eq!(sim.calls(), 4 + 2 + 1 + teams.len() + 1);
    assert_eq!(sim.violations(), Vec::<String>::new());
}
