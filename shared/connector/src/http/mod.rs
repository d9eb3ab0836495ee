//! One HTTP client for every vendor: where requests may go, how often, what is tried again, and what an answer means.
//!
//! Requests go to the configured host only; a redirect is an error, never followed. Every call, retry and wait is
//! counted by the [`Meter`]. What a vendor writes is quoted briefly, and without the credentials that were sent to it.

pub mod error;
mod gate;
pub mod lenient;
pub mod limit;
mod retry;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;
use std::time::Duration;

use crate::Code;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT,
};
use reqwest::{Certificate, Method, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use crate::clock::{Clock, between};
use crate::network::Network;
use error::Error;
use gate::{Gate, Permit};
use limit::{Budget, BudgetHeaders, Meter, Pace, Room};
use retry::Postponed;
use words::Redactor;

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
    /// The one constructor of HTTP clients. It trusts the compiled-in public roots, and those of `ROLLCALL_CA_BUNDLE`. It
    /// takes the proxies of `network`; without one, it reaches every address directly.
    pub fn new(network: Option<&Network>) -> Result<Self, crate::Error> {
        let unusable = |e| crate::network::bad_bundle("could not set up TLS".into()).with_source(e);
        let network = network.cloned().unwrap_or_default();
        let mut roots = network.certificates().map_err(unusable)?;
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            roots.extend(Certificate::from_der(der));
        }
        // `no_proxy` keeps the library from reading the variables by itself: it would send what is for this machine, and
        // the key with it, to the proxy.
        #[expect(clippy::disallowed_methods, reason = "this is the one constructor")]
        let mut client = reqwest::Client::builder()
            .tls_certs_only(roots)
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .no_proxy();
        for proxy in network.proxies().map_err(unusable)? {
            client = client.proxy(proxy);
        }
        Ok(Self(client.build().map_err(unusable)?))
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
    /// The headers in which it tells what is left, for each of its limits.
    pub budgets: Vec<BudgetHeaders>,
    /// How many requests may be under way at once, where the vendor has a limit of bursts and does not publish it.
    pub concurrency: Option<Concurrency>,
}

/// A limit of requests that are under way at once, found out by trying: good answers raise it, a 429 halves it.
#[derive(Debug, Clone, Copy)]
pub struct Concurrency {
    /// The limit to begin with. It never falls below one.
    pub start: usize,
    /// The limit is never higher.
    pub max: usize,
}

/// The value of a header.
#[derive(Debug)]
pub enum Header {
    /// For everybody.
    Plain(&'static str),
    /// A credential: text that goes before it, and the secret.
    Secret(&'static str, SecretString),
    /// A credential in two parts, as `authorization` takes it (RFC 7617). There is no colon in the name of a user.
    Basic {
        /// Whose it is.
        user: String,
        /// The secret.
        password: SecretString,
    },
}

impl Header {
    /// What must not be quoted. [`Redactor`] derives the other forms in which a vendor may have it.
    fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Secret(_, secret) => vec![secret.clone()],
            Self::Basic { user, password } => {
                vec![password.clone(), basic(user, password)]
            }
        }
    }
}

fn basic(user: &str, password: &SecretString) -> SecretString {
    let both = format!("{user}:{}", password.expose_secret());
    STANDARD.encode(both).into()
}

/// A request to a vendor.
#[derive(Debug, Clone)]
pub struct Call {
    method: Method,
    /// Its segments, encoded.
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    /// JSON.
    body: Option<String>,
    effect: Effect,
    /// Whether it is never sent again here.
    once: bool,
}

/// What a request may change, and so when it may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing.
    None,
    /// The same, however often it arrives.
    Once,
    /// More, each time it arrives.
    Each,
}

