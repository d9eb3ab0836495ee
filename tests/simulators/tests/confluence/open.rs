//! Where a client finds the gateway: no credentials are needed, and no header.

use rollcall_simulators::confluence::{CLOUD_ID, SITE, World};
use serde_json::json;

use crate::{client::sim, wire::exchange};

#[tokio::test]
async fn anybody_can_ask_for_the_cloud_id() {
    let sim = sim(World::worked_example()).await;
    let reply = exchange(&sim.base_url(), "GET", "/_edge/tenant_info", &[], "")
        .await
        .unwrap();
    assert_eq!(
        (reply.status, reply.json),
        (200, json!({"cloudId": CLOUD_ID}))
    );
    assert!(SITE.starts_with("https://acme."));
    assert_eq!(sim.violations(), Vec::<String>::new());
}
