//! The rules of a Choice.

use jiff::Timestamp;
use serde_json::Value;

use super::Failure;
use super::expression::evaluate;

/// Whether a rule holds. Those of an `And` are tried in their order, up to the first that does not hold.
pub(super) fn holds(rule: &Value, data: &Value, context: &Value) -> Result<bool, Failure> {
    let tests = super::list(&rule["And"]);
    if !tests.is_empty() {
        for test in tests {
            if !holds(test, data, context)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let found = evaluate(&rule["Variable"], data, context);
    let read = |field| rule.get(field).map(|path| evaluate(path, data, context)).transpose();
    if let Some(is_present) = rule["IsPresent"].as_bool() {
        return Ok(found.is_ok() == is_present);
    }
    let found = found?;
    if let Some(is_null) = rule["IsNull"].as_bool() {
        return Ok(found.is_null() == is_null);
    }
    if let Some(other) = read("TimestampLessThanEqualsPath")? {
        return Ok(time(&found)? <= time(&other)?);
    }
    let other = read("StringEqualsPath")?;
    let other = other.as_ref().or(rule.get("StringEquals")).or(rule.get("BooleanEquals"));
    Ok(Some(&found) == other)
}

fn time(value: &Value) -> Result<Timestamp, Failure> {
    let failed = |e: jiff::Error| Failure::new("States.Runtime", e.to_string());
    super::text(value).parse().map_err(failed)
}
