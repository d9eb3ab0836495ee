//! A request to a vendor, with its possible effects.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

/// The characters of a path segment that are percent-encoded: all but the *unreserved* ones of RFC 3986.
pub(super) const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request to a vendor.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) method: Method,
    /// The path's segments, percent-encoded.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    /// JSON.
    pub(super) body: Option<String>,
    pub(super) effect: Effect,
    /// Whether the client never sends it again.
    pub(super) once: bool,
}

/// The effect of a request, which determines when it may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    ReadOnly,
    /// Sending it twice has the same effect as sending it once.
    Idempotent,
    /// It may change something each time it arrives.
    Repeating,
}

impl Call {
    /// A read. Each element of `path` becomes one segment, whatever characters it has.
    pub fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path, Effect::ReadOnly)
    }

    /// A write by POST.
    pub fn post(path: &[&str], body: Value) -> Self {
        Self::new(Method::POST, path, Effect::Repeating).with_body(body.to_string())
    }

    /// A replacement. It is not assumed to be idempotent: at some vendors each one creates a version or a notification.
    /// See [`Call::repeatable`].
    pub fn put(path: &[&str], body: Value) -> Self {
        Self::put_verbatim(path, &body.to_string())
    }

    /// A replacement with a body that is already JSON and is sent verbatim, so that numbers keep their digits.
    pub fn put_verbatim(path: &[&str], body: &str) -> Self {
        Self::new(Method::PUT, path, Effect::Repeating).with_body(body.to_owned())
    }

    /// A write by PATCH.
    pub fn patch(path: &[&str], body: Value) -> Self {
        Self::new(Method::PATCH, path, Effect::Repeating).with_body(body.to_string())
    }

    /// A deletion.
    pub fn delete(path: &[&str]) -> Self {
        Self::new(Method::DELETE, path, Effect::Repeating)
    }

    /// A GraphQL query, which is sent to the base address and only reads.
    pub fn graphql(query: &str, variables: Value) -> Self {
        let body = json!({"query": query, "variables": variables});
        Self::new(Method::POST, &[], Effect::ReadOnly).with_body(body.to_string())
    }

    fn new(method: Method, path: &[&str], effect: Effect) -> Self {
        let encoded = |segment: &&str| utf8_percent_encode(segment, SEGMENT).to_string();
        Self {
            method,
            path: path.iter().map(encoded).collect(),
            query: Vec::new(),
            body: None,
            effect,
            once: false,
        }
    }

    fn with_body(self, body: String) -> Self {
        let body = Some(body);
        Self { body, ..self }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Marks a write that the vendor recognizes if it arrives again: it may be sent again after an unclear answer.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        if self.effect == Effect::Repeating {
            self.effect = Effect::Idempotent;
        }
        self
    }

    /// Marks a write that is valid only right after the read that it is based on: it is sent once. A rate limit stays an
    /// [`Error::Status`](super::error::Error::Status) of 429, and the caller reads again after it.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Marks a request that only reads, whatever its method: a search sent by POST.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.effect = Effect::ReadOnly;
        self
    }

    /// Method and path without the query, or "a GraphQL query": the name in errors and logs.
    pub fn name(&self) -> String {
        if self.path.is_empty() {
            return "a GraphQL query".to_owned();
        }
        format!("{} /{}", self.method, self.path.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_segment_stays_one_segment() {
        let call = Call::get(&["cloud", "users", "../account?x=1#y"]);
        assert_eq!(call.name(), "GET /cloud/users/..%2Faccount%3Fx%3D1%23y");
    }

    #[test]
    fn every_method_shows_in_the_name_of_a_call() {
        for (call, name) in [
            (Call::post(&["x"], json!({})), "POST /x"),
            (Call::put(&["x"], json!({})), "PUT /x"),
            (Call::patch(&["x"], json!({})), "PATCH /x"),
            (Call::delete(&["x"]), "DELETE /x"),
            (Call::post(&["x"], json!({})).read_only(), "POST /x"),
            (Call::graphql("{me}", json!({})), "a GraphQL query"),
        ] {
            assert_eq!(call.name(), name);
        }
    }
}
