//! The meaning of Buildkite's errors.

use std::borrow::Cow;

use rollcall_connector::http::Call;
use rollcall_connector::http::error::Error as Http;
use rollcall_connector::{Code, Error, ErrorType};

use super::TOKEN;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Failure(pub(super) Http);

/// The scopes that a sync needs, and their names on the token's page.
pub(crate) const SCOPES: [(&str, &str); 2] =
    [("read_organizations", "Read Organizations"), ("read_teams", "Read Teams")];

impl Failure {
    /// Whether Buildkite reports that the team or member does not exist or is hidden. A 404 for the organization means
    /// that the token cannot access it.
    pub(crate) fn is_absent(&self) -> bool {
        self.0.is_not_found() && !self.is_no_organization()
    }

    /// Whether the token itself is refused.
    pub(crate) fn is_rejection(&self) -> bool {
        self.0.status() == Some(401)
    }

    /// Whether a rate limit outlasts this invocation.
    pub(crate) fn is_put_off(&self) -> bool {
        matches!(self.0, Http::RateLimited { .. })
    }

    fn message(&self) -> &str {
        self.0.vendor_message().unwrap_or_default()
    }

    fn is_no_organization(&self) -> bool {
        let message = self.message();
        message.eq_ignore_ascii_case("no organization found")
    }

    /// The scope that the token lacks, from the message "Your access token doesn't have the read_teams scope".
    fn missing_scope(&self) -> Option<&str> {
        let (_, rest) = self.message().split_once("doesn't have the ")?;
        Some(rest.split_once(" scope")?.0)
    }

    /// The reason for a 403, if the answer shows it. *Unknown*: the message of a refusal by a list of allowed
    /// addresses, which tokens and organizations may have (<https://buildkite.com/docs/apis/managing-api-tokens>).
    fn denial(&self) -> (Code, &'static str, Cow<'static, str>) {
        const MAY_NOT_READ: &str = "the API token may not read this";
        let other = (
            Code::VendorDenied,
            "Buildkite refuses this request and does not name a missing scope",
            "Read Buildkite's answer. If the token or the organization allows only certain IP addresses, add the address that Rollcall calls from. A proxy in between can also refuse requests.".into(),
        );
        let Http::Status { call, is_json: true, .. } = &self.0 else {
            return other;
        };
        match self.missing_scope() {
            Some(scope) => (
                Code::CredentialTooWeak,
                MAY_NOT_READ,
                format!("Give the token the scope {}.", label(scope)).into(),
            ),
            None if is_about_address(self.message()) => (
                Code::AddressNotAllowed,
                "Buildkite does not accept this token from the address that Rollcall calls from",
                "Add that address to the allowed IP addresses of the token and of the organization (Security > API), or give Rollcall a fixed address that is allowed. The token's scopes are not the cause.".into(),
            ),
            // Any token may be looked up, so no scope and no permission is missing there.
            None if *call == Call::get(&TOKEN).name() => other,
            None if self.message().eq_ignore_ascii_case("forbidden") => (
                Code::CredentialTooWeak,
                MAY_NOT_READ,
                "Use a token of a user who can see the organization's members and teams, and check that the token has access to the organization. If the token or the organization allows only certain IP addresses, check that the address that Rollcall calls from is one of them.".into(),
            ),
            None => other,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let (kind, code, message, fix) = match failure.0.status() {
            Some(401) => (
                ErrorType::Unauthenticated,
                Code::CredentialRejected,
                "Buildkite does not accept the API token: it is wrong, has expired or was revoked",
                "Create a token at https://buildkite.com/user/api-access-tokens and store it as `api-token`. A new token expires after seven days unless you choose otherwise.".into(),
            ),
            Some(403) => {
                let (code, message, fix) = failure.denial();
                (ErrorType::PermissionDenied, code, message, fix)
            }
            Some(404) if failure.is_no_organization() => (
                ErrorType::NotFound,
                Code::UnknownOrganization,
                "Buildkite has no such organization, or the token has no access to it",
                "Set `organization` to the slug in the organization's URL, not its name, and select the organization on the token's page.".into(),
            ),
            _ => return failure.0.into(),
        };
        Error::new(kind, code, message, fix).with_source(failure.0)
    }
}

/// Whether a refusal is about the address of the caller.
fn is_about_address(message: &str) -> bool {
    let message = message.to_ascii_lowercase().replace('-', " ");
    let mut words = message.split(|c: char| !c.is_ascii_alphanumeric());
    let is_address = |word| matches!(word, "ip" | "ips" | "cidr" | "allowlist" | "whitelist");
    words.any(is_address) || message.contains("allow list")
}

/// The name of a scope on the token's page.
pub(crate) fn label(scope: &str) -> String {
    match SCOPES.iter().find(|(name, _)| *name == scope) {
        Some((_, label)) => format!("{label} ({scope})"),
        None => scope.to_owned(),
    }
}
