//! The functions of this connector, in front of its simulator.

use rollcall::function::Operation;
pub(crate) use rollcall_harness::function::{Environment, Local, Output};
use rollcall_simulators::temporalcloud::{Options, TEST_KEY, TemporalCloud, World};
use serde_json::json;

/// The binary of an operation.
pub(crate) fn binary(operation: Operation) -> &'static str {
    match operation {
        Operation::Sync => env!("CARGO_BIN_EXE_temporalcloud-sync"),
        Operation::Grant => env!("CARGO_BIN_EXE_temporalcloud-grant"),
        Operation::Revoke => env!("CARGO_BIN_EXE_temporalcloud-revoke"),
        Operation::CreateAccount => env!("CARGO_BIN_EXE_temporalcloud-create-account"),
        Operation::DeleteAccount => env!("CARGO_BIN_EXE_temporalcloud-delete-account"),
    }
}

/// A simulator whose operations are finished at once: these tests run in real time.
pub(crate) async fn simulator(world: World) -> TemporalCloud {
    let mut options = Options::default();
    options.operations.polls = 0;
    TemporalCloud::start(world, options)
        .await
        .expect("a simulator")
}

/// An empty store, and a secret for the connection `default` to the simulator.
pub(crate) fn beside(simulator: &TemporalCloud) -> Local {
    let secret = json!({"api-key": TEST_KEY, "base-url": simulator.base_url()});
    Local::new("temporalcloud", &secret)
}

/// Starts a function that is led to this store and these secrets.
pub(crate) async fn start(operation: Operation, local: &Local) -> Environment {
    Environment::start(binary(operation), local.variables()).await
}
