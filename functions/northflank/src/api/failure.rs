//! The meaning of Northflank's errors. It does not document them individually, so only the statuses count.

use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::{Code, Error, ErrorType};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The part of the organization that a call reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Token,
    Members,
    Roles,
    Groups,
}

impl Part {
    /// Its name, and the permission that it needs.
    pub(crate) fn needs(self) -> &'static str {
        match self {
            Self::Token => "the token's own description",
            Self::Members => "organization members (Organisation > Admin > Members > Read)",
            Self::Roles => "organization roles (Organisation > Admin > Roles > Read)",
            Self::Groups => "directory groups (Organisation > Admin > Roles > Read)",
        }
    }
}

/// Why a call gave no usable answer.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub(crate) struct CallFailure {
    pub(crate) part: Part,
    #[source]
    cause: Box<HttpError>,
}

impl CallFailure {
    pub(super) fn new(part: Part, cause: HttpError) -> Self {
        let cause = Box::new(cause);
        Self { part, cause }
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> Option<u16> {
        self.cause.status()
    }

    /// Whether the token or one of its permissions is refused.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }

    /// Whether this list does not exist for this token. *Unknown*: which of these the list of groups answers if
    /// Directory Sync is off.
    pub(crate) fn is_unavailable(&self) -> bool {
        match self.status() {
            Some(404 | 405) => true,
            Some(400 | 409) => self.part == Part::Groups,
            _ => false,
        }
    }

    /// Whether the API reports that the object does not exist. That may hide a refusal.
    pub(crate) fn is_not_found(&self) -> bool {
        self.cause.is_not_found()
    }

    /// The token is valid but may not read this.
    pub(crate) fn denied(self) -> Error {
        denied(self.part.needs(), *self.cause)
    }
}

impl From<CallFailure> for Error {
    fn from(failure: CallFailure) -> Self {
        let what = failure.part.needs();
        match failure.status() {
            Some(401) => denied(&format!("{what}, or is no longer valid"), *failure.cause),
            Some(403) => denied(what, *failure.cause),
            _ if failure.is_unavailable() => not_available(what, *failure.cause),
            _ => (*failure.cause).into(),
        }
    }
}

/// The token lacks permissions.
pub(crate) fn denied(what: &str, cause: impl Into<Cause>) -> Error {
    let message = format!("the API token may not read {what}");
    let (kind, code) = (ErrorType::PermissionDenied, Code::CredentialTooWeak);
    Error::new(kind, code, message, MISSING).with_source(cause)
}

/// The list does not exist.
pub(crate) fn not_available(what: &str, cause: impl Into<Cause>) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::NotAvailable,
        format!("{what} cannot be read with this token"),
        "Use a token of an organization, not of a team, whose role can read members and roles; check `northflank-base-url` as well, if it is set. For directory groups: Directory Sync may be off, and only Northflank can switch it on.",
    )
    .with_source(cause)
}

/// What to do about missing permissions.
pub(crate) const MISSING: &str = "Create a role that can read members and roles (Organisation > Admin > Members > Read, and Roles > Read), create an API token of the organization from it, and store the token as `northflank-api-token`.";
