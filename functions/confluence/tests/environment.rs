//! The functions of this connector, in front of its simulator.

use rollcall::function::Operation;
pub(crate) use rollcall_harness::function::{Environment, Local};
use rollcall_simulators::confluence::{Confluence, Options, TEST_EMAIL, TEST_TOKEN, World};
use serde_json::{Value, json};

/// The operations that there is a function for.
pub(crate) const OPERATIONS: [Operation; 3] =
    [Operation::Sync, Operation::Grant, Operation::Revoke];

/// The binary of an operation.
pub(crate) fn binary(operation: Operation) -> &'static str {
    match operation {
        Operation::Sync => env!("CARGO_BIN_EXE_confluence-sync"),
        Operation::Grant => env!("CARGO_BIN_EXE_confluence-grant"),
        Operation::Revoke => env!("CARGO_BIN_EXE_confluence-revoke"),
        other => panic!("there is no function to {}", other.as_str()),
    }
}

pub(crate) async fn simulator(world: World) -> Confluence {
    Confluence::start(world, Options::default())
        .await
        .expect("a simulator")
}

/// The secret of a connection to the simulator.
pub(crate) fn secret(simulator: &Confluence) -> Value {
    json!({"domain-url": simulator.base_url(), "username": TEST_EMAIL, "api-key": TEST_TOKEN})
}

/// An empty store, and a secret for the connection `default` to the simulator.
pub(crate) fn beside(simulator: &Confluence) -> Local {
    Local::new("confluence", &secret(simulator))
}

/// Starts a function that is led to this store and these secrets.
pub(crate) async fn start(operation: Operation, local: &Local) -> Environment {
    Environment::start(binary(operation), local.variables()).await
}
