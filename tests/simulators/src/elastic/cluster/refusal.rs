//! Errors of Elasticsearch: `{"error": {"root_cause": […], "type", "reason"}, "status"}`, and the few that look
//! otherwise.

use serde_json::{Value, json};

use crate::server::{Answer, Call};

/// A request that is not carried out.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: u16,
    body: Value,
    headers: Vec<(String, String)>,
    /// Whether Elasticsearch itself answers, and not the proxy in front of it.
    pub(crate) product: bool,
    /// What a well-behaved client would never have sent.
    violation: Option<String>,
}

impl Refusal {
    /// An answer with a body of its own.
    pub(crate) fn bare(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
            product: true,
            violation: None,
        }
    }

    pub(crate) fn new(status: u16, kind: &str, reason: impl Into<String>) -> Self {
        Self::bare(status, body(status, kind, &reason.into(), &[]))
    }

    /// 400 to an argument that cannot be.
    pub(crate) fn illegal(reason: impl Into<String>) -> Self {
        Self::new(400, "illegal_argument_exception", reason)
    }

    /// 400 to something the API does not know. The server refuses most of it, the simulator all.
    pub(crate) fn violation(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::illegal(reason.clone()).wrong(reason)
    }

    /// 400 to a body that is not what it should be.
    pub(crate) fn parse(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::new(400, "parse_exception", reason.clone()).wrong(reason)
    }

    /// 400 with everything that is wrong.
    pub(crate) fn invalid(kind: &str, errors: &[String]) -> Self {
        let numbered = errors.iter().zip(1..);
        let list: String = numbered
            .map(|(error, i)| format!("{i}: {error};"))
            .collect();
        Self::new(400, kind, format!("Validation Failed: {list}"))
    }

    /// The 404 that says nothing: what is asked for by name is not there.
    pub(crate) fn nothing() -> Self {
        Self::bare(404, json!({}))
    }

    /// The proxy's 404: it does not know the cluster.
    pub(crate) fn no_cluster() -> Self {
        Self {
            product: false,
            ..Self::bare(404, proxy_not_found())
        }
    }

    /// 401, with the ways to authenticate in the body and in the head.
    pub(crate) fn unauthenticated(reason: &str) -> Self {
        let mut refusal = Self::bare(401, body(401, "security_exception", reason, &WAYS_IN));
        let headers = WAYS_IN.map(|way| ("www-authenticate".to_owned(), way.to_owned()));
        refusal.headers.extend(headers);
        refusal
    }

    /// The same answer, to a request that a well-behaved client would not have sent.
    pub(crate) fn wrong(mut self, why: impl Into<String>) -> Self {
        self.violation = Some(why.into());
        self
    }

    pub(crate) fn answer(self) -> Answer {
        Answer {
            status: self.status,
            headers: self.headers,
            body: self.body,
            violations: self.violation.into_iter().collect(),
        }
    }
}

const WAYS_IN: [&str; 2] = ["Basic realm=\"security\", charset=\"UTF-8\"", "ApiKey"];

fn body(status: u16, kind: &str, reason: &str, ways_in: &[&str]) -> Value {
    let mut cause = json!({"type": kind, "reason": reason});
    if !ways_in.is_empty() {
        cause["header"] = json!({"WWW-Authenticate": ways_in});
    }
    let mut error = cause.clone();
    error["root_cause"] = json!([cause]);
    json!({"error": error, "status": status})
}

fn proxy_not_found() -> Value {
    json!({"ok": false, "message": "Unknown resource."})
}

/// The body for a status that a fault asks for.
pub(crate) fn body_for_status(call: &Call, status: u16) -> Value {
    let (kind, reason) = match status {
        400 => ("illegal_argument_exception", "the request is invalid"),
        401 => {
            return body(
                401,
                "security_exception",
                "unable to authenticate",
                &WAYS_IN,
            );
        }
        403 => ("security_exception", "action is unauthorized"),
        404 if call.method == "GET" => return json!({}),
        404 => return proxy_not_found(),
        409 => (
            "version_conflict_engine_exception",
            "version conflict, current version is different from the one provided",
        ),
        410 => (
            "api_not_available_exception",
            "not available when running in serverless mode",
        ),
        429 => (
            "es_rejected_execution_exception",
            "rejected execution of task, queue capacity is exhausted",
        ),
        503 => (
            "unavailable_shards_exception",
            "at least one primary shard for the index [.security-7] is unavailable",
        ),
        _ => ("exception", "something went wrong"),
    };
    body(status, kind, reason, &[])
}
