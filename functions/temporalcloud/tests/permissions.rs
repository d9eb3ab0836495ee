//! Every function is played through all that it does in AWS: the roles of the template are held against that.

use rollcall::function::Operation;
use rollcall_harness::played::{Played, in_aws};
use rollcall_simulators::temporalcloud::{TEST_KEY, World};
use serde_json::json;

use crate::environment::{binary, simulator};
use crate::events::sample;
use crate::lambda::{fast, slow};

#[tokio::test]
async fn every_function_is_played_through_all_that_it_does_in_aws() {
    for audit_apart in [false, true] {
        let sim = simulator(World::rich()).await;
        let changes = Operation::ALL
            .into_iter()
            .filter(|operation| *operation != Operation::Sync)
            .map(|operation| (operation.as_str(), binary(operation), sample(operation)));
        let played = Played {
            connector: "temporalcloud",
            secret: json!({"api-key": TEST_KEY, "base-url": sim.base_url()}),
            sync: binary(Operation::Sync),
            changes: changes.collect(),
            slow: &|| slow(&sim),
            fast: &|| fast(&sim),
        };
        in_aws(&played, audit_apart).await;
    }
}
