//! The error that leaves a function.
//!
//! Inside the crate each room has its own error type; at the boundary they all become an [`Error`]: one of a closed set
//! of types that a retry policy can match on, a finer code, a sentence that says what failed, and what to do about it.

use std::borrow::Cow;
use std::fmt;

use crate::Code;
use jiff::Timestamp;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What kind of failure it is: the `errorType` that Lambda, Step Functions and alarms see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorType {
    /// The vendor asks for patience; worth a retry, not before [`Error::retry_at`].
    RateLimited,
    /// The vendor, AWS or the network did not answer properly; worth a retry.
    Unavailable,
    /// The vendor does not accept the credential.
    Unauthenticated,
    /// The credential is good but lacks a right.
    PermissionDenied,
    /// The event is malformed or asks for something that does not exist in this connector.
    InvalidRequest,
    /// Configuration, secret, store or function settings need the operator.
    Misconfigured,
    /// What the event names is not there.
    NotFound,
    /// Understood and possible, but not done: the answer says which rule forbids it.
    Refused,
    /// Something else changed or claimed the same thing.
    Conflict,
    /// A defect of Rollcall, or an answer of the vendor that it does not understand.
    Internal,
}

impl ErrorType {
    /// Every type there is, for schemas and tests.
    pub const ALL: [Self; 10] = [
        Self::RateLimited,
        Self::Unavailable,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::InvalidRequest,
        Self::Misconfigured,
        Self::NotFound,
        Self::Refused,
        Self::Conflict,
        Self::Internal,
    ];

    /// The name as it appears in `errorType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "RateLimited",
            Self::Unavailable => "Unavailable",
            Self::Unauthenticated => "Unauthenticated",
            Self::PermissionDenied => "PermissionDenied",
            Self::InvalidRequest => "InvalidRequest",
            Self::Misconfigured => "Misconfigured",
            Self::NotFound => "NotFound",
            Self::Refused => "Refused",
            Self::Conflict => "Conflict",
            Self::Internal => "Internal",
        }
    }

    /// Whether sending the same event again later may succeed without anybody changing anything.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable)
    }
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure as an operator meets it: what failed and why (`Display` and its sources), and what to do ([`Error::fix`]).
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorType,
    code: Code,
    message: Box<str>,
    fix: Cow<'static, str>,
    retry_at: Option<Timestamp>,
    run: Option<Box<str>>,
    restarts_run: bool,
    source: Option<Source>,
}

impl Error {
    /// A new error. `message` is a sentence without its cause; `fix` tells the
    /// operator what to do.
    pub fn new(
        kind: ErrorType,
        code: Code,
        message: impl Into<String>,
        fix: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            code,
            message: message.into().into_boxed_str(),
            fix: fix.into(),
            retry_at: None,
            run: None,
            restarts_run: false,
            source: None,
        }
    }

    /// A defect of Rollcall, or data of the vendor that contradicts its documentation.
    pub fn internal(code: Code, message: impl Into<String>) -> Self {
        Self::new(
            ErrorType::Internal,
            code,
            message,
            "Report this to the project with the log of this run: the vendor sends what its documentation does not say, or Rollcall has a defect.",
        )
    }

    /// A value that cannot be written as JSON.
    pub fn no_json(source: impl Into<Source>) -> Self {
        Self::internal(Code::NotJson, "a value has no JSON form").with_source(source)
    }

    /// An event that cannot be carried out as it stands.
    pub fn invalid(
        code: Code,
        message: impl Into<String>,
        fix: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(ErrorType::InvalidRequest, code, message, fix)
    }

    /// A rule forbids what was asked.
    pub fn refused(
        code: Code,
        message: impl Into<String>,
        fix: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(ErrorType::Refused, code, message, fix)
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds a sentence to what the operator should do.
    #[must_use]
    pub fn with_fix(mut self, more: impl AsRef<str>) -> Self {
        self.fix = format!("{} {}", self.fix, more.as_ref()).into();
        self
    }

    /// Says when a retry makes sense.
    #[must_use]
    pub fn with_retry_at(mut self, at: Timestamp) -> Self {
        self.retry_at = Some(at);
        self
    }

    /// Names the unfinished sync that a retry can go on with.
    #[must_use]
    pub fn with_resumable_sync_id(mut self, sync_id: impl Into<String>) -> Self {
        self.run = Some(sync_id.into().into_boxed_str());
        self
    }

    /// Says that nothing can come of what was saved of this sync: a retry starts a new one.
    #[must_use]
    pub fn restarting_run(mut self) -> Self {
        self.restarts_run = true;
        self
    }

    /// The error type: the closed set that retry policies match on.
    pub fn kind(&self) -> ErrorType {
        self.kind
    }

    /// The finer, stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What the operator should do.
    pub fn fix(&self) -> &str {
        &self.fix
    }

    /// The unfinished sync that a retry can go on with: the event's `sync_id`.
    pub fn resumable_sync_id(&self) -> Option<&str> {
        self.run.as_deref()
    }

    /// Whether nothing can come of what was saved of this sync.
    pub fn restarts_run(&self) -> bool {
        self.restarts_run
    }

    /// When a retry makes sense, where that is known.
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.retry_at
    }
}

/// Shows an error with all its causes, `outer: inner: innermost`. The one place where chains are written out.
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rate_limits_and_outages_are_worth_a_retry() {
        let retryable: Vec<_> = ErrorType::ALL.iter().filter(|t| t.is_retryable()).collect();
        assert_eq!(
            retryable,
            [&ErrorType::RateLimited, &ErrorType::Unavailable]
        );
    }

    #[test]
    fn a_chain_names_every_cause_once() {
        let inner = std::io::Error::other("disk gone");
        let error = Error::internal(Code::UnexpectedAnswer, "could not write").with_source(inner);
        assert_eq!(error.to_string(), "could not write");
        assert_eq!(Chain(&error).to_string(), "could not write: disk gone");
    }
}
