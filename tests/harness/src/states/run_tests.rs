use std::time::Duration;

use serde_json::{Value, json};

use super::testing::{Planned, failed, machine, run, seconds, start, task};
use super::{Machine, Reply, Status};

#[tokio::test]
async fn data_go_from_state_to_state() {
    let definition = machine(json!({
        "A": {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.a", "Next": "B"},
        "B": {"Type": "Task", "Resource": "arn:echo", "Parameters": {"n.$": "$.a.n", "who.$": "$.who"},
              "ResultSelector": {"was.$": "$.n"}, "ResultPath": "$.b", "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.b.was", "NumericEquals": 1, "Next": "D"}], "Default": "A"},
        "D": {"Type": "Succeed", "OutputPath": "$.b"},
    }));
    let services = Planned::default();
    let execution = run(&definition, json!({"who": "me"}), &services).await;
    assert_eq!(execution.output(), Some(&json!({"was": 1})));
    assert_eq!(services.calls(), [(0, json!({"n": 1, "who": "me"}))]);
    assert_eq!(execution.path(&[]), ["A", "B", "C", "D"]);
    assert_eq!(
        (execution.transitions(), execution.duration()),
        (4, Duration::ZERO)
    );
}

#[tokio::test]
async fn the_context_object_tells_where_we_are() {
    let definition = machine(json!({
        "A": {"Type": "Wait", "Seconds": 90, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"whole.$": "$$"}, "End": true},
    }));
    let execution = run(&definition, json!({"in": 1}), &Planned::default()).await;
    let context = &execution.output().unwrap()["whole"];
    let name = context["Execution"]["Name"].as_str().unwrap();
    let expected = json!({
        "Execution": {
            "Id": format!("arn:aws:states:us-east-1:123456789012:execution:rollcall:{name}"),
            "Name": name, "Input": {"in": 1}, "StartTime": "2026-01-01T00:00:00.000Z",
        },
        "State": {"Name": "B", "EnteredTime": "2026-01-01T00:01:30.000Z", "RetryCount": 0},
        "StateMachine": {"Id": "arn:aws:states:us-east-1:123456789012:stateMachine:rollcall", "Name": "rollcall"},
    });
    assert_eq!(context, &expected);
}

#[tokio::test]
async fn waits_take_virtual_time_only() {
    for (wait, expected) in [
        (json!({"Seconds": 99_999_999}), Ok(99_999_999)),
        (json!({"Seconds": 0}), Ok(0)),
        (json!({"SecondsPath": "$.n"}), Ok(7)),
        (json!({"Timestamp": "2026-01-01T01:00:00+00:30"}), Ok(1800)),
        (json!({"TimestampPath": "$.t"}), Ok(60)),
        (json!({"Timestamp": "2025-01-01T00:00:00Z"}), Ok(0)),
        (
            json!({"SecondsPath": "$.t"}),
            Err("SecondsPath parameter does not"),
        ),
        (
            json!({"SecondsPath": "$.half"}),
            Err("SecondsPath parameter does not"),
        ),
        (
            json!({"SecondsPath": "$.minus"}),
            Err("SecondsPath parameter does not"),
        ),
        (
            json!({"SecondsPath": "$.long"}),
            Err("SecondsPath parameter does not"),
        ),
        (json!({"SecondsPath": "$.none"}), Err("could not be found")),
        (
            json!({"TimestampPath": "$.n"}),
            Err("TimestampPath parameter does not"),
        ),
        (
            json!({"TimestampPath": "$.local"}),
            Err("TimestampPath parameter does not"),
        ),
        (
            json!({"TimestampPath": "$.none"}),
            Err("could not be found"),
        ),
    ] {
        let mut state = json!({"Type": "Wait", "End": true});
        state
            .as_object_mut()
            .unwrap()
            .extend(wait.as_object().unwrap().clone());
        let input = json!({"n": 7, "t": "2026-01-01T00:01:00Z", "half": 0.5, "minus": -1, "long": 100_000_000, "local": "2026-01-01T00:01:00"});
        let execution = run(
            &machine(json!({ "A": state })),
            input.clone(),
            &Planned::default(),
        )
        .await;
        match expected {
            Ok(number) => {
                assert_eq!(execution.output(), Some(&input), "{wait}");
                assert_eq!(execution.duration(), seconds(number), "{wait}");
                let waits: Vec<Duration> = execution.waits().map(|(_, wait)| wait).collect();
                assert_eq!(waits, [seconds(number)], "{wait}");
            }
            Err(problem) => {
                let (error, cause) = failed(&execution);
                assert_eq!(error, "States.Runtime", "{wait}");
                assert!(
                    cause.starts_with("An error occurred while executing the state 'A'. "),
                    "{cause}"
                );
                assert!(cause.contains(problem), "{cause}");
            }
        }
    }
}

