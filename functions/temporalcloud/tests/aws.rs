//! The real binaries with secrets in Secrets Manager and a store in S3, by the official SDK, in front of `moto`. Where no
//! `moto` is given (`ROLLCALL_MOTO`), these tests say so and do nothing.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::Subject;
use rollcall_harness::function::Environment;
use rollcall_harness::lambda::Functions;
use rollcall_harness::moto::Moto;
use rollcall_harness::runtime_api::Deadline;
use rollcall_simulators::temporalcloud::{TEST_KEY, World};
use serde_json::{Value, json};

use crate::Simulated;
use crate::lambda::simulator;

const BUCKET: &str = "rollcall-store";
const PREFIX: &str = "prod/access";

/// A local AWS with a bucket, and a vendor.
struct Cloud {
    moto: Moto,
    sim: Simulated,
}

impl Cloud {
    /// With a secret for the connection `default`.
    async fn start() -> Option<Self> {
        let moto = Moto::start().await.expect("moto")?;
        moto.create_bucket(BUCKET).await.expect("a bucket");
        let sim = simulator(World::rich()).await;
        moto.create_secret("rollcall/temporalcloud/default", &sim.secret())
            .await
            .expect("a secret");
        Some(Self { moto, sim })
    }

    fn variables(&self) -> Vec<(String, String)> {
        let mut variables = self.moto.env();
        variables.push(("ROLLCALL_STORE".into(), format!("s3://{BUCKET}/{PREFIX}")));
        variables
    }

    async fn function(&self, operation: Operation) -> Environment {
        Environment::start(Simulated::binary(operation), self.variables()).await
    }

    /// The same, with one variable more, or another value for it.
    async fn function_with(&self, operation: Operation, name: &str, value: &str) -> Environment {
        let variables = self
            .variables()
            .into_iter()
            .chain([(name.to_owned(), value.to_owned())]);
        Environment::start(Simulated::binary(operation), variables).await
    }

    /// An object that is JSON, by its key in the store.
    async fn json(&self, key: &str) -> Option<Value> {
        let object = self
            .moto
            .get_object(BUCKET, &format!("{PREFIX}/{key}"))
            .await
            .expect("an answer");
        object.map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
    }

    /// The keys under a class of the store.
    async fn keys(&self, class: &str) -> Vec<String> {
        self.moto
            .list_objects(BUCKET, &format!("{PREFIX}/{class}"))
            .await
            .expect("a list")
    }
}

/// Ends a function whose log must be clean.
async fn end(environment: Environment) {
    let output = environment.end().await;
    assert!(!output.numbers().is_empty());
    assert!(!output.holds(TEST_KEY), "the key is in the log");
}

#[tokio::test]
async fn a_sync_publishes_to_a_bucket_with_a_secret_of_secrets_manager() {
    let Some(cloud) = Cloud::start().await else {
        return;
    };
    let environment = cloud.function(Operation::Sync).await;
    let first = environment.answer(json!({})).await;
    assert_eq!(first["status"], "complete", "{first:#}");
    let latest = cloud
        .json("latest/temporalcloud/default.json")
        .await
        .expect("the pointer");
    assert_eq!(
        (&latest["sync_id"], &latest["generation"]),
        (&first["sync_id"], &json!(1))
    );
    let manifest = cloud
        .json(latest["manifest"].as_str().expect("a key"))
        .await
        .expect("the manifest");
    assert_eq!(
        (&manifest["counts"], &manifest["status"]),
        (&first["counts"], &json!("published"))
    );
    let key = format!("{PREFIX}/{}", first["snapshot"].as_str().expect("a key"));
    let snapshot = cloud
        .moto
        .get_object(BUCKET, &key)
        .await
        .expect("an answer")
        .expect("the snapshot");
    assert!(snapshot.starts_with(b"C1ZF\0"));
    assert_eq!(manifest["snapshot"]["bytes"], snapshot.len());

    // The pointer moves by a conditional write: to the next snapshot, from another process too.
    let second = environment.answer(json!({})).await;
    end(environment).await;
    let environment = cloud.function(Operation::Sync).await;
    let third = environment.answer(json!({})).await;
    end(environment).await;
    assert_eq!(
        [&second["content_digest"], &third["content_digest"]],
        [&first["content_digest"]; 2]
    );
    let latest = cloud
        .json("latest/temporalcloud/default.json")
        .await
        .expect("the pointer");
    assert_eq!(
        (&latest["sync_id"], &latest["generation"]),
        (&third["sync_id"], &json!(3))
    );
    assert_eq!(cloud.keys("snapshots/").await.len(), 6);
    let all = cloud.moto.list_objects(BUCKET, "").await.expect("a list");
    assert!(all.iter().all(|key| key.starts_with(PREFIX)), "{all:?}");
}

