use serde_json::{Value, json};

use super::testing::{Planned, failed, machine, run, seconds, task};
use super::{Execution, Reply, Status};

#[tokio::test]
async fn a_task_is_retried_after_its_delays_and_each_retry_is_a_transition() {
    let retry = json!({"Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 10, "MaxAttempts": 3}], "Parameters": {"retry.$": "$$.State.RetryCount"}});
    let busy = || Reply::failed("Busy", "").after(seconds(1));
    let services = Planned::new([(
        "task",
        vec![busy(), busy(), Reply::new(json!("done")).after(seconds(2))],
    )]);
    let execution = run(&machine(json!({"A": task(retry)})), json!({}), &services).await;
    assert_eq!(execution.output(), Some(&json!("done")));
    let calls = [
        (0, json!({"retry": 0})),
        (11, json!({"retry": 1})),
        (32, json!({"retry": 2})),
    ];
    assert_eq!(services.calls(), calls);
    assert_eq!(execution.duration(), seconds(34));
    let visits: Vec<_> = execution
        .visits
        .iter()
        .map(|visit| {
            (
                visit.retry,
                visit.left.unwrap().as_second() - visit.entered.as_second(),
            )
        })
        .collect();
    assert_eq!(visits, [(0, 1), (1, 1), (2, 2)]);
}

#[tokio::test]
async fn an_error_that_is_not_retried_any_longer_is_caught() {
    let catch = |result: Value| {
        json!({
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["Busy"], "ResultPath": result, "Next": "B"}],
            "OutputPath": "$.unused",
        })
    };
    let told = json!({"Error": "Busy", "Cause": "why"});
    for (result, expected) in [
        (json!("$"), told.clone()),
        (json!("$.e.f"), json!({"in": 1, "e": {"f": told}})),
        (json!(null), json!({"in": 1})),
    ] {
        let services = Planned::new([("task", vec![Reply::failed("Busy", "why")])]);
        let definition = machine(json!({"A": task(catch(result)), "B": {"Type": "Succeed"}}));
        let execution = run(&definition, json!({"in": 1}), &services).await;
        assert_eq!(execution.output(), Some(&expected));
        assert_eq!(execution.path(&[]), ["A", "A", "B"]);
    }
}

#[tokio::test]
async fn an_error_that_nothing_catches_ends_the_execution() {
    let services = Planned::new([("task", vec![Reply::failed("Busy", "why").after(seconds(5))])]);
    let catch = json!({"Catch": [{"ErrorEquals": ["Other"], "Next": "A"}]});
    let execution = run(&machine(json!({"A": task(catch)})), json!({}), &services).await;
    assert_eq!(failed(&execution), ("Busy", "why"));
    assert_eq!(
        (execution.output(), execution.duration()),
        (None, seconds(5))
    );
}

#[tokio::test]
async fn errors_of_the_interpreter_are_caught_unless_they_are_of_the_runtime() {
    let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "B"}]);
    for (fields, error, is_caught) in [
        (
            json!({"Parameters": {"x.$": "$.none"}}),
            "States.Runtime",
            false,
        ),
        (
            json!({"ResultSelector": {"x.$": "$.none"}}),
            "States.Runtime",
            false,
        ),
        (json!({"OutputPath": "$.none"}), "States.Runtime", false),
        (
            json!({"Parameters": {"x.$": "States.StringToJson('{')"}}),
            "States.IntrinsicFailure",
            true,
        ),
        (
            json!({"ResultPath": "$.in.x"}),
            "States.ResultPathMatchFailure",
            true,
        ),
        (
            json!({"Parameters": {"x.$": "$.long", "y.$": "$.long"}}),
            "States.DataLimitExceeded",
            false,
        ),
    ] {
        let mut state = task(fields.clone());
        state["Catch"] = catch.clone();
        let definition = machine(json!({"A": state, "B": {"Type": "Succeed"}}));
        let input = json!({"in": 1, "long": "x".repeat(140_000)});
        let execution = run(&definition, input, &Planned::default()).await;
        if is_caught {
            assert_eq!(execution.output().unwrap()["Error"], error, "{fields}");
        } else {
            assert_eq!(failed(&execution).0, error, "{fields}");
        }
        assert!(!failed_cause(&execution).is_empty());
    }
}

fn failed_cause(execution: &Execution) -> String {
    match &execution.status {
        Status::Failed(failure) => failure.cause.clone(),
        _ => execution.output().unwrap()["Cause"]
            .as_str()
            .unwrap()
            .to_owned(),
    }
}

#[tokio::test]
async fn a_result_beyond_the_limit_is_an_error_of_the_task() {
    let services = Planned::new([("task", vec![Reply::new(json!("x".repeat(262_144)))])]);
    let catch = json!({"Catch": [{"ErrorEquals": ["States.DataLimitExceeded"], "ResultPath": null, "Next": "B"}]});
    let definition = machine(json!({"A": task(catch), "B": {"Type": "Succeed"}}));
    let execution = run(&definition, json!({}), &services).await;
    assert_eq!(execution.output(), Some(&json!({})));
}

#[tokio::test]
async fn a_fail_state_says_what_it_is_told() {
    let input = json!({"e": "E", "c": {"x": 1}});
    for (fields, expected) in [
        (json!({"Error": "E", "Cause": "C"}), ("E", "C")),
        (json!({}), ("", "")),
        (
            json!({"ErrorPath": "$.e", "CausePath": "States.JsonToString($.c)"}),
            ("E", r#"{"x":1}"#),
        ),
        (
            json!({"ErrorPath": "$$.State.Name", "CausePath": "States.Format('{}!', $.e)"}),
            ("A", "E!"),
        ),
        (
            json!({"ErrorPath": "$.c"}),
            (
                "States.Runtime",
                r#"An error occurred while executing the state 'A'. The ErrorPath $.c does not reference a string: {"x":1}"#,
            ),
        ),
        (
            json!({"CausePath": "$.none"}),
            (
                "States.Runtime",
                r#"An error occurred while executing the state 'A'. The JSONPath '$.none' specified for the field 'CausePath' could not be found in the input '{"c":{"x":1},"e":"E"}'"#,
            ),
        ),
    ] {
        let mut state = json!({"Type": "Fail"});
        state
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let execution = run(
            &machine(json!({ "A": state })),
            input.clone(),
            &Planned::default(),
        )
        .await;
        assert_eq!(failed(&execution), expected, "{fields}");
    }
}
