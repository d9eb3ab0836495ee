//! The sample events.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use rollcall_engine::runtime::function::Operation;
use serde_json::{Value, json};

use super::{Functions, latest, small};
use crate::conformance::{Bench, answer_of};

/// The sample events work against the small sample world, one after the other: the order in which each finds what it
/// needs, and accounts are changed last.
pub async fn every_sample_event_does_what_it_shows_in_the_small_sample_world<S: Functions>() {
    after_the_samples::<S>().await;
}

/// The small sample world when the sample events have done what they show.
pub async fn after_the_samples<S: Functions>() -> Bench<S> {
    let bench = Bench::around(S::small().await);
    for &operation in S::entry().operations {
        let answer = answer_of(bench.invoke(operation, S::sample(operation)).await);
        shows(operation, &answer);
    }
    assert_eq!(bench.vendor.violations(), Vec::<String>::new());
    bench
}

fn shows(operation: Operation, answer: &Value) {
    let expected: &[(&str, Value)] = match operation {
        Operation::Sync => &[("status", json!("complete"))],
        Operation::Grant => &[("outcome", json!("granted")), ("removed", json!([]))],
        Operation::Revoke => &[("outcome", json!("revoked")), ("grants", json!([]))],
        Operation::CreateAccount => &[("outcome", json!("created"))],
        Operation::DeleteAccount => &[("outcome", json!("deleted"))],
    };
    for (field, value) in expected {
        assert_eq!(answer[field], *value, "{}: {answer:#}", operation.as_str());
    }
}

/// Every binary does what its sample event shows, keeps a record of it, and answers from that record.
pub async fn every_function_does_its_sample_event_and_tells_of_it<S: Functions>() {
    let vendor = small::<S>().await;
    let local = vendor.beside();
    for &operation in S::entry().operations {
        let event = S::sample(operation);
        let function = S::function(operation, &local).await;
        let answer = function.answer(event.clone()).await;
        shows(operation, &answer);
        if operation == Operation::Sync {
            assert_eq!(local.json(latest::<S>())["sync_id"], answer["sync_id"]);
            let snapshot = answer["snapshot"].as_str().expect("a key");
            assert!(local.store().join(snapshot).is_file());
            vendor.end(function, &["done"]).await;
            continue;
        }
        let audit = answer["audit"].as_str().expect("a key");
        let intended = local.json(format!("{audit}/intended.json"));
        let observed = local.json(format!("{audit}/observed.json"));
        assert_eq!(
            (&intended["request"], &observed["answer"]),
            (&event, &answer)
        );
        vendor.clear_requests();
        assert_eq!(function.answer(event).await, answer);
        assert_eq!(vendor.requests().len(), 0, "the vendor was asked");
        vendor.end(function, &["done", "done"]).await;
    }
    assert_eq!(vendor.violations(), Vec::<String>::new());
}
