//! The real binary with secrets in Secrets Manager and a store in S3, by the official SDK, against moto. Without moto,
//! these tests say so and do nothing.

use Operation::{Grant, Sync};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::Subject;
use rollcall_harness::moto::Moto;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::lambda::{end, start};
use crate::world::{KEY, Simulated};

const PREFIX: &str = "prod/access";

struct Cloud {
    moto: Moto,
    vendor: Simulated,
    name: String,
}

impl Cloud {
    async fn start() -> Option<Self> {
        let (moto, name) = (Moto::shared()?, Moto::name());
        moto.create_bucket(&name).await;
        let (vendor, secret) = (Simulated::start().await, format!("rollcall/toybox/{name}"));
        moto.create_secret(&secret, &vendor.secret()).await;
        Some(Self { moto, vendor, name })
    }

    fn variables(&self) -> Vec<(String, String)> {
        let mut variables = self.moto.variables("test");
        variables.push(("ROLLCALL_STORE".into(), format!("s3://{}/{PREFIX}", self.name)));
        variables
    }

    fn event(&self, operation: Operation) -> Value {
        Simulated::with(operation, "connection", json!(self.name))
    }

    async fn json(&self, key: &str) -> Value {
        let object = self.moto.object(&self.name, &format!("{PREFIX}/{key}")).await;
        serde_json::from_slice(&object.expect("an object")).expect("JSON")
    }

    /// The newest snapshot: the run that wrote it, and the generation, by which conditional writes move the pointer.
    async fn latest(&self) -> [Value; 2] {
        let latest = self.json(&format!("latest/toybox/{}.json", self.name)).await;
        ["sync_id", "generation"].map(|field| latest[field].clone())
    }
}

#[tokio::test]
async fn snapshots_runs_and_records_are_in_a_bucket_whichever_process_wrote_them() {
    let Some(cloud) = Cloud::start().await else { return };
    // However much is logged, no token is: `end` checks it.
    let function = start(Sync, cloud.variables(), &[("RUST_LOG", "trace")]).await;
    let first = function.answer(cloud.event(Sync)).await;
    assert_eq!(first["status"], "complete", "{first:#}");
    let latest = [first["sync_id"].clone(), json!(1)];
    assert_eq!(cloud.latest().await, latest);

    // Half a sync is not published; what it read is in the bucket.
    cloud.vendor.set_faults([Fault::nth(5, FaultKind::too_many_requests(Some(3600)))]);
    let cut = function.answer(cloud.event(Sync)).await;
    assert_eq!(cut["status"], "continue", "{cut:#}");
    let output = end(function, &["done", "done"]).await;
    assert!(output.holds("aws_smithy_runtime"), "too little is logged");
    assert_eq!(cloud.latest().await, latest);
    cloud.vendor.set_faults([]);
    let function = start(Sync, cloud.variables(), &[]).await;
    let rest = json!({"connection": cloud.name, "sync_id": cut["sync_id"]});
    let second = function.answer(rest).await;
    for same in ["status", "content_digest", "counts"] {
        assert_eq!(second[same], first[same], "{second:#}");
    }
    // The second generation was that of the slice before.
    assert_eq!(cloud.latest().await, [cut["sync_id"].clone(), json!(3)]);
    end(function, &["done"]).await;

    let function = start(Grant, cloud.variables(), &[]).await;
    let answer = function.answer(cloud.event(Grant)).await;
    assert_eq!(answer["outcome"], "granted", "{answer:#}");
    let audit = answer["audit"].as_str().expect("a key");
    assert_eq!(cloud.json(&format!("{audit}/observed.json")).await["answer"], answer);
    end(function, &["done"]).await;

    let keys = cloud.moto.keys(&cloud.name, "").await;
    for key in &keys {
        let object = cloud.moto.object(&cloud.name, key).await;
        let text = String::from_utf8_lossy(&object.expect("an object")).into_owned();
        assert!(!text.contains(KEY) && key.starts_with(PREFIX), "{key}");
    }
    let of = |class: &str| keys.iter().filter(|key| key.contains(class)).count();
    assert_eq!((of("/snapshots/"), of("/audit/")), (4, 2), "{keys:?}");
}

#[tokio::test]
async fn what_is_missing_in_aws_is_the_operators_to_mend() {
    let Some(cloud) = Cloud::start().await else { return };
    let (odd, deleted) = (Moto::name(), Moto::name());
    let path = |name: &str| format!("rollcall/toybox/{name}");
    for name in [&odd, &deleted] {
        cloud.moto.create_secret(&path(name), &json!(["hunter2"])).await;
    }
    cloud.moto.delete_secret(&path(&deleted)).await;
    let nowhere = [("ROLLCALL_STORE", "s3://rollcall-nowhere/x")];
    let prefix = [("ROLLCALL_SECRET_PREFIX", "elsewhere")];
    let elsewhere = format!("`elsewhere/toybox/{}`", cloud.name);
    let nobody = "Secrets Manager `rollcall/toybox/nobody`";
    let (unknown, bucket) = ("UnknownConnection", "StoreNotReadable");
    for (operation, more, connection, code, message) in [
        (Sync, &[][..], "nobody", unknown, nobody),
        (Sync, &prefix, &cloud.name, unknown, &elsewhere),
        (Sync, &[], &odd, "MalformedSecret", ""),
        (Sync, &[], &deleted, "SecretDeleted", ""),
        (Sync, &nowhere, &cloud.name, bucket, "(NoSuchBucket)"),
        (Grant, &nowhere, &cloud.name, bucket, "(NoSuchBucket)"),
        (Sync, &[("AWS_REGION", "")], &cloud.name, "", ""),
    ] {
        let function = start(operation, cloud.variables(), more).await;
        let event = Simulated::with(operation, "connection", json!(connection));
        let refusal = function.refusal(event).await;
        assert_eq!(refusal.kind, "Misconfigured", "{refusal:?}");
        let told = refusal.text("code").contains(code) && refusal.text("message").contains(message);
        assert!(told && !refusal.text("fix").is_empty(), "{refusal:?}");
        end(function, &["failed"]).await;
    }
    assert!(cloud.vendor.requests().is_empty());
}
