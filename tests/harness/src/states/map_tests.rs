use std::time::Duration;

use serde_json::{Value, json};

use super::Status;
use super::testing::{Planned, failed, machine, run, seconds};

/// A Map state that ends, whose items go through the states from `In` on; with more fields.
fn map(inner: Value, more: Value) -> Value {
    let mut state =
        json!({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "In", "States": inner}});
    state
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    state
}

/// A task of an item that does what the item says.
fn work() -> Value {
    json!({"In": {"Type": "Task", "Resource": "arn:echo", "End": true}})
}

#[tokio::test]
async fn each_item_is_given_what_the_selector_makes_of_it() {
    let selector = json!({"n.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.list", "in.$": "$$.State.Name"});
    for (fields, expected) in [
        (json!({"ItemsPath": "$.list"}), json!(["a", "b"])),
        (json!({"InputPath": "$.list"}), json!(["a", "b"])),
        (json!({"ItemsPath": "$.none"}), json!("could not be found")),
        (json!({"ItemsPath": "$.text"}), json!("must point to array")),
        (json!({"ItemsPath": "$.empty"}), json!([])),
        (
            json!({"ItemsPath": "$$.Execution.Input.list"}),
            json!(["a", "b"]),
        ),
        (
            json!({"ItemsPath": "$.list", "ItemSelector": selector}),
            json!([{"n": 0, "v": "a", "all": ["a", "b"], "in": "A"}, {"n": 1, "v": "b", "all": ["a", "b"], "in": "A"}]),
        ),
        (
            json!({"ItemsPath": "$.list", "ResultSelector": {"last.$": "$[-1]"}, "ResultPath": "$.empty", "OutputPath": "$.empty"}),
            json!({"last": "b"}),
        ),
    ] {
        let definition =
            machine(json!({"A": map(json!({"In": {"Type": "Succeed"}}), fields.clone())}));
        let input = json!({"list": ["a", "b"], "text": "t", "empty": []});
        let execution = run(&definition, input, &Planned::default()).await;
        match execution.output() {
            Some(output) => assert_eq!(output, &expected, "{fields}"),
            None => {
                let (error, cause) = failed(&execution);
                assert_eq!(error, "States.Runtime");
                assert!(
                    cause.contains(expected.as_str().unwrap()),
                    "{fields}: {cause}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_context_has_the_item_only_where_it_is_selected() {
    let inner =
        json!({"In": {"Type": "Pass", "Parameters": {"v.$": "$$.Map.Item.Value"}, "End": true}});
    let execution = run(
        &machine(json!({"A": map(inner, json!({}))})),
        json!([1]),
        &Planned::default(),
    )
    .await;
    assert_eq!(failed(&execution).0, "States.Runtime");
}

#[tokio::test]
async fn results_are_in_the_order_of_the_items_whichever_is_done_first() {
    let input = json!([{"took": 9}, {"took": 1}, {"took": 5}]);
    let execution = run(
        &machine(json!({"A": map(work(), json!({}))})),
        input.clone(),
        &Planned::default(),
    )
    .await;
    assert_eq!(execution.output(), Some(&input));
}

#[tokio::test]
async fn items_share_the_lanes_and_the_map_ends_with_the_last() {
    let input = json!([{"took": 9}, {"took": 1}, {"took": 5}, {"took": 4}, {"took": 1}]);
    for (lanes, begin, took) in [
        (0, vec![0, 0, 0, 0, 0], 9),
        (1, vec![0, 9, 10, 15, 19], 20),
        (2, vec![0, 0, 1, 6, 9], 10),
        (3, vec![0, 0, 0, 1, 5], 9),
        (99, vec![0, 0, 0, 0, 0], 9),
    ] {
        let definition = machine(json!({"A": map(work(), json!({"MaxConcurrency": lanes}))}));
        let services = Planned::default();
        let execution = run(&definition, input.clone(), &services).await;
        assert_eq!(execution.output(), Some(&input));
        let calls: Vec<i64> = services.calls().iter().map(|(since, _)| *since).collect();
        assert_eq!(calls, begin, "{lanes}");
        assert_eq!(execution.duration(), seconds(took), "{lanes}");
        assert_eq!(execution.transitions(), 6);
    }
}

#[tokio::test]
async fn forty_items_are_worked_on_at_once_when_nothing_is_said() {
    let inner = json!({"In": {"Type": "Wait", "Seconds": 10, "End": true}});
    for (count, took) in [(40, 10), (41, 20), (81, 30)] {
        let input: Value = (0..count).collect();
        let execution = run(
            &machine(json!({"A": map(inner.clone(), json!({}))})),
            input,
            &Planned::default(),
        )
        .await;
        assert_eq!(execution.duration(), seconds(took), "{count}");
    }
}

#[tokio::test]
async fn calls_of_all_items_come_in_the_order_of_virtual_time() {
    let inner = json!({
        "In": {"Type": "Wait", "SecondsPath": "$.first", "Next": "One"},
        "One": {"Type": "Task", "Resource": "arn:echo", "Next": "Again"},
        "Again": {"Type": "Wait", "SecondsPath": "$.second", "Next": "Two"},
        "Two": {"Type": "Task", "Resource": "arn:echo", "End": true},
    });
    let input = json!([{"i": 0, "first": 5, "second": 1}, {"i": 1, "first": 1, "second": 9}, {"i": 2, "first": 2, "second": 4}]);
    let services = Planned::default();
    let execution = run(
        &machine(json!({"A": map(inner, json!({}))})),
        input,
        &services,
    )
    .await;
    let calls: Vec<_> = services
        .calls()
        .iter()
        .map(|(since, call)| (*since, call["i"].as_i64().unwrap()))
        .collect();
    assert_eq!(calls, [(1, 1), (2, 2), (5, 0), (6, 2), (6, 0), (10, 1)]);
    assert!(execution.visits.is_sorted_by_key(|visit| visit.entered));
    assert_eq!(execution.path(&[1]), ["In", "One", "Again", "Two"]);
    assert_eq!(execution.path(&[]), ["A"]);
    let waited: Duration = execution
        .waits()
        .filter(|(visit, _)| visit.items == [1])
        .map(|(_, wait)| wait)
        .sum();
    assert_eq!(waited, seconds(10));
}

#[tokio::test]
async fn the_first_item_that_fails_ends_the_others_and_may_be_caught() {
    let catch = json!({"MaxConcurrency": 2, "Catch": [{"ErrorEquals": ["Bad"], "ResultPath": "$.e", "Next": "B"}]});
    let mut state = map(work(), catch);
    state["ItemsPath"] = json!("$.l");
    let definition =
        machine(json!({"A": state, "B": {"Type": "Pass", "InputPath": "$.e", "End": true}}));
    let input = json!({"l": [{"took": 9}, {"took": 3}, {"took": 2, "error": "Bad"}, {"took": 1}]});
    let services = Planned::default();
    let execution = run(&definition, input, &services).await;
    assert_eq!(
        execution.output(),
        Some(&json!({"Error": "Bad", "Cause": "said"}))
    );
    assert_eq!(execution.duration(), seconds(5));
    assert_eq!(services.calls().len(), 3);
    let left: Vec<bool> = execution
        .visits
        .iter()
        .map(|visit| visit.left.is_some())
        .collect();
    assert_eq!(left, [true, false, true, true, true]);
}

#[tokio::test]
async fn items_that_wait_for_their_turn_when_another_fails_hold_nobody_up() {
    let catch = json!({"Catch": [{"ErrorEquals": ["Bad"], "Next": "B"}]});
    let definition =
        machine(json!({"A": map(work(), catch), "B": {"Type": "Wait", "Seconds": 5, "End": true}}));
    let services = Planned::default();
    let input = json!([{"took": 1}, {"error": "Bad"}, {"took": 2}]);
    let execution = run(&definition, input, &services).await;
    assert_eq!(execution.duration(), seconds(5));
    assert_eq!(services.calls().len(), 2);
}

#[tokio::test]
async fn a_map_is_retried_with_all_its_items() {
    let retry =
        json!({"Retry": [{"ErrorEquals": ["Bad"], "IntervalSeconds": 10, "MaxAttempts": 1}]});
    let definition = machine(json!({"A": map(work(), retry)}));
    let services = Planned::default();
    let execution = run(
        &definition,
        json!([{"took": 1}, {"took": 2, "error": "Bad"}]),
        &services,
    )
    .await;
    assert_eq!(failed(&execution), ("Bad", "said"));
    assert_eq!(
        (services.calls().len(), execution.duration()),
        (4, seconds(14))
    );
    assert_eq!(execution.transitions(), 6);
}

#[tokio::test]
async fn an_error_of_the_runtime_in_an_item_ends_everything() {
    let inner = json!({"In": {"Type": "Pass", "InputPath": "$.none", "End": true}});
    let catch = json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]});
    let definition = machine(json!({"A": map(inner, catch), "B": {"Type": "Succeed"}}));
    let execution = run(&definition, json!([{}]), &Planned::default()).await;
    let (error, cause) = failed(&execution);
    assert_eq!(error, "States.Runtime");
    assert!(
        cause.starts_with("An error occurred while executing the state 'In'. "),
        "{cause}"
    );
}

#[tokio::test]
async fn a_fail_state_in_an_item_fails_the_map() {
    let inner = json!({"In": {"Type": "Fail", "Error": "E", "Cause": "C"}});
    let execution = run(
        &machine(json!({"A": map(inner, json!({}))})),
        json!([1]),
        &Planned::default(),
    )
    .await;
    assert_eq!(failed(&execution), ("E", "C"));
}

#[tokio::test]
async fn maps_may_be_nested() {
    let inner = map(
        json!({"Deep": {"Type": "Wait", "SecondsPath": "$", "End": true}}),
        json!({}),
    );
    let mut inner = json!({ "In": inner });
    inner["In"]["ItemProcessor"]["StartAt"] = json!("Deep");
    let definition = machine(json!({"A": map(inner, json!({"MaxConcurrency": 1}))}));
    let input = json!([[3, 1], [], [5]]);
    let execution = run(&definition, input.clone(), &Planned::default()).await;
    assert_eq!(execution.status, Status::Succeeded(input));
    assert_eq!(execution.duration(), seconds(8));
    let entered: Vec<_> = execution
        .visits
        .iter()
        .map(|visit| visit.items.clone())
        .collect();
    assert_eq!(
        entered,
        [
            vec![],
            vec![0],
            vec![0, 0],
            vec![0, 1],
            vec![1],
            vec![2],
            vec![2, 0]
        ]
    );
}
