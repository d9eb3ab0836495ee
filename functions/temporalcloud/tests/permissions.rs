//! Plays every function through all that it does in AWS, under its own name. What the simulated AWS was asked is written
//! where `ROLLCALL_RECORDINGS` says; `tests/infra/test_permissions.py` holds the roles of the template against it.

use rollcall::function::Operation;
use rollcall_harness::moto::Moto;
use rollcall_harness::runtime_api::Deadline;
use rollcall_simulators::temporalcloud::{TEST_KEY, World};
use serde_json::json;

use crate::environment::{Environment, simulator};
use crate::events::sample;
use crate::lambda::{fast, slow};

/// The buckets as the template's checks call them.
const STORE: &str = "rollcall-bucket";
const AUDIT: &str = "rollcall-auditbucket";

async fn start(moto: &Moto, operation: Operation, audit: bool) -> Environment {
    let mut variables = moto.env_of(&format!("temporalcloud-{}", operation.as_str()));
    variables.push(("ROLLCALL_STORE".into(), format!("s3://{STORE}")));
    if audit {
        variables.push(("ROLLCALL_AUDIT_STORE".into(), format!("s3://{AUDIT}")));
    }
    Environment::start(operation, variables).await
}

#[tokio::test]
async fn every_function_is_played_through_all_that_it_does_in_aws() {
    for audit in [false, true] {
        let Some(moto) = Moto::start().await.expect("moto") else {
            return;
        };
        for bucket in [STORE, AUDIT] {
            moto.create_bucket(bucket).await.expect("a bucket");
        }
        let sim = simulator(World::rich()).await;
        let secret = json!({"api-key": TEST_KEY, "base-url": sim.base_url()});
        let name = "rollcall/temporalcloud/default";
        moto.create_secret(name, &secret).await.expect("a secret");

        let sync = start(&moto, Operation::Sync, audit).await;
        assert_eq!(sync.answer(json!({})).await["status"], "complete");
        slow(&sim);
        let cut = sync.answer_by(json!({}), Deadline::In(4_000)).await;
        assert_eq!(cut["status"], "continue", "{cut:#}");
        fast(&sim);
        let rest = sync.answer(json!({"sync_id": cut["sync_id"]})).await;
        assert_eq!(rest["status"], "complete", "{rest:#}");

        for operation in Operation::ALL {
            if operation == Operation::Sync {
                continue;
            }
            let function = start(&moto, operation, audit).await;
            let first = function.answer(sample(operation)).await;
            let again = function.answer(sample(operation)).await;
            assert_eq!(first, again, "the second is answered from the record");
            let at = if audit { AUDIT } else { STORE };
            let record = first["audit"].as_str().expect("a key");
            let objects = moto.list_objects(at, record).await.expect("a list");
            assert_eq!(objects.len(), 2, "{objects:?}");
        }
        let apart = moto.list_objects(AUDIT, "").await.expect("a list");
        assert!(
            apart.iter().all(|key| key.starts_with("audit/")),
            "{apart:?}"
        );
        assert_eq!(apart.is_empty(), !audit);
    }
}
