//! Misbehaviour on demand.

use rollcall_simulators::{
    Fault, FaultKind,
    northflank::{Northflank, TEST_TOKEN, World},
};
use serde_json::{Value, json};

use crate::client::{DEVELOPERS, get, send, sim};

/// What a list says when this is left out of it.
async fn without(sim: &Northflank, what: &str, path: &str) -> Value {
    sim.set_faults(vec![Fault::every(FaultKind::without(what))]);
    let reply = get(sim, path).await;
    assert_eq!(reply.status, 200);
    reply.json
}

#[tokio::test]
async fn anything_can_be_left_out_of_an_answer() {
    let sim = sim(World::worked_example()).await;
    let body = without(&sim, "data", "/v1/org-members").await;
    assert_eq!(
        body,
        json!({"pagination": {"count": 3, "hasNextPage": false}})
    );
    let body = without(&sim, "data/roles", "/v1/org-roles").await;
    assert_eq!(body["data"], json!({}));
    let body = without(&sim, "pagination", "/v1/org-roles").await;
    assert_eq!(body.get("pagination"), None);
    for (what, path, field) in [
        ("data/members/*/finalized", "/v1/org-members", "finalized"),
        ("data/members/*/type", DEVELOPERS, "type"),
        ("data/roles/*/restrictions", "/v1/org-roles", "restrictions"),
        (
            "data/directoryGroups/*/name",
            "/v1/directory-groups",
            "name",
        ),
    ] {
        let body = without(&sim, what, path).await;
        let rows = body["data"].as_object().unwrap().values().next().unwrap();
        let rows = rows.as_array().unwrap();
        assert!(
            rows.len() > 1 && rows.iter().all(|row| row.get(field).is_none()),
            "{what}"
        );
    }
    let whole = without(&sim, "data/nothing/*/like/this", "/v1/org-roles").await;
    sim.clear_faults();
    assert_eq!(get(&sim, "/v1/org-roles").await.json, whole);
}

#[tokio::test]
async fn the_nth_request_can_fail_in_every_way() {
    let sim = sim(World::worked_example()).await;
    for status in [401, 403, 404, 429, 500, 502] {
        sim.set_faults(vec![Fault::nth_matching(
            2,
            "GET",
            DEVELOPERS,
            FaultKind::status(status),
        )]);
        assert_eq!(get(&sim, "/v1/org-members").await.status, 200);
        for expected in [200, status, 200] {
            let reply = get(&sim, DEVELOPERS).await;
            assert_eq!(reply.status, expected);
            if expected != 200 {
                assert_eq!(reply.json["error"]["status"], status);
            }
        }
    }
    sim.set_faults(vec![
        Fault::nth(1, FaultKind::InvalidJson),
        Fault::nth(2, FaultKind::CutBody),
        Fault::nth(3, FaultKind::Disconnect),
    ]);
    assert_eq!(get(&sim, DEVELOPERS).await.json, Value::Null);
    let cut = get(&sim, DEVELOPERS).await;
    assert_eq!((cut.status, cut.json), (200, Value::Null));
    assert!(send(&sim, TEST_TOKEN, DEVELOPERS).await.is_none());
    assert_eq!(get(&sim, DEVELOPERS).await.ids().len(), 3);
    assert_eq!(sim.violations(), Vec::<String>::new());
}
