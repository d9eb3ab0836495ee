//! Tests of refused definitions and of the states.

use std::sync::Mutex;

use super::*;

const ARN: (&str, &str) = ("Arn", "arn:aws:states:::lambda:invoke");
const DEFINITION: &str = r#"{"TimeoutSeconds": 1000, "StartAt": "Each", "States": {
    "Each": {
        "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "Next": "Failed?",
        "ItemSelector": {"n.$": "$$.Map.Item.Value", "all.$": "$['items']"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Call", "States": {
                "Call": {
                    "Type": "Task", "Resource": "${Arn}", "TimeoutSeconds": 9, "Next": "Wait",
                    "Parameters": {"FunctionName.$": "States.Format('a-{}', $.n)", "Payload": {}},
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
    let machine = Machine::parse(DEFINITION, &[ARN]).expect("a definition");
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    machine.run(json!({"items": ["b", "c"]}), &Planned(Mutex::new(plan.to_vec())), start).await
}

#[tokio::test]
async fn items_are_worked_off_side_by_side_and_retried_with_growing_waits() {
    let busy = ("Busy", "");
    let execution = run(&[("", "02:00.9"), busy, busy, busy, ("", "00:01")]).await;
    let first = &execution.result.expect("an output")["all"][0];
    assert_eq!(*first, json!({"at": "2026-01-01T00:02:00.9Z", "input": "b"}));
    let waits: Vec<_> = execution.waits.iter().map(|(_, time)| *time).collect();
    // A fraction is cut, and the past is not waited for.
    assert_eq!((waits, execution.seconds), (vec![120, 2, 6, 10, 0], 120));
    assert_eq!(execution.entered.join(" "), "Each Call Wait Done Call Wait Done Failed? Done");
}

#[tokio::test]
async fn failures_are_caught_and_whatever_takes_too_long_ends_everything() {
    for (plan, error, cause, seconds) in [
        (&[("No", r#""x""#), ("", "00:00")][..], "Some", r#"[{"no":"x"}]"#, 0),
        (&[("No", "not JSON")], "States.Runtime", "StringToJson", 0),
        (&[("", "59:00")], "States.Timeout", "too long", 1000),
    ] {
        let execution = run(plan).await;
        let failure = execution.result.expect_err("failed");
        assert_eq!((failure.error.as_str(), execution.seconds), (error, seconds));
        assert!(failure.cause.contains(cause), "{}", failure.cause);
    }
}

#[tokio::test]
async fn a_map_ends_with_its_first_failed_item_which_a_catcher_of_the_map_takes() {
    let caught = r#""Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.no", "Next": "Done"}], "MaxConcurrency""#;
    let text = DEFINITION.replacen(r#""MaxConcurrency""#, caught, 1);
    let text = text.replacen(
        "[\"States.ALL\"], \"ResultPath\": \"$.e\"",
        "[\"None\"], \"ResultPath\": \"$.e\"",
        1,
    );
    let machine = Machine::parse(&text, &[ARN]).expect("a definition");
    let plan = Planned(Mutex::new(vec![("No", "why"), ("", "00:00")]));
    let input = json!({"items": ["b", "c"]});
    let execution = machine.run(input.clone(), &plan, Timestamp::UNIX_EPOCH).await;
    let expected = json!({"items": ["b", "c"], "no": {"Error": "No", "Cause": "why"}});
    assert_eq!(
        (execution.result, execution.entered.join(" ")),
        (Ok(expected), "Each Call Done".into())
    );
}

const STARTING: &str = r#"{"TimeoutSeconds": 9, "StartAt": "Each", "States": {
    "Each": {
        "Type": "Map", "ItemsPath": "$.names", "MaxConcurrency": 9, "ItemSelector": {"name.$": "$$.Map.Item.Value"},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Start", "States": {
            "Start": {
                "Type": "Task", "Resource": "arn:aws:states:::states:startExecution",
                "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:other", "Name.$": "$.name",
                               "Input": {"all.$": "$$.Execution.Input.names"}},
                "Catch": [{"ErrorEquals": ["StepFunctions.ExecutionAlreadyExistsException"], "ResultPath": "$.e", "Next": "Done"},
                          {"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.failed", "Next": "Done"}],
                "Next": "Done"
            },
            "Done": {"Type": "Succeed"}
        }},
        "ResultSelector": {"all.$": "$"}, "Next": "Done"
    },
    "Done": {"Type": "Succeed"}
}}"#;

#[async_trait]
impl Services for Executions {
    async fn call(&self, _: &str, with: Value, _: Timestamp) -> Result<Value, Failure> {
        self.start(&with)
    }
}

#[tokio::test]
async fn an_execution_is_started_once_by_each_name_also_after_its_end() {
    let (machine, start) =
        (Machine::parse(STARTING, &[]).expect("a definition"), Timestamp::UNIX_EPOCH);
    let executions = Executions::default();
    let run = async |names: Value| {
        let execution = machine.run(json!({"names": names}), &executions, start).await;
        execution.result.expect("an output")["all"].take()
    };
    let arn = json!({"ExecutionArn": "arn:aws:states:us-east-1:1:execution:other:b"});
    assert_eq!(run(json!(["b", "b"])).await, json!([arn, arn]), "the same call while it runs");
    let input = json!({"all": ["b", "b"]});
    let ended = executions.end();
    assert_eq!(
        ended.iter().map(|one| (&*one.name, &one.input)).collect::<Vec<_>>(),
        [("b", &input)]
    );

    let refused = run(json!(["b", "c", "c:d"])).await;
    assert_eq!(refused[0]["e"]["Error"], "StepFunctions.ExecutionAlreadyExistsException");
    assert_eq!(refused[2]["failed"]["Error"], "StepFunctions.InvalidNameException");
    let all = executions.all();
    let all: Vec<_> = all.iter().map(|one| (&*one.name, one.is_running)).collect();
    assert_eq!(all, [("b", false), ("c", true)]);
}

const REFUSED: &str = r#"
"TimeoutSeconds": 1000 => "Version": "1.0"
"StartAt": "Each" => "StartAt": "Nowhere"
"Failed": { => "Unreached": {"Type": "Succeed"}, "Failed": {
"Type": "Succeed"} => "Type": "Parallel"}
"Type": "Succeed"} => "Type": "Succeed", "Next": "Each"}
"DISTRIBUTED" => "INLINE"
"Error": "Some" => "Error": "Some", "ErrorPath": "$.a"
"IsPresent": true => "IsPresent": true, "StringEquals": "x"
"IsPresent": true => "IsNull": true
"IsPresent": true => "StringEqualsPath": "x"
"IsPresent": true => "StringEqualsPath": "$.x", "StringEquals": "x"
"TimeoutSeconds": 9 => "TimeoutSeconds": 9, "HeartbeatSeconds": 9
"Payload": {} => "Payload": {}, "InvocationType": "Event"
"Payload" => "Pay"
${Arn} => ${Arn}.waitForTaskToken
"MaxAttempts": 3 => "Comment": 3
"MaxAttempts": 3 => "MaxAttempts": "3"
"FULL" => "NONE"
["States.ALL"] => ["States.ALL", "Busy"]
"$.e" => "$.e.f"
States.Format('a-{}', $.n) => States.Format('a-{}{}', $.n)
States.Format('a-{}', $.n) => States.Format('a-{}', $['n'])
States.StringToJson => States.Base64Decode
States.StringToJson($.e.Cause) => States.StringSplit($.e.Cause, 'ab')
States.StringToJson($.e.Cause) => States.ArrayGetItem($.e, '0')
States.StringToJson($.e.Cause) => States.JsonMerge($.e, $.e, true)
States.StringToJson($.e.Cause) => States.Format('{}', 'a')
"TimestampPath": "$.at" => "TimestampPath": "$.at", "Seconds": 9
"Variable": "$.no[0]", "IsPresent": true => "And": [{"Variable": "$.no[0]", "IsPresent": true, "Next": "Failed"}]
"$.items" => "$..items"
"$.items" => "$.items[*]"
${Arn} => arn
${Arn} => ${Arn}${Bus}"#;

#[test]
fn whatever_is_not_known_is_refused_when_it_is_read() {
    for line in REFUSED.trim_start().lines() {
        let (known, unknown) = line.split_once(" => ").expect("a pair");
        let changed = DEFINITION.replacen(known, unknown, 1);
        assert_ne!(changed, DEFINITION, "{line}");
        assert!(Machine::parse(&changed, &[ARN]).is_err(), "{line}");
    }
}
