use serde_json::{Value, json};

use super::{Invalid, Machine};

fn parse(definition: &Value) -> Result<Machine, Invalid> {
    Machine::parse(&definition.to_string(), &[])
}

fn rule(next: &str) -> Value {
    json!({"Variable": "$.a", "IsNull": true, "Next": next})
}

#[test]
fn states_must_lead_somewhere_and_be_reached() {
    let pass = |next: &str| json!({"Type": "Pass", "Next": next});
    let end = json!({"Type": "Succeed"});
    let task = |catch: &str| json!({"Type": "Task", "Resource": "arn:x", "End": true, "Catch": [{"ErrorEquals": ["A"], "Next": catch}]});
    let map = |start: &str, inner: Value| json!({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": start, "States": {"In": inner}}});
    for (states, problem) in [
        (json!({"Y": end}), "StartAt: \"X\" is no state"),
        (json!({}), "StartAt: \"X\" is no state"),
        (json!({"X": pass("Y")}), "States.X.Next: \"Y\" is no state"),
        (
            json!({"X": task("Y")}),
            "States.X.Catch[0].Next: \"Y\" is no state",
        ),
        (
            json!({"X": {"Type": "Choice", "Choices": [rule("Y")]}}),
            "States.X.Choices[0].Next: \"Y\" is no state",
        ),
        (
            json!({"X": {"Type": "Choice", "Choices": [rule("X")], "Default": "Y"}}),
            "States.X.Default: \"Y\" is no state",
        ),
        (json!({"X": end, "Y": end}), "States.Y: is never reached"),
        (
            json!({"X": end, "Y": pass("Z"), "Z": pass("Y")}),
            "States.Y: is never reached",
        ),
        (
            json!({"X": map("Y", end.clone()), "Y": end}),
            "States.X.ItemProcessor.StartAt: \"Y\" is no state",
        ),
        (
            json!({"X": map("In", pass("X"))}),
            "States.X.ItemProcessor.States.In.Next: \"X\" is no state",
        ),
        (
            json!({"X": {"Type": "Pass"}}),
            "States.X: must have either `Next` or `\"End\": true`",
        ),
        (
            json!({"X": {"Type": "Pass", "End": false}}),
            "States.X: must have either `Next` or `\"End\": true`",
        ),
        (
            json!({"X": {"Type": "Pass", "End": true, "Next": "X"}}),
            "States.X: must have either `Next` or `\"End\": true`",
        ),
        (
            json!({"": end}),
            "States.: must have a name of 1 to 80 characters",
        ),
        (json!({"X": []}), "States.X: must be an object"),
    ] {
        let told = parse(&json!({"StartAt": "X", "States": states})).unwrap_err();
        assert_eq!(told.to_string(), problem);
    }
    let long = "x".repeat(81);
    let told = parse(&json!({"StartAt": long, "States": {&long: end}})).unwrap_err();
    assert_eq!(told.problem, "must have a name of 1 to 80 characters");
}

#[test]
fn what_is_wrong_with_the_machine_is_told() {
    let states = json!({"X": {"Type": "Succeed"}});
    for (definition, problem) in [
        (json!([]), "the definition: must be an object"),
        (json!({"States": states}), "StartAt: is missing"),
        (json!({"StartAt": "X"}), "States: is missing"),
        (
            json!({"StartAt": "X", "States": states, "Oops": 1}),
            "Oops: is not known here",
        ),
        (
            json!({"StartAt": "X", "States": states, "QueryLanguage": "JSONata"}),
            "QueryLanguage: must be JSONPath",
        ),
        (
            json!({"StartAt": "X", "States": states, "Version": "2.0"}),
            "Version: must be 1.0",
        ),
        (
            json!({"StartAt": "X", "States": states, "TimeoutSeconds": "60"}),
            "TimeoutSeconds: must be an integer from 1 to 99999999",
        ),
    ] {
        assert_eq!(parse(&definition).unwrap_err().to_string(), problem);
    }
}