impl Call {
    /// A read. Each part of the path is one segment, whatever characters it has.
    pub fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path, Effect::None)
    }

    /// A write.
    pub fn post(path: &[&str], body: Value) -> Self {
        Self::new(Method::POST, path, Effect::Each).with_body(body)
    }

    /// A replacement. By the book a second one changes nothing more; whether that is so at this vendor, where a version
    /// or a notification may go with it, is for [`Call::repeatable`] to say.
    pub fn put(path: &[&str], body: Value) -> Self {
        Self::new(Method::PUT, path, Effect::Each).with_body(body)
    }

    /// A replacement with a body that is JSON already and is sent as it is: what was read goes back digit by digit.
    pub fn put_verbatim(path: &[&str], body: &str) -> Self {
        Self {
            body: Some(body.to_owned()),
            ..Self::new(Method::PUT, path, Effect::Each)
        }
    }

    /// A change of parts.
    pub fn patch(path: &[&str], body: Value) -> Self {
        Self::new(Method::PATCH, path, Effect::Each).with_body(body)
    }

    /// A deletion.
    pub fn delete(path: &[&str]) -> Self {
        Self::new(Method::DELETE, path, Effect::Each)
    }

    /// A GraphQL query: to the base itself, and it only asks.
    pub fn graphql(query: &str, variables: Value) -> Self {
        let body = json!({"query": query, "variables": variables});
        Self::new(Method::POST, &[], Effect::None).with_body(body)
    }

    fn with_body(self, body: Value) -> Self {
        Self {
            body: Some(body.to_string()),
            ..self
        }
    }

    fn new(method: Method, path: &[&str], effect: Effect) -> Self {
        let segments = path
            .iter()
            .map(|s| utf8_percent_encode(s, SEGMENT).to_string());
        Self {
            method,
            path: segments.collect(),
            query: Vec::new(),
            body: None,
            effect,
            once: false,
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
        if self.effect == Effect::Each {
            self.effect = Effect::Once;
        }
        self
    }

    /// Says that this write is good only right after a read that it goes by: it is sent once, and whoever waits for a rate
    /// limit to pass has to read again. The limit stays an [`Error::Status`] of 429.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Says that this request only asks, whatever its method: a search sent by POST.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.effect = Effect::None;
        self
    }

    /// Method and path, without the query, or that it is one of GraphQL: what errors and logs show.
    pub fn name(&self) -> String {
        if self.path.is_empty() {
            return "a GraphQL query".to_owned();
        }
        format!("{} /{}", self.method, self.path.join("/"))
    }
}

/// A good answer.
#[derive(Debug)]
pub struct Answer<T> {
    /// What it says.
    pub body: T,
    headers: HeaderMap,
}

impl<T> Answer<T> {
    /// The value of a header, if there is one, and it is text. It is the vendor's word, and not fit to be shown as it is.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A vendor's API, ready to be called.
pub struct Http {
    session: Session,
    base: Url,
    headers: HeaderMap,
    pace: Option<Pace>,
    budgets: Vec<Budget>,
    gate: Option<Gate>,
    postponed: Postponed,
    words: Redactor,
}

impl Http {
    /// The API of `vendor`.
    pub fn new(session: Session, vendor: Vendor) -> Result<Self, crate::Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let agent = concat!("rollcall/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        for (name, value) in &vendor.headers {
            headers.insert(header_name(name)?, header_value(name, value)?);
        }
        let values = vendor.headers.iter().map(|(_, value)| value);
        let secrets: Vec<SecretString> = values.flat_map(Header::secrets).collect();
        Ok(Self {
            words: Redactor::without(&secrets),
            session,
            base: vendor.base,
            headers,
            pace: vendor.pace.map(Pace::per_second),
            budgets: vendor.budgets.into_iter().map(Budget::new).collect(),
            gate: vendor.concurrency.map(Gate::new),
            postponed: Postponed::default(),
        })
    }

    /// What a vendor wrote, fit to be quoted in an error: short, and without the credentials of this client. Errors
    /// made here are so already; this is for words that come within a good answer.
    pub fn quote(&self, text: &str) -> String {
        self.words.quote(text)
    }

    /// What is left of each of the vendor's limits, in the order of [`Vendor::budgets`]; `None` where no window is known
    /// to run.
    pub fn rooms(&self) -> Vec<Option<Room>> {
        let now = self.session.clock.now();
        self.budgets.iter().map(|budget| budget.room(now)).collect()
    }

