//! Strict reading of a request's head: headers, version, path and query.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{decode::snake, options::Options, refusal::Refusal, version::Pinned};
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
    let path = call.path.strip_prefix('/').unwrap_or(&call.path);
    path.split('/').map(decoded).collect()
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let text = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| Refusal::violation("the address is not valid UTF-8"))?;
    Ok(text.into_owned())
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

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query; only these parameters are allowed, in either casing, each once. A name that ends in `*` may be
    /// repeated.
    pub(crate) fn parse(call: &Call, allowed: &[&'static str]) -> Result<Self, Refusal> {
        let mut found: Vec<(String, String)> = Vec::new();
        for pair in call.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (
                decoded(&name.replace('+', " "))?,
                decoded(&value.replace('+', " "))?,
            );
            let known = allowed.iter().find(|known| {
                let known = known.trim_end_matches('*');
                known == name || snake(known) == name
            });
            let known = known
                .ok_or_else(|| Refusal::violation(format!("unknown query parameter {name}")))?;
            let plain = known.trim_end_matches('*');
            if plain == *known && found.iter().any(|(other, _)| other == plain) {
                return Err(Refusal::violation(format!(
                    "query parameter {name} is given twice"
                )));
            }
            found.push((plain.to_owned(), value));
        }
        Ok(Self(found))
    }

    /// A parameter that is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}
