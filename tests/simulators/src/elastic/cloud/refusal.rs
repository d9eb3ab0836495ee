//! Errors of the Cloud API: `{"errors": [{"code", "message", "fields"?}]}`, and a header with the code.

use serde_json::{Value, json};

use crate::server::Answer;

/// A request that is not carried out.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    fields: Vec<String>,
    headers: Vec<(String, String)>,
    /// Whether a well-behaved client would never have sent the request.
    violation: bool,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            fields: Vec::new(),
            headers: Vec::new(),
            violation: false,
        }
    }

    /// 400 to something the API does not document. The vendor may well ignore it; the simulator does not.
    pub(crate) fn violation(message: impl Into<String>) -> Self {
        Self::new(400, "root.invalid_data", message).wrong()
    }

    /// 400 to a body that is not what it should be.
    pub(crate) fn bad_body(message: impl Into<String>) -> Self {
        Self::new(400, "root.invalid_json_request", message).wrong()
    }

    /// *Unknown*: which of the documented codes a bad key gets on which call. Taken: the same everywhere.
    pub(crate) fn unauthenticated() -> Self {
        let message = "The supplied authentication is invalid";
        Self::new(401, "root.unauthenticated", message)
    }

    pub(crate) fn no_organization(id: &str) -> Self {
        let message = format!("Organization [{id}] could not be found");
        Self::new(404, "organization.not_found", message)
    }

    /// The same answer, to a request that a well-behaved client would not have sent.
    pub(crate) fn wrong(mut self) -> Self {
        self.violation = true;
        self
    }

    pub(crate) fn field(mut self, name: &str) -> Self {
        self.fields.push(name.to_owned());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn answer(self) -> Answer {
        let mut headers = self.headers;
        headers.push(("x-cloud-error-codes".to_owned(), self.code.to_owned()));
        let body = body(self.code, &self.message, &self.fields);
        let violations = if self.violation {
            vec![self.message]
        } else {
            Vec::new()
        };
        Answer {
            status: self.status,
            headers,
            body,
            violations,
        }
    }
}

fn body(code: &str, message: &str, fields: &[String]) -> Value {
    let mut error = json!({"code": code, "message": message});
    if !fields.is_empty() {
        error["fields"] = json!(fields);
    }
    json!({"errors": [error]})
}

/// The body for a status that a fault asks for.
pub(crate) fn body_for_status(status: u16) -> Value {
    let (code, message) = match status {
        400 => ("root.invalid_data", "The request is invalid"),
        401 => (
            "root.unauthenticated",
            "The supplied authentication is invalid",
        ),
        403 => ("root.unauthorized", "You are not authorized"),
        404 => ("root.resource_not_found", "The resource was not found"),
        429 => ("root.rate_limited", "Too many requests"),
        503 => ("root.unavailable", "The service is not available"),
        _ => ("root.internal_server_error", "There was an internal error"),
    };
    body(code, message, &[])
}
