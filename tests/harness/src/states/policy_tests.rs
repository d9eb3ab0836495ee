use std::time::Duration;

use serde_json::{Value, json};

use super::execution::Failure;
use super::fields::{Fields, Result};
use super::path::Path;
use super::policy::{Policy, Used};
use super::random::Random;

fn policy(fields: Value) -> Result<Policy> {
    let mut fields = Fields::new(fields, "S")?;
    let policy = Policy::take(&mut fields)?;
    fields.done().map(|()| policy)
}

fn delays(policy: &Policy, errors: &[&str]) -> Vec<Option<Duration>> {
    let (mut used, mut random) = (Used::default(), Random::new(1));
    let mut delay = |error: &&str| policy.retry(&Failure::new(*error, ""), &mut used, &mut random);
    errors.iter().map(&mut delay).collect()
}

fn seconds(numbers: &[f64]) -> Vec<Option<Duration>> {
    numbers
        .iter()
        .map(|number| (*number >= 0.0).then(|| Duration::from_secs_f64(*number)))
        .collect()
}

#[test]
fn each_retrier_counts_its_own_retries() {
    let policy = policy(json!({"Retry": [
        {"ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 2},
        {"ErrorEquals": ["C"], "IntervalSeconds": 5},
    ]}));
    let delays = delays(&policy.unwrap(), &["A", "C", "B", "B", "C", "D"]);
    assert_eq!(delays, seconds(&[1.0, 5.0, 2.0, -1.0, 10.0, -1.0]));
}

#[test]
fn delays_grow_up_to_their_limit() {
    for (fields, expected) in [
        (json!({}), &[1.0, 2.0, 4.0, -1.0][..]),
        (json!({"MaxAttempts": 0}), &[-1.0]),
        (
            json!({"BackoffRate": 1, "IntervalSeconds": 7}),
            &[7.0, 7.0, 7.0],
        ),
        (
            json!({"BackoffRate": 1.5, "IntervalSeconds": 3, "MaxAttempts": 9}),
            &[3.0, 4.5, 6.75],
        ),
        (
            json!({"MaxDelaySeconds": 3, "JitterStrategy": "NONE"}),
            &[1.0, 2.0, 3.0],
        ),
        (
            json!({"BackoffRate": 1e300, "MaxAttempts": 9}),
            &[1.0, 99_999_999.0, 99_999_999.0],
        ),
    ] {
        let mut fields = fields;
        fields["ErrorEquals"] = json!(["A"]);
        let policy = policy(json!({ "Retry": [fields] })).unwrap();
        assert_eq!(
            delays(&policy, &vec!["A"; expected.len()]),
            seconds(expected)
        );
    }
}

#[test]
fn full_jitter_is_anything_up_to_the_delay_and_decided_by_the_seed() {
    let retry = json!({"Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 100, "BackoffRate": 1, "MaxAttempts": 99, "JitterStrategy": "FULL"}]});
    let policy = policy(retry).unwrap();
    let drawn = delays(&policy, &["A"; 99]);
    assert_eq!(drawn, delays(&policy, &["A"; 99]));
    let drawn: Vec<f64> = drawn
        .iter()
        .map(|delay| delay.unwrap().as_secs_f64())
        .collect();
    assert!(drawn.iter().all(|delay| (0.0..=100.0).contains(delay)));
    assert!(drawn.iter().any(|delay| *delay < 20.0) && drawn.iter().any(|delay| *delay > 80.0));
}

#[test]
fn names_match_as_aws_documents() {
    for (name, error, expected) in [
        ("A", "A", true),
        ("A", "a", false),
        ("States.ALL", "A", true),
        ("States.ALL", "States.Timeout", true),
        ("States.ALL", "States.Runtime", false),
        ("States.ALL", "States.DataLimitExceeded", false),
        ("States.DataLimitExceeded", "States.DataLimitExceeded", true),
        ("States.TaskFailed", "Lambda.Unknown", true),
        ("States.TaskFailed", "States.Timeout", false),
        ("States.TaskFailed", "States.Runtime", false),
        ("States.TaskFailed", "States.DataLimitExceeded", false),
        ("States.Timeout", "States.Timeout", true),
    ] {
        let catch = json!({"Catch": [{"ErrorEquals": [name], "Next": "X"}]});
        let policy = policy(catch).unwrap();
        let caught = policy.catcher(&Failure::new(error, "")).is_some();
        assert_eq!(caught, expected, "{name} {error}");
    }
}

#[test]
fn the_first_catcher_that_matches_is_taken() {
    let policy = policy(json!({"Catch": [
        {"ErrorEquals": ["A"], "Next": "X", "ResultPath": "$.e"},
        {"ErrorEquals": ["A", "B"], "Next": "Y", "ResultPath": null},
        {"ErrorEquals": ["States.ALL"], "Next": "Z"},
    ]}))
    .unwrap();
    let taken = |error| {
        let catcher = policy.catcher(&Failure::new(error, "")).unwrap();
        (
            catcher.next.as_str(),
            catcher.result.as_ref().map(Path::text),
        )
    };
    assert_eq!(taken("A"), ("X", Some("$.e")));
    assert_eq!(taken("B"), ("Y", None));
    assert_eq!(taken("C"), ("Z", Some("$")));
}

#[test]
fn policies_that_cannot_be_read_are_errors_with_their_place() {
    let retry = |fields: Value| {
        let mut fields = fields;
        if fields.get("ErrorEquals").is_none() {
            fields["ErrorEquals"] = json!(["A"]);
        }
        json!({ "Retry": [fields] })
    };
    let catch = |errors: Value| json!({"Catch": [{"ErrorEquals": errors, "Next": "X"}]});
    for (fields, problem) in [
        (json!({"Retry": []}), "S.Retry: must be an array"),
        (
            json!({"Retry": [{}]}),
            "S.Retry[0].ErrorEquals: must be an array",
        ),
        (
            retry(json!({"IntervalSeconds": 0})),
            "S.Retry[0].IntervalSeconds: must be an integer from 1",
        ),
        (
            retry(json!({"MaxAttempts": -1})),
            "S.Retry[0].MaxAttempts: must be an integer from 0",
        ),
        (
            retry(json!({"BackoffRate": 0.5})),
            "S.Retry[0].BackoffRate: must be a number from 1 on",
        ),
        (
            retry(json!({"IntervalSeconds": 5, "MaxDelaySeconds": 5})),
            "S.Retry[0].MaxDelaySeconds: must be an integer from 6",
        ),
        (
            retry(json!({"JitterStrategy": "SOME"})),
            "S.Retry[0].JitterStrategy: must be FULL or NONE",
        ),
        (
            retry(json!({"Next": "X"})),
            "S.Retry[0].Next: is not known here",
        ),
        (
            catch(json!([1])),
            "S.Catch[0].ErrorEquals[0]: must be a string",
        ),
        (catch(json!([""])), "S.Catch[0].ErrorEquals[0]: is empty"),
        (
            catch(json!(["States.Runtime"])),
            "S.Catch[0].ErrorEquals[0]: States.Runtime cannot be caught",
        ),
        (
            catch(json!(["States.Oops"])),
            "S.Catch[0].ErrorEquals[0]: there is no States.Oops",
        ),
        (
            catch(json!(["A", "States.ALL"])),
            "S.Catch[0].ErrorEquals: must have States.ALL alone",
        ),
        (
            json!({"Catch": [{"ErrorEquals": ["A"]}]}),
            "S.Catch[0].Next: is missing",
        ),
        (
            json!({"Catch": [{"ErrorEquals": ["A"], "Next": "X", "ResultPath": "$.a[*]"}]}),
            "S.Catch[0].ResultPath: the path",
        ),
        (
            json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "X"}, {"ErrorEquals": ["A"], "Next": "X"}]}),
            "S.Catch: must have States.ALL last",
        ),
    ] {
        let error = policy(fields).unwrap_err().to_string();
        assert!(error.starts_with(problem), "{error}");
    }
}
