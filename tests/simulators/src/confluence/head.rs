//! Strict reading of a request's head, and of bodies.

use serde_json::{Map, Value};

use super::{
    options::Options,
    refusal::{Family, Refusal},
};
use crate::server::Call;

const ORDINARY: [&str; 12] = [
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "cache-control",
    "x-atlassian-token",
];

/// Refuses headers nobody has a reason to send, and headers sent twice.
pub(crate) fn headers(call: &Call, options: &Options) -> Result<(), Refusal> {
    for (i, (name, _)) in call.headers.iter().enumerate() {
        if !ORDINARY.contains(&name.as_str()) && !options.extra_headers.contains(name) {
            return Err(Refusal::violation(format!("unexpected header {name}")));
        }
        if call
            .headers
            .iter()
            .skip(i + 1)
            .any(|(other, _)| other == name)
        {
            return Err(Refusal::violation(format!("header {name} is given twice")));
        }
    }
    Ok(())
}

/// What is asked for must be JSON. *Unknown*: the answer to anything else. Taken: 406.
pub(crate) fn accept(call: &Call) -> Result<(), Refusal> {
    let accepts = call.header("accept").unwrap_or_default();
    let json = accepts.split(',').any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    });
    if json {
        Ok(())
    } else {
        let reason = format!("accept must name application/json, not {accepts:?}");
        Err(Refusal::new(406, reason).wrong())
    }
}

/// Writes of v1 must say that they do not come from a page in a browser.
pub(crate) fn cross_site(call: &Call, family: Family) -> Result<(), Refusal> {
    let said = call.header("x-atlassian-token");
    let no_check = said.is_some_and(|value| value.eq_ignore_ascii_case("no-check"));
    if family == Family::V1 && call.method != "GET" && !no_check {
        return Err(Refusal::denied("XSRF check failed").wrong());
    }
    Ok(())
}

/// A body must be JSON and say so; only a POST has one.
pub(crate) fn body_kind(call: &Call) -> Result<(), Refusal> {
    if call.method != "POST" {
        return if call.body.is_empty() {
            Ok(())
        } else {
            Err(Refusal::violation(format!("a {} has no body", call.method)))
        };
    }
    let kind = call.header("content-type").unwrap_or_default();
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, "charset=utf-8"));
    if kind.trim().eq_ignore_ascii_case("application/json")
        && parameters.trim().eq_ignore_ascii_case("charset=utf-8")
    {
        Ok(())
    } else {
        let reason = format!("content-type must be application/json, not {kind:?}");
        Err(Refusal::new(415, reason).wrong())
    }
}

/// The body, whatever it is.
pub(crate) fn json(call: &Call) -> Result<Value, Refusal> {
    serde_json::from_slice(&call.body)
        .map_err(|error| Refusal::violation(format!("the body is not JSON: {error}")))
}

/// The value as an object that has these fields and no others.
pub(crate) fn object<'a>(
    value: &'a Value,
    what: &str,
    fields: &[&str],
) -> Result<&'a Map<String, Value>, Refusal> {
    let object = value
        .as_object()
        .ok_or_else(|| Refusal::violation(format!("{what} is not an object")))?;
    match object.keys().find(|key| !fields.contains(&key.as_str())) {
        Some(key) => Err(Refusal::violation(format!("unknown field {key} in {what}"))),
        None => Ok(object),
    }
}

/// A text that must be there.
pub(crate) fn text<'a>(
    object: &'a Map<String, Value>,
    what: &str,
    field: &str,
) -> Result<&'a str, Refusal> {
    let value = object.get(field).and_then(Value::as_str);
    value
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Refusal::violation(format!("{what} has no text {field}")))
}
