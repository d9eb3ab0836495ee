//! Errors: the envelopes of v1 and v2, of the gateway, and the page that is not JSON at all.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::server::{Answer, Call};

/// Which part of the API a request is for; each has its own errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// `/wiki/rest/api`, and all that is nothing else.
    V1,
    /// `/wiki/api/v2`.
    V2,
}

impl Family {
    pub(crate) fn of(call: &Call) -> Self {
        if call.path.contains("/wiki/api/v2/") {
            Self::V2
        } else {
            Self::V1
        }
    }
}

#[derive(Clone, Debug)]
enum Said {
    /// A reason, in the envelope of the family.
    Reason(String),
    /// A reason that is what v1 says when it does not trust the caller.
    Unauthorized(String),
    /// v2's 404 that does not say what was not found.
    Bare,
    /// A page for people.
    Page(&'static str),
    /// This.
    Body(Value),
}

/// A request that is not carried out.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: u16,
    said: Said,
    headers: Vec<(String, String)>,
    /// What a well-behaved client would never have sent.
    violation: Option<String>,
}

impl Refusal {
    fn of(status: u16, said: Said) -> Self {
        Self {
            status,
            said,
            headers: Vec::new(),
            violation: None,
        }
    }

    pub(crate) fn new(status: u16, reason: impl Into<String>) -> Self {
        Self::of(status, Said::Reason(reason.into()))
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::new(400, reason)
    }

    pub(crate) fn denied(reason: impl Into<String>) -> Self {
        Self::new(403, reason)
    }

    pub(crate) fn not_found(reason: impl Into<String>) -> Self {
        Self::new(404, reason)
    }

    /// A 404 of v2 that looks like the one for bad credentials.
    pub(crate) fn bare_not_found() -> Self {
        Self::of(404, Said::Bare)
    }

    /// 400 to something the API does not document. The vendor may well ignore it; the simulator does not.
    pub(crate) fn violation(reason: impl Into<String>) -> Self {
        Self::new(400, reason).wrong()
    }

    /// The same answer, to a request that a well-behaved client would not have sent.
    pub(crate) fn wrong(mut self) -> Self {
        self.violation = Some(match &self.said {
            Said::Reason(reason) | Said::Unauthorized(reason) => reason.clone(),
            Said::Bare | Said::Page(_) | Said::Body(_) => format!("answered {}", self.status),
        });
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Bad, revoked or absent credentials: 403 of v1, 404 of v2.
    pub(crate) fn bad_credentials(family: Family, path: &str) -> Self {
        match family {
            Family::V2 => Self::bare_not_found(),
            Family::V1 if path.ends_with("/user/current") => Self::of(
                403,
                Said::Unauthorized("caller cannot access Confluence".to_owned()),
            ),
            Family::V1 => Self::of(
                403,
                Said::Unauthorized("Current user not permitted to use Confluence".to_owned()),
            ),
        }
    }

    /// The gateway's own word on bad credentials.
    pub(crate) fn gateway_unauthorized() -> Self {
        Self::of(
            401,
            Said::Body(json!({"code": 401, "message": "Unauthorized"})),
        )
    }

    /// A token for the gateway, sent to the site.
    pub(crate) fn gateway_token_on_site() -> Self {
        Self::of(
            401,
            Said::Page(
                "<!doctype html><html><head><title>Unauthorized (401)</title></head><body><h1>Unauthorized</h1><p>Basic auth with this token is not accepted here.</p></body></html>",
            ),
        )
    }

    /// A scoped token without the scope.
    pub(crate) fn no_scope() -> Self {
        let body = json!({"code": 401, "message": "Unauthorized; scope does not match"});
        Self::of(401, Said::Body(body)).header("x-failure-category", "FAILURE_CLIENT_SCOPE_CHECK")
    }

    /// The gateway does not know the site.
    pub(crate) fn no_route(path: &str) -> Self {
        Self::of(
            404,
            Said::Body(json!({
                "timestamp": Timestamp::now().to_string(), "status": 404, "error": "Not Found",
                "path": path, "message": "No message available",
            })),
        )
    }

    pub(crate) fn answer(&self, family: Family, newer: bool) -> Answer {
        let mut headers = self.headers.clone();
        let body = match &self.said {
            Said::Reason(reason) => body(family, self.status, reason, true, newer),
            Said::Unauthorized(reason) => body(family, self.status, reason, false, newer),
            Said::Bare => body(Family::V2, self.status, "Not Found", true, newer),
            Said::Body(body) => body.clone(),
            Said::Page(text) => {
                headers.push((
                    "content-type".to_owned(),
                    "text/html;charset=UTF-8".to_owned(),
                ));
                Value::from(*text)
            }
        };
        Answer {
            status: self.status,
            headers,
            body,
            violations: self.violation.iter().cloned().collect(),
        }
    }
}

fn body(family: Family, status: u16, reason: &str, authorized: bool, newer: bool) -> Value {
    match family {
        Family::V2 => {
            json!({"errors": [{"status": status, "code": code(status), "title": reason, "detail": null}]})
        }
        Family::V1 if newer => {
            let message = format!(
                "org.springframework.web.server.ResponseStatusException: {status} {} \"{reason}\"",
                code(status)
            );
            json!({"statusCode": status, "message": message})
        }
        Family::V1 => json!({
            "statusCode": status,
            "data": {"authorized": authorized, "valid": true, "errors": [], "successful": authorized},
            "message": format!("com.atlassian.confluence.api.service.exceptions.{}: {reason}", exception(status)),
        }),
    }
}

fn exception(status: u16) -> &'static str {
    match status {
        400 => "BadRequestException",
        401 => "UnauthorizedException",
        403 => "PermissionException",
        404 => "NotFoundException",
        409 => "ConflictException",
        429 => "TooManyRequestsException",
        501 => "NotImplementedServiceException",
        503 => "ServiceUnavailableException",
        _ => "ServiceException",
    }
}

fn code(status: u16) -> &'static str {
    match status {
        400 => "INVALID_REQUEST_PARAMETER",
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        405 => "METHOD_NOT_ALLOWED",
        406 => "NOT_ACCEPTABLE",
        409 => "CONFLICT",
        413 => "PAYLOAD_TOO_LARGE",
        415 => "UNSUPPORTED_MEDIA_TYPE",
        429 => "TOO_MANY_REQUESTS",
        501 => "NOT_IMPLEMENTED",
        503 => "SERVICE_UNAVAILABLE",
        504 => "GATEWAY_TIMEOUT",
        _ => "INTERNAL_SERVER_ERROR",
    }
}

/// The body for a status that a fault asks for.
pub(crate) fn body_for_status(call: &Call, status: u16, newer: bool) -> Value {
    let reason = match status {
        400 => "invalid request",
        401 => "Unauthorized",
        403 => "not permitted",
        404 => "Not Found",
        429 => "Rate limit exceeded",
        503 => "Service unavailable",
        _ => "something went wrong",
    };
    body(Family::of(call), status, reason, status != 401, newer)
}
