//! One HTTP client for every vendor: where requests may go, how often, what is tried again, and what an answer means.
//!
//! Requests go to the configured host only; a redirect is an error, never followed. Every call, retry and wait is
//! counted by the [`Meter`].

pub mod error;
pub mod limit;
mod retry;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use reqwest::{Certificate, Method, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::clock::{Clock, between};
use error::Error;
use limit::{Budget, BudgetHeaders, Meter, Pace};

/// No answer takes longer than this.
const TIMEOUT: Duration = Duration::from_secs(60);
/// No answer is larger than this: a page of a thousand objects has some megabytes at most.
const MAX_ANSWER: usize = 64 << 20;
/// What stays as it is in a segment of a path (RFC 3986, *unreserved*).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The connections of this process. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Transport(reqwest::Client);

impl Transport {
    /// The one constructor of HTTP clients. It trusts the compiled-in public roots, and those of the PEM file `extra`
    /// where a proxy intercepts TLS.
    pub fn new(extra: Option<&Path>) -> Result<Self, crate::Error> {
        let bad = |what: String| {
            crate::Error::new(
                crate::ErrorType::Misconfigured,
                "BadTrustRoots",
                what,
                "Let ROLLCALL_CA_BUNDLE name a readable PEM file of certificates, or unset it.",
            )
        };
        let mut roots = Vec::new();
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            roots.extend(Certificate::from_der(der));
        }
        if let Some(path) = extra {
            let pem = std::fs::read(path)
                .map_err(|e| bad(format!("could not read {}", path.display())).with_source(e))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|e| {
                bad(format!("{} holds no certificates", path.display())).with_source(e)
            })?;
            if certificates.is_empty() {
                return Err(bad(format!("{} holds no certificates", path.display())));
            }
            roots.extend(certificates);
        }
        #[expect(clippy::disallowed_methods, reason = "this is the one constructor")]
        let client = reqwest::Client::builder()
            .tls_certs_only(roots)
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|e| bad("could not set up TLS".into()).with_source(e))?;
        Ok(Self(client))
    }
}

/// What one invocation gives to its HTTP clients.
#[derive(Clone)]
pub struct Session {
    /// The process's connections.
    pub transport: Transport,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// When this invocation ends.
    pub deadline: Option<Timestamp>,
    /// A longer wait is handed to the caller instead of being slept through.
    pub max_wait: Duration,
    /// Counts calls, retries and waits.
    pub meter: Arc<Meter>,
}

/// What there is to know about a vendor's API.
#[derive(Debug)]
pub struct Vendor {
    /// Where it is.
    pub base: Url,
    /// Sent with every request.
    pub headers: Vec<(&'static str, Header)>,
    /// How many requests a second we may send, where the vendor publishes a bare number.
    pub pace: Option<u32>,
    /// The headers in which it tells what is left.
    pub budget: Option<BudgetHeaders>,
}

/// The value of a header.
#[derive(Debug)]
pub enum Header {
    /// For everybody.
    Plain(&'static str),
    /// A credential: text that goes before it, and the secret.
    Secret(&'static str, SecretString),
}

/// A request to a vendor.
#[derive(Debug, Clone)]
pub struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    repeatable: bool,
}

impl Call {
    /// A read. Each part of the path is one segment, whatever characters it has.
    pub fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path, true)
    }