#[tokio::test]
async fn a_write_leaves_its_audit_record_in_the_bucket() {
    let Some(cloud) = Cloud::start().await else {
        return;
    };
    let event = Simulated::sample(Operation::Grant);
    let environment = cloud.function(Operation::Grant).await;
    let answer = environment.answer(event.clone()).await;
    assert_eq!(answer["outcome"], "granted", "{answer:#}");
    let audit = answer["audit"].as_str().expect("a key");
    let intended = cloud
        .json(&format!("{audit}/intended.json"))
        .await
        .expect("an intention");
    assert_eq!(
        (&intended["request"], &intended["tenant"]),
        (&event, &json!("a1b23"))
    );
    let observed = cloud
        .json(&format!("{audit}/observed.json"))
        .await
        .expect("an observation");
    assert_eq!(observed["answer"], answer);

    cloud.sim.clear_requests();
    assert_eq!(environment.answer(event.clone()).await, answer);
    assert_eq!(cloud.sim.requests().len(), 0, "the vendor was asked");
    let mut other = event;
    other["reason"] = "another".into();
    let refusal = environment.refusal(other).await;
    assert_eq!(
        (refusal.kind.as_str(), refusal.text("code")),
        ("Conflict", "RequestIdUsed")
    );
    end(environment).await;
    for key in cloud.moto.list_objects(BUCKET, "").await.expect("a list") {
        let object = cloud
            .moto
            .get_object(BUCKET, &key)
            .await
            .expect("an answer")
            .expect("an object");
        assert!(
            !object
                .windows(TEST_KEY.len())
                .any(|part| part == TEST_KEY.as_bytes()),
            "{key} holds the key"
        );
    }
}

#[tokio::test]
async fn what_is_missing_in_aws_is_the_operators_to_mend() {
    let Some(cloud) = Cloud::start().await else {
        return;
    };
    let environment = cloud.function(Operation::Sync).await;
    let refusal = environment.refusal(json!({"connection": "nobody"})).await;
    assert_eq!(
        (refusal.kind.as_str(), refusal.text("code")),
        ("Misconfigured", "UnknownConnection")
    );
    let place = "Secrets Manager `rollcall/temporalcloud/nobody`";
    assert!(refusal.text("message").contains(place), "{refusal:?}");

    cloud
        .moto
        .create_secret("rollcall/temporalcloud/odd", &json!(["hunter2"]))
        .await
        .expect("a secret");
    let refusal = environment.refusal(json!({"connection": "odd"})).await;
    assert_eq!(
        (refusal.kind.as_str(), refusal.text("code")),
        ("Misconfigured", "MalformedSecret")
    );
    cloud
        .moto
        .delete_secret("rollcall/temporalcloud/odd")
        .await
        .expect("deleted");
    let refusal = environment.refusal(json!({"connection": "odd"})).await;
    assert_eq!(
        (refusal.kind.as_str(), refusal.text("code")),
        ("Misconfigured", "SecretDeleted")
    );
    assert_eq!(environment.answer(json!({})).await["status"], "complete");
    let output = environment.end().await;
    assert!(!output.holds("hunter2") && !output.holds(TEST_KEY));

    for operation in [Operation::Sync, Operation::Grant] {
        let environment = cloud
            .function_with(operation, "ROLLCALL_STORE", "s3://rollcall-nowhere/x")
            .await;
        let refusal = environment.refusal(Simulated::sample(operation)).await;
        assert_eq!(
            (refusal.kind.as_str(), refusal.text("code")),
            ("Misconfigured", "StoreNotReadable")
        );
        assert!(
            refusal.text("message").contains("(NoSuchBucket)"),
            "{refusal:?}"
        );
        assert!(
            refusal
                .text("fix")
                .contains("Create the bucket, or correct ROLLCALL_STORE"),
            "{refusal:?}"
        );
        end(environment).await;
    }

    let environment = cloud
        .function_with(Operation::Sync, "ROLLCALL_SECRET_PREFIX", "elsewhere")
        .await;
    let refusal = environment.refusal(json!({})).await;
    assert_eq!(refusal.text("code"), "UnknownConnection");
    assert!(
        refusal
            .text("message")
            .contains("`elsewhere/temporalcloud/default`"),
        "{refusal:?}"
    );
    end(environment).await;
}

