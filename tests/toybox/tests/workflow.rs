//! The template's own workflow definitions around Toybox's functions. Time is virtual.

use Operation::{Grant, Revoke};
use rollcall_connector::ErrorType;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::{Subject, answer_of};
use rollcall_harness::states::Execution;
use rollcall_harness::workflow::{Aws, PROVISION};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::world::{Desk, Simulated};

/// From now on this request, which every sync needs, gets this answer.
fn answers(desk: &Desk, path: &str, kind: FaultKind) {
    desk.vendor.set_faults([Fault::matching("GET", path, kind)]);
}

fn limit(seconds: u64) -> FaultKind {
    FaultKind::too_many_requests(Some(seconds))
}

fn waits(execution: &Execution) -> Vec<i64> {
    execution.waits.iter().map(|(_, time)| *time).collect()
}

#[tokio::test]
async fn a_sync_that_completes_at_once_takes_one_call_and_seven_transitions() {
    let desk = Desk::new().await;
    let aws = Aws::around(&desk);
    let execution = aws.sync(&["default"]).await;
    let (synced, latest) = (execution.result.expect("a success"), desk.latest());
    let synced = &synced["connections"][0];
    for (field, value) in [
        ("connection", json!("default")),
        ("status", json!("complete")),
        ("sync_id", latest["sync_id"].clone()),
        ("snapshot", latest["snapshot"].clone()),
        ("put", json!({"event_id": "1"})),
    ] {
        assert_eq!(synced[field], value, "{synced:#}");
    }
    assert_eq!(aws.events(), [json!({"connection": "default", "sync_id": null})]);
    // The numbers in infra/cost.py: three around the connection, three for it, and one for its event.
    let entered =
        "Connections, Sync, Answered, Put it on the bus, Done, Did all succeed?, Succeeded";
    assert_eq!(execution.entered.join(", "), entered);
}

