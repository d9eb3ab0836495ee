//! The end of a temporary grant in the workflow that carries out changes: scheduled, put off, requested, refused; and the sweep,
//! which requests what is due. Except in the last two tests, the answers of the functions are given.

use Operation::{Grant, Revoke};
use rollcall_connector::clock::{Clock, after};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::changes::outcome;
use rollcall_harness::conformance::Subject;
use rollcall_harness::states::Execution;
use rollcall_harness::workflow::{Aws, PROVISION};
use serde_json::{Value, json};

use crate::world::{Desk, Simulated};

const ID: &str = "0123456789abcdef0123456789abcdef";

/// An answer with these fields.
fn answer(fields: Value) -> Value {
    let mut answer = json!({"outcome": "granted", "dry_run": false, "resume_at": null, "expires_at": null, "expiration": null});
    answer.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
    answer
}

/// The answer of a grant, or of its end, that ends so many minutes from now.
fn ends(desk: &Desk, outcome: &str, minutes: i64) -> Value {
    let at = desk.clock.now() + jiff::SignedDuration::from_mins(minutes);
    answer(json!({"outcome": outcome, "expires_at": at, "expiration": ID}))
}

fn end() -> Value {
    json!({"connection": "acme", "expiration": ID})
}

/// The workflow's run for an event whose function gives these answers.
async fn run(
    aws: &mut Aws<'_, Simulated>,
    operation: Operation,
    event: &Value,
    answers: &[Value],
) -> Execution {
    aws.answers = answers.to_vec();
    let execution = aws.change(operation, event).await;
    aws.events();
    execution
}

fn error(execution: Execution) -> String {
    execution.result.err().map(|failure| failure.error).unwrap_or_default()
}

#[tokio::test]
async fn an_end_is_scheduled_for_every_answer_that_has_one() {
    let desk = Desk::new().await;
    let mut later = ends(&desk, "granted", 240);
    later["warnings"] = json!([]);
    let with = |field: &str, value: Value| {
        let mut changed = later.clone();
        changed[field] = value;
        changed
    };
    let acme = json!({"connection": "acme", "request_id": "r"});
    for (event, answer, connection) in [
        (&acme, later.clone(), Some("acme")),
        (&json!({"request_id": "r"}), with("outcome", json!("already_granted")), Some("default")),
        (&acme, with("dry_run", json!(true)), None),
        (&acme, with("expires_at", Value::Null), None),
        (&acme, json!({"outcome": "granted", "dry_run": false, "resume_at": null}), None),
    ] {
        let mut aws = Aws::around(&desk);
        let execution = run(&mut aws, Grant, event, std::slice::from_ref(&answer)).await;
        assert_eq!(error(execution), "");
        assert_eq!(
            aws.outcome()["Detail"],
            json!({"status": "done", "request": event, "answer": answer})
        );
        let all = aws.schedules.all();
        let made =
            all.get(ID).map(|one| (one.at.to_string(), one.group.as_str(), &one.target["Input"]));
        let input =
            connection.map(|name| json!({"connection": name, "expiration": ID}).to_string().into());
        let at = later["expires_at"].as_str().map(str::to_owned).expect("a time");
        assert_eq!(made, input.as_ref().map(|input| (at, "rollcall-ends", input)), "{event}");
        assert_eq!(all.len(), connection.iter().count());
    }
}

#[tokio::test]
async fn a_schedule_is_created_changed_or_created_again_and_only_a_failure_of_that_is_loud() {
    let desk = Desk::new().await;
    let (mut aws, event) = (Aws::around(&desk), json!({"request_id": "r"}));
    for (minutes, errors, way) in [
        // The numbers of the states are in infra/cost.py.
        (60, &[][..], "Schedule the end, Succeeded"),
        (90, &[], "Schedule the end, Reschedule the end, Succeeded"),
        (
            120,
            &["ConflictException", "ResourceNotFoundException"],
            "Schedule the end, Reschedule the end, Schedule the end, Reschedule the end, Succeeded",
        ),
        (150, &["ThrottlingException"; 6], "Schedule the end, Reschedule the end, Succeeded"),
        (180, &["ThrottlingException"; 7], "Schedule the end"),
    ] {
        let scheduler = |one: &&'static str| format!("Scheduler.{one}").leak() as &'static str;
        let expected = ends(&desk, "granted", minutes);
        let is_loud = errors.len() == 7;
        *aws.schedules.errors.lock().expect("errors") =
            errors.iter().rev().map(scheduler).collect();
        let execution = run(&mut aws, Grant, &event, std::slice::from_ref(&expected)).await;
        let entered = execution.entered.join(", ");
        let before = "Request, Change, Answered, Put the outcome on the bus, Is there an answer?, Find the connection, Prepare the end, Is the end still to come?";
        assert_eq!(entered, format!("{before}, {way}"));
        assert_eq!(error(execution), if is_loud { "Scheduler.ThrottlingException" } else { "" });
        assert_eq!(aws.outcome()["Detail"]["answer"], expected, "the outcome comes first");
        let at = aws.schedules.all()[ID].at.to_string();
        assert_eq!(expected["expires_at"] == at, !is_loud, "{errors:?}");
    }
    let states: Value = serde_json::from_str(PROVISION).expect("JSON");
    let with = |state: &str| states["States"][state]["Parameters"].clone();
    assert_eq!(with("Schedule the end"), with("Reschedule the end"));
}