    /// A write.
    pub fn post(path: &[&str], body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::new(Method::POST, path, false)
        }
    }

    /// A deletion.
    pub fn delete(path: &[&str]) -> Self {
        Self::new(Method::DELETE, path, false)
    }

    fn new(method: Method, path: &[&str], repeatable: bool) -> Self {
        let segments = path
            .iter()
            .map(|s| utf8_percent_encode(s, SEGMENT).to_string());
        Self {
            method,
            path: segments.collect::<Vec<_>>().join("/"),
            query: Vec::new(),
            body: None,
            repeatable,
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Says that the vendor recognizes a repetition of this write, so that it may be sent again after an unclear
    /// answer.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Method and path, without the query: what errors and logs show.
    pub fn name(&self) -> String {
        format!("{} /{}", self.method, self.path)
    }
}

/// A vendor's API, ready to be called.
pub struct Http {
    session: Session,
    base: Url,
    headers: HeaderMap,
    pace: Option<Pace>,
    budget: Option<Budget>,
}

impl Http {
    /// The API of `vendor`.
    pub fn new(session: Session, vendor: Vendor) -> Result<Self, crate::Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let agent = concat!("rollcall/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        for (name, value) in vendor.headers {
            let value = match value {
                Header::Plain(text) => HeaderValue::from_static(text),
                Header::Secret(before, secret) => credential(before, &secret)?,
            };
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Self {
            session,
            base: vendor.base,
            headers,
            pace: vendor.pace.map(Pace::per_second),
            budget: vendor.budget.map(Budget::new),
        })
    }

    /// Sends a request, as often as its kind and the answers allow, and reads the answer as JSON.
    pub async fn send<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        let bytes = retry::with_retries(&self.session, call, || self.attempt(call)).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut json).map_err(|e| Error::Unexpected {
            call: call.name(),
            at: e.path().to_string(),
            why: e.into_inner().to_string(),
        })
    }

    fn attempt<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let session = &self.session;
            if let Some(pace) = &self.pace {
                pace.wait(session).await;
            }
            if let Some(budget) = &self.budget {
                budget.wait(session, call).await?;
            }
            session.meter.call();
            tracing::debug!(call = call.name(), "request");
            let answer = self
                .request(call)
                .send()
                .await
                .map_err(|e| transport(call, e))?;
            if let Some(budget) = &self.budget {
                budget.learn(answer.headers(), session.clock.now());
            }
            let status = answer.status();
            if status.is_redirection() {
                let to = header(&answer, LOCATION.as_str()).unwrap_or_default();
                return Err(Error::Redirect {
                    call: call.name(),
                    to,
                });
            }
            let retry_after = retry::retry_after(answer.headers(), session.clock.now());
            let request_id = header(&answer, "x-request-id");
            let bytes = read(call, answer).await?;
            if status.is_success() {
                return whole_json(call, bytes);
            }
            Err(Error::Status {
                call: call.name(),
                status: status.as_u16(),
                message: error::vendor_message(&bytes),
                retry_after,
                request_id,
            })
        })
    }

    fn request(&self, call: &Call) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", call.path));
        let mut request = self.session.transport.0.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        if let Some(deadline) = self.session.deadline {
            let left = between(self.session.clock.now(), deadline).max(Duration::from_secs(1));
            request = request.timeout(left.min(TIMEOUT));
        }
        request.headers(self.headers.clone())
    }
}

fn credential(before: &str, secret: &SecretString) -> Result<HeaderValue, crate::Error> {
    let mut value =
        HeaderValue::from_str(&format!("{before}{}", secret.expose_secret())).map_err(|_| {
            crate::Error::internal("BadCredential", "the credential does not fit a header")
        })?;
    value.set_sensitive(true);
    Ok(value)
}

fn header(answer: &Response, name: &str) -> Option<String> {
    let value = answer.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

async fn read(call: &Call, mut answer: Response) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| transport(call, e))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            return Err(Error::Unexpected {
                call: call.name(),
                at: ".".into(),
                why: format!("the answer is larger than {MAX_ANSWER} bytes"),
            });
        }
    }
    Ok(bytes)
}

/// An answer that is no JSON, or half of it, is a fault on the way: worth another try, unlike JSON of another shape.
fn whole_json(call: &Call, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    match serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
        Ok(_) => Ok(bytes),
        Err(e) => Err(Error::Garbled {
            call: call.name(),
            line: e.line(),
            column: e.column(),
        }),
    }
}

fn transport(call: &Call, e: reqwest::Error) -> Error {
    Error::Transport {
        call: call.name(),
        never_sent: e.is_connect(),
        // The URL may carry page tokens; the call's name says enough.
        source: e.without_url(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_segment_stays_one_segment() {
        let call = Call::get(&["cloud", "users", "../account?x=1#y"]);
        assert_eq!(call.name(), "GET /cloud/users/..%2Faccount%3Fx%3D1%23y");
    }

    #[test]
    fn a_credential_never_shows() {
        let value = credential("Bearer ", &"hunter2".into()).expect("a header");
        assert!(!format!("{value:?}").contains("hunter2"));
    }
}
