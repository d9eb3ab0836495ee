//! The error that leaves a function: one of a closed set of types that a retry policy can match on, a finer code, a
//! sentence that says what failed, and what the operator should do. The errors of modules are converted to it.

use std::borrow::Cow;
use std::fmt;

use crate::Code;
use jiff::Timestamp;

type Source = Box<dyn std::error::Error + Send + Sync>;
type Fix = Cow<'static, str>;

crate::code::names! {
/// The type of a failure: the `errorType` that Lambda, Step Functions and alarms see.
ErrorType {
    /// The vendor limits requests; worth a retry, not before [`Error::retry_at`].
    RateLimited,
    /// The vendor, AWS or the network did not answer properly; worth a retry.
    Unavailable,
    /// The vendor does not accept the credential.
    Unauthenticated,
    /// The credential is valid but lacks a right.
    PermissionDenied,
    /// The event is malformed, or names something that this connector does not have.
    InvalidRequest,
    /// The operator must correct configuration, secret, store or function settings.
    Misconfigured,
    /// An object that the event names does not exist.
    NotFound,
    /// Understood and possible, but a rule forbids it.
    Refused,
    /// Something else changed or claimed the same object.
    Conflict,
    /// A defect of Rollcall, or an answer of the vendor that it does not understand.
    Internal,
}
}

impl ErrorType {
    /// Whether sending the same event again later may succeed without any other change.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable)
    }
}

/// A failure: what failed and why (`Display` and its sources), and what the operator should do ([`Error::fix`]).
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorType,
    code: Code,
    message: Box<str>,
    fix: Fix,
    retry_at: Option<Timestamp>,
    resumable_sync_id: Option<Box<str>>,
    restarts_run: bool,
    keys: Box<[&'static str]>,
    source: Option<Source>,
}

impl Error {
    /// An error. `message` is a sentence without its cause; `fix` says what the operator should do.
    pub fn new(
        kind: ErrorType,
        code: Code,
        message: impl Into<String>,
        fix: impl Into<Fix>,
    ) -> Self {
        Self {
            kind,
            code,
            message: message.into().into_boxed_str(),
            fix: fix.into(),
            retry_at: None,
            resumable_sync_id: None,
            restarts_run: false,
            keys: Box::default(),
            source: None,
        }
    }

    /// A defect of Rollcall, or data of the vendor that contradicts its documentation.
    pub fn internal(code: Code, message: impl Into<String>) -> Self {
        Self::new(
            ErrorType::Internal,
            code,
            message,
            "Report this to the project with the log of this run: the vendor deviates from its documentation, or Rollcall has a defect.",
        )
    }

    /// An event that must be corrected first.
    pub fn invalid(code: Code, message: impl Into<String>, fix: impl Into<Fix>) -> Self {
        Self::new(ErrorType::InvalidRequest, code, message, fix)
    }

    /// A request that a rule forbids.
    pub fn refused(code: Code, message: impl Into<String>, fix: impl Into<Fix>) -> Self {
        Self::new(ErrorType::Refused, code, message, fix)
    }

    /// A value of Rollcall that cannot be written as JSON.
    pub fn not_json(source: serde_json::Error) -> Self {
        Self::internal(Code::NotJson, "a value cannot be written as JSON").with_source(source)
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

    /// Sets the time from which a retry makes sense.
    #[must_use]
    pub fn with_retry_at(mut self, at: Timestamp) -> Self {
        self.retry_at = Some(at);
        self
    }

    /// Names the unfinished sync that a retry can resume.
    #[must_use]
    pub fn with_resumable_sync_id(mut self, sync_id: impl Into<String>) -> Self {
        self.resumable_sync_id = Some(sync_id.into().into_boxed_str());
        self
    }

    /// Marks the saved state of this sync as useless: a retry starts a new sync.
    #[must_use]
    pub fn with_run_restart(mut self) -> Self {
        self.restarts_run = true;
        self
    }

    /// Names the keys of the configuration that are missing or wrong.
    #[must_use]
    pub fn with_keys(mut self, keys: impl IntoIterator<Item = &'static str>) -> Self {
        self.keys = keys.into_iter().collect();
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

    /// The unfinished sync that a retry can resume: the event's `sync_id`.
    pub fn resumable_sync_id(&self) -> Option<&str> {
        self.resumable_sync_id.as_deref()
    }

    /// The keys of the configuration that are missing or wrong.
    pub fn keys(&self) -> &[&'static str] {
        &self.keys
    }

    /// Whether a retry must start a new sync.
    pub fn restarts_run(&self) -> bool {
        self.restarts_run
    }

    /// The time from which a retry makes sense, if it is known.
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.retry_at
    }
}

/// Displays an error with all its causes: `outer: inner: innermost`.
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
        assert_eq!(retryable, [&ErrorType::RateLimited, &ErrorType::Unavailable]);
    }

    #[test]
    fn a_chain_names_every_cause_once() {
        let inner = std::io::Error::other("disk gone");
        let error = Error::internal(Code::UnexpectedAnswer, "could not write").with_source(inner);
        assert_eq!(error.to_string(), "could not write");
        assert_eq!(Chain(&error).to_string(), "could not write: disk gone");
    }
}