#[tokio::test]
async fn a_secret_of_secrets_manager_is_in_no_log_however_much_is_logged() {
    let Some(cloud) = Cloud::start().await else {
        return;
    };
    let environment = cloud
        .function_with(Operation::Sync, "RUST_LOG", "trace")
        .await;
    assert_eq!(environment.answer(json!({})).await["status"], "complete");
    let output = environment.end().await;
    assert!(output.holds("aws_smithy_runtime"), "too little is logged");
    let shown = output
        .stdout
        .iter()
        .chain(&output.stderr)
        .find(|line| line.contains(TEST_KEY));
    assert_eq!(shown, None);
}

#[tokio::test]
async fn a_function_without_credentials_or_region_is_misconfigured() {
    let Some(cloud) = Cloud::start().await else {
        return;
    };
    for missing in ["AWS_REGION", "AWS_ACCESS_KEY_ID"] {
        let variables = cloud.variables().into_iter().filter(|(name, _)| {
            name != missing && !(missing == "AWS_REGION" && name == "AWS_DEFAULT_REGION")
        });
        let environment = Environment::start(Simulated::binary(Operation::Sync), variables).await;
        let refusal = environment.refusal(json!({})).await;
        assert_eq!(
            refusal.kind, "Misconfigured",
            "without {missing}: {refusal:?}"
        );
        end(environment).await;
    }
}

#[tokio::test]
async fn a_sync_cut_by_its_deadline_is_finished_from_the_bucket_by_another_process() {
    let Some(cloud) = Cloud::start().await else {
        return;
    };
    let environment = cloud.function(Operation::Sync).await;
    let whole = environment.answer(json!({})).await;
    cloud.sim.slow();
    let cut = environment.answer_by(json!({}), Deadline::In(4_000)).await;
    assert_eq!(
        (&cut["status"], &cut["reason"]),
        (&json!("continue"), &json!("deadline")),
        "{cut:#}"
    );
    end(environment).await;
    assert!(!cloud.keys("runs/").await.is_empty(), "nothing was saved");
    let latest = cloud
        .json("latest/temporalcloud/default.json")
        .await
        .expect("the pointer");
    assert_eq!(
        latest["sync_id"], whole["sync_id"],
        "half a sync is published"
    );

    cloud.sim.fast();
    let environment = cloud.function(Operation::Sync).await;
    let answer = environment.answer(json!({"sync_id": cut["sync_id"]})).await;
    assert_eq!(
        (&answer["status"], &answer["sync_id"]),
        (&json!("complete"), &cut["sync_id"]),
        "{answer:#}"
    );
    assert_eq!(
        (&answer["content_digest"], &answer["counts"]),
        (&whole["content_digest"], &whole["counts"])
    );
    let latest = cloud
        .json("latest/temporalcloud/default.json")
        .await
        .expect("the pointer");
    assert_eq!(latest["sync_id"], cut["sync_id"]);
    end(environment).await;
}