#[tokio::test]
async fn an_end_in_the_past_is_requested_at_once() {
    let desk = Desk::new().await;
    for minutes in [0, -5] {
        let mut aws = Aws::around(&desk);
        let event = json!({"connection": "acme", "request_id": "r"});
        let execution = run(&mut aws, Grant, &event, &[ends(&desk, "granted", minutes)]).await;
        assert_eq!(error(execution), "");
        let put = aws.put();
        let request = json!({"EventBusName": "rollcall", "Source": "rollcall.provision", "DetailType": "toybox-revoke", "Detail": end()});
        assert_eq!((put.len(), &put[1]), (2, &request));
        assert!(aws.schedules.all().is_empty());
    }
}

#[tokio::test]
async fn an_end_that_comes_too_early_is_tried_again_after_a_minute_and_then_scheduled_anew() {
    let desk = Desk::new().await;
    let (soon, later) = (ends(&desk, "not_due", 1), ends(&desk, "not_due", 600));
    let done = answer(json!({"outcome": "revoked", "expiration": ID}));
    for (answers, outcome, scheduled) in [
        ([soon, done], "revoked", None),
        ([later.clone(), later.clone()], "not_due", Some(&later["expires_at"])),
    ] {
        let mut aws = Aws::around(&desk);
        let execution = run(&mut aws, Revoke, &end(), &answers).await;
        assert_eq!(execution.waits, [("Wait a minute".to_owned(), 60)]);
        assert_eq!(error(execution), "");
        assert_eq!(aws.outcome()["Detail"]["answer"]["outcome"], outcome);
        let at = aws.schedules.all().get(ID).map(|one| json!(one.at));
        assert_eq!(at.as_ref(), scheduled);
    }
}

/// Nobody waits for the answer to an end: what is refused is for the operator.
#[tokio::test]
async fn a_refused_end_fails_after_its_outcome_and_a_refused_request_does_not() {
    let desk = Desk::new().await;
    for kind in ["Refused", "NotFound", "Conflict", "InvalidRequest"] {
        for (event, fails) in [(end(), true), (json!({"request_id": "r"}), false)] {
            let mut aws = Aws::around(&desk);
            aws.errors = vec![kind];
            let execution = run(&mut aws, Revoke, &event, &[]).await;
            assert_eq!(error(execution), if fails { kind } else { "" });
            assert_eq!(aws.outcome()["Detail"]["type"], kind);
        }
    }
}

#[tokio::test]
async fn what_a_schedule_puts_on_the_bus_is_the_event_of_the_function_that_revokes() {
    let desk = Desk::new().await;
    let mut aws = Aws::around(&desk);
    let grant = json!({"connection": "acme", "request_id": "r"});
    let at = after(desk.clock.now(), std::time::Duration::from_secs(3600));
    aws.answers = vec![
        answer(json!({"expires_at": at, "expiration": ID})),
        answer(json!({"outcome": "revoked", "expiration": ID})),
    ];
    assert_eq!(error(aws.change(Grant, &grant).await), "");
    let execution = aws.run_next().await.expect("a schedule");
    assert_eq!((error(execution), desk.clock.now()), (String::new(), at));
    assert_eq!(aws.events(), [grant, end()]);
    let kinds: Vec<_> = aws.put().iter().map(|put| put["DetailType"].clone()).collect();
    assert_eq!(
        (kinds, aws.run_next().await.is_none()),
        (vec![json!("toybox-grant"), json!("toybox-revoke")], true)
    );
}

