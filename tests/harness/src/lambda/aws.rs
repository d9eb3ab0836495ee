//! Plays the functions of a connector through all that they do in AWS, each under its own name. What the simulated AWS was
//! asked is written where `ROLLCALL_RECORDINGS` says, and the roles of the template are held against that.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use rollcall_engine::runtime::function::Operation;
use serde_json::json;

use super::{Functions, fast};
use crate::function::Environment;
use crate::moto::Moto;
use crate::runtime_api::Deadline;

/// The buckets as the template's checks call them.
const STORE: &str = "rollcall-bucket";
const AUDIT: &str = "rollcall-auditbucket";

/// Plays them with audit records in the store's bucket, and in one of their own. Does nothing where there is no moto.
///
/// # Panics
/// When a function does not do what it should.
pub async fn every_function_is_played_through_all_that_it_does_in_aws<S: Functions>() {
    for audit_apart in [false, true] {
        let Some(moto) = Moto::start().await.expect("moto") else {
            return;
        };
        for bucket in [STORE, AUDIT] {
            moto.create_bucket(bucket).await.expect("a bucket");
        }
        let vendor = fast::<S>().await;
        let name = format!("rollcall/{}/default", S::entry().about.name);
        let secret = vendor.secret();
        let created = moto.create_secret(&name, &secret).await;
        created.expect("a secret");
        syncs(&vendor, &moto, audit_apart).await;
        changes::<S>(&moto, audit_apart).await;
        let apart = moto.list_objects(AUDIT, "").await.expect("a list");
        let audit_alone = apart.iter().all(|key| key.starts_with("audit/"));
        assert!(audit_alone, "{apart:?}");
        let changes = S::entry().operations.len() > 1;
        assert_eq!(!apart.is_empty(), audit_apart && changes);
    }
}

async fn start<S: Functions>(moto: &Moto, operation: Operation, audit_apart: bool) -> Environment {
    let name = S::entry().about.name;
    let mut variables = moto.env_of(&format!("{name}-{}", operation.as_str()));
    variables.push(("ROLLCALL_STORE".into(), format!("s3://{STORE}")));
    if audit_apart {
        variables.push(("ROLLCALL_AUDIT_STORE".into(), format!("s3://{AUDIT}")));
    }
    Environment::start(S::binary(operation), variables).await
}

/// A whole sync, and one that is cut and resumed.
async fn syncs<S: Functions>(vendor: &S, moto: &Moto, audit_apart: bool) {
    let sync = start::<S>(moto, Operation::Sync, audit_apart).await;
    assert_eq!(sync.answer(json!({})).await["status"], "complete");
    vendor.slow();
    let cut = sync.answer_by(json!({}), Deadline::In(4_000)).await;
    assert_eq!(cut["status"], "continue", "{cut:#}");
    vendor.fast();
    let rest = sync.answer(json!({"sync_id": cut["sync_id"]})).await;
    assert_eq!(rest["status"], "complete", "{rest:#}");
}

/// Every change there is, once, and again from its record.
async fn changes<S: Functions>(moto: &Moto, audit_apart: bool) {
    let at = if audit_apart { AUDIT } else { STORE };
    let changes = S::entry().operations.iter();
    for &operation in changes.filter(|&&operation| operation != Operation::Sync) {
        let function = start::<S>(moto, operation, audit_apart).await;
        let event = S::sample(operation);
        let first = function.answer(event.clone()).await;
        let again = function.answer(event).await;
        assert_eq!(first, again, "the second is answered from the record");
        let record = first["audit"].as_str().expect("a key");
        let objects = moto.list_objects(at, record).await.expect("a list");
        assert_eq!(objects.len(), 2, "{objects:?}");
    }
}
