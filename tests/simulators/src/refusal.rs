//! Requests that are not carried out.

use serde_json::Value;

use crate::{FaultKind, server::Answer};

/// A request that is not carried out. Its body is the vendor's envelope around `reason`, `code` and `detail`, unless it
/// has a body of its own.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The vendor's name for it, if it has names for errors.
    pub code: &'static str,
    /// The message.
    pub reason: String,
    /// The vendor's further fields.
    pub detail: Option<Value>,
    /// The body, where the envelope is not used.
    pub body: Option<Value>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// Violations: what a well-behaved client would not have sent.
    pub violation: Option<String>,
}

impl Refusal {
    /// A refusal with this status, because of this.
    pub fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), ..Self::default() }
    }

    /// The usual message of a status, as the answer of a fault.
    pub(crate) fn usual(status: u16) -> Self {
        let reason = match status {
            400 => "the request is not valid",
            401 => "the credentials are not valid",
            403 => "this is not allowed",
            404 => "not found",
            409 => "something else has changed this meanwhile",
            429 => "too many requests",
            503 => "unavailable",
            _ => "something went wrong",
        };
        Self::new(status, reason)
    }

    /// 400 to something the API does not document. The vendor may well ignore it; the simulator does not.
    pub(crate) fn violation(reason: impl Into<String>) -> Self {
        Self::new(400, reason).wrong()
    }

    /// Refuses if the condition holds.
    pub(crate) fn when(
        condition: bool,
        status: u16,
        reason: impl Into<String>,
    ) -> Result<(), Self> {
        match condition {
            true => Err(Self::new(status, reason)),
            false => Ok(()),
        }
    }

    /// The same answer, to a request that a well-behaved client would not have sent.
    pub(crate) fn wrong(mut self) -> Self {
        self.violation = Some(self.reason.clone());
        self
    }

    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    pub(crate) fn detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

impl From<String> for Refusal {
    /// A fault in a request's head or body is a violation.
    fn from(reason: String) -> Self {
        Self::violation(reason)
    }
}

/// A page for people, as the proxy in front of an API sends it.
pub(crate) fn page(status: u16) -> Value {
    let html =
        format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
    Value::from(html)
}

/// The proxy's answer if the API does not respond: a web page.
#[must_use]
pub fn html_page(status: u16) -> FaultKind {
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    FaultKind::Status { code: status, headers, body: Some(page(status)) }
}

impl Answer {
    /// A text error is a page, with its content type.
    pub(crate) fn saying_html(mut self) -> Self {
        let says = |(name, _): &(String, String)| name == "content-type";
        if self.status >= 400 && self.body.is_string() && !self.headers.iter().any(says) {
            let html = ("content-type".to_owned(), "text/html".to_owned());
            self.headers.push(html);
        }
        self
    }
}
