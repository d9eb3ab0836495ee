//! The allowed content of a definition.

use std::collections::BTreeSet;

use serde_json::Value;

use super::expression::{Expression, word};

/// The kinds of objects in a definition and the parameters of calls, and their fields; those with `?` may be left out.
const KNOWN: &str = "
workflow Comment? TimeoutSeconds StartAt States
items ProcessorConfig StartAt States
Pass Type Comment? Parameters ResultPath? Next
Task Type Comment? Resource Parameters ResultSelector? ResultPath? TimeoutSeconds? Retry? Catch? Next
retrier ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds? JitterStrategy?
catcher ErrorEquals ResultPath Next
Choice Type Comment? Choices Default
and And Next
rule Variable StringEquals? StringEqualsPath? TimestampLessThanEqualsPath? IsPresent? Next
test Variable StringEquals? BooleanEquals? IsNull? IsPresent?
Wait Type Comment? Seconds? TimestampPath? Next
Map Type Comment? ItemsPath ItemSelector MaxConcurrency ItemProcessor ResultSelector? ResultPath? Catch? Next
Succeed Type Comment?
Fail Type Error? ErrorPath? CausePath
lambda:invoke FunctionName Payload
events:putEvents Entries
states:startExecution StateMachineArn Name Input
aws-sdk:scheduler:createSchedule ActionAfterCompletion FlexibleTimeWindow GroupName Name ScheduleExpression ScheduleExpressionTimezone State Target
aws-sdk:scheduler:updateSchedule ActionAfterCompletion FlexibleTimeWindow GroupName Name ScheduleExpression ScheduleExpressionTimezone State Target
";

const LISTS: [[&str; 2]; 3] = [["Retry", "retrier"], ["Catch", "catcher"], ["Choices", "rule"]];
const COMPARISONS: [&str; 6] = [
    "StringEquals",
    "StringEqualsPath",
    "TimestampLessThanEqualsPath",
    "BooleanEquals",
    "IsNull",
    "IsPresent",
];
const NUMBERS: [&str; 4] = ["Seconds", "Attempts", "Rate", "Concurrency"];
const PROCESSORS: [&str; 2] =
    [r#"{"ExecutionType":"STANDARD","Mode":"DISTRIBUTED"}"#, r#"{"Mode":"INLINE"}"#];

fn known(kind: &str, object: &Value) -> Result<(), String> {
    let mut lines = KNOWN.lines();
    let fields = lines.find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
    let mut fields = fields.unwrap_or_default().split(' ');
    let has = |field: &str| object.get(field).is_some();
    let is_number = |f: &str| NUMBERS.iter().any(|end| f.ends_with(end));
    let is_known = |field: &String| {
        let is_there = fields.clone().any(|f| f.trim_end_matches('?') == field);
        is_there && (!is_number(field) || object[field].is_u64())
    };
    let mut there = object.as_object().into_iter().flat_map(|o| o.keys());
    let is_good = match kind {
        "items" => PROCESSORS.contains(&object["ProcessorConfig"].to_string().as_str()),
        "retrier" => !has("JitterStrategy") || object["JitterStrategy"] == "FULL",
        "rule" | "test" => COMPARISONS.iter().filter(|one| has(one)).count() == 1,
        "Wait" => has("Seconds") != has("TimestampPath"),
        "Fail" => has("Error") != has("ErrorPath"),
        _ => true,
    };
    if is_good && there.all(is_known) && fields.all(|one| one.ends_with('?') || has(one)) {
        return Ok(());
    }
    Err(format!("`{kind}` lacks or holds something: {object}"))
}

/// Checks a graph of states: nothing is unknown, every state that is named is there, and every state is named.
pub(super) fn check(kind: &str, graph: &Value) -> Result<(), String> {
    known(kind, graph)?;
    let states = graph["States"].as_object().ok_or("no states")?;
    let mut named: BTreeSet<_> = graph["StartAt"].as_str().into_iter().collect();
    for state in states.values() {
        known(state["Type"].as_str().unwrap_or_default(), state)?;
        for [list, kind] in LISTS {
            let entries = super::list(&state[list]);
            for (n, entry) in entries.iter().enumerate() {
                let tests = super::list(&entry["And"]);
                known(if tests.is_empty() { kind } else { "and" }, entry)?;
                tests.iter().try_for_each(|test| known("test", test))?;
                let errors = entry["ErrorEquals"].to_string();
                let is_alone = errors == r#"["States.ALL"]"# && n + 1 == entries.len();
                if errors.contains("States.ALL") && !is_alone {
                    return Err(format!("States.ALL stands alone and last: {entry}"));
                }
                named.extend(entry["Next"].as_str());
            }
        }
        named.extend(["Next", "Default"].map(|field| state[field].as_str()).into_iter().flatten());
        match super::text(&state["Type"]) {
            "Map" => check("items", &state["ItemProcessor"])?,
            "Task" => call(state)?,
            _ => {}
        }
        expressions(state)?;
    }
    let there: BTreeSet<_> = states.keys().map(String::as_str).collect();
    match there.symmetric_difference(&named).next() {
        Some(name) => Err(format!("{name} is not there, or never reached")),
        None => Ok(()),
    }
}

/// Checks the parameters of a call to a service; whether they are expressions does not matter.
fn call(state: &Value) -> Result<(), String> {
    let resource = super::text(&state["Resource"]);
    let service = resource.split_once(":states:::").map_or("", |(_, service)| service);
    let fields = state["Parameters"].as_object().into_iter().flatten();
    let named = fields.map(|(name, value)| (name.trim_end_matches(".$").to_owned(), value.clone()));
    known(service, &named.collect())
}

fn expressions(value: &Value) -> Result<(), String> {
    let mut children = value.as_array().into_iter().flatten();
    children.try_for_each(expressions)?;
    for (name, value) in value.as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let is_path = name == "Variable" || name.ends_with("Path") || name.ends_with(".$");
        let is_good = match name.as_str() {
            "ResultPath" => text.strip_prefix("$.").and_then(word).is_some(),
            _ if is_path => Expression::parse(text).is_some(),
            _ => expressions(value).is_ok(),
        };
        if !is_good {
            return Err(format!("{name}: {value} is not known here"));
        }
    }
    Ok(())
}
