//! Operations: polls, ends, repetition, limits.

use rollcall_simulators::temporalcloud::{End, Options, TemporalCloud, World};
use serde_json::{Value, json};

use crate::client::{get, post, version_of};

async fn start() -> TemporalCloud {
    TemporalCloud::start(World::rich(), Options::default())
        .await
        .unwrap()
}

fn grant(sim: &TemporalCloud, id: &str, operation: &str) -> Value {
    json!({"access": {"permission": "PERMISSION_READ"}, "resourceVersion": version_of(sim, id), "asyncOperationId": operation})
}

const PATH: &str = "/cloud/namespaces/demo.a1b23/users/u-read/access";

#[tokio::test]
async fn a_write_takes_effect_when_its_operation_is_fulfilled() {
    let sim = start().await;
    sim.set_options(|options| options.operations.polls = 3);
    let held = || sim.with_world(|world| world.namespace_permission("u-read", "demo.a1b23"));
    let version = version_of(&sim, "u-read");
    let reply = post(&sim, PATH, grant(&sim, "u-read", "op")).await;
    assert_eq!((reply.status, reply.state()), (200, "STATE_PENDING"));
    assert_eq!(reply.json["asyncOperation"]["checkDuration"], "1s");
    let user = get(&sim, "/cloud/users/u-read").await.json["user"].clone();
    assert_eq!(
        (&user["state"], &user["asyncOperationId"]),
        (&json!("RESOURCE_STATE_UPDATING"), &json!("op"))
    );
    let busy = post(&sim, PATH, grant(&sim, "u-read", "other")).await;
    assert_eq!((busy.status, busy.json["code"].as_u64()), (400, Some(9)));
    for state in ["STATE_PENDING", "STATE_IN_PROGRESS"] {
        assert_eq!(get(&sim, "/cloud/operations/op").await.state(), state);
        assert_eq!(held(), None);
    }
    assert_eq!(
        get(&sim, "/cloud/operations/op").await.state(),
        "STATE_FULFILLED"
    );
    assert_eq!(held().as_deref(), Some("PERMISSION_READ"));
    assert_ne!(version_of(&sim, "u-read"), version);
    let user = get(&sim, "/cloud/users/u-read").await.json["user"].clone();
    assert_eq!(
        (&user["state"], &user["asyncOperationId"]),
        (&json!("RESOURCE_STATE_ACTIVE"), &Value::Null)
    );
}

#[tokio::test]
async fn other_ends_leave_everything_as_it_was() {
    let sim = start().await;
    let ends = [
        (End::Failed, "STATE_FAILED"),
        (End::Cancelled, "STATE_CANCELLED"),
        (End::Rejected, "STATE_REJECTED"),
        (End::Unknown, "STATE_FUTURE"),
    ];
    for (end, state) in ends {
        sim.set_options(|options| {
            (options.operations.end, options.operations.check_duration) = (end, None)
        });
        let reply = post(&sim, PATH, grant(&sim, "u-read", state)).await;
        assert_eq!(reply.json["asyncOperation"].get("checkDuration"), None);
        let ended = get(&sim, &format!("/cloud/operations/{state}")).await;
        assert_eq!(ended.state(), state);
        assert_eq!(
            ended.json["asyncOperation"].get("failureReason").is_some(),
            state == "STATE_FAILED"
        );
        assert_eq!(sim.with_world(|world| world.clone()), World::rich());
    }
}

#[tokio::test]
async fn the_same_id_gets_the_same_answer_and_another_payload_none() {
    let sim = start().await;
    let body = grant(&sim, "u-read", "op");
    let first = post(&sim, PATH, body.clone()).await;
    assert_eq!(post(&sim, PATH, body.clone()).await.json, first.json);
    get(&sim, "/cloud/operations/op").await;
    let after = sim.with_world(|world| world.clone());
    let late = post(&sim, PATH, body.clone()).await;
    assert_eq!((late.status, late.state()), (200, "STATE_FULFILLED"));
    let mut other = body;
    other["access"]["permission"] = json!("PERMISSION_ADMIN");
    assert_eq!(post(&sim, PATH, other).await.status, 400);
    assert_eq!(sim.with_world(|world| world.clone()), after);
}

#[tokio::test]
async fn only_so_many_run_at_once() {
    let sim = start().await;
    sim.set_options(|options| (options.max_running, options.operations.polls) = (2, usize::MAX));
    for email in ["a@example.com", "b@example.com"] {
        assert_eq!(
            post(&sim, "/cloud/users", json!({"spec": {"email": email}}))
                .await
                .status,
            200
        );
    }
    let full = post(
        &sim,
        "/cloud/users",
        json!({"spec": {"email": "c@example.com"}}),
    )
    .await;
    assert_eq!((full.status, full.json["code"].as_u64()), (429, Some(8)));
    assert_eq!(
        post(
            &sim,
            "/cloud/users",
            json!({"spec": {"email": "a@example.com"}})
        )
        .await
        .status,
        409
    );
    assert_eq!(sim.running_operations(), 2);
    sim.finish_operations();
    assert_eq!(sim.running_operations(), 0);
    assert!(sim.with_world(|world| world.user_by_email("b@example.com").is_some()));
    assert_eq!(
        post(
            &sim,
            "/cloud/users",
            json!({"spec": {"email": "c@example.com"}})
        )
        .await
        .status,
        200
    );
    sim.set_options(|options| options.require_operation_id = true);
    assert_eq!(
        post(
            &sim,
            "/cloud/users",
            json!({"spec": {"email": "d@example.com"}})
        )
        .await
        .status,
        400
    );
}
