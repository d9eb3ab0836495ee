//! Strict reading of a request's head: headers, version, path and query.

use serde_json::Value;

use super::{decode::snake, options::Options, refusal::Refusal, version::Pinned};
pub(crate) use crate::address::Query;
use crate::{address, head, server::Call};

/// Headers of this vendor's own.
const OWN: [&str; 1] = ["temporal-cloud-api-version"];

/// Refuses headers nobody has a reason to send, and headers sent twice.
pub(crate) fn headers(call: &Call, options: &Options) -> Result<(), Refusal> {
    head::headers(call, &OWN, &options.extra_headers).map_err(Refusal::violation)
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
    head::content_type(call)
        .and_then(|()| head::json(call))
        .map_err(Refusal::violation)
}

/// Refuses a body where there must be none.
pub(crate) fn no_body(call: &Call) -> Result<(), Refusal> {
    head::no_body(call).map_err(Refusal::violation)
}

/// Reads the query; only these parameters are allowed, in either casing.
pub(crate) fn query(call: &Call, allowed: &[&'static str]) -> Result<Query, Refusal> {
    Query::parse(&call.query, allowed, snake).map_err(Refusal::violation)
}
