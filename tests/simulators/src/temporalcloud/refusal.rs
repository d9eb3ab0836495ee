//! Errors: a status code of the RPC protocol, its HTTP status, and the gateway's error body.

use serde_json::{Value, json};

use crate::server::Answer;

/// RPC status codes and the HTTP statuses a transcoding gateway gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl Code {
    fn status(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::ResourceExhausted => 429,
            Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }
}

/// A request that is not carried out.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Whether a well-behaved client would never have sent it.
    pub(crate) violation: bool,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            violation: false,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(Code::NotFound, format!("{what} {id} not found"))
    }

    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(Code::PermissionDenied, message)
    }

    /// Something the API does not document. The vendor may well ignore it; the simulator does not.
    pub(crate) fn violation(message: impl Into<String>) -> Self {
        Self {
            violation: true,
            ..Self::invalid(message)
        }
    }

    /// The text official clients look for when an update changes nothing, tail included.
    pub(crate) fn nothing_to_change() -> Self {
        Self::invalid("nothing to change (type: bad-request, retryable: false)")
    }

    pub(crate) fn answer(&self) -> Answer {
        let violations = if self.violation {
            vec![self.message.clone()]
        } else {
            Vec::new()
        };
        Answer {
            status: self.code.status(),
            headers: Vec::new(),
            body: body(self.code as u32, &self.message),
            violations,
        }
    }
}

fn body(code: u32, message: &str) -> Value {
    json!({"code": code, "message": message, "details": []})
}

/// The body for a status that a fault asks for.
pub(crate) fn body_for_status(status: u16) -> Value {
    let (code, message) = match status {
        400 => (Code::InvalidArgument, "invalid request"),
        401 => (Code::Unauthenticated, "invalid or expired API key"),
        403 => (Code::PermissionDenied, "permission denied"),
        404 => (Code::NotFound, "not found"),
        409 => (Code::Aborted, "conflict"),
        429 => (
            Code::ResourceExhausted,
            "rate limit exceeded for principal type=serviceaccount, id=00000000000000000000000000000000, please retry later.",
        ),
        501 => (Code::Unimplemented, "not implemented"),
        503 => (Code::Unavailable, "service unavailable"),
        504 => (Code::DeadlineExceeded, "deadline exceeded"),
        _ => (Code::Internal, "internal error"),
    };
    body(code as u32, message)
}
