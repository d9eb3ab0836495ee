//! Strict reading of a request's head, and of bodies.

use serde_json::{Map, Value};

use super::{
    options::Options,
    refusal::{Family, Refusal},
};
use crate::{head, server::Call};

/// Headers of this vendor's own.
const OWN: [&str; 1] = ["x-atlassian-token"];

/// Refuses headers nobody has a reason to send, and headers sent twice.
pub(crate) fn headers(call: &Call, options: &Options) -> Result<(), Refusal> {
    head::headers(call, &OWN, &options.extra_headers).map_err(Refusal::violation)
}

/// What is asked for must be JSON. *Unknown*: the answer to anything else. Taken: 406.
pub(crate) fn accept(call: &Call) -> Result<(), Refusal> {
    head::accept(call).map_err(|reason| Refusal::new(406, reason).wrong())
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
    if call.method == "POST" {
        head::content_type(call).map_err(|reason| Refusal::new(415, reason).wrong())
    } else {
        head::no_body(call).map_err(Refusal::violation)
    }
}

/// The body, whatever it is.
pub(crate) fn json(call: &Call) -> Result<Value, Refusal> {
    head::json(call).map_err(Refusal::violation)
}

/// The value as an object that has these fields and no others.
pub(crate) fn object<'a>(
    value: &'a Value,
    what: &str,
    fields: &[&str],
) -> Result<&'a Map<String, Value>, Refusal> {
    head::object(value, what, fields).map_err(Refusal::violation)
}

/// A text that must be there.
pub(crate) fn text<'a>(
    object: &'a Map<String, Value>,
    what: &str,
    field: &str,
) -> Result<&'a str, Refusal> {
    head::text(object, what, field).map_err(Refusal::violation)
}
