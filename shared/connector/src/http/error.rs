//! What can go wrong with a request.

use std::time::Duration;

use crate::Code;
use jiff::Timestamp;
use serde_json::Value;

use crate::network::Fault;
use crate::{Error as Boundary, ErrorType};

/// Why a request brought no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The vendor answered with an error.
    #[error("{call} was answered with {status}: {message}{}", in_brackets(.request_id.as_deref()))]
    Status {
        /// Method and path.
        call: String,
        /// The HTTP status.
        status: u16,
        /// The vendor's own words, shortened and without credentials.
        message: String,
        /// Whether the answer is JSON. If not, something on the way to the API may have given it.
        is_json: bool,
        /// How long the vendor asks to wait.
        retry_after: Option<Duration>,
        /// The vendor's id of the request, for its support.
        request_id: Option<String>,
    },
    /// The vendor asks for more patience than this invocation has.
    #[error("{call} is put off by the vendor until {retry_at}")]
    RateLimited {
        /// Method and path.
        call: String,
        /// When to come back.
        retry_at: Timestamp,
    },
    /// No answer, or half of one.
    #[error("{call} was not answered")]
    Transport {
        /// Method and path.
        call: String,
        /// The request cannot have arrived.
        never_sent: bool,
        /// What the network said.
        source: reqwest::Error,
    },
    /// The answer is not JSON.
    #[error("{call} was answered with something that is not JSON (line {line}, column {column})")]
    Garbled {
        /// Method and path.
        call: String,
        /// Where.
        line: usize,
        /// Where.
        column: usize,
    },
    /// The answer is JSON of a shape that the vendor does not document.
    #[error("{call} was answered in an unknown form at `{at}`: {why}")]
    Unexpected {
        /// Method and path.
        call: String,
        /// The place in the answer.
        at: String,
        /// What is wrong with it.
        why: String,
    },
    /// A list leads back to a page that was read already, and so has no end.
    #[error("{call} lists in a circle: it pointed a second time to the same page")]
    Circle {
        /// Method and path.
        call: String,
    },
    /// A name in the path is `.` or `..`, or empty: the request would arrive at another object.
    #[error("{call} cannot be sent: an empty name, `.` and `..` have no place in a path")]
    InvalidPathSegment {
        /// Method and path.
        call: String,
    },
    /// The vendor sends us elsewhere.
    #[error("{call} was answered with a redirect to `{to}`, which is not followed")]
    Redirect {
        /// Method and path.
        call: String,
        /// Where to, without query and fragment.
        to: String,
    },
}

impl Error {
    /// The HTTP status of a vendor's error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The vendor's own words, if it answered with an error.
    pub fn vendor_message(&self) -> Option<&str> {
        match self {
            Self::Status { message, .. } => Some(message),
            _ => None,
        }
    }

    /// Whether an API says that what the request names is not there: with 404, and in JSON. The 404 of a proxy or a page
    /// for people says nothing about an object.
    pub fn is_not_found(&self) -> bool {
        let Self::Status {
            status, is_json, ..
        } = self
        else {
            return false;
        };
        *status == 404 && *is_json
    }
}

fn in_brackets(request_id: Option<&str>) -> String {
    request_id
        .map(|id| format!(" (request id {id})"))
        .unwrap_or_default()
}

/// Finds the sentence in a vendor's error body: the usual places first, else the whole text, but no page for people.
/// It is not fit to be shown yet.
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

/// What there is to say about an HTML page: its title. One with character references is left out, since a credential
/// would not be recognized behind them.
fn page(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_page =
        lower.starts_with('<') && (lower.contains("<html") || lower.contains("<!doctype html"));
    let title = || {
        let begin = lower.find("<title")?;
        let begin = begin + lower.get(begin..)?.find('>')? + 1;
        let end = begin + lower.get(begin..)?.find("</title")?;
        let title = text.get(begin..end)?.trim();
        (!title.is_empty() && !title.contains(['&', '<'])).then_some(title)
    };
    is_page.then(|| match title() {
        Some(title) => format!("an HTML page: {title}"),
        None => "an HTML page".into(),
    })
}