#[tokio::test]
async fn a_task_that_takes_longer_than_its_timeout_fails_then() {
    for (took, expected) in [
        (5, Ok(json!({"took": 5}))),
        (6, Err(("States.Timeout", ""))),
    ] {
        let execution = run(
            &machine(json!({"A": task(json!({"TimeoutSeconds": 5}))})),
            json!({ "took": took }),
            &Planned::default(),
        )
        .await;
        assert_eq!(execution.duration(), seconds(5));
        match expected {
            Ok(output) => assert_eq!(execution.output(), Some(&output)),
            Err(failure) => assert_eq!(failed(&execution), failure),
        }
    }
}

#[tokio::test]
async fn the_machines_timeout_ends_it_wherever_it_is() {
    let wait = |number: u64| json!({"Type": "Wait", "Seconds": number, "End": true});
    let retry = json!({"Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 20}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}]});
    let map = |inner: Value| json!({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "In", "States": {"In": inner}}, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}]});
    for (state, input, times_out) in [
        (wait(10), json!([]), false),
        (wait(11), json!([]), true),
        (task(json!({})), json!({"took": 10}), false),
        (task(json!({})), json!({"took": 11}), true),
        (task(retry), json!({"error": "E"}), true),
        (map(wait(10)), json!([1, 2]), false),
        (map(wait(11)), json!([1, 2]), true),
        (
            map(task(json!({}))),
            json!([{"took": 3}, {"took": 12}]),
            true,
        ),
    ] {
        let mut definition = machine(json!({ "A": state }));
        definition["TimeoutSeconds"] = json!(10);
        let execution = run(&definition, input, &Planned::default()).await;
        assert_eq!(execution.status == Status::TimedOut, times_out, "{state}");
        assert_eq!(execution.duration(), seconds(10), "{state}");
    }
}

#[tokio::test]
async fn a_choice_without_a_match_needs_a_default() {
    let choice = |more: Value| {
        let mut state = json!({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "B"}]});
        state
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        machine(json!({"A": state, "B": {"Type": "Pass", "Result": "B", "End": true}}))
    };
    for (definition, input, expected) in [
        (choice(json!({})), json!({"n": 1}), Ok("B")),
        (
            choice(json!({})),
            json!({"n": 2}),
            Err("States.NoChoiceMatched"),
        ),
        (choice(json!({"Default": "B"})), json!({"n": 2}), Ok("B")),
        (
            choice(json!({"Default": "B"})),
            json!({}),
            Err("States.Runtime"),
        ),
    ] {
        let execution = run(&definition, input, &Planned::default()).await;
        match expected {
            Ok(output) => assert_eq!(execution.output(), Some(&json!(output))),
            Err(error) => assert_eq!(failed(&execution).0, error),
        }
    }
}

#[tokio::test]
async fn a_loop_ends_when_the_history_is_full() {
    let definition = machine(json!({"A": {"Type": "Pass", "Next": "A"}}));
    let execution = run(&definition, json!({}), &Planned::default()).await;
    let (error, cause) = failed(&execution);
    assert_eq!((error, execution.transitions()), ("States.Runtime", 12_500));
    assert!(
        cause.contains("maximum number of history events"),
        "{cause}"
    );
}

#[tokio::test]
async fn chance_is_decided_by_the_seed() {
    let definition = machine(json!({
        "A": {"Type": "Map", "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": true}}}, "Next": "B"},
        "B": task(json!({"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 1000, "JitterStrategy": "FULL"}]})),
    }));
    let machine = Machine::parse(&definition.to_string(), &[]).unwrap();
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let services = Planned::new([("task", vec![Reply::failed("E", ""), Reply::new(json!(0))])]);
        runs.push((
            machine.run(json!([1, 2]), &services, start(), seed).await,
            services.calls(),
        ));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0].0.duration(), runs[2].0.duration());
    assert_ne!(runs[0].1, runs[2].1);
    let ids = &runs[0].1[0].1;
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_run_may_be_on_another_thread() {
    let definition = machine(json!({"A": task(json!({}))})).to_string();
    let machine = Machine::parse(&definition, &[]).unwrap();
    let work = async move { machine.run(json!(1), &Planned::default(), start(), 1).await };
    assert_eq!(tokio::spawn(work).await.unwrap().output(), Some(&json!(1)));
}
