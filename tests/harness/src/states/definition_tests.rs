use serde_json::{Value, json};

use super::{Invalid, Machine};

fn parse(definition: &Value) -> Result<Machine, Invalid> {
    Machine::parse(&definition.to_string(), &[])
}

/// A machine with this one state, which may lead to `Next`.
fn machine(state: Value) -> Value {
    let mut state = state;
    let leads_on =
        !["Choice", "Succeed", "Fail"].contains(&state["Type"].as_str().unwrap_or_default());
    if leads_on && state.get("End").is_none() {
        state["Next"] = json!("Next");
    }
    let mut definition = json!({"StartAt": "X", "States": {"X": state}});
    if leads_on || definition["States"]["X"]["Type"] == "Choice" {
        definition["States"]["Next"] = json!({"Type": "Succeed"});
    }
    definition
}

fn processor() -> Value {
    json!({"StartAt": "In", "States": {"In": {"Type": "Pass", "End": true}}})
}

fn rule(next: &str) -> Value {
    json!({"Variable": "$.a", "IsNull": true, "Next": next})
}

#[test]
fn every_field_of_every_state_type_is_read() {
    let common = json!({"Comment": "c", "QueryLanguage": "JSONPath", "InputPath": "$.a", "OutputPath": null});
    let policy = json!({
        "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1, "MaxDelaySeconds": 9, "JitterStrategy": "FULL"}],
        "Catch": [{"Comment": "c", "ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Next"}],
    });
    let shape = json!({"ResultSelector": {"a.$": "$"}, "ResultPath": "$.r"});
    for (kind, parts) in [
        (
            "Task",
            vec![
                &common,
                &policy,
                &shape,
                &json!({"Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5, "Parameters": {"a.$": "$.b"}}),
            ],
        ),
        (
            "Map",
            vec![
                &common,
                &policy,
                &shape,
                &json!({"ItemsPath": "$.l", "ItemSelector": {"v.$": "$$.Map.Item.Value"}, "MaxConcurrency": 2,
            "ItemProcessor": {"Comment": "c", "ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "In", "States": {"In": {"Type": "Pass", "End": true}}}}),
            ],
        ),
        (
            "Pass",
            vec![
                &common,
                &json!({"Parameters": {"a": 1}, "ResultPath": null}),
            ],
        ),
        (
            "Pass",
            vec![&common, &json!({"Result": [1], "ResultPath": "$.x"})],
        ),
        ("Wait", vec![&common, &json!({"Seconds": 5})]),
        ("Wait", vec![&common, &json!({"SecondsPath": "$.n"})]),
        (
            "Wait",
            vec![&common, &json!({"Timestamp": "2026-01-01T00:00:00Z"})],
        ),
        ("Wait", vec![&common, &json!({"TimestampPath": "$.t"})]),
        (
            "Choice",
            vec![
                &common,
                &json!({"Choices": [{"Comment": "c", "Variable": "$.a", "IsNull": true, "Next": "Next"}], "Default": "Next"}),
            ],
        ),
        ("Succeed", vec![&common]),
        (
            "Fail",
            vec![&json!({"Comment": "c", "QueryLanguage": "JSONPath", "Error": "E", "Cause": "C"})],
        ),
        (
            "Fail",
            vec![&json!({"ErrorPath": "$.e", "CausePath": "States.JsonToString($.c)"})],
        ),
    ] {
        let mut state = json!({ "Type": kind });
        for (name, value) in parts.into_iter().flat_map(|part| part.as_object().unwrap()) {
            state[name] = value.clone();
        }
        let mut definition = machine(state);
        definition["Comment"] = json!("c");
        definition["Version"] = json!("1.0");
        definition["QueryLanguage"] = json!("JSONPath");
        definition["TimeoutSeconds"] = json!(60);
        if let Err(problem) = parse(&definition) {
            panic!("{kind}: {problem}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_state_is_told_with_its_place() {
    let task = |more: Value| {
        let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"});
        state
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        state
    };
    for (state, problem) in [
        (json!({"Next": "Next"}), "Type: is missing"),
        (
            json!({"Type": "Parallel", "Branches": []}),
            "Type: \"Parallel\" is not known here",
        ),
        (
            json!({"Type": "Pass", "Oops": 1}),
            "Oops: is not known here",
        ),
        (
            json!({"Type": "Pass", "QueryLanguage": "JSONata"}),
            "QueryLanguage: must be JSONPath",
        ),
        (
            json!({"Type": "Pass", "Output": {}}),
            "Output: is not known here",
        ),
        (
            json!({"Type": "Pass", "Assign": {}}),
            "Assign: is not known here",
        ),
        (
            json!({"Type": "Pass", "Comment": 1}),
            "Comment: must be a string",
        ),
        (
            json!({"Type": "Pass", "Retry": []}),
            "Retry: is not known here",
        ),
        (
            json!({"Type": "Pass", "Result": 1, "Parameters": {}}),
            "Result: cannot stand beside `Parameters`",
        ),
        (
            json!({"Type": "Pass", "InputPath": "a"}),
            "InputPath: the path \"a\" does not begin with $",
        ),
        (
            json!({"Type": "Pass", "Parameters": {"a.$": "States.Hash('x')"}}),
            "Parameters.a.$: the function \"States.Hash('x')\" has the name \"States.Hash\", which is not known here",
        ),
        (
            json!({"Type": "Succeed", "Next": "Next"}),
            "Next: is not known here",
        ),
        (
            json!({"Type": "Fail", "InputPath": "$"}),
            "InputPath: is not known here",
        ),
        (
            json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
            "ErrorPath: cannot stand beside `Error`",
        ),
        (
            json!({"Type": "Fail", "CausePath": "$.e[*]"}),
            "CausePath: gives no string",
        ),
        (
            json!({"Type": "Fail", "CausePath": "States.Array()"}),
            "CausePath: gives no string",
        ),
        (
            json!({"Type": "Fail", "CausePath": "text"}),
            "CausePath: the function \"text\" is neither a path nor a function",
        ),
        (
            json!({"Type": "Wait"}),
            ": must have one of `Seconds`, `SecondsPath`, `Timestamp` and `TimestampPath`",
        ),
        (
            json!({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.n"}),
            ": must have one of `Seconds`, `SecondsPath`, `Timestamp` and `TimestampPath`",
        ),
        (
            json!({"Type": "Wait", "Seconds": 100_000_000}),
            "Seconds: must be an integer from 0 to 99999999",
        ),
        (
            json!({"Type": "Wait", "Seconds": 1.5}),
            "Seconds: must be an integer from 0 to 99999999",
        ),
        (
            json!({"Type": "Wait", "Timestamp": "2026-01-01"}),
            "Timestamp: must be a timestamp of RFC 3339",
        ),
        (
            json!({"Type": "Wait", "TimestampPath": "$.t[*]"}),
            "TimestampPath: the path \"$.t[*]\" may select several values",
        ),
        (
            json!({"Type": "Choice", "Choices": []}),
            "Choices: must be an array that is not empty",
        ),
        (
            json!({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true}]}),
            "Choices[0].Next: is missing",
        ),
        (
            json!({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsOdd": true, "Next": "Next"}]}),
            "Choices[0].IsOdd: is not known here",
        ),
        (
            json!({"Type": "Choice", "Choices": [rule("Next")], "Next": "Next"}),
            "Next: is not known here",
        ),
        (json!({"Type": "Task"}), "Resource: is missing"),
        (
            task(json!({"Resource": "lambda"})),
            "Resource: must be an ARN that is called and answers at once",
        ),
        (
            task(json!({"Resource": "arn:aws:states:::ecs:runTask.sync"})),
            "Resource: must be an ARN that is called and answers at once",
        ),
        (
            task(json!({"Resource": "arn:aws:states:::states:startExecution.sync:2"})),
            "Resource: must be an ARN that is called and answers at once",
        ),
        (
            task(json!({"Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"})),
            "Resource: must be an ARN that is called and answers at once",
        ),
        (
            task(json!({"HeartbeatSeconds": 5})),
            "HeartbeatSeconds: is not known here",
        ),
        (
            task(json!({"TimeoutSeconds": 0})),
            "TimeoutSeconds: must be an integer from 1 to 99999999",
        ),
        (
            task(json!({"Parameters": []})),
            "Parameters: must be an object",
        ),
        (json!({"Type": "Map"}), "ItemProcessor: is missing"),
        (
            json!({"Type": "Map", "Iterator": {}, "ItemProcessor": processor()}),
            "Iterator: is not known here",
        ),
        (
            json!({"Type": "Map", "Parameters": {}, "ItemProcessor": processor()}),
            "Parameters: is not known here",
        ),
        (
            json!({"Type": "Map", "ItemsPath": "$.l[*]", "ItemProcessor": processor()}),
            "ItemsPath: the path \"$.l[*]\" may select several values",
        ),
        (
            json!({"Type": "Map", "ItemProcessor": {"StartAt": "In"}}),
            "ItemProcessor.States: is missing",
        ),
        (
            json!({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}),
            "ItemProcessor.ProcessorConfig.Mode: must be INLINE",
        ),
        (
            json!({"Type": "Map", "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Task", "End": true}}}}),
            "ItemProcessor.States.In.Resource: is missing",
        ),
        (
            json!({"Type": "Map", "ItemProcessor": {"StartAt": "X", "States": {"X": {"Type": "Pass", "End": true}}}}),
            "ItemProcessor.States.X: has the name of another state",
        ),
    ] {
        let told = parse(&machine(state.clone())).unwrap_err().to_string();
        let expected = format!("States.X.{problem}").replace(".: ", ": ");
        assert_eq!(told, expected, "{state}");
    }
}
