//! The meaning of an error at each of Elastic's hosts.

use std::time::Duration;

use rollcall_connector::ErrorType::{
    Internal, Misconfigured, NotFound, PermissionDenied, Refused, Unauthenticated,
};
use rollcall_connector::http::error::Error as Http;
use rollcall_connector::{Code, Error};

/// The host of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Cloud,
    /// A deployment, by its name in messages.
    Deployment(String),
}

/// The reason why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The call failed, or the host refused it.
    #[error("{cause}")]
    Http {
        place: Place,
        #[source]
        cause: Box<Http>,
    },
    /// The host of a deployment does not name itself Elasticsearch.
    #[error("the server at the endpoint of {0} does not identify itself as Elasticsearch")]
    NotElasticsearch(String),
    /// A list that cannot be empty is: `users` or `roles`.
    #[error("{place} returns no {what}, not even the built-in ones")]
    EmptyList { what: &'static str, place: String },
    /// A list of Elastic Cloud points to a next page, which is not documented.
    #[error(
        "the list of {0} has more pages, and Elastic Cloud does not document how to request them"
    )]
    PartialList(&'static str),
}

const CLOUD_KEY: &str = "Have an organization owner create a key in the Elastic Cloud console (Organization > API keys) and store it as `api-key`. A deployment's key does not work there.";
const CLOUD_KEY_OR_ORGANIZATION: &str = "Check `organization-id`, if it is set: a key belongs to one organization. Have an organization owner create a key in the Elastic Cloud console (Organization > API keys) and store it as `api-key`.";
const DEPLOYMENT_KEY: &str = "Create a key in the deployment (Kibana > Stack Management > API keys) and store its encoded form. An Elastic Cloud key does not work there.";
const ENDPOINT: &str = "Copy the deployment's Elasticsearch endpoint from the Elastic Cloud console. If it is already correct, a proxy or firewall answers in the deployment's place.";

impl Failure {
    pub(super) fn new(place: Place, cause: Http) -> Self {
        let cause = Box::new(cause);
        Self::Http { place, cause }
    }

    fn http(&self) -> Option<&Http> {
        match self {
            Self::Http { cause, .. } => Some(cause),
            Self::NotElasticsearch(_) | Self::EmptyList { .. } | Self::PartialList(_) => None,
        }
    }

    /// Whether Elasticsearch reports that the object does not exist: with 404 and an empty object. Its proxy's 404 is
    /// about clusters.
    pub(crate) fn is_absent(&self) -> bool {
        self.http().is_some_and(|e| e.is_not_found() && e.vendor_message() == Some("{}"))
    }

    /// Whether a write had no effect because the state changed after it was planned, or was never sent: a conflict with
    /// another write, or a deleted user, whom the write would create without a password.
    pub(crate) fn is_overtaken(&self) -> bool {
        let Some(http) = self.http() else {
            return false;
        };
        let message = http.vendor_message().unwrap_or_default();
        let never_sent = matches!(http, Http::Transport { never_sent, .. } if *never_sent);
        never_sent || http.status() == Some(409) || message.contains("password must be specified")
    }

    /// Whether it is unclear if a sent write arrived.
    pub(crate) fn is_unclear(&self) -> bool {
        match self.http() {
            Some(Http::Transport { .. } | Http::Garbled { .. }) => true,
            Some(other) => matches!(other.status(), Some(408 | 500 | 502 | 503 | 504)),
            None => false,
        }
    }

    /// The delay that a rate limit demands.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self.http()? {
            Http::Status { status: 429, retry_after, .. } => {
                Some(retry_after.unwrap_or(Duration::from_secs(1)))
            }
            _ => None,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let message = failure.to_string();
        let (kind, code, fix) = match failure {
            Failure::Http { place, cause } => {
                return match place {
                    Place::Cloud => of_cloud(*cause),
                    Place::Deployment(name) => of_deployment(&name, *cause),
                };
            }
            Failure::NotElasticsearch(_) => (Misconfigured, Code::WrongAddress, ENDPOINT),
            Failure::EmptyList { what: "users", .. } => (
                PermissionDenied,
                Code::EmptyList,
                "Give the key the cluster privilege `read_security`. If the reserved realm of this cluster is switched off and it has no native users, create one: an empty list is never taken to mean that a cluster has no users.",
            ),
            Failure::EmptyList { .. } => (
                PermissionDenied,
                Code::EmptyList,
                "Give the key the cluster privilege `read_security`.",
            ),
            Failure::PartialList(_) => (
                Internal,
                Code::UnexpectedAnswer,
                "This version of Rollcall cannot read that list page by page: report this message.",
            ),
        };
        Error::new(kind, code, message, fix)
    }
}