#[tokio::test]
async fn a_connection_that_fails_in_a_sweep_stops_no_other_and_fails_the_execution() {
    let desk = Desk::new().await;
    let mut aws = Aws::around(&desk);
    let due = |name: &str, ids: &[&str]| json!({"connection": name, "expirations": ids});
    aws.errors = vec!["Internal"];
    aws.answers = vec![due("b", &["b1", "b2"]), due("c", &["c1", "c2"]), due("d", &[])];
    // Seven times, and then no more: of `b`, nothing else is requested.
    aws.refuses = vec!["EventBridge.FailedEntry"; 7].into();
    let execution = aws.sweep(&["a", "b", "c", "d"]).await;
    let failure = execution.result.expect_err("a failure");
    let failures: Value = serde_json::from_str(&failure.cause).expect("JSON");
    let failed = |name: &str, error: &str, cause: &str| json!({"connection": name, "status": "failed", "error": error, "cause": cause});
    let expected = json!([
        failed("a", "Internal", r#"{"errorMessage":"{}"}"#),
        failed("b", "EventBridge.FailedEntry", "no")
    ]);
    assert_eq!((failure.error.as_str(), failures), ("ConnectionsFailed", expected));
    let request = |id: &str| json!({"EventBusName": "rollcall", "Source": "rollcall.provision", "DetailType": "toybox-revoke", "Detail": {"connection": "c", "expiration": id}});
    assert_eq!(aws.put(), ["c1", "c2"].map(request));
    let event = |name: &str| json!({"connection": name, "overdue": true});
    assert_eq!(aws.events(), ["a", "b", "c", "d"].map(event));
}

#[tokio::test]
async fn a_sweep_is_tried_again_while_lambda_or_the_store_is_not_available() {
    let desk = Desk::new().await;
    let mut aws = Aws::around(&desk);
    aws.errors = vec!["Unavailable", "Lambda.TooManyRequestsException", "RateLimited"];
    let execution = aws.sweep(&["default"]).await;
    assert_eq!((execution.waits.len(), error(execution)), (3, String::new()));
}

/// A function that is invoked directly schedules nothing. Between two sweeps, an end may not be carried out yet.
#[tokio::test]
async fn a_sweep_ends_what_has_no_schedule_once() {
    let desk = Desk::new().await;
    let (aws, before) = (Aws::around(&desk), desk.vendor.view());
    let mut grant = Simulated::good(Grant);
    grant["duration"] = "PT4H".into();
    outcome(desk.invoke(Grant, grant).await, "granted");
    assert_ne!(desk.vendor.view(), before);
    // The numbers in infra/cost.py: three around the connection, three for it, and two for each end.
    let (around, each) = (
        ["Connections", "Find what is due", "Ends", "Done, Did all succeed?, Succeeded"],
        "Request the end, Requested, ",
    );
    let ends = |n: usize| [&around[..3].join(", "), ", ", &each.repeat(n), around[3]].concat();
    for (hours, sweeps, outcomes) in
        [(3, 1, &[][..]), (2, 2, &["revoked", "already_revoked"]), (24, 1, &[])]
    {
        desk.clock.advance(std::time::Duration::from_secs(hours * 3600));
        for _ in 0..sweeps {
            let execution = aws.sweep(&["default"]).await;
            assert_eq!(execution.entered.join(", "), ends(outcomes.len() / sweeps));
            assert_eq!(error(execution), "");
        }
        for execution in aws.deliver().await {
            assert_eq!(error(execution), "");
        }
        let put = aws.put();
        let put: Vec<_> = put.iter().map(|put| &put["Detail"]["answer"]["outcome"]).collect();
        assert_eq!(put, outcomes, "{hours}");
    }
    assert_eq!(desk.vendor.view(), before);
    let open = rollcall_engine::expiration::open(&*desk.cx.store, "expirations/").await;
    assert!(open.expect("a list").is_empty());
}

#[tokio::test]
async fn a_temporary_grant_that_came_over_the_bus_ends_by_its_schedule() {
    let desk = Desk::new().await;
    let (aws, mut grant) = (Aws::around(&desk), Simulated::good(Grant));
    let mut expected = Value::Null;
    for (request, duration) in [("first", "PT4H"), ("longer", "PT8H"), ("shorter", "PT1H")] {
        (grant["request_id"], grant["duration"]) = (request.into(), duration.into());
        assert_eq!(error(aws.change(Grant, &grant).await), "");
        let answer = aws.outcome()["Detail"]["answer"].take();
        let all = aws.schedules.all();
        let name = answer["expiration"].as_str().expect("an id");
        assert_eq!((all.len(), json!(all[name].at)), (1, answer["expires_at"].clone()));
        expected = answer["expires_at"].clone();
    }
    assert_eq!(error(aws.run_next().await.expect("a schedule")), "");
    let put = aws.outcome();
    assert_eq!(
        (&put["DetailType"], &put["Detail"]["answer"]["outcome"]),
        (&json!("toybox-revoke"), &json!("revoked"))
    );
    assert_eq!((json!(desk.clock.now()), aws.schedules.all().len()), (expected, 0));
}
