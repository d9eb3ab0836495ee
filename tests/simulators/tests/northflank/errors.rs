//! How errors are written.

use rollcall_simulators::{
    Fault, FaultKind,
    northflank::{ErrorBody, html_page},
};
use serde_json::json;

use crate::client::{get, get_as, sim_with};

#[tokio::test]
async fn an_error_is_an_object_in_an_object() {
    let sim = sim_with(|_| ()).await;
    let reply = get(&sim, "/v1/org-members?page=0").await;
    assert_eq!(
        reply.json,
        json!({"error": {
            "status": 400, "message": "page begins with 1", "id": "nf-sim-invalid",
            "details": {"page": ["begins with 1"]},
        }})
    );
    let reply = get(&sim, "/v1/org-roles/gone").await;
    let error = json!({"status": 404, "message": "role not found", "id": "nf-sim-not-found"});
    assert_eq!(reply.json, json!({ "error": error }));
}

#[tokio::test]
async fn errors_can_be_flat() {
    let sim = sim_with(|options| options.errors = ErrorBody::Flat).await;
    let reply = get_as(&sim, "unknown", "/v1/org-members").await;
    let body = json!({
        "code": "nf-sim-unauthenticated", "message": "the token is not valid", "status": 401, "data": {},
    });
    assert_eq!(reply.json, body);
    sim.set_faults(vec![Fault::every(FaultKind::status(503))]);
    let reply = get(&sim, "/v1/org-members").await;
    assert_eq!((reply.status, &reply.json["status"]), (503, &json!(503)));
    assert!(reply.json["code"].is_string());
}

#[tokio::test]
async fn errors_can_be_pages_for_people() {
    let sim = sim_with(|options| options.errors = ErrorBody::Html).await;
    let refused = get_as(&sim, "unknown", "/v1/org-members").await;
    sim.set_faults(vec![
        Fault::nth(1, FaultKind::status(401)),
        Fault::nth(2, html_page(401)),
    ]);
    let replies = [
        refused,
        get(&sim, "/v1/org-members").await,
        get(&sim, "/v1/org-members").await,
    ];
    for reply in replies {
        assert_eq!(reply.status, 401);
        assert_eq!(reply.headers["content-type"], "text/html");
        assert!(reply.text.starts_with("<html>"), "{}", reply.text);
        assert!(reply.headers.contains_key("x-ratelimit-limit"));
    }
    let good = get(&sim, "/v1/org-members").await;
    assert_eq!(good.headers["content-type"], "application/json");
}
