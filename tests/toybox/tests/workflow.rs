//! The workflows of the template, their very definitions, around Toybox's functions. Time is virtual: nobody waits.

use Operation::{Grant, Revoke};
use rollcall_connector::ErrorType;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::Inputs;
use rollcall_harness::conformance::{Subject, answer_of};
use rollcall_harness::function::Local;
use rollcall_harness::states::Execution;
use rollcall_harness::workflow::{Aws, PROVISION};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::simulator::Simulated;
use crate::world::Desk;

/// A desk whose runs and changes wait for outages as they do by default.
async fn desk() -> Desk {
    let mut desk = Desk::new().await;
    desk.cx.settings.retries = 6;
    desk
}

/// From now on these requests are answered so.
fn answers(desk: &Desk, method: &str, path: &str, kind: FaultKind) {
    let fault = Fault::matching(method, path, kind);
    desk.vendor.set_faults(vec![fault]);
}

/// A rate limit that outlasts the patience of a function, for the list of users.
fn limited(desk: &Desk, seconds: u64) {
    let limit = FaultKind::too_many_requests(Some(seconds));
    answers(desk, "GET", "/users", limit);
}

fn waits(execution: &Execution) -> Vec<i64> {
    execution.waits.iter().map(|(_, time)| *time).collect()
}

#[tokio::test]
async fn a_sync_that_completes_at_once_takes_one_call_and_six_transitions() {
    let desk = desk().await;
    let aws = Aws::around(&desk);
    let execution = aws.sync(&["default"]).await;
    let latest = desk.latest();
    let expected = json!({
        "connection": "default", "status": "complete", "reason": null, "resume_at": null,
        "sync_id": latest["sync_id"], "snapshot": latest["snapshot"],
    });
    assert_eq!(
        execution.result.expect("a success")["connections"][0],
        expected
    );
    assert_eq!(
        aws.events(),
        [json!({"connection": "default", "sync_id": null})]
    );
    // What infra/cost.py counts with: three around the connection, and three for it.
    let entered = "Connections, Sync, Answered, Done, Did all succeed?, Succeeded";
    assert_eq!(execution.entered.join(", "), entered);
}

#[tokio::test]
async fn a_sync_that_waits_for_a_limit_or_an_outage_is_resumed_when_it_said_so() {
    for (is_limit, least) in [(true, [600, 600, 600]), (false, [10, 20, 40])] {
        let desk = desk().await;
        let aws = Aws::before_each(&desk, |call| match call {
            1..=3 if is_limit => limited(&desk, 600),
            1..=3 => answers(&desk, "GET", "/users", FaultKind::status(500)),
            _ => desk.vendor.set_faults(Vec::new()),
        });
        let execution = aws.sync(&["default"]).await;
        let waits = waits(&execution);
        let as_said = waits.iter().zip(least).all(|(wait, least)| *wait >= least);
        assert!(as_said && waits.len() == 3, "{waits:?}");
        assert!(!is_limit || waits == least, "{waits:?}");
        let synced = &execution.result.expect("a success")["connections"][0];
        assert_eq!(synced["status"], "complete");
        let event = |id: &Value| json!({"connection": "default", "sync_id": id});
        let resumed = || event(&synced["sync_id"]);
        let expected = [event(&Value::Null), resumed(), resumed(), resumed()];
        assert_eq!(aws.events(), expected);
    }
}

#[tokio::test]
async fn a_failure_that_no_retry_mends_fails_at_once_and_stops_nobody_else() {
    let desk = desk().await;
    let mut secret = desk.vendor.secret();
    secret["api-key"] = "nobody's".into();
    let secrets = desk.store().with_file_name("secrets");
    std::fs::write(secrets.join("toybox/wrong.json"), secret.to_string()).expect("written");
    let aws = Aws::around(&desk);
    let execution = aws.sync(&["wrong", "default", "unknown"]).await;
    let failure = execution.result.expect_err("a failure");
    assert_eq!(failure.error, "ConnectionsFailed");
    let failures: Value = serde_json::from_str(&failure.cause).expect("JSON");
    for (n, expected) in [("wrong", "Unauthenticated"), ("unknown", "Misconfigured")]
        .iter()
        .enumerate()
    {
        let failure = &failures[n];
        let found = (failure["connection"].as_str(), failure["error"].as_str());
        assert_eq!(found, (Some(expected.0), Some(expected.1)));
        // What to do is in it.
        assert!(
            failure["cause"]
                .as_str()
                .is_some_and(|cause| cause.contains("fix"))
        );
    }
    assert_eq!(failures.as_array().map(Vec::len), Some(2));
    assert!(desk.is_published(), "the third is published");
    assert_eq!((aws.events().len(), execution.waits), (3, vec![]));
}

#[tokio::test]
async fn a_sync_that_never_ends_is_ended_after_six_hours() {
    let desk = desk().await;
    limited(&desk, 3_000);
    let aws = Aws::around(&desk);
    let execution = aws.sync(&["default"]).await;
    let failure = execution.result.expect_err("a failure");
    let found = (
        failure.error.as_str(),
        execution.seconds,
        aws.events().len(),
    );
    assert_eq!(found, ("States.Timeout", 6 * 3600, 8));
}

