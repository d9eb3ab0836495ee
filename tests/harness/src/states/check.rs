//! What a definition may hold.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::expression::{Expression, word};

/// The kinds of objects in a definition: the fields that each needs, and those that it may have.
const KNOWN: [(&str, &str, &str); 12] = [
    ("workflow", "TimeoutSeconds StartAt States", "Comment"),
    ("items", "ProcessorConfig StartAt States", ""),
    ("Pass", "Type Parameters Next", "Comment ResultPath"),
    (
        "Task",
        "Type Resource Parameters TimeoutSeconds Retry Next",
        "Comment ResultSelector ResultPath Catch",
    ),
    (
        "retrier",
        "ErrorEquals IntervalSeconds MaxAttempts BackoffRate",
        "MaxDelaySeconds JitterStrategy",
    ),
    ("catcher", "ErrorEquals ResultPath Next", ""),
    ("Choice", "Type Choices Default", "Comment"),
    ("rule", "Variable Next", "StringEquals IsPresent"),
    ("Wait", "Type TimestampPath Next", ""),
    (
        "Map",
        "Type ItemsPath ItemSelector MaxConcurrency ItemProcessor ResultSelector Next",
        "Comment",
    ),
    ("Succeed", "Type", "Comment"),
    ("Fail", "Type CausePath", "Error ErrorPath"),
];

/// The lists of objects in a state, and their kind.
const LISTS: [(&str, &str); 3] = [
    ("Retry", "retrier"),
    ("Catch", "catcher"),
    ("Choices", "rule"),
];

fn known(kind: &str, object: &Value) -> Result<(), String> {
    let of_kind = KNOWN.iter().find(|known| known.0 == kind);
    let (_, needed, possible) = of_kind.ok_or_else(|| format!("{kind} is not known here"))?;
    let has = |field: &str| object.get(field).is_some();
    if let Some(field) = needed.split(' ').find(|field| !has(field)) {
        return Err(format!("{kind} has no {field}"));
    }
    let fields = object
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys());
    for field in fields {
        if !needed
            .split(' ')
            .chain(possible.split(' '))
            .any(|one| one == field)
        {
            return Err(format!("{field} of {kind} is not known here"));
        }
    }
    let is_good = match kind {
        // Each item is an execution of its own.
        "items" => {
            object["ProcessorConfig"] == json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})
        }
        "retrier" => !has("JitterStrategy") || object["JitterStrategy"] == "FULL",
        "rule" => has("StringEquals") != has("IsPresent"),
        "Fail" => has("Error") != has("ErrorPath"),
        _ => true,
    };
    is_good
        .then_some(())
        .ok_or_else(|| format!("{kind} with values that are not known here: {object}"))
}

/// Checks a graph of states: nothing is unknown, every state that is named is there, and every state is named.
pub(super) fn check(kind: &str, graph: &Value) -> Result<(), String> {
    known(kind, graph)?;
    let states = graph["States"]
        .as_object()
        .ok_or("States is not an object")?;
    let mut named: BTreeSet<_> = graph["StartAt"].as_str().into_iter().collect();
    for state in states.values() {
        known(state["Type"].as_str().unwrap_or_default(), state)?;
        for (list, kind) in LISTS {
            for entry in state[list].as_array().into_iter().flatten() {
                known(kind, entry)?;
                named.extend(entry["Next"].as_str());
            }
        }
        named.extend(
            [&state["Next"], &state["Default"]]
                .map(Value::as_str)
                .into_iter()
                .flatten(),
        );
        if state["Type"] == "Map" {
            check("items", &state["ItemProcessor"])?;
        }
        expressions(state)?;
    }
    let there: BTreeSet<_> = states.keys().map(String::as_str).collect();
    match there.symmetric_difference(&named).next() {
        Some(name) => Err(format!("{name} is not there, or never reached")),
        None => Ok(()),
    }
}

/// Checks every path and function.
fn expressions(value: &Value) -> Result<(), String> {
    let mut children = value.as_array().into_iter().flatten();
    children.try_for_each(expressions)?;
    for (name, value) in value.as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let is_good = match name.as_str() {
            "ResultPath" => text.strip_prefix("$.").and_then(word).is_some(),
            "Variable" => Expression::parse(text).is_some(),
            _ if name.ends_with(".$") || name.ends_with("Path") => {
                Expression::parse(text).is_some()
            }
            _ => expressions(value).map(|()| true)?,
        };
        if !is_good {
            return Err(format!("{name}: {value} is not known here"));
        }
    }
    Ok(())
}
