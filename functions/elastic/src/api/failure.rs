//! What Elastic means by an error, at each of its hosts.

use std::time::Duration;

use rollcall_connector::http::error::Error as Http;
use rollcall_connector::{Code, Error, ErrorType};

/// Where a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Cloud,
    /// A deployment, by the name that the configuration has for it.
    Deployment(String),
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It went wrong on the way, or the host says no.
    #[error("{cause}")]
    Http {
        place: Place,
        #[source]
        cause: Box<Http>,
    },
    /// What answers is not Elasticsearch.
    #[error("what answers at the endpoint of {0} does not say that it is Elasticsearch")]
    Stranger(String),
    /// A list is empty that cannot be.
    #[error("{place} shows no {what}, not even those that are built in")]
    Nothing {
        /// `users` or `roles`.
        what: &'static str,
        place: String,
    },
    /// A list of Elastic Cloud points to a next page, and the API documents none.
    #[error("the list of {0} goes on, and Elastic Cloud does not document how to ask for the rest")]
    GoesOn(&'static str),
}

const CLOUD_KEY: &str = "An organization owner makes a key in the Elastic Cloud console, under Organization, API keys: store that as `api-key`. A key of a deployment does not work there.";
const CLOUD_KEY_OR_ORGANIZATION: &str = "Check `organization-id`, if that is set: a key is of one organization. An organization owner makes a key in the Elastic Cloud console, under Organization, API keys: store that as `api-key`.";
const DEPLOYMENT_KEY: &str = "Make a key in the deployment (Kibana, Stack Management, API keys) and store its encoded form. A key of Elastic Cloud does not work there.";
const ENDPOINT: &str = "Copy the deployment's Elasticsearch endpoint from the Elastic Cloud console. If it is right, a proxy or firewall on the way answers in its place.";

impl Failure {
    pub(super) fn new(place: Place, cause: Http) -> Self {
        let cause = Box::new(cause);
        Self::Http { place, cause }
    }

    pub(super) fn stranger(place: Place) -> Self {
        match place {
            Place::Cloud => Self::Stranger("Elastic Cloud".into()),
            Place::Deployment(name) => Self::Stranger(name),
        }
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> Option<u16> {
        self.http().and_then(Http::status)
    }

    /// The vendor's own words.
    pub(crate) fn says(&self, words: &str) -> bool {
        let said = self.http().and_then(Http::vendor_message);
        said.unwrap_or_default().contains(words)
    }

    /// Whether Elasticsearch says that there is no object of a name: with 404 and an empty object. Its proxy has another
    /// 404, for clusters.
    pub(crate) fn is_absent(&self) -> bool {
        self.http()
            .is_some_and(|e| e.is_not_found() && e.vendor_message() == Some("{}"))
    }

    /// Whether it is unclear if a write arrived.
    pub(crate) fn is_unclear(&self) -> bool {
        match self.http() {
            Some(Http::Transport { never_sent, .. }) => !never_sent,
            Some(Http::Garbled { .. }) => true,
            _ => matches!(self.status(), Some(408 | 500 | 502 | 503 | 504)),
        }
    }

    /// Whether a write never left, so that it can be planned anew.
    pub(crate) fn is_never_sent(&self) -> bool {
        matches!(
            self.http(),
            Some(Http::Transport {
                never_sent: true,
                ..
            })
        )
    }

    /// How long the vendor asks for patience with a 429.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match self.http()? {
            Http::Status {
                status: 429,
                retry_after,
                ..
            } => Some(retry_after.unwrap_or(Duration::from_secs(1))),
            _ => None,
        }
    }

    fn http(&self) -> Option<&Http> {
        match self {
            Self::Http { cause, .. } => Some(cause),
            Self::Stranger(_) | Self::Nothing { .. } | Self::GoesOn(_) => None,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let said = failure.to_string();
        match failure {
            Failure::Stranger(_) => {
                Error::new(ErrorType::Misconfigured, Code::WrongAddress, said, ENDPOINT)
            }
            Failure::Nothing { what, .. } => nothing(what, said),
            Failure::GoesOn(_) => Error::new(
                ErrorType::Internal,
                Code::UnexpectedAnswer,
                said,
                "This version of Rollcall does not know that list in parts: report it with this message.",
            ),
            Failure::Http { place, cause } => match place {
                Place::Cloud => of_cloud(*cause),
                Place::Deployment(name) => of_deployment(&name, *cause),
            },
        }
    }
}

