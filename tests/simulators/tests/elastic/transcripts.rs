//! What a correct client sends, in order, and what it is told.

use rollcall_simulators::elastic::World;
use serde_json::{Value, json};

use crate::client::{ORG, cloud, get, put, sim, with_roles};

#[tokio::test]
async fn a_sync_is_one_request_for_each_list() {
    let sim = sim(World::rich()).await;
    let organizations = cloud(&sim, "/organizations").await.json;
    for organization in organizations["organizations"].as_array().unwrap() {
        let id = organization["id"].as_str().unwrap();
        let members = cloud(&sim, &format!("/organizations/{id}/members")).await;
        assert!(members.json["members"].as_array().unwrap().len() > 2);
    }
    for path in ["/user", "/role", "/role_mapping"] {
        assert!(!get(&sim, path).await.keys().is_empty());
    }
    let lines: Vec<String> = sim
        .requests()
        .iter()
        .map(|request| request.line())
        .collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/organizations".to_owned(),
            format!("GET /api/v1/organizations/{ORG}/members"),
            "GET /_security/user".to_owned(),
            "GET /_security/role".to_owned(),
            "GET /_security/role_mapping".to_owned(),
        ]
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

fn roles(user: &Value) -> Vec<&str> {
    let roles = user["roles"].as_array().unwrap().iter();
    roles.map(|role| role.as_str().unwrap()).collect()
}

#[tokio::test]
async fn granting_and_revoking_leaves_everything_as_it_was() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    for name in ["disabled", "numbers", "svc", "olduser"] {
        let path = format!("/user/{name}");
        let read = get(&sim, &path).await.json[name].clone();
        let held = roles(&read);
        let more: Vec<&str> = held.iter().copied().chain(["logs reader"]).collect();
        assert_eq!(put(&sim, name, &with_roles(&read, &more)).await.status, 200);
        let verified = get(&sim, &path).await.json[name].clone();
        assert_eq!(roles(&verified), more);
        assert_eq!(verified["metadata"], read["metadata"]);
        assert_eq!(verified["enabled"], read["enabled"]);
        let back = put(&sim, name, &with_roles(&verified, &held)).await;
        assert_eq!(back.json, json!({"created": false}));
    }
    assert_eq!(sim.access_view(), before);
    assert_eq!(sim.calls(), 4 * 4);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn revoking_the_last_role_takes_an_empty_list_and_not_null() {
    let sim = sim(World::worked_example()).await;
    let read = get(&sim, "/user/svc").await.json["svc"].clone();
    let mut body = with_roles(&read, &[]);
    body["roles"] = Value::Null;
    assert_eq!(put(&sim, "svc", &body).await.status, 400);
    assert_eq!(get(&sim, "/user/svc").await.json["svc"], read);
    assert_eq!(put(&sim, "svc", &with_roles(&read, &[])).await.status, 200);
    assert_eq!(get(&sim, "/user/svc").await.json["svc"]["roles"], json!([]));
}