#[tokio::test]
async fn every_published_snapshot_is_put_on_the_bus_and_nothing_else_is() {
    let desk = Desk::new().await;
    let aws = Aws::around(&desk);
    let mut previous = Value::Null;
    for _ in 0..2 {
        aws.sync(&["default"]).await.result.expect("a success");
        let (put, latest) = (aws.outcome(), desk.latest());
        let sync_id = &latest["sync_id"];
        let manifest = desk.manifest(&latest);
        let expected = json!({
            "EventBusName": "rollcall", "Source": "rollcall.snapshot", "DetailType": "toybox-sync",
            "Detail": {
                "connector": "toybox", "connection": "default", "sync_id": sync_id,
                "previous_sync_id": previous, "snapshot": latest["snapshot"],
                "content_digest": manifest["digests"]["content"], "counts": manifest["counts"],
            },
        });
        assert_eq!(put, expected);
        previous = sync_id.clone();
    }
    // Quarantined, busy, and failed.
    desk.vendor.with_world(|world| world.groups.clear());
    assert_eq!(aws.synced().await["status"], "held");
    answers(&desk, "/users", limit(600));
    assert_eq!(answer_of(desk.invoke(Operation::Sync, json!({})).await)["status"], "continue");
    assert_eq!(aws.synced().await["status"], "busy");
    assert!(aws.sync(&["unknown"]).await.result.is_err());
    assert_eq!(aws.put(), Vec::<Value>::new());
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_is_put_again_and_then_fails_the_execution_not_the_sync() {
    let desk = Desk::new().await;
    for (refusals, is_put) in [(6, true), (7, false)] {
        let mut aws = Aws::around(&desk);
        aws.refuses = vec!["EventBridge.FailedEntry"; refusals].into();
        let result = aws.sync(&["default"]).await.result;
        let latest = desk.latest();
        assert_eq!((result.is_ok(), aws.put().len()), (is_put, usize::from(is_put)));
        let Err(failure) = result else { continue };
        let failures: Value = serde_json::from_str(&failure.cause).expect("JSON");
        assert_eq!(failures[0]["sync_id"], latest["sync_id"], "the snapshot is published");
        assert_eq!(failures[0]["error"], "EventBridge.FailedEntry");
        assert!(failures[0]["cause"].to_string().contains("invoke snapshot-published"));
    }
}

#[tokio::test]
async fn a_sync_that_waits_for_a_limit_or_an_outage_is_resumed_when_it_said_so() {
    for (path, kind, least, most) in [
        // The caller's identity, and a list.
        ("/me", limit(600), [600, 600, 600], [600, 600, 600]),
        ("/users", limit(600), [600, 600, 600], [600, 600, 600]),
        ("/users", FaultKind::status(500), [10, 20, 40], [99, 99, 99]),
    ] {
        let mut desk = Desk::new().await;
        desk.cx.settings.retries = 6;
        let aws = Aws::before_each(&desk, |call| match call {
            1..=3 => answers(&desk, path, kind.clone()),
            _ => desk.vendor.set_faults([]),
        });
        let execution = aws.sync(&["default"]).await;
        let waits = waits(&execution);
        let as_said = |n: usize| (least[n]..=most[n]).contains(&waits[n]);
        assert!(waits.len() == 3 && (0..3).all(as_said), "{waits:?}");
        let synced = &execution.result.expect("a success")["connections"][0];
        assert_eq!(synced["status"], "complete");
        let event = |id: &Value| json!({"connection": "default", "sync_id": id});
        let mut expected = vec![event(&synced["sync_id"]); 4];
        expected[0] = event(&Value::Null);
        assert_eq!(aws.events(), expected);
    }
}

#[tokio::test]
async fn a_failure_that_no_retry_mends_fails_at_once_and_stops_nobody_else() {
    let desk = Desk::new().await;
    let mut secret = desk.vendor.secret();
    secret["api-key"] = "nobody's".into();
    let wrong = desk.store().with_file_name("secrets/toybox/wrong.json");
    std::fs::write(wrong, secret.to_string()).expect("written");
    let aws = Aws::around(&desk);
    let execution = aws.sync(&["wrong", "default", "unknown"]).await;
    let failure = execution.result.expect_err("a failure");
    assert_eq!(failure.error, "ConnectionsFailed");
    let failures: Vec<Value> = serde_json::from_str(&failure.cause).expect("JSON");
    let named = failures.iter().map(|f| {
        // It contains the fix.
        assert!(f["cause"].to_string().contains("fix"), "{f}");
        [f["connection"].clone(), f["error"].clone()]
    });
    let expected = [["wrong", "Unauthenticated"], ["unknown", "Misconfigured"]];
    assert_eq!(named.collect::<Vec<_>>(), expected);
    assert!(desk.is_published(), "the third is published");
    assert_eq!((aws.events().len(), execution.waits), (3, vec![]));
}

#[tokio::test]
async fn what_never_ends_is_ended_after_six_hours_or_nine_more_attempts() {
    let desk = Desk::new().await;
    let aws = Aws::around(&desk);
    answers(&desk, "/users", limit(3_000));
    let execution = aws.sync(&["default"]).await;
    let error = execution.result.expect_err("a failure").error;
    let found = (error.as_str(), execution.seconds, aws.events().len());
    assert_eq!(found, ("States.Timeout", 6 * 3600, 8));

    // The vendor is down permanently.
    drop(aws);
    let mut desk = desk.renewed().await;
    desk.cx.settings.retries = 6;
    let aws = Aws::around(&desk);
    desk.vendor.set_faults([Fault::every(FaultKind::status(503))]);
    let execution = aws.sync(&["default"]).await;
    let cause = execution.result.expect_err("a failure").cause;
    assert!(cause.contains("Unavailable"), "{cause}");
    assert_eq!((aws.events().len(), execution.waits.len()), (10, 9));
    let execution = aws.change(Grant, &Simulated::good(Grant)).await;
    let error = execution.result.expect_err("a failure").error;
    assert_eq!(aws.outcome()["Detail"]["type"], error);
    assert_eq!((error.as_str(), aws.events().len(), execution.waits.len()), ("Unavailable", 10, 9));
}

#[tokio::test]
async fn a_sync_beside_another_and_one_that_lost_too_much_end_with_their_own_result() {
    let desk = Desk::new().await;
    let aws = Aws::around(&desk);
    assert_eq!(aws.synced().await["status"], "complete");
    desk.vendor.with_world(|world| world.groups.clear());
    let held = aws.synced().await;
    assert_eq!([&held["status"], &held["reason"]], ["held", "loss"]);
    answers(&desk, "/users", limit(600));
    assert_eq!(answer_of(desk.invoke(Operation::Sync, json!({})).await)["status"], "continue");
    assert_eq!(aws.synced().await["status"], "busy");
}

#[tokio::test]
async fn a_change_that_came_over_the_bus_is_carried_out_and_its_outcome_put_back() {
    let desk = Desk::new().await;
    for operation in [Grant, Revoke] {
        let (aws, event) = (Aws::around(&desk), Simulated::good(operation));
        let (execution, put) = (aws.change(operation, &event).await, aws.outcome());
        let answer = &put["Detail"]["answer"];
        assert_eq!(answer["request_id"], event["request_id"]);
        let expected = json!({
            "EventBusName": "rollcall", "Source": "rollcall.outcome",
            "DetailType": format!("toybox-{}", operation.as_str()),
            "Detail": {"status": "done", "request": event, "answer": answer},
        });
        assert_eq!(put, expected);
        // The number in infra/cost.py.
        assert_eq!((execution.result.is_ok(), execution.entered.len()), (true, 6));
    }
}

#[tokio::test]
async fn a_change_that_has_to_wait_is_sent_again_until_it_is_done() {
    let desk = Desk::new().await;
    let aws = Aws::before_each(&desk, |call| {
        desk.vendor.set_faults((call < 4).then_some(Fault::matching("PUT", "/groups", limit(600))));
    });
    let event = Simulated::good(Grant);
    let execution = aws.change(Grant, &event).await;
    assert_eq!(aws.outcome()["Detail"]["answer"]["outcome"], "granted");
    assert_eq!((aws.events(), waits(&execution)), (vec![event; 4], vec![600; 3]));
}

/// By the real binary: the message of a failure is JSON in JSON.
#[tokio::test]
async fn a_refusal_is_an_outcome_and_a_failure_is_one_that_somebody_must_look_at() {
    let desk = Desk::new().await;
    for (field, value, error, is_answer) in [
        ("entitlement", "group:nobody:member", "NotFound", true),
        ("principal", "nobody", "InvalidRequest", true),
        ("connection", "unknown", "Misconfigured", false),
    ] {
        let mut aws = Aws::around(&desk);
        aws.real = Some(crate::lambda::start(Grant, desk.variables(), &[]).await);
        let event = Simulated::with(Grant, field, json!(value));
        let execution = aws.change(Grant, &event).await;
        let detail = aws.outcome()["Detail"].clone();
        let told = &detail["error"];
        assert!(told["fix"].is_string(), "{detail:#}");
        let expected = json!({"status": "failed", "request": event, "type": error, "error": told});
        assert_eq!(detail, expected);
        let failed = execution.result.err().map(|failure| failure.error);
        assert_eq!(failed.as_deref(), (!is_answer).then_some(error));
        assert_eq!(aws.events().len(), 1);
    }
    // Nor does it help that a function does not answer.
    let aws = Aws::around(&desk);
    let execution = aws.change(Operation::DeleteAccount, &json!({})).await;
    let error = execution.result.expect_err("a failure").error;
    assert_eq!(error, "Lambda.ResourceNotFoundException");
    assert_eq!(aws.outcome()["Detail"]["error"]["code"], "FunctionFailed");
}

#[tokio::test]
async fn a_killed_function_is_called_again_with_the_same_event_when_its_lease_has_ended() {
    // The other errors are Lambda's own: it is idle for weeks, or just deployed.
    for (error, is_killed) in [
        ("Sandbox.Timedout", true),
        ("Runtime.ExitError", true),
        ("Lambda.Unknown", true),
        ("States.Timeout", true),
        ("Lambda.CodeArtifactUserPendingException", false),
        ("Lambda.ResourceConflictException", false),
        ("Lambda.ResourceNotReadyException", false),
        ("Lambda.TooManyRequestsException", false),
        // Failures that a function could not count, since its store failed.
        ("Unavailable", false),
        ("RateLimited", false),
    ] {
        let desk = Desk::new().await;
        let mut aws = Aws::around(&desk);
        aws.errors = vec![error];
        let execution = aws.sync(&["default"]).await;
        // A lease outlasts its function, which has 15 minutes, by 15 seconds.
        assert_eq!(waits(&execution) >= vec![915], is_killed, "{error}");
        assert!(execution.result.is_ok(), "{error}");
        let events = aws.events();
        assert_eq!((events.len(), &events[0]), (2, &events[1]));
        assert_eq!(aws.outcome()["Source"], "rollcall.snapshot");

        let grant = Simulated::good(Grant);
        assert_eq!(waits(&aws.change(Grant, &grant).await) >= vec![135], is_killed, "{error}");
        assert_eq!(aws.outcome()["Detail"]["status"], "done", "{error}");
        assert_eq!(aws.events(), vec![grant; 2]);
    }
}

#[test]
fn the_workflow_knows_every_type_of_error() {
    let definition: Value = serde_json::from_str(PROVISION).expect("JSON");
    let caught = &definition["States"]["Change"]["Catch"][0]["ErrorEquals"];
    let all: Vec<_> = ErrorType::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(*caught, json!(all));
}
