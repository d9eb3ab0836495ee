//! What a state decides by itself: when to wake up, where to go, what to say, which items there are.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::choice::Condition;
use super::definition::{Items, Said, Until};
use super::execution::Failure;
use super::expression::{Scope, select};
use super::random::Random;
use super::time::{LONGEST, later, timestamp_of};

/// When a Wait state that is entered now ends.
pub(super) fn moment(
    until: &Until,
    now: Timestamp,
    scope: &Scope<'_>,
) -> Result<Timestamp, Failure> {
    let seconds = |seconds| later(now, Duration::from_secs(seconds));
    let (value, found, wanted) = match until {
        Until::Seconds(number) => return Ok(seconds(*number)),
        Until::Timestamp(moment) => return Ok(*moment),
        Until::SecondsPath(path) => {
            let value = select(path, "SecondsPath", scope)?;
            let number = value.as_u64().filter(|number| *number <= LONGEST);
            (
                value,
                number.map(seconds),
                "SecondsPath parameter does not reference an integer from 0 to 99999999",
            )
        }
        Until::TimestampPath(path) => {
            let value = select(path, "TimestampPath", scope)?;
            let moment = timestamp_of(&value);
            (
                value,
                moment,
                "TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string",
            )
        }
    };
    found.ok_or_else(|| Failure::runtime(format!("The {wanted}: {value}")))
}

/// Where a Choice state leads.
pub(super) fn choose<'s>(
    rules: &'s [(Condition, String)],
    default: Option<&'s str>,
    scope: &Scope<'_>,
) -> Result<&'s str, Failure> {
    for (condition, next) in rules {
        if condition.holds(scope)? {
            return Ok(next);
        }
    }
    default.ok_or_else(|| {
        Failure::new(
            "States.NoChoiceMatched",
            "No rule matches, and there is no default.",
        )
    })
}

/// The text of a Fail state.
pub(super) fn say(said: &Said, scope: &mut Scope<'_>) -> Result<String, Failure> {
    match said {
        Said::Fixed(text) => Ok(text.clone()),
        Said::Found(field, expression) => match expression.evaluate(field, scope)? {
            Value::String(text) => Ok(text),
            other => Err(Failure::runtime(format!(
                "The {field} {} does not reference a string: {other}",
                expression.text()
            ))),
        },
    }
}

/// What each item of a Map state is given. Only here the context object has `Map.Item`.
pub(super) fn inputs(
    items: &Items,
    input: &Value,
    context: &Value,
    random: &mut Random,
) -> Result<Vec<Value>, Failure> {
    let found = select(
        &items.path,
        "ItemsPath",
        &Scope {
            input,
            context,
            random,
        },
    )?;
    let Value::Array(values) = found else {
        let path = items.path.text();
        return Err(Failure::runtime(format!(
            "Reference path \"{path}\" must point to array: {found}"
        )));
    };
    let Some(selector) = &items.selector else {
        return Ok(values);
    };
    let mut context = context.clone();
    values
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            context["Map"] = json!({"Item": {"Index": index, "Value": value}});
            selector.evaluate(&mut Scope {
                input,
                context: &context,
                random,
            })
        })
        .collect()
}
