//! The sample events work against the small sample world of the simulator.

use rollcall::function::Operation;
use rollcall_harness::conformance::{Bench, answer_of};
use rollcall_simulators::confluence::World;
use serde_json::{Value, json};

use crate::Simulated;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/events");

/// The sample event of an operation.
pub(crate) fn sample(operation: Operation) -> Value {
    let path = format!("{FOLDER}/confluence-{}.json", operation.as_str());
    let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[tokio::test]
async fn every_sample_event_does_what_it_shows_in_the_small_sample_world() {
    let bench = Bench::<Simulated>::new().await;
    bench
        .vendor
        .sim
        .with_world(|world| *world = World::worked_example());
    for (operation, expected) in [
        (Operation::Sync, json!({"status": "complete"})),
        (
            Operation::Grant,
            json!({"outcome": "granted", "removed": []}),
        ),
        (
            Operation::Revoke,
            json!({"outcome": "revoked", "grants": []}),
        ),
    ] {
        let answer = answer_of(bench.invoke(operation, sample(operation)).await);
        for (field, value) in expected.as_object().expect("fields") {
            assert_eq!(answer[field], *value, "{}: {answer:#}", operation.as_str());
        }
    }
}
