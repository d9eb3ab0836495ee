//! Errors: `{"error": {"status", "message", "id", "details"?}}`, as the vendor's client types have them
//! (`@northflank/js-client`). *Unknown*: ids and texts. Taken: ids of the simulator's own, so that nobody relies on
//! them.

use serde_json::{Value, json};

use super::options::ErrorBody;
use crate::server::Answer;

/// A request that is not carried out.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: u16,
    message: String,
    /// What is wrong with a field.
    details: Option<Value>,
    headers: Vec<(String, String)>,
    /// Whether a well-behaved client would never have sent the request.
    violation: bool,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            details: None,
            headers: Vec::new(),
            violation: false,
        }
    }

    /// 400 to something the API does not document. The vendor may well ignore it; the simulator does not.
    pub(crate) fn violation(message: impl Into<String>) -> Self {
        Self::new(400, message).wrong()
    }

    /// 400 to a parameter that is not what it should be.
    pub(crate) fn parameter(name: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        let mut refusal = Self::violation(format!("{name} {problem}"));
        refusal.details = Some(json!({ name: [problem] }));
        refusal
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(401, "the token is not valid")
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, format!("{what} not found"))
    }

    /// The same answer, to a request that a well-behaved client would not have sent.
    pub(crate) fn wrong(mut self) -> Self {
        self.violation = true;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn answer(self, style: ErrorBody) -> Answer {
        let violations = if self.violation {
            vec![self.message.clone()]
        } else {
            Vec::new()
        };
        let mut answer = Answer {
            status: self.status,
            headers: self.headers,
            body: body(style, self.status, &self.message, self.details),
            violations,
        };
        say_html(&mut answer);
        answer
    }
}

/// An error that is a text is a page, and says so.
pub(crate) fn say_html(answer: &mut Answer) {
    let said = answer
        .headers
        .iter()
        .any(|(name, _)| name == "content-type");
    if answer.status >= 400 && answer.body.is_string() && !said {
        let html = ("content-type".to_owned(), "text/html".to_owned());
        answer.headers.push(html);
    }
}

/// A page for people.
pub(crate) fn page(status: u16) -> Value {
    Value::from(format!(
        "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    ))
}

fn body(style: ErrorBody, status: u16, message: &str, details: Option<Value>) -> Value {
    let id = id(status);
    match style {
        ErrorBody::Nested => {
            let mut error = json!({"status": status, "message": message, "id": id});
            if let Some(details) = details {
                error["details"] = details;
            }
            json!({ "error": error })
        }
        ErrorBody::Flat => {
            let data = details.unwrap_or_else(|| json!({}));
            json!({"code": id, "message": message, "status": status, "data": data})
        }
        ErrorBody::Html => page(status),
    }
}

fn id(status: u16) -> &'static str {
    match status {
        400 => "nf-sim-invalid",
        401 => "nf-sim-unauthenticated",
        403 => "nf-sim-forbidden",
        404 => "nf-sim-not-found",
        405 => "nf-sim-wrong-method",
        406 => "nf-sim-not-acceptable",
        415 => "nf-sim-wrong-content-type",
        429 => "nf-sim-too-many-requests",
        _ => "nf-sim-failed",
    }
}

/// The body for a status that a fault asks for.
pub(crate) fn body_for_status(style: ErrorBody, status: u16) -> Value {
    let message = match status {
        400 => "the request is not valid",
        401 => "the token is not valid",
        403 => "the token may not do this",
        404 => "not found",
        429 => "the organization has used up its requests",
        _ => "something went wrong",
    };
    body(style, status, message, None)
}