impl From<Error> for Boundary {
    fn from(e: Error) -> Self {
        let (kind, code, fix) = match &e {
            Error::RateLimited { .. } => (
                ErrorType::RateLimited,
                Code::RateLimited,
                "Run again at the time given.",
            ),
            Error::Transport { source, .. } => {
                let fault = Fault::of(source);
                (fault.kind(), fault.code(), fault.fix())
            }
            Error::Garbled { .. } => (
                ErrorType::Unavailable,
                Code::VendorUnavailable,
                "Run again; if it persists, check the address in the configuration: something else than the API may be there.",
            ),
            Error::InvalidPathSegment { .. } => (
                ErrorType::InvalidRequest,
                Code::UnusableName,
                "If the name comes from the event or the configuration, correct it. If the vendor really has an object of this name, change it there.",
            ),
            Error::Circle { .. } => (
                ErrorType::Unavailable,
                Code::EndlessList,
                "Run again; if it persists, report it to the vendor.",
            ),
            Error::Unexpected { .. } => (
                ErrorType::Internal,
                Code::UnexpectedAnswer,
                "The vendor's API changed, or answers what its documentation does not say: report it to the project with this message.",
            ),
            Error::Redirect { .. } => (
                ErrorType::Misconfigured,
                Code::Redirected,
                "Configure the address that the API really has.",
            ),
            Error::Status { status, .. } => of_status(*status),
        };
        let retry_at = match &e {
            Error::RateLimited { retry_at, .. } => Some(*retry_at),
            _ => None,
        };
        // The vendor's words are the message; its source is the network's part only.
        let boundary = Boundary::new(kind, code, e.to_string(), fix);
        let boundary = match retry_at {
            Some(at) => boundary.with_retry_at(at),
            None => boundary,
        };
        match e {
            Error::Transport { source, .. } => boundary.with_source(source),
            // A sync that went on from what it has of the list would meet the same circle.
            Error::Circle { .. } => boundary.restarting_run(),
            _ => boundary,
        }
    }
}

fn of_status(status: u16) -> (ErrorType, Code, &'static str) {
    match status {
        401 => (
            ErrorType::Unauthenticated,
            Code::CredentialRejected,
            "The key is wrong, expired or disabled: make a new one and store it in the connection's secret.",
        ),
        403 => (
            ErrorType::PermissionDenied,
            Code::VendorDenied,
            "Give the key's owner the role that the connector's README names. If the vendor restricts addresses (an IP allow list), allow this network.",
        ),
        404 => (
            ErrorType::NotFound,
            Code::VendorNotFound,
            "The vendor has nothing under this path, or does not show it to this key. If the path names an object of the event, check its id; otherwise check the ids and the address in the configuration.",
        ),
        409 => (
            ErrorType::Conflict,
            Code::VendorConflict,
            "Something else changed the same object, or its state does not allow this: run again, and if it persists, look at the object at the vendor.",
        ),
        429 => (
            ErrorType::RateLimited,
            Code::RateLimited,
            "Run again later.",
        ),
        // "Not implemented" does not pass with time.
        500 | 502..=599 => (
            ErrorType::Unavailable,
            Code::VendorUnavailable,
            "The vendor has trouble: run again later.",
        ),
        _ => (
            ErrorType::Internal,
            Code::VendorRejected,
            "The vendor does not accept this request. If its message names a value of the event or the configuration, correct it; otherwise report it to the project with this message.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_sentence_is_found_in_the_usual_places() {
        for (body, expected) in [
            (
                r#"{"code":3,"message":"nothing to change"}"#,
                "nothing to change",
            ),
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
            (
                r#"{"errors":[{"message":"no","title":"no such page"}]}"#,
                "no",
            ),
            (
                r#"{"errors":[{"title":" ","detail":"no such page"}]}"#,
                "no such page",
            ),
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
            (
                "<?xml version=\"1.0\"?><!doctype html><title>Élan</title>",
                "an HTML page: Élan",
            ),
        ] {
            assert_eq!(vendor_message(None, body.as_bytes()), expected);
        }
    }
}
