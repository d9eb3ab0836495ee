//! The real binaries of a connector, as Lambda runs them: a process in front of a Runtime API. The common behaviour of
//! connectors is tested on Toybox; here each binary starts, and handles its sample event.
//!
//! With a simulated AWS, secrets and store are there, and each function does all that it does in AWS: its requests are
//! recorded and compared with the roles of the template.

use std::path::Path;

use rollcall_engine::runtime::function::Operation;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::conformance::{Bench, Subject};
use crate::function::Environment;
use crate::moto::Moto;

/// The buckets as the template's checks call them: audit records lie in the first, or in the second.
const STORE: &str = "rollcall-bucket";
const AUDIT: &str = "rollcall-auditbucket";

fn sample(function: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let text = std::fs::read(path.join(function).with_extension("json"));
    let text = text.unwrap_or_else(|e| panic!("{function}: {e}"));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{function}: {e}"))
}

/// Sends each of these functions its sample event, in the small sample world: first to sync, then the changes.
pub async fn every_function_does_what_its_sample_event_shows<S: Subject>(binaries: &[&str]) {
    assert_eq!(binaries.len(), S::entry().operations.len(), "each operation has its binary");
    let name = S::entry().about.name;
    let Some(moto) = Moto::shared() else {
        let desk = Bench::<S>::small().await;
        return play(&desk.vendor, "default", binaries, |_| desk.variables()).await;
    };
    for audit in [STORE, AUDIT] {
        let (vendor, connection) = (S::small().await, Moto::name());
        moto.create_bucket(audit).await;
        let secret = format!("rollcall/{name}/{connection}");
        moto.create_secret(&secret, &vendor.secret()).await;
        let variables = |function: &str| {
            let stores = [("ROLLCALL_STORE", STORE), ("ROLLCALL_AUDIT_STORE", audit)];
            let stores = stores.into_iter().filter(|pair| *pair != ("ROLLCALL_AUDIT_STORE", STORE));
            let stores = stores.map(|(name, bucket)| (name.into(), format!("s3://{bucket}")));
            moto.variables(function).into_iter().chain(stores).collect()
        };
        play(&vendor, &connection, binaries, variables).await;
    }
}

async fn play<S: Subject>(
    vendor: &S,
    connection: &str,
    binaries: &[&str],
    variables: impl Fn(&str) -> Vec<(String, String)>,
) {
    for (operation, binary) in S::entry().operations.iter().zip(binaries) {
        let name = format!("{}-{}", S::entry().about.name, operation.as_str());
        assert!(binary.ends_with(&name), "{binary} is not {name}");
        let function = Environment::start(binary, variables(&name)).await;
        let mut event = sample(&name);
        event["connection"] = connection.into();
        match operation {
            Operation::Sync => syncs(vendor, &function, event).await,
            Operation::Grant => {
                // Revoking a temporary grant also closes the record of its end.
                event["duration"] = "PT8H".into();
                changes(vendor, &function, event, "granted").await;
            }
            Operation::Revoke => {
                changes(vendor, &function, event, "revoked").await;
                sweeps(vendor, &function, connection).await;
            }
            Operation::CreateAccount => changes(vendor, &function, event, "created").await,
            Operation::DeleteAccount => changes(vendor, &function, event, "deleted").await,
        }
        function.end(&vendor.tokens()).await;
    }
    assert_eq!(vendor.violations(), Vec::<String>::new());
}

async fn syncs<S: Subject>(vendor: &S, function: &Environment, event: Value) {
    assert_eq!(function.answer(event.clone()).await["status"], "complete");
    let limit = FaultKind::too_many_requests(Some(3600));
    vendor.set_faults([Fault::nth(vendor.requests().len(), limit)]);
    let cut = function.answer(event.clone()).await;
    assert_eq!(cut["status"], "continue", "{cut:#}");
    vendor.set_faults([]);
    let rest = json!({"connection": event["connection"], "sync_id": cut["sync_id"]});
    assert_eq!(function.answer(rest).await["status"], "complete");
}

async fn changes<S: Subject>(vendor: &S, function: &Environment, event: Value, outcome: &str) {
    let answer = function.answer(event.clone()).await;
    assert_eq!(answer["outcome"], outcome, "{answer:#}");
    vendor.clear_requests();
    assert_eq!(function.answer(event).await, answer);
    assert!(vendor.requests().is_empty(), "the vendor was asked again");
}

/// Nothing is due: what was granted lasts for hours, or has been revoked.
async fn sweeps<S: Subject>(vendor: &S, function: &Environment, connection: &str) {
    let mut event = sample("sweep");
    event["connection"] = connection.into();
    let answer = function.answer(event).await;
    let expected = json!({"connection": connection, "expirations": [], "more": false, "oldest_end": null, "overdue": 0});
    assert_eq!(answer, expected);
    assert!(vendor.requests().is_empty(), "the vendor was asked");
}

/// Makes the test of a connector's binaries: its [`Subject`], its name, and its operations in order.
#[macro_export]
macro_rules! lambda {
    ($subject:ty, $connector:literal: $($operation:literal),+) => {
        #[tokio::test]
        async fn every_function_does_what_its_sample_event_shows() {
            use $crate::lambda::every_function_does_what_its_sample_event_shows as all_do;
            let binaries = [$(env!(concat!("CARGO_BIN_EXE_", $connector, "-", $operation))),+];
            all_do::<$subject>(&binaries).await;
        }
    };
}
