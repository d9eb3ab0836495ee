//! The failures of a request, and what the operator should do about them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::call::Call;
use crate::network::Fault;
use crate::{Code, Error as Boundary, ErrorType};

/// The failure of a request. `call` is the request's method and path.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub enum Error {
    /// The vendor answered with an error.
    #[error("{call} was answered with {status}: {message}{}", in_brackets(.request_id.as_deref()))]
    Status {
        call: String,
        status: u16,
        /// The vendor's own message, shortened and without credentials.
        message: String,
        /// Whether the answer is JSON. If not, it may come from something between us and the API.
        is_json: bool,
        /// The delay that the vendor requests.
        retry_after: Option<Duration>,
        /// The vendor's id of the request, for its support.
        request_id: Option<String>,
    },
    /// The vendor's rate limit lasts longer than this invocation can wait.
    #[error("the vendor's rate limit postpones {call} until {retry_at}")]
    RateLimited { call: String, retry_at: Timestamp },
    /// No answer, or an incomplete one.
    #[error("{call} was not answered by {server}")]
    Transport {
        call: String,
        /// Host and port, and those of the proxy on the way.
        server: String,
        /// Whether the request cannot have arrived.
        never_sent: bool,
        source: reqwest::Error,
    },
    /// The answer is not JSON.
    #[error("{call} was answered with something that is not JSON (line {line}, column {column})")]
    Garbled { call: String, line: usize, column: usize },
    /// The answer is JSON of a shape that the vendor does not document.
    #[error("{call} was answered in an unknown form at `{at}`: {why}")]
    Unexpected {
        call: String,
        /// The place in the answer.
        at: String,
        why: String,
    },
    /// A list leads back to a page that was already read, and so does not end.
    #[error("{call} returns the same pages again and again: it pointed to one page twice")]
    Circle { call: String },
    /// A segment of the path is `.` or `..`, or empty: the request would reach another object.
    #[error("{call} cannot be sent: an empty name, `.` or `..` is not valid in a path")]
    InvalidPathSegment { call: String },
    /// The vendor redirects us.
    #[error("{call} was answered with a redirect to `{to}`, which is not followed")]
    Redirect {
        call: String,
        /// The target without query and fragment.
        to: String,
    },
}

impl Error {
    pub(super) fn rate_limited(call: &Call, retry_at: Timestamp) -> Self {
        let call = call.name();
        Self::RateLimited { call, retry_at }
    }

    pub(super) fn transport(call: &Call, server: String, e: reqwest::Error) -> Self {
        Self::Transport {
            call: call.name(),
            server,
            never_sent: e.is_connect(),
            // The URL may contain page tokens; the call's name is enough.
            source: e.without_url(),
        }
    }

    /// The HTTP status of a vendor's error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The vendor's own message, if it answered with an error.
    pub fn vendor_message(&self) -> Option<&str> {
        match self {
            Self::Status { message, .. } => Some(message),
            _ => None,
        }
    }

    /// Whether an API reports that the requested object does not exist: with 404, and in JSON. The 404 of a proxy or a
    /// web page says nothing about an object.
    pub fn is_not_found(&self) -> bool {
        let is_json = matches!(self, Self::Status { is_json: true, .. });
        is_json && self.status() == Some(404)
    }
}

fn in_brackets(request_id: Option<&str>) -> String {
    request_id.map(|id| format!(" (request id {id})")).unwrap_or_default()
}

/// The message in a vendor's error body: from the usual fields, otherwise the whole text, but only the title of a web
/// page. It is not redacted yet.
pub(super) fn vendor_message(json: Option<&Value>, body: &[u8]) -> String {
    let places = [
        "/message",
        "/error/message",
        "/error/reason",
        "/errorMessage",
        "/error",
        "/errors/0/message",
        "/errors/0/title",
        "/errors/0/detail",
        "/errors/0",
    ];
    let message = json.iter().find_map(|j| {
        let mut texts = places.iter().filter_map(|p| j.pointer(p)?.as_str());
        texts.find(|text| !text.trim().is_empty())
    });
    if let Some(message) = message {
        return message.to_owned();
    }
    let text = String::from_utf8_lossy(body);
    match text.trim() {
        "" => "(no message)".into(),
        text => page(text).unwrap_or_else(|| text.to_owned()),
    }
}

/// The description of an HTML page by its title, if `text` is one. A title with character references is left out: a
/// credential would not be recognized in it.
fn page(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_html = lower.contains("<html") || lower.contains("<!doctype html");
    let title = || {
        let begin = lower.find("<title")?;
        let begin = begin + lower.get(begin..)?.find('>')? + 1;
        let end = begin + lower.get(begin..)?.find("</title")?;
        let title = text.get(begin..end)?.trim();
        (!title.is_empty() && !title.contains(['&', '<'])).then_some(title)
    };
    (lower.starts_with('<') && is_html).then(|| match title() {
        Some(title) => format!("an HTML page: {title}"),
        None => "an HTML page".into(),
    })
}

