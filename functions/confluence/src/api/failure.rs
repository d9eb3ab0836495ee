//! The meaning of Confluence's errors. Its two APIs report the same error in different ways, and neither reports bad
//! credentials with 401.

use rollcall_connector::http::error::Error as Http;
use rollcall_connector::{Code, Error, ErrorType};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The request failed, or the vendor answered with an error.
    #[error(transparent)]
    Http(Http),
    /// No row of a page of this list is on the next page, which must repeat its last rows, nor on earlier ones.
    #[error("rows of the list {0} moved while it was read")]
    Moved(String),
    /// A list does not end.
    #[error(transparent)]
    Endless(Box<Error>),
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Self::Endless(Box::new(e))
    }
}

/// What to do about a token.
const TOKEN: &str = "Store a valid API token in the secret, with the e-mail address of its account as `username`. Scoped tokens and tokens of service accounts need `domain-url` to be https://api.atlassian.com/ex/confluence/<cloud id>; https://<your site>/_edge/tenant_info shows the cloud id.";

impl Failure {
    /// The HTTP status.
    pub(crate) fn status(&self) -> Option<u16> {
        self.http().and_then(Http::status)
    }

    fn http(&self) -> Option<&Http> {
        match self {
            Self::Http(e) => Some(e),
            Self::Moved(_) | Self::Endless(_) => None,
        }
    }

    /// Whether rows moved between two pages of a list, so that one may be lost.
    pub(crate) fn is_moved(&self) -> bool {
        matches!(self, Self::Moved(_))
    }

    /// Whether a page of a list repeats the one before it.
    pub(crate) fn is_circle(&self) -> bool {
        matches!(self, Self::Http(Http::Circle { .. }))
    }

    /// Whether it is unclear if a write arrived.
    pub(crate) fn is_unclear(&self) -> bool {
        match self.http() {
            Some(Http::Transport { never_sent, .. }) => !never_sent,
            _ => matches!(self.status(), Some(408 | 500 | 502 | 503 | 504)),
        }
    }

    /// The vendor's own message.
    pub(crate) fn says(&self, words: &str) -> bool {
        let said = self.http().and_then(Http::vendor_message);
        said.unwrap_or_default().to_lowercase().contains(words)
    }

    /// Whether it is a 404 of the API itself, and not of a proxy or of the gateway.
    pub(crate) fn is_own_404(&self) -> bool {
        self.http().is_some_and(Http::is_not_found) && !self.says("no message available")
    }

    /// Whether the vendor says that what the path names does not exist. The API v2 also answers a revoked token with a
    /// 404: with a bare title, while a real absence names what was not found. So does the gateway if it has no route to
    /// the site.
    pub(crate) fn is_absent(&self) -> bool {
        self.is_own_404() && !self.is_unauthenticated()
    }

    /// Whether the API itself reports that this is not available, to us or to anybody.
    pub(crate) fn is_withheld(&self) -> bool {
        match self.status() {
            Some(501) => true,
            Some(403) => {
                self.http().is_some_and(is_json)
                    && !self.is_unauthenticated()
                    && !self.is_filtered()
            }
            _ => false,
        }
    }

    /// The same for an id in a query. *Unknown*: whether an id that does not exist is answered with 400 or 404.
    pub(crate) fn is_unknown_id(&self) -> bool {
        self.is_absent() || self.status() == Some(400)
    }

    /// Whether the site has an IP allowlist that we are not on
    /// (<https://confluence.atlassian.com/pages/viewpage.action?pageId=1384133808>; *unknown*: with which status).
    fn is_filtered(&self) -> bool {
        matches!(self.status(), Some(401 | 403)) && self.says("ip address")
    }

    /// Whether this is the vendor's answer to an unauthenticated caller.
    fn is_unauthenticated(&self) -> bool {
        let Self::Http(Http::Status { call, message, .. }) = self else {
            return false;
        };
        match self.status() {
            Some(401) => !self.says("scope") && !self.is_filtered(),
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
        let is_unauthenticated = failure.is_unauthenticated();
        let is_filtered = failure.is_filtered();
        let cause = match failure {
            Failure::Http(cause) => cause,
            Failure::Endless(e) => return *e,
            Failure::Moved(_) => {
                return Error::new(
                    ErrorType::Unavailable,
                    Code::ListMoved,
                    failure.to_string(),
                    "Send it again later: rows of this list are being added and removed at the moment.",
                );
            }
        };
        let (kind, code, what, fix) = match cause.status() {
            _ if is_unauthenticated => (
                ErrorType::Unauthenticated,
                Code::CredentialRejected,
                "Confluence does not accept the token, or its account may not use Confluence",
                TOKEN,
            ),
            _ if is_filtered => (
                ErrorType::PermissionDenied,
                Code::AddressNotAllowed,
                "the site accepts only addresses on its IP allowlist",
                "Give the functions a fixed address (a VPC with a NAT gateway) and add it to the allowlist at admin.atlassian.com, under Security.",
            ),
            Some(401) => (
                ErrorType::PermissionDenied,
                Code::CredentialTooWeak,
                "the token lacks a scope",
                "Make a token with the scopes that the connector's README lists.",
            ),
            Some(403) if !is_json(&cause) => (
                ErrorType::PermissionDenied,
                Code::BlockedOnTheWay,
                "something between Rollcall and Confluence refuses the request: the answer is not from Confluence's API",
                "Look for a proxy or a firewall between the functions and the site, and for an IP allowlist of the site.",
            ),
            _ => return cause.into(),
        };
        Error::new(kind, code, what, fix).with_source(cause)
    }
}

/// Every site has groups: they give access to Confluence itself.
pub(crate) fn no_groups() -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::EmptyList,
        "Confluence lists no groups, although every site has some",
        "Run again; if it persists, check that the token's account can view groups.",
    )
}

fn is_json(e: &Http) -> bool {
    matches!(e, Http::Status { is_json: true, .. })
}
