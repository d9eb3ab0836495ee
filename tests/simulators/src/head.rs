//! Strict reading of a request's head and body, the same for all vendors. Errors name what is wrong.

use serde_json::{Map, Value};

use crate::server::Call;

/// Headers any HTTP client may send, to any vendor.
const ORDINARY: [&str; 11] = [
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
];

/// Refuses needless headers, and headers sent twice. Allowed are the ordinary ones, the vendor's own and those that a
/// test allows.
pub(crate) fn headers(call: &Call, own: &[&str], extra: &[String]) -> Result<(), String> {
    for (i, (name, _)) in call.headers.iter().enumerate() {
        let known = ORDINARY.contains(&name.as_str()) || own.contains(&name.as_str());
        if !known && !extra.contains(name) {
            return Err(format!("unexpected header {name}"));
        }
        if call.headers.iter().skip(i + 1).any(|(other, _)| other == name) {
            return Err(format!("header {name} is given twice"));
        }
    }
    Ok(())
}

/// The requested content must be JSON.
pub(crate) fn accept(call: &Call) -> Result<(), String> {
    let accepts = call.header("accept").unwrap_or_default();
    let json = accepts.split(',').any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    });
    if json { Ok(()) } else { Err(format!("accept must name application/json, not {accepts:?}")) }
}

/// The body must be declared as JSON.
pub(crate) fn content_type(call: &Call) -> Result<(), String> {
    let kind = call.header("content-type").unwrap_or_default();
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, "charset=utf-8"));
    if kind.trim().eq_ignore_ascii_case("application/json")
        && parameters.trim().eq_ignore_ascii_case("charset=utf-8")
    {
        Ok(())
    } else {
        Err(format!("content-type must be application/json, not {kind:?}"))
    }
}

/// Refuses a body where there must be none.
pub(crate) fn no_body(call: &Call) -> Result<(), String> {
    if call.bytes.is_empty() { Ok(()) } else { Err(format!("a {} has no body", call.method)) }
}

/// The body, as any JSON.
pub(crate) fn json(call: &Call) -> Result<Value, String> {
    serde_json::from_slice(&call.bytes).map_err(|error| format!("the body is not JSON: {error}"))
}

/// The value as an object that has these fields and no others.
pub(crate) fn object<'a>(
    value: &'a Value,
    what: &str,
    fields: &[&str],
) -> Result<&'a Map<String, Value>, String> {
    let object = value.as_object().ok_or_else(|| format!("{what} is not an object"))?;
    match object.keys().find(|key| !fields.contains(&key.as_str())) {
        Some(key) => Err(format!("unknown field {key} in {what}")),
        None => Ok(object),
    }
}

/// A text that must be there.
pub(crate) fn text<'a>(
    object: &'a Map<String, Value>,
    what: &str,
    field: &str,
) -> Result<&'a str, String> {
    let value = object.get(field).and_then(Value::as_str);
    value.filter(|text| !text.is_empty()).ok_or_else(|| format!("{what} has no text {field}"))
}

/// The texts of an object that has exactly these fields.
pub(crate) fn texts<'a, const N: usize>(
    value: &'a Value,
    what: &str,
    fields: [&str; N],
) -> Result<[&'a str; N], String> {
    let object = object(value, what, &fields)?;
    let mut texts = [""; N];
    for (place, field) in texts.iter_mut().zip(fields) {
        *place = text(object, what, field)?;
    }
    Ok(texts)
}

/// The bearer token that a request came with, if it is one.
pub(crate) fn bearer(call: &Call) -> Option<&str> {
    let (scheme, token) = call.header("authorization")?.split_once(' ')?;
    let is_whole = !token.is_empty() && !token.contains(char::is_whitespace);
    (scheme.eq_ignore_ascii_case("bearer") && is_whole).then_some(token)
}
