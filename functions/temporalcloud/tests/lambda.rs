//! The real binaries, as Lambda runs them: a process in front of a Runtime API, a store in a folder, secrets in files.

use std::time::Duration;

use async_trait::async_trait;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::Subject;
use rollcall_harness::lambda::{Functions, after_the_samples};
use rollcall_harness::runtime_api::Deadline;
use rollcall_simulators::temporalcloud::World;
use serde_json::{Value, json};

use crate::Simulated;

#[async_trait]
impl Functions for Simulated {
    fn binary(operation: Operation) -> &'static str {
        match operation {
            Operation::Sync => env!("CARGO_BIN_EXE_temporalcloud-sync"),
            Operation::Grant => env!("CARGO_BIN_EXE_temporalcloud-grant"),
            Operation::Revoke => env!("CARGO_BIN_EXE_temporalcloud-revoke"),
            Operation::CreateAccount => env!("CARGO_BIN_EXE_temporalcloud-create-account"),
            Operation::DeleteAccount => env!("CARGO_BIN_EXE_temporalcloud-delete-account"),
        }
    }

    async fn small() -> Self {
        Self::of(World::worked_example()).await
    }

    fn slow(&self) {
        self.sim.set_options(|options| {
            options.latency = Duration::from_millis(250);
            options.force_page_size = Some(1);
        });
    }

    fn fast(&self) {
        self.sim.set_options(|options| {
            options.latency = Duration::ZERO;
            options.force_page_size = None;
            options.operations.polls = 0;
        });
    }
}

rollcall_harness::lambda!(Simulated);

/// A simulator whose operations are finished at once: these tests run in real time.
pub(crate) async fn simulator(world: World) -> Simulated {
    let vendor = Simulated::of(world).await;
    vendor.fast();
    vendor
}

#[tokio::test]
async fn the_sample_events_invite_one_user_and_delete_another() {
    let bench = after_the_samples::<Simulated>().await;
    let users = bench.vendor.sim.with_world(|world| {
        let emails = world
            .users
            .values()
            .map(|user| user["spec"]["email"].clone());
        emails.collect::<Vec<_>>()
    });
    assert!(
        users.contains(&json!("new@example.com")) && !users.contains(&json!("dev@example.com")),
        "{users:?}"
    );
}

#[tokio::test]
async fn a_refusal_uses_nothing_up() {
    let sim = simulator(World::worked_example()).await;
    let local = sim.beside();
    let environment = Simulated::function(Operation::Grant, &local).await;
    let mut event = Simulated::sample(Operation::Grant);
    event["entitlement"] = "account-role:a1b23-owner:member".into();
    let refusal = environment.refusal(event.clone()).await;
    assert_eq!(
        (refusal.kind.as_str(), refusal.text("code")),
        ("Refused", "ImmutableRole")
    );
    assert_eq!(refusal.message["request_id"], event["request_id"]);
    // A refusal uses nothing up: the same id is good for the corrected request.
    assert_eq!(
        environment
            .answer(Simulated::sample(Operation::Grant))
            .await["outcome"],
        "granted"
    );
    sim.end(environment, &["failed", "done"]).await;
}

#[tokio::test]
async fn every_write_answers_what_it_did() {
    let sim = simulator(World::worked_example()).await;
    let local = sim.beside();
    let grant = json!({
        "id": "namespace:demo.a1b23:write:service-account:sa1",
        "entitlement": "namespace:demo.a1b23:write",
        "principal": "service-account:sa1",
    });
    let rows = [
        (
            Operation::Grant,
            "granted",
            json!([grant]),
            json!([]),
            "already_granted",
        ),
        (
            Operation::Revoke,
            "revoked",
            json!([]),
            json!([grant["id"]]),
            "already_revoked",
        ),
        (
            Operation::CreateAccount,
            "created",
            json!([]),
            json!([]),
            "already_exists",
        ),
        (
            Operation::DeleteAccount,
            "deleted",
            json!([]),
            json!([
                "account-role:a1b23-developer:member:user:u2",
                "namespace:demo.a1b23:write:user:u2"
            ]),
            "already_deleted",
        ),
    ];
    for (operation, outcome, grants, removed, again) in rows {
        let environment = Simulated::function(operation, &local).await;
        let mut event = Simulated::sample(operation);
        let answer = environment.answer(event.clone()).await;
        let what = operation.as_str();
        assert_eq!(answer["outcome"], outcome, "{what}: {answer:#}");
        assert_eq!(
            (&answer["grants"], &answer["removed"]),
            (&grants, &removed),
            "{what}: {answer:#}"
        );
        assert_eq!(
            (&answer["dry_run"], &answer["resume_at"]),
            (&json!(false), &Value::Null)
        );
        assert_eq!(answer["request_id"], event["request_id"]);
        assert!(
            answer["vendor_request_id"].is_string(),
            "{what}: {answer:#}"
        );
        let audit = answer["audit"].as_str().expect("a key");
        assert_eq!(
            local.json(format!("{audit}/intended.json"))["request"],
            event,
            "{what}"
        );
        assert_eq!(
            local.json(format!("{audit}/observed.json"))["answer"],
            answer,
            "{what}"
        );

        // The same process: the record's answer, then a new request for what is done already.
        sim.clear_requests();
        assert_eq!(environment.answer(event.clone()).await, answer, "{what}");
        assert_eq!(sim.requests().len(), 0, "{what}: the vendor was asked");
        event["request_id"] = format!("again-{what}").into();
        assert_eq!(environment.answer(event).await["outcome"], again, "{what}");
        sim.end(environment, &["done", "done", "done"]).await;
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_write_whose_operation_outlasts_the_deadline_is_in_progress_and_then_done() {
    let sim = simulator(World::worked_example()).await;
    sim.sim
        .set_options(|options| options.operations.polls = usize::MAX);
    let local = sim.beside();
    let event = Simulated::sample(Operation::Grant);
    let environment = Simulated::function(Operation::Grant, &local).await;
    let answer = environment
        .answer_by(event.clone(), Deadline::In(7_000))
        .await;
    assert_eq!(answer["outcome"], "in_progress", "{answer:#}");
    assert!(answer["resume_at"].is_string(), "{answer:#}");
    let audit = local.store().join(answer["audit"].as_str().expect("a key"));
    assert!(audit.join("intended.json").exists() && !audit.join("observed.json").exists());
    environment.end().await;

    sim.sim.finish_operations();
    let environment = Simulated::function(Operation::Grant, &local).await;
    let answer = environment.answer(event).await;
    assert_eq!(answer["outcome"], "granted", "{answer:#}");
    assert!(audit.join("observed.json").exists());
    let writes = sim
        .requests()
        .iter()
        .filter(|request| !Simulated::only_reads(request))
        .count();
    assert_eq!(writes, 1, "the vendor was told once");
    sim.end(environment, &["done"]).await;
}