fn of_cloud(cause: Http) -> Error {
    let (kind, code, message, fix) = match cause.status() {
        Some(401 | 403 | 404) if is_page(&cause) => (
            Misconfigured,
            Code::WrongAddress,
            "the server that answers is not the Elastic Cloud API",
            "Correct or remove `base-url`. If it is already correct, a proxy or firewall refuses the request.",
        ),
        Some(401) => (
            Unauthenticated,
            Code::CredentialRejected,
            "Elastic Cloud does not accept the key",
            CLOUD_KEY,
        ),
        Some(403) => (
            PermissionDenied,
            Code::CredentialTooWeak,
            "the key is not allowed to read the organization",
            CLOUD_KEY_OR_ORGANIZATION,
        ),
        Some(404) => (
            NotFound,
            Code::UnknownOrganization,
            "Elastic Cloud has no such organization",
            "Correct or remove `organization-id`, and check `base-url`, if it is set.",
        ),
        _ => return cause.into(),
    };
    Error::new(kind, code, message, fix).with_source(cause)
}

/// Whether a refusal is a web page. The APIs refuse in JSON, so a page says nothing about the key.
fn is_page(cause: &Http) -> bool {
    matches!(cause, Http::Status { is_json: false, .. })
}

fn of_deployment(name: &str, cause: Http) -> Error {
    let said = cause.vendor_message().unwrap_or_default();
    let (kind, code, message, fix) = match cause.status() {
        Some(400 | 401 | 403 | 410) if is_page(&cause) && said != "Forbidden" => {
            not_elasticsearch(name)
        }
        None if matches!(cause, Http::Garbled { .. } | Http::Redirect { .. }) => {
            not_elasticsearch(name)
        }
        Some(401) => (
            Unauthenticated,
            Code::CredentialRejected,
            format!("Elasticsearch of {name} does not accept the key"),
            DEPLOYMENT_KEY,
        ),
        // The proxy's text for an address that its IP filters do not allow, and the shorter text of some versions
        // (<https://www.elastic.co/docs/deploy-manage/security/ip-filtering-cloud>).
        Some(403) if said.contains("traffic filtering") || said == "Forbidden" => (
            PermissionDenied,
            Code::AddressNotAllowed,
            format!("{name} accepts only addresses that its traffic filters allow"),
            "Give the functions a fixed address (a VPC with a NAT gateway, or a private link) and add it to the deployment's traffic filters in the Elastic Cloud console.",
        ),
        Some(403) => (
            PermissionDenied,
            Code::CredentialTooWeak,
            format!("the key of {name} lacks a privilege"),
            "Give the key the cluster privilege `manage_security`; for syncs alone `read_security` may be enough, if the deployment lets it read role mappings.",
        ),
        Some(410) => (
            Misconfigured,
            Code::Serverless,
            format!("{name} is a serverless project, which has no users and roles of its own"),
            "Remove it from the configuration: the organization shows who has access to projects.",
        ),
        Some(404) => (
            Misconfigured,
            Code::WrongAddress,
            format!("there is no cluster at the endpoint of {name}"),
            ENDPOINT,
        ),
        Some(400) if said.contains("] is reserved and") => (
            Refused,
            Code::ReservedUser,
            format!("Elasticsearch of {name} reserves this user"),
            "Reserved users cannot be given roles.",
        ),
        Some(400) => (
            Refused,
            Code::VendorRefused,
            format!("Elasticsearch of {name} refuses the request"),
            "The quoted answer says why.",
        ),
        _ => return cause.into(),
    };
    Error::new(kind, code, message, fix).with_source(cause)
}

fn not_elasticsearch(name: &str) -> (rollcall_connector::ErrorType, Code, String, &'static str) {
    let message = format!("the server at the endpoint of {name} is not Elasticsearch");
    (Misconfigured, Code::WrongAddress, message, ENDPOINT)
}