    /// Sends a request, as often as its kind and the answers allow, and reads the answer as JSON.
    pub async fn send<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        Ok(self.ask(call).await?.body)
    }

    /// The same, with the headers of the answer.
    pub async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<Answer<T>, Error> {
        let raw = retry::with_retries(&self.session, &self.postponed, call, || self.attempt(call))
            .await?;
        let mut json = serde_json::Deserializer::from_slice(&raw.body);
        // Both place and reason may quote the answer: the keys of a map, a text where a number should be.
        let body = serde_path_to_error::deserialize(&mut json).map_err(|e| Error::Unexpected {
            call: call.name(),
            at: self.words.quote(&e.path().to_string()),
            why: self.words.quote(&e.into_inner().to_string()),
        })?;
        let headers = raw.headers;
        Ok(Answer { body, headers })
    }

    fn attempt<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Answer<Vec<u8>>, Error>> {
        Box::pin(async move {
            let session = &self.session;
            // Every reader of addresses takes these for directions, encoded or not.
            if call
                .path
                .iter()
                .any(|s| matches!(s.as_str(), "" | "." | ".."))
            {
                return Err(Error::InvalidPathSegment { call: call.name() });
            }
            // It is held until the body is read.
            let permit = self.turn(call).await?;
            session.meter.call();
            tracing::debug!(call = call.name(), "request");
            let answer = self
                .request(call)
                .send()
                .await
                .map_err(|e| transport(call, e))?;
            for budget in &self.budgets {
                budget.learn(answer.headers(), session.clock.now());
            }
            if let Some(permit) = &permit {
                permit.learn(answer.status(), answer.headers(), session.clock.now());
            }
            let headers = answer.headers().clone();
            let body = self.take(call, answer).await?;
            Ok(Answer { body, headers })
        })
    }

    /// Waits until a request may be sent. The place at the gate comes first, so that few wait for the pace and keep it
    /// afterwards; if the vendor asks for patience meanwhile, it was in vain.
    async fn turn(&self, call: &Call) -> Result<Option<Permit<'_>>, Error> {
        let session = &self.session;
        loop {
            if let Some(retry_at) = self.postponed.until(session.clock.now()) {
                return Err(Error::RateLimited {
                    call: call.name(),
                    retry_at,
                });
            }
            let permit = match &self.gate {
                Some(gate) => Some(gate.enter(session, call).await?),
                None => None,
            };
            if let Some(pace) = &self.pace {
                pace.wait(session).await;
            }
            for budget in &self.budgets {
                budget.wait(session, call).await?;
            }
            let now = session.clock.now();
            if permit.as_ref().is_none_or(|permit| permit.stands(now)) {
                return Ok(permit);
            }
        }
    }

    /// The body of a good answer, or what another one says.
    async fn take(&self, call: &Call, answer: Response) -> Result<Vec<u8>, Error> {
        let status = answer.status();
        if status.is_redirection() {
            let to = header(&answer, LOCATION.as_str()).unwrap_or_default();
            return Err(Error::Redirect {
                call: call.name(),
                to: self.words.quote_address(&to),
            });
        }
        let retry_after = retry::retry_after(answer.headers(), self.session.clock.now());
        let request_id = header(&answer, "x-request-id").filter(|id| !id.is_empty());
        let says_json = header(&answer, CONTENT_TYPE.as_str()).is_some_and(|t| t.contains("json"));
        let bytes = read(call, answer).await?;
        if status.is_success() {
            return whole_json(call, bytes);
        }
        // What a 404 is taken for hangs on its words: half of them are none.
        if status == StatusCode::NOT_FOUND && says_json {
            is_whole(call, &bytes)?;
        }
        let json: Option<Value> = serde_json::from_slice(&bytes).ok();
        let message = error::vendor_message(json.as_ref(), &bytes);
        Err(Error::Status {
            call: call.name(),
            status: status.as_u16(),
            message: self.words.quote(&message),
            is_json: json.is_some(),
            retry_after,
            request_id: request_id.map(|id| self.words.quote(&id)),
        })
    }

    fn request(&self, call: &Call) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        if !call.path.is_empty() {
            let base = url.path().trim_end_matches('/').to_owned();
            url.set_path(&format!("{base}/{}", call.path.join("/")));
        }
        let mut request = self.session.transport.0.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some(body) = &call.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        if let Some(deadline) = self.session.deadline {
            let left = between(self.session.clock.now(), deadline).max(Duration::from_secs(1));
            request = request.timeout(left.min(TIMEOUT));
        }
        request.headers(self.headers.clone())
    }
}

/// Names of any case are taken: on the wire there is none.
fn header_name(name: &str) -> Result<HeaderName, crate::Error> {
    HeaderName::try_from(name).map_err(|_| {
        crate::Error::internal(Code::BadHeader, format!("`{name}` is no name of a header"))
    })
}

fn header_value(name: &str, value: &Header) -> Result<HeaderValue, crate::Error> {
    match value {
        Header::Plain(text) => HeaderValue::from_str(text).map_err(|_| {
            crate::Error::internal(
                Code::BadHeader,
                format!("`{text}` does not fit the header {name}"),
            )
        }),
        Header::Secret(before, secret) => credential(before, secret),
        Header::Basic { user, .. } if user.contains(':') => Err(crate::Error::internal(
            Code::BadCredential,
            "the name of a user has a colon, and would end there",
        )),
        Header::Basic { user, password } => credential("Basic ", &basic(user, password)),
    }
}

fn credential(before: &str, secret: &SecretString) -> Result<HeaderValue, crate::Error> {
    let mut value =
        HeaderValue::from_str(&format!("{before}{}", secret.expose_secret())).map_err(|_| {
            crate::Error::internal(Code::BadCredential, "the credential does not fit a header")
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
/// Nothing at all is what a vendor answers that has nothing to say (204): it counts as `null`. An answer that breaks off
/// before its first byte is told from that by its announced length, before it comes here; and where something must be
/// read, `null` is not taken for it.
fn whole_json(call: &Call, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if bytes.trim_ascii().is_empty() {
        return Ok(b"null".to_vec());
    }
    is_whole(call, &bytes)?;
    Ok(bytes)
}

fn is_whole(call: &Call, bytes: &[u8]) -> Result<(), Error> {
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
    whole.map(|_| ()).map_err(|e| Error::Garbled {
        call: call.name(),
        line: e.line(),
        column: e.column(),
    })
}

fn transport(call: &Call, e: reqwest::Error) -> Error {
    Error::Transport {
        call: call.name(),
        never_sent: e.is_connect(),
        // The URL may carry page tokens; the call's name says enough.
        source: e.without_url(),
    }
}
