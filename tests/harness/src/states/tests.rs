//! What is refused when a definition is read, and what its states do.

use std::sync::Mutex;

use super::*;

const DEFINITION: &str = r#"{"TimeoutSeconds": 1000, "StartAt": "Each", "States": {
    "Each": {
        "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "Next": "Failed?",
        "ItemSelector": {"n.$": "$$.Map.Item.Value", "all.$": "$['items']"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Call",
            "States": {
                "Call": {
                    "Type": "Task", "Resource": "${Arn}", "TimeoutSeconds": 9, "Next": "Wait",
                    "Parameters": {"name.$": "States.Format('a-{}', $.n)"},
                    "ResultSelector": {"at.$": "$.at", "input.$": "$$.Execution.Input.n"},
                    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 3,
                               "MaxDelaySeconds": 10, "JitterStrategy": "FULL"}],
                    "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Read"}]
                },
                "Wait": {"Type": "Wait", "TimestampPath": "$.at", "Next": "Done"},
                "Read": {"Type": "Pass", "Parameters": {"no.$": "States.StringToJson($.e.Cause)"}, "Next": "Done"},
                "Done": {"Comment": "One item.", "Type": "Succeed"}
            }
        },
        "ResultSelector": {"all.$": "$", "no.$": "$[?(@.no == 'x')]"}
    },
    "Failed?": {"Type": "Choice", "Choices": [{"Variable": "$.no[0]", "IsPresent": true, "Next": "Failed"}], "Default": "Done"},
    "Failed": {"Type": "Fail", "Error": "Some", "CausePath": "States.JsonToString($.no)"},
    "Done": {"Type": "Succeed"}
}}"#;

/// Answers one call after the other with what was planned: a time, or an error with its cause.
struct Planned(Mutex<Vec<(&'static str, &'static str)>>);

#[async_trait]
impl Services for Planned {
    async fn call(&self, _: &str, with: Value, _: Timestamp) -> Result<Value, Failure> {
        match self.0.lock().expect("a plan").remove(0) {
            ("", time) => Ok(json!({"at": format!("2026-01-01T00:{time}Z"), "with": with})),
            (error, cause) => Err(Failure::new(error, cause)),
        }
    }
}

async fn run(plan: &[(&'static str, &'static str)]) -> Execution {
    let machine = Machine::parse(DEFINITION, &[("Arn", "arn")]).expect("a definition");
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    let planned = Planned(Mutex::new(plan.to_vec()));
    machine
        .run(json!({"items": ["b", "c"]}), &planned, start)
        .await
}

#[tokio::test]
async fn items_are_worked_off_side_by_side_and_retried_with_growing_waits() {
    let busy = ("Busy", "");
    let execution = run(&[("", "02:00.9"), busy, busy, busy, ("", "00:01")]).await;
    let first = &execution.result.expect("an output")["all"][0];
    assert_eq!(
        *first,
        json!({"at": "2026-01-01T00:02:00.9Z", "input": "b"})
    );
    let waits: Vec<_> = execution.waits.iter().map(|(_, time)| *time).collect();
    // A fraction is cut, and the past is not waited for.
    assert_eq!((waits, execution.seconds), (vec![120, 2, 6, 10, 0], 120));
    let path = "Each Call Wait Done Call Wait Done Failed? Done";
    assert_eq!(execution.entered.join(" "), path);
}

#[tokio::test]
async fn failures_are_caught_and_whatever_takes_too_long_ends_everything() {
    let execution = run(&[("No", r#""x""#), ("", "00:00")]).await;
    assert_eq!(
        execution.result,
        Err(Failure::new("Some", r#"[{"no":"x"}]"#))
    );
    let execution = run(&[("No", "not JSON")]).await;
    assert_eq!(
        execution.result.expect_err("failed").error,
        "States.Runtime"
    );
    let execution = run(&[("", "59:00")]).await;
    let error = execution.result.expect_err("failed").error;
    assert_eq!(
        (error.as_str(), execution.seconds),
        ("States.Timeout", 1000)
    );
}

#[test]
fn whatever_is_not_known_is_refused_when_it_is_read() {
    for (known, unknown) in [
        (r#""TimeoutSeconds": 1000"#, r#""Version": "1.0""#),
        (r#""StartAt": "Each""#, r#""StartAt": "Nowhere""#),
        (
            r#""Failed": {"#,
            r#""Unreached": {"Type": "Succeed"}, "Failed": {"#,
        ),
        (r#""Type": "Succeed"}"#, r#""Type": "Parallel"}"#),
        (
            r#""Type": "Succeed"}"#,
            r#""Type": "Succeed", "Next": "Each"}"#,
        ),
        (r#""Mode": "DISTRIBUTED", "#, r#""Mode": "INLINE", "#),
        (
            r#""Error": "Some""#,
            r#""Error": "Some", "ErrorPath": "$.a""#,
        ),
        (
            r#""IsPresent": true"#,
            r#""IsPresent": true, "StringEquals": "x""#,
        ),
        (r#""IsPresent": true"#, r#""IsNull": true"#),
        (
            r#""TimeoutSeconds": 9"#,
            r#""TimeoutSeconds": 9, "HeartbeatSeconds": 9"#,
        ),
        (r#""MaxAttempts": 3, "#, ""),
        (r#""FULL""#, r#""NONE""#),
        (r#""ResultPath": "$.e""#, r#""ResultPath": "$.e.f""#),
        ("States.Format('a-{}', $.n)", "States.Format('a-{}{}', $.n)"),
        (
            "States.Format('a-{}', $.n)",
            "States.Format('a-{}', $['n'])",
        ),
        ("States.StringToJson", "States.Base64Decode"),
        (r#""$.items""#, r#""$..items""#),
        (r#""$.items""#, r#""$.items[*]""#),
        ("${Arn}", "arn"),
        ("${Arn}", "${Arn}${Bus}"),
    ] {
        assert!(DEFINITION.contains(known), "{known}");
        let machine = Machine::parse(&DEFINITION.replacen(known, unknown, 1), &[("Arn", "arn")]);
        assert!(machine.is_err(), "{unknown}");
    }
}
