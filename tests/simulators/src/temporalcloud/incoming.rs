//! Strict reading of a request's head: headers, version, path and query.

use serde_json::Value;

use super::{decode::snake, options::Options, refusal::Refusal, version::Pinned};
pub(crate) use crate::address::Query;
use crate::{address, server::Call};

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
    "temporal-cloud-api-version",
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

/// The version the request is pinned to.
pub(crate) fn version(call: &Call, options: &Options) -> Result<Pinned, Refusal> {
    match call.header("temporal-cloud-api-version") {
        None if options.require_version => Err(Refusal::violation(
            "header temporal-cloud-api-version is missing",
        )),
        None => Ok(Pinned::LATEST),
        Some(text) => Pinned::parse(text)
            .ok_or_else(|| Refusal::violation("API version specified is invalid")),
    }
}

/// The decoded segments of the path.
pub(crate) fn segments(call: &Call) -> Result<Vec<String>, Refusal> {
    address::segments(&call.path).map_err(Refusal::violation)
}

/// A body, which must be JSON and say so.
pub(crate) fn body(call: &Call) -> Result<Value, Refusal> {
    let kind = call.header("content-type").unwrap_or_default();
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, "charset=utf-8"));
    if !kind.trim().eq_ignore_ascii_case("application/json")
        || !parameters.trim().eq_ignore_ascii_case("charset=utf-8")
    {
        return Err(Refusal::violation(format!(
            "content-type must be application/json, not {kind:?}"
        )));
    }
    serde_json::from_slice(&call.body)
        .map_err(|error| Refusal::violation(format!("the body is not JSON: {error}")))
}

/// Refuses a body where there must be none.
pub(crate) fn no_body(call: &Call) -> Result<(), Refusal> {
    if call.body.is_empty() {
        Ok(())
    } else {
        Err(Refusal::violation(format!("a {} has no body", call.method)))
    }
}

/// Reads the query; only these parameters are allowed, in either casing.
pub(crate) fn query(call: &Call, allowed: &[&'static str]) -> Result<Query, Refusal> {
    Query::parse(&call.query, allowed, snake).map_err(Refusal::violation)
}