fn nothing(what: &str, said: String) -> Error {
    let (code, fix) = match what {
        "users" => (
            Code::EmptyList,
            "Give the key the cluster privilege `read_security`. If the reserved realm of this cluster is switched off and it has no native users, create one: an empty list is never taken for a cluster without users.",
        ),
        _ => (
            Code::EmptyList,
            "Give the key the cluster privilege `read_security`.",
        ),
    };
    Error::new(ErrorType::PermissionDenied, code, said, fix)
}

fn of_cloud(cause: Http) -> Error {
    let (kind, code, what, fix) = match cause.status() {
        Some(401 | 403 | 404) if is_page(&cause) => (
            ErrorType::Misconfigured,
            Code::WrongAddress,
            "what answers is not the Elastic Cloud API",
            "Correct `base-url`, or leave it out. If it is right, a proxy or firewall on the way refuses the request.",
        ),
        Some(401) => (
            ErrorType::Unauthenticated,
            Code::CredentialRejected,
            "Elastic Cloud does not accept the key",
            CLOUD_KEY,
        ),
        Some(403) => (
            ErrorType::PermissionDenied,
            Code::CredentialTooWeak,
            "the key may not see the organization",
            CLOUD_KEY_OR_ORGANIZATION,
        ),
        Some(404) => (
            ErrorType::NotFound,
            Code::UnknownOrganization,
            "Elastic Cloud knows no such organization",
            "Correct `organization-id`, or leave it out; and check `base-url`, if that is set.",
        ),
        _ => return cause.into(),
    };
    Error::new(kind, code, what, fix).with_source(cause)
}

/// Whether a refusal is none of the API's own, which are JSON: it says nothing of a key.
fn is_page(cause: &Http) -> bool {
    matches!(cause, Http::Status { is_json: false, .. })
}

fn of_deployment(name: &str, cause: Http) -> Error {
    let says = |words: &str| cause.vendor_message().unwrap_or_default().contains(words);
    let says_all = |words: &str| cause.vendor_message() == Some(words);
    let (kind, code, what, fix) = match (&cause, cause.status()) {
        (_, Some(400 | 401 | 403 | 410)) if is_page(&cause) && !says_all("Forbidden") => (
            ErrorType::Misconfigured,
            Code::WrongAddress,
            format!("what answers at the endpoint of {name} is not Elasticsearch"),
            ENDPOINT,
        ),
        (_, Some(401)) => (
            ErrorType::Unauthenticated,
            Code::CredentialRejected,
            format!("Elasticsearch of {name} does not accept the key"),
            DEPLOYMENT_KEY,
        ),
        // The proxy's words for an address that is not let in, the shorter ones of some versions
        // (<https://www.elastic.co/docs/deploy-manage/security/ip-filtering-cloud>).
        (_, Some(403)) if says("traffic filtering") || says_all("Forbidden") => (
            ErrorType::PermissionDenied,
            Code::AddressNotAllowed,
            format!("{name} lets in only addresses that its traffic filters name"),
            "Give the functions a fixed address (a VPC with a NAT gateway, or a private link) and add it to the deployment's traffic filters in the Elastic Cloud console.",
        ),
        (_, Some(403)) => (
            ErrorType::PermissionDenied,
            Code::CredentialTooWeak,
            format!("the key of {name} lacks a privilege"),
            "Give the key the cluster privilege `manage_security`; for a sync alone `read_security` may do, if the deployment lets it read role mappings.",
        ),
        (_, Some(410)) => (
            ErrorType::Misconfigured,
            Code::Serverless,
            format!("{name} is a serverless project, which has no users and roles of its own"),
            "Take it out of the configuration: who has access to projects, the organization tells.",
        ),
        (_, Some(404)) => (
            ErrorType::Misconfigured,
            Code::WrongAddress,
            format!("there is no cluster at the endpoint of {name}"),
            ENDPOINT,
        ),
        (Http::Garbled { .. } | Http::Redirect { .. }, _) => (
            ErrorType::Misconfigured,
            Code::WrongAddress,
            format!("what answers at the endpoint of {name} is not Elasticsearch"),
            ENDPOINT,
        ),
        (_, Some(400)) if says("] is reserved and") => (
            ErrorType::Refused,
            Code::ReservedUser,
            format!("Elasticsearch of {name} keeps this user for itself"),
            "Reserved users cannot be given roles.",
        ),
        (_, Some(400)) => (
            ErrorType::Refused,
            Code::VendorRefused,
            format!("Elasticsearch of {name} does not do this"),
            "Its own words say why.",
        ),
        _ => return cause.into(),
    };
    Error::new(kind, code, what, fix).with_source(cause)
}