/// An error's type and code, and what the operator should do.
macro_rules! facts {
    ($kind:ident, $code:path: $fix:literal) => {
        (ErrorType::$kind, $code, $fix)
    };
}

impl From<Error> for Boundary {
    fn from(e: Error) -> Self {
        let (kind, code, fix) = match &e {
            Error::Status { status, .. } => of_status(*status),
            Error::Transport { source, .. } => Fault::of(source).facts(),
            Error::RateLimited { .. } => {
                facts!(RateLimited, Code::RateLimited: "Run again at the time given.")
            }
            Error::Garbled { .. } => facts!(Unavailable, Code::VendorUnavailable:
                "Run again; if it persists, check the address in the configuration: another server may be answering there."),
            Error::Unexpected { .. } => facts!(Internal, Code::UnexpectedAnswer:
                "The vendor's API has changed or deviates from its documentation: report this message to the project."),
            Error::Circle { .. } => facts!(Unavailable, Code::EndlessList:
                "Run again; if it persists, report it to the vendor."),
            Error::InvalidPathSegment { .. } => facts!(InvalidRequest, Code::UnusableName:
                "If the name comes from the event or the configuration, correct it. If the vendor really has an object of this name, change it there."),
            Error::Redirect { .. } => facts!(Misconfigured, Code::Redirected:
                "Set the address in the configuration to that of the API."),
        };
        // The vendor's text is the message; only the network's error is a source.
        let boundary = Boundary::new(kind, code, e.to_string(), fix);
        match e {
            Error::RateLimited { retry_at, .. } => boundary.with_retry_at(retry_at),
            Error::Transport { source, .. } => boundary.with_source(source),
            // A sync that resumed in the middle of the list would meet the same cycle.
            Error::Circle { .. } => boundary.with_run_restart(),
            _ => boundary,
        }
    }
}

fn of_status(status: u16) -> (ErrorType, Code, &'static str) {
    match status {
        401 => facts!(Unauthenticated, Code::CredentialRejected:
            "The key is wrong, expired or disabled: make a new one and store it in the connection's secret."),
        403 => facts!(PermissionDenied, Code::VendorDenied:
            "Give the key's owner the role that the connector's README names. If the vendor restricts addresses (an IP allow list), allow this network."),
        404 => facts!(NotFound, Code::VendorNotFound:
            "The vendor has nothing under this path, or does not show it to this key. If the path names an object of the event, check its id; otherwise check the ids and the address in the configuration."),
        409 => facts!(Conflict, Code::VendorConflict:
            "Something else changed the same object, or its state does not allow this: run again; if it persists, check the object in the vendor's web interface."),
        429 => facts!(RateLimited, Code::RateLimited: "Run again later."),
        // "Not implemented" does not pass with time.
        500 | 502..=599 => {
            facts!(Unavailable, Code::VendorUnavailable: "The vendor has an outage: run again later.")
        }
        _ => facts!(Internal, Code::VendorRejected:
            "The vendor does not accept this request. If its message names a value of the event or the configuration, correct it; otherwise report this message to the project."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_sentence_is_found_in_the_usual_places() {
        for (body, expected) in [
            (r#"{"code":3,"message":"nothing to change"}"#, "nothing to change"),
            (r#"{"error":{"message":"no"}}"#, "no"),
            (r#"{"error":"no"}"#, "no"),
            (r#"{"message":"","errors":["no"]}"#, "no"),
            (
                r#"{"errors":[{"code":"NOT_FOUND","title":"no such page","detail":null}]}"#,
                "no such page",
            ),
            (
                r#"{"errors":[{"title":"no such page","detail":"or you may not see it"}]}"#,
                "no such page",
            ),
            (r#"{"errors":[{"message":"no","title":"no such page"}]}"#, "no"),
            (r#"{"errors":[{"title":" ","detail":"no such page"}]}"#, "no such page"),
            (
                r#"{"errors":[{"title":null,"detail":null}]}"#,
                r#"{"errors":[{"title":null,"detail":null}]}"#,
            ),
            ("bad gateway", "bad gateway"),
            ("<Error>no</Error>", "<Error>no</Error>"),
            ("", "(no message)"),
        ] {
            let json: Option<Value> = serde_json::from_str(body).ok();
            assert_eq!(vendor_message(json.as_ref(), body.as_bytes()), expected);
        }
    }

    #[test]
    fn of_an_html_page_only_the_title_is_quoted() {
        for (body, expected) in [
            ("<html>bad gateway</html>", "an HTML page"),
            (
                "\n<!DOCTYPE html>\n<HTML><head><TITLE lang=\"en\">\n502 Bad Gateway </Title></head>…",
                "an HTML page: 502 Bad Gateway",
            ),
            ("<html><title> </title>", "an HTML page"),
            ("<html><title>a&amp;b</title>", "an HTML page"),
            ("<html><title>half", "an HTML page"),
            ("<html><title", "an HTML page"),
            ("<?xml version=\"1.0\"?><!doctype html><title>Élan</title>", "an HTML page: Élan"),
        ] {
            assert_eq!(vendor_message(None, body.as_bytes()), expected);
        }
    }
}
