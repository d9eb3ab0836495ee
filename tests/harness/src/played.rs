//! Plays the functions of a connector through all that they do in AWS, each under its own name. What the simulated AWS was
//! asked is written where `ROLLCALL_RECORDINGS` says, and the roles of the template are held against that.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use serde_json::{Value, json};

use crate::function::Environment;
use crate::moto::Moto;
use crate::runtime_api::Deadline;

/// The buckets as the template's checks call them.
const STORE: &str = "rollcall-bucket";
const AUDIT: &str = "rollcall-auditbucket";

/// The functions of a connector, and a vendor that is as slow as wanted.
pub struct Played<'a> {
    /// The connector's name.
    pub connector: &'a str,
    /// The secret of the connection `default`.
    pub secret: Value,
    /// The binary of the sync function.
    pub sync: &'a str,
    /// The functions that change something: operation, binary, and an event that succeeds.
    pub changes: Vec<(&'a str, &'a str, Value)>,
    /// Makes the vendor so slow that a sync takes more than four seconds.
    pub slow: &'a (dyn Fn() + Sync),
    /// Makes it fast again.
    pub fast: &'a (dyn Fn() + Sync),
}

/// Plays them once, with audit records in a bucket of their own or not. Does nothing where there is no moto.
///
/// # Panics
/// When a function does not do what it should.
pub async fn in_aws(played: &Played<'_>, audit_apart: bool) {
    let Some(moto) = Moto::start().await.expect("moto") else {
        return;
    };
    for bucket in [STORE, AUDIT] {
        moto.create_bucket(bucket).await.expect("a bucket");
    }
    let name = format!("rollcall/{}/default", played.connector);
    let secret = moto.create_secret(&name, &played.secret);
    secret.await.expect("a secret");
    let start = async |operation: &str, binary: &str| {
        let mut variables = moto.env_of(&format!("{}-{operation}", played.connector));
        variables.push(("ROLLCALL_STORE".into(), format!("s3://{STORE}")));
        if audit_apart {
            variables.push(("ROLLCALL_AUDIT_STORE".into(), format!("s3://{AUDIT}")));
        }
        Environment::start(binary, variables).await
    };

    let sync = start("sync", played.sync).await;
    assert_eq!(sync.answer(json!({})).await["status"], "complete");
    (played.slow)();
    let cut = sync.answer_by(json!({}), Deadline::In(4_000)).await;
    assert_eq!(cut["status"], "continue", "{cut:#}");
    (played.fast)();
    let rest = sync.answer(json!({"sync_id": cut["sync_id"]})).await;
    assert_eq!(rest["status"], "complete", "{rest:#}");

    let at = if audit_apart { AUDIT } else { STORE };
    for (operation, binary, event) in &played.changes {
        let function = start(operation, binary).await;
        let first = function.answer(event.clone()).await;
        let again = function.answer(event.clone()).await;
        assert_eq!(first, again, "the second is answered from the record");
        let record = first["audit"].as_str().expect("a key");
        let objects = moto.list_objects(at, record).await.expect("a list");
        assert_eq!(objects.len(), 2, "{objects:?}");
    }
    let apart = moto.list_objects(AUDIT, "").await.expect("a list");
    assert!(
        apart.iter().all(|key| key.starts_with("audit/")),
        "{apart:?}"
    );
    assert_eq!(apart.is_empty(), !audit_apart);
}
