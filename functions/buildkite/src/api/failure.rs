//! What Buildkite means by an error.

use rollcall::http::error::Error as Http;
use rollcall::{Error, ErrorType};

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
                "TokenRejected",
                "Buildkite does not accept the API token: it is wrong, has ended or was revoked",
                "Make a token at https://buildkite.com/user/api-access-tokens and store it as `api-token`. Mind its end: a new one ends after seven days unless you pick another time.",
            )
            .with_source(failure.0),
            Some(403) => {
                let fix = match failure.missing_scope() {
                    Some(scope) => format!("Give the token the scope {}.", label(scope)),
                    None => "Let somebody make the token who may see the organization's members and teams, and check that the token has access to the organization.".to_owned(),
                };
                Error::new(
                    ErrorType::PermissionDenied,
                    "TokenTooWeak",
                    "the API token may not read this",
                    fix,
                )
                .with_source(failure.0)
            }
            Some(404) if failure.is_no_organization() => Error::new(
                ErrorType::NotFound,
                "UnknownOrganization",
                "Buildkite knows no such organization, or the token has no access to it",
                "Correct `organization`: it is the slug in the address, not the name; and tick the organization on the token's page.",
            )
            .with_source(failure.0),
            _ => failure.0.into(),
        }
    }
}

/// What the token's page calls a scope.
pub(crate) fn label(scope: &str) -> String {
    match SCOPES.iter().find(|(name, _)| *name == scope) {
        Some((_, label)) => format!("{label} ({scope})"),
        None => scope.to_owned(),
    }
}
