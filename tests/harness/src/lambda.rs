//! The real binaries of a connector, as Lambda runs them: a process in front of a Runtime API. What holds for every connector
//! is tested on Toybox; here each binary starts, and does what its sample event shows.
//!
//! Where there is a simulated AWS, secrets and store are there, and each function plays all that it does in AWS: what was
//! asked is recorded, and the roles of the template are held against that.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use std::path::Path;

use rollcall_engine::runtime::function::Operation;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::conformance::Subject;
use crate::function::{Environment, Local};
use crate::moto::Moto;

/// The buckets as the template's checks call them.
const STORE: &str = "rollcall-bucket";
const AUDIT: &str = "rollcall-auditbucket";

/// Where the functions of a test keep what lasts.
enum Home {
    Folder(Local),
    /// Audit records lie in the first bucket, or in the second.
    Cloud(Moto, &'static str),
}

/// The sample event of a function.
#[must_use]
pub fn sample(function: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let text = std::fs::read(path.join(function).with_extension("json"));
    let text = text.unwrap_or_else(|e| panic!("{function}: {e}"));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{function}: {e}"))
}

/// The function of an operation, or none of these.
fn named<'a, S: Subject>(binaries: &[(&'a str, &'a str)], operation: Operation) -> (&'a str, &'a str) {
    let name = format!("{}-{}", S::entry().about.name, operation.as_str());
    let found = binaries.iter().find(|(function, _)| *function == name);
    *found.unwrap_or_else(|| panic!("there is no binary {name}"))
}

/// Sends each of these functions its sample event, in the small sample world, in the order of the operations.
///
/// # Panics
/// When a function does not do what it should.
pub async fn every_function_does_what_its_sample_event_shows<S: Subject>(
    small: impl AsyncFn() -> S,
    binaries: &[(&str, &str)],
) {
    for audit in [STORE, AUDIT] {
        let vendor = small().await;
        let (name, secret) = (S::entry().about.name, vendor.secret());
        let mut connection = "default".to_owned();
        let home = match Moto::shared() {
            Some(moto) => {
                connection = Moto::name();
                moto.create_bucket(STORE).await;
                moto.create_bucket(AUDIT).await;
                let path = format!("rollcall/{name}/{connection}");
                moto.create_secret(&path, &secret).await;
                Home::Cloud(moto, audit)
            }
            None if audit == AUDIT => return,
            None => Home::Folder(Local::new(name, &secret)),
        };
        for &operation in S::entry().operations {
            let (function, binary) = named::<S>(binaries, operation);
            let environment = Environment::start(binary, home.variables(function)).await;
            let mut event = sample(function);
            event["connection"] = connection.clone().into();
            match operation {
                Operation::Sync => syncs(&vendor, &environment, event).await,
                _ => changes(&vendor, &environment, &home, operation, event).await,
            }
            environment.end(&vendor.tokens()).await;
        }
        assert_eq!(vendor.violations(), Vec::<String>::new());
    }
}

/// A whole sync, and one that a rate limit cuts at its last call.
async fn syncs<S: Subject>(vendor: &S, function: &Environment, event: Value) {
    assert_eq!(function.answer(event.clone()).await["status"], "complete");
    let limit = FaultKind::too_many_requests(Some(3600));
    vendor.set_faults(vec![Fault::nth(vendor.requests().len(), limit)]);
    let cut = function.answer(event.clone()).await;
    assert_eq!(cut["status"], "continue", "{cut:#}");
    vendor.set_faults(Vec::new());
    let rest = json!({"connection": event["connection"], "sync_id": cut["sync_id"]});
    assert_eq!(function.answer(rest).await["status"], "complete");
}

/// A change, and again from its record.
async fn changes<S: Subject>(
    vendor: &S,
    function: &Environment,
    home: &Home,
    operation: Operation,
    event: Value,
) {
    let answer = function.answer(event.clone()).await;
    let outcome = match operation {
        Operation::Grant => "granted",
        Operation::Revoke => "revoked",
        Operation::CreateAccount => "created",
        _ => "deleted",
    };
    assert_eq!(answer["outcome"], outcome, "{answer:#}");
    vendor.clear_requests();
    assert_eq!(function.answer(event).await, answer);
    assert!(vendor.requests().is_empty(), "the vendor was asked again");
    home.has_record(answer["audit"].as_str().expect("a key")).await;
}

impl Home {
    fn variables(&self, function: &str) -> Vec<(String, String)> {
        let (moto, audit) = match self {
            Self::Folder(local) => return local.variables(),
            Self::Cloud(moto, audit) => (moto, *audit),
        };
        let mut variables = moto.variables(function);
        variables.push(("ROLLCALL_STORE".into(), format!("s3://{STORE}")));
        if audit != STORE {
            variables.push(("ROLLCALL_AUDIT_STORE".into(), format!("s3://{audit}")));
        }
        variables
    }

    async fn has_record(&self, at: &str) {
        let objects = ["intended", "observed"].map(|name| format!("{at}/{name}.json"));
        match self {
            Self::Folder(local) => assert!(objects.iter().all(|key| local.store().join(key).exists())),
            Self::Cloud(moto, audit) => assert_eq!(moto.keys(audit, at).await, objects),
        }
    }
}

/// Makes the test of a connector's binaries: its [`Subject`], the small sample world, and the names of the functions.
#[macro_export]
macro_rules! lambda {
    ($subject:ty, $small:expr, $($function:literal),+ $(,)?) => {
        #[tokio::test]
        async fn every_function_does_what_its_sample_event_shows() {
            let binaries = [$(($function, env!(concat!("CARGO_BIN_EXE_", $function)))),+];
            let small = async || -> $subject { $small.await };
            $crate::lambda::every_function_does_what_its_sample_event_shows(small, &binaries).await;
        }
    };
}