#[tokio::test]
async fn a_vendor_that_is_down_for_good_fails_a_sync_and_a_change_after_nine_more_attempts() {
    let desk = desk().await;
    desk.vendor
        .set_faults(vec![Fault::every(FaultKind::status(503))]);
    let aws = Aws::around(&desk);
    let execution = aws.sync(&["default"]).await;
    let failure = execution.result.expect_err("a failure");
    assert!(failure.cause.contains("Unavailable"), "{}", failure.cause);
    assert_eq!((aws.events().len(), execution.waits.len()), (10, 9));

    let execution = aws.change(Grant, &Simulated::good(Grant)).await;
    let failure = execution.result.expect_err("a failure");
    assert_eq!(failure.error, "Unavailable");
    assert_eq!((aws.events().len(), execution.waits.len()), (10, 9));
    assert_eq!(aws.outcome()["Detail"]["type"], "Unavailable");
}

#[tokio::test]
async fn a_sync_beside_another_and_one_that_lost_too_much_end_with_their_own_result() {
    let desk = desk().await;
    let aws = Aws::around(&desk);
    assert_eq!(aws.synced().await["status"], "complete");
    desk.vendor.with_world(|world| world.groups.clear());
    let held = aws.synced().await;
    assert_eq!(
        (&held["status"], &held["reason"]),
        (&json!("held"), &json!("loss"))
    );
    limited(&desk, 600);
    let other = answer_of(desk.invoke(Operation::Sync, json!({})).await);
    assert_eq!(other["status"], "continue");
    assert_eq!(aws.synced().await["status"], "busy");
}

#[tokio::test]
async fn a_change_that_came_over_the_bus_is_carried_out_and_its_outcome_put_back() {
    let desk = desk().await;
    for operation in [Grant, Revoke] {
        let aws = Aws::around(&desk);
        let event = Simulated::good(operation);
        let execution = aws.change(operation, &event).await;
        let put = aws.outcome();
        let answer = &put["Detail"]["answer"];
        assert_eq!(answer["request_id"], event["request_id"]);
        let expected = json!({
            "EventBusName": "rollcall", "Source": "rollcall.outcome",
            "DetailType": format!("toybox-{}", operation.as_str()),
            "Detail": {"status": "done", "request": event, "answer": answer},
        });
        assert_eq!(put, expected);
        // What infra/cost.py counts with.
        let found = (execution.result.is_ok(), execution.entered.len());
        assert_eq!(found, (true, 6));
    }
}

#[tokio::test]
async fn a_change_that_has_to_wait_is_sent_again_until_it_is_done() {
    let desk = desk().await;
    let limit = || FaultKind::too_many_requests(Some(600));
    let aws = Aws::before_each(&desk, |call| match call {
        1..=3 => answers(&desk, "PUT", "/groups", limit()),
        _ => desk.vendor.set_faults(Vec::new()),
    });
    let event = Simulated::good(Grant);
    let execution = aws.change(Grant, &event).await;
    assert_eq!(aws.outcome()["Detail"]["answer"]["outcome"], "granted");
    assert_eq!(
        (aws.events(), waits(&execution)),
        (vec![event; 4], vec![600; 3])
    );
}

/// By the real binary: the message of a failure is JSON in JSON.
#[tokio::test]
async fn a_refusal_is_an_outcome_and_a_failure_is_one_that_somebody_must_look_at() {
    let desk = desk().await;
    let local = Local::new("toybox", &desk.vendor.secret());
    for (field, value, error, is_answer) in [
        ("entitlement", "group:nobody:member", "NotFound", true),
        ("principal", "nobody", "InvalidRequest", true),
        ("connection", "unknown", "Misconfigured", false),
    ] {
        let mut aws = Aws::around(&desk);
        aws.real = Some(crate::lambda::start(Grant, local.variables(), &[]).await);
        let event = Simulated::with(Grant, field, json!(value));
        let execution = aws.change(Grant, &event).await;
        let detail = aws.outcome()["Detail"].clone();
        assert!(detail["error"]["fix"].is_string(), "{detail:#}");
        let told = &detail["error"];
        let expected = json!({"status": "failed", "request": event, "type": error, "error": told});
        assert_eq!(detail, expected);
        match execution.result {
            Ok(_) => assert!(is_answer, "{error}"),
            Err(failure) => assert_eq!((failure.error.as_str(), is_answer), (error, false)),
        }
        assert_eq!(aws.events().len(), 1);
    }
}

#[tokio::test]
async fn a_function_that_does_not_answer_is_an_outcome_too() {
    let desk = desk().await;
    let aws = Aws::around(&desk);
    let execution = aws.change(Operation::DeleteAccount, &json!({})).await;
    let failure = execution.result.expect_err("a failure");
    assert_eq!(failure.error, "Lambda.ResourceNotFoundException");
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
        // What a function could not count, since its store failed.
        ("Unavailable", false),
        ("RateLimited", false),
    ] {
        let desk = desk().await;
        let mut aws = Aws::around(&desk);
        aws.errors = vec![error];
        let execution = aws.sync(&["default"]).await;
        // A lease outlasts its function, which has 15 minutes, by 15 seconds.
        assert_eq!(waits(&execution) >= vec![915], is_killed, "{error}");
        assert!(execution.result.is_ok(), "{error}");
        let events = aws.events();
        assert_eq!((events.len(), &events[0]), (2, &events[1]));

        let grant = Simulated::good(Grant);
        let execution = aws.change(Grant, &grant).await;
        assert_eq!(waits(&execution) >= vec![135], is_killed, "{error}");
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
