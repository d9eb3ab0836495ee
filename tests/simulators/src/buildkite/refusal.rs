//! Errors: `{"message": "…"}` of REST, `{"errors": [{"message": "…"}]}` of GraphQL.

use serde_json::{Map, Value, json};

use crate::server::Answer;

/// Which API an error is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Rest,
    GraphQl,
}

impl Api {
    /// The API that a path is of.
    pub(crate) fn of(path: &str) -> Self {
        if path == "/v1" {
            Self::GraphQl
        } else {
            Self::Rest
        }
    }

    fn body(self, message: &str, extra: Map<String, Value>) -> Value {
        match self {
            Self::Rest => {
                let mut body = extra;
                body.insert("message".to_owned(), json!(message));
                Value::Object(body)
            }
            Self::GraphQl => json!({"errors": [{"message": message}]}),
        }
    }

    /// The page of the documentation that a refusal to unknown callers names.
    fn page(self) -> &'static str {
        match self {
            Self::Rest => "rest-api",
            Self::GraphQl => "graphql-api",
        }
    }
}

/// A request that is not carried out.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: u16,
    message: String,
    extra: Map<String, Value>,
    headers: Vec<(String, String)>,
    /// Whether a well-behaved client would never have sent the request.
    violation: bool,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            extra: Map::new(),
            headers: Vec::new(),
            violation: false,
        }
    }

    /// 400 to something the API does not document. The vendor may well ignore it; the simulator does not.
    pub(crate) fn violation(message: impl Into<String>) -> Self {
        Self::new(400, message).wrong()
    }

    /// No token, or one that is wrong, expired or revoked.
    pub(crate) fn unauthenticated(api: Api) -> Self {
        let page = api.page();
        Self::new(
            401,
            format!(
                "Authentication required. Please supply a valid API Access Token: https://buildkite.com/docs/apis/{page}#authentication"
            ),
        )
    }

    /// *Unknown*: the body when GraphQL is refused. Taken: the text of REST.
    pub(crate) fn scope(scope: &str) -> Self {
        let message = format!("Your access token doesn't have the {scope} scope");
        Self::new(403, message)
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(403, "Forbidden")
    }

    /// *Unknown*: the text for teams and members, `Not Found` or `No team found`. Taken: the first.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// *Unknown*: the status; the text was seen. Taken: 404.
    pub(crate) fn no_organization() -> Self {
        Self::new(404, "No organization found")
    }

    /// The same answer, to a request that a well-behaved client would not have sent.
    pub(crate) fn wrong(mut self) -> Self {
        self.violation = true;
        self
    }

    /// A further field of a REST error.
    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn answer(self, api: Api) -> Answer {
        let violations = if self.violation {
            vec![self.message.clone()]
        } else {
            Vec::new()
        };
        Answer {
            status: self.status,
            headers: self.headers,
            body: api.body(&self.message, self.extra),
            violations,
        }
    }
}

/// The body for a status that a fault asks for.
pub(crate) fn body_for_status(api: Api, status: u16) -> Value {
    let refusal = match status {
        401 => Refusal::unauthenticated(api),
        403 => Refusal::forbidden(),
        404 => Refusal::not_found(),
        422 => Refusal::new(422, "Validation failed"),
        429 => Refusal::new(429, super::meter::message(Api::Rest, 1))
            .field("scope", "rest_user")
            .field("limit", 50)
            .field("current", 51)
            .field("reset", 1),
        _ => Refusal::new(status, "There was an error"),
    };
    refusal.answer(api).body
}
