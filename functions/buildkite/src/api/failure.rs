//! What Buildkite means by an error.

use rollcall_connector::http::Call;
use rollcall_connector::http::error::Error as Http;
use rollcall_connector::{Code, Error, ErrorType};

use super::TOKEN;

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Failure(pub(super) Http);

/// The scopes that a sync takes, and what the token's page calls them.
pub(crate) const SCOPES: [(&str, &str); 2] = [
    ("read_organizations", "Read Organizations"),
    ("read_teams", "Read Teams"),
];

impl Failure {
    /// Whether Buildkite says that there is no such team or member, or that it is hidden. That it does not know the
    /// organization is something else: it says so where a token does not reach it.
    pub(crate) fn is_absent(&self) -> bool {
        self.0.is_not_found() && !self.is_no_organization()
    }

    /// Whether the token itself is refused.
    pub(crate) fn is_rejection(&self) -> bool {
        self.0.status() == Some(401)
    }

    /// Whether the API asks for more patience than there is here.
    pub(crate) fn is_put_off(&self) -> bool {
        matches!(self.0, Http::RateLimited { .. })
    }

    fn is_no_organization(&self) -> bool {
        let said = self.0.vendor_message().unwrap_or_default();
        said.eq_ignore_ascii_case("no organization found")
    }

    fn denial(&self) -> Denial<'_> {
        let (call, is_json) = match &self.0 {
            Http::Status { call, is_json, .. } => (call.as_str(), *is_json),
            _ => ("", false),
        };
        let said = self.0.vendor_message().unwrap_or_default();
        match self.missing_scope() {
            _ if !is_json => Denial::Other,
            Some(scope) => Denial::Scope(scope),
            None if is_about_address(said) => Denial::Address,
            // What the token is may be asked with any token: no scope and no permission is missing.
            None if call == Call::get(&TOKEN).name() => Denial::Other,
            None if said.eq_ignore_ascii_case("forbidden") => Denial::Forbidden,
            None => Denial::Other,
        }
    }

    /// The scope that the token lacks, in the vendor's words: "Your access token doesn't have the read_teams scope".
    fn missing_scope(&self) -> Option<&str> {
        let said = self.0.vendor_message()?;
        let (_, rest) = said.split_once("doesn't have the ")?;
        Some(rest.split_once(" scope")?.0)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure.0.status() {
            Some(401) => Error::new(
                ErrorType::Unauthenticated,
                Code::CredentialRejected,
                "Buildkite does not accept the API token: it is wrong, has ended or was revoked",
                "Make a token at https://buildkite.com/user/api-access-tokens and store it as `api-token`. Mind its end: a new one ends after seven days unless you pick another time.",
            )
            .with_source(failure.0),
            Some(403) => failure.denial().explain().with_source(failure.0),
            Some(404) if failure.is_no_organization() => Error::new(
                ErrorType::NotFound,
                Code::UnknownOrganization,
                "Buildkite knows no such organization, or the token has no access to it",
                "Correct `organization`: it is the slug in the address, not the name; and tick the organization on the token's page.",
            )
            .with_source(failure.0),
            _ => failure.0.into(),
        }
    }
}

/// What a 403 is for, as far as the answer tells. *Unknown*: the words of a refusal by a list of allowed addresses, which
/// tokens and organizations may have (<https://buildkite.com/docs/apis/managing-api-tokens>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial<'a> {
    /// The token lacks this scope.
    Scope(&'a str),
    /// The address that the request came from is not allowed.
    Address,
    /// What the API says where the token's owner lacks a permission.
    Forbidden,
    /// Anything else: what takes no permission is refused, or the answer is not the API's own.
    Other,
}

impl Denial<'_> {
    fn explain(self) -> Error {
        let (code, message, fix) = match self {
            Self::Scope(scope) => (
                Code::CredentialTooWeak,
                "the API token may not read this",
                format!("Give the token the scope {}.", label(scope)),
            ),
            Self::Forbidden => (
                Code::CredentialTooWeak,
                "the API token may not read this",
                "Let somebody make the token who may see the organization's members and teams, and check that the token has access to the organization. If allowed IP addresses are set for the token or the organization, check that the address which Rollcall calls from is one of them.".to_owned(),
            ),
            Self::Address => (
                Code::AddressNotAllowed,
                "Buildkite does not accept this token from the address that Rollcall calls from",
                "Add that address to the allowed IP addresses of the token and of the organization (Security > API), or give Rollcall a fixed address that is allowed. The token's scopes are not the cause.".to_owned(),
            ),
            Self::Other => (
                Code::VendorDenied,
                "Buildkite refuses this request, and does not name a missing scope",
                "See what the answer says. If allowed IP addresses are set for the token or the organization, the address that Rollcall calls from must be one of them; a proxy on the way may refuse requests as well.".to_owned(),
            ),
        };
        Error::new(ErrorType::PermissionDenied, code, message, fix)
    }
}

/// Whether a refusal is about the address of the caller.
fn is_about_address(said: &str) -> bool {
    let said = said.to_ascii_lowercase().replace('-', " ");
    let mut words = said.split(|c: char| !c.is_ascii_alphanumeric());
    let is_address = |word| matches!(word, "ip" | "ips" | "cidr" | "allowlist" | "whitelist");
    words.any(is_address) || said.contains("allow list")
}

/// What the token's page calls a scope.
pub(crate) fn label(scope: &str) -> String {
    match SCOPES.iter().find(|(name, _)| *name == scope) {
        Some((_, label)) => format!("{label} ({scope})"),
        None => scope.to_owned(),
    }
}
