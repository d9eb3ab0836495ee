//! What Confluence means by an error. Its two APIs do not say the same thing in the same way, and neither says "bad
//! credentials" with 401.

use rollcall::http::error::Error as Http;
use rollcall::{Error, ErrorType};

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Failure(pub(crate) Http);

/// What to do about a token.
const TOKEN: &str = "Put a valid API token into the secret, with `username` being the e-mail address of its account. Scoped tokens and tokens of service accounts need `domain-url` to be https://api.atlassian.com/ex/confluence/<cloud id>; https://<your site>/_edge/tenant_info shows the cloud id.";

impl Failure {
    /// The HTTP status.
    pub(crate) fn status(&self) -> Option<u16> {
        self.0.status()
    }

    /// The vendor's own words.
    pub(crate) fn says(&self, words: &str) -> bool {
        let said = self.0.vendor_message().unwrap_or_default();
        said.to_lowercase().contains(words)
    }

    /// Whether the vendor says that what the path names does not exist. The API v2 answers a revoked token with a 404, too:
    /// with the bare title, where a real absence says what was not found. Neither does the gateway where it knows no way to
    /// the site.
    pub(crate) fn is_absent(&self) -> bool {
        self.0.is_not_found() && !self.says("no message available") && !self.is_stranger()
    }

    /// The same of an id in a query. *Unknown*: which of 400 and 404 an id is answered with that nothing has.
    pub(crate) fn is_unknown_id(&self) -> bool {
        self.is_absent() || self.status() == Some(400)
    }

    /// Whether this is how the vendor treats somebody it does not know.
    fn is_stranger(&self) -> bool {
        let Http::Status { call, message, .. } = &self.0 else {
            return false;
        };
        match self.status() {
            Some(401) => !self.says("scope"),
            Some(403) => {
                self.says("cannot access confluence")
                    || self.says("not permitted to use confluence")
            }
            Some(404) => {
                call.contains("/wiki/api/v2/") && message.trim().eq_ignore_ascii_case("not found")
            }
            _ => false,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        if failure.is_stranger() {
            return Error::new(
                ErrorType::Unauthenticated,
                "UnknownCaller",
                "Confluence does not accept the token, or its account may not use Confluence",
                TOKEN,
            )
            .with_source(failure.0);
        }
        if failure.status() == Some(401) {
            return Error::new(
                ErrorType::PermissionDenied,
                "MissingScope",
                "the token lacks a scope",
                "Make a token with the scopes that the connector's README lists.",
            )
            .with_source(failure.0);
        }
        failure.0.into()
    }
}
