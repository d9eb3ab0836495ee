//! The real binaries, as Lambda runs them: a process in front of a Runtime API, a store in a folder, secrets in files.

use std::time::Duration;

use async_trait::async_trait;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::lambda::Functions;
use rollcall_simulators::confluence::{TEST_TOKEN, World};
use serde_json::json;

use crate::Simulated;

#[async_trait]
impl Functions for Simulated {
    fn binary(operation: Operation) -> &'static str {
        match operation {
            Operation::Sync => env!("CARGO_BIN_EXE_confluence-sync"),
            Operation::Grant => env!("CARGO_BIN_EXE_confluence-grant"),
            Operation::Revoke => env!("CARGO_BIN_EXE_confluence-revoke"),
            other => panic!("there is no function to {}", other.as_str()),
        }
    }

    async fn small() -> Self {
        Self::of(World::worked_example()).await
    }

    fn slow(&self) {
        self.sim.set_options(|options| {
            options.latency = Duration::from_millis(250);
            options.force_page_size = Some(1);
        });
    }

    fn fast(&self) {
        self.sim.set_options(|options| {
            options.latency = Duration::ZERO;
            options.force_page_size = None;
        });
    }
}

rollcall_harness::lambda!(Simulated);

#[tokio::test]
async fn a_failure_names_its_type_and_what_to_do() {
    let vendor = Simulated::small().await;
    vendor.sim.with_world(|world| {
        world.revoke_token(TEST_TOKEN);
    });
    let local = vendor.beside();
    let function = Simulated::function(Operation::Sync, &local).await;
    let refusal = function.refusal(json!({})).await;
    assert_eq!(
        (refusal.kind.as_str(), refusal.text("code")),
        ("Unauthenticated", "CredentialRejected")
    );
    assert!(refusal.text("fix").contains("domain-url"), "{refusal:?}");
    vendor.end(function, &["failed"]).await;
}
