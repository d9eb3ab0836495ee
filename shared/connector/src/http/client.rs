//! The client of a vendor's API.

#[cfg(test)]
mod tests;

use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::call::Call;
use super::error::{Error, vendor_message};
use super::gate::{Concurrency, Gate, Permit};
use super::limit::{Budget, BudgetHeaders, Pace, RemainingBudget};
use super::redactor::Redactor;
use super::request_header::{self, Header};
use super::retry::{self, Postponed};
use super::session::Session;
use super::transport::TIMEOUT;
use crate::clock::{after, between};

/// The maximum size of an answer: a page of a thousand objects has a few megabytes.
const MAX_ANSWER: usize = 64 << 20;

/// The facts about a vendor's API.
#[derive(Debug)]
pub struct Vendor {
    /// The address that paths are appended to.
    pub base: Url,
    /// The headers of every request.
    pub headers: Vec<(&'static str, Header)>,
    /// The maximum number of requests a second, if the vendor publishes a bare number.
    pub pace: Option<u32>,
    /// The headers that show the remaining budget of each of the vendor's limits.
    pub budgets: Vec<BudgetHeaders>,
    /// The number of requests that may be in flight at once, if the vendor limits bursts without publishing the limit.
    pub concurrency: Option<Concurrency>,
}

/// A successful answer.
#[derive(Debug)]
pub struct Answer<T> {
    /// The body.
    pub body: T,
    headers: HeaderMap,
}

impl<T> Answer<T> {
    /// The value of a header, if it is text. It is vendor text, which must not be shown unredacted.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The client of a vendor's API.
pub struct Http {
    session: Session,
    base: Url,
    headers: HeaderMap,
    pace: Option<Pace>,
    budgets: Vec<Budget>,
    gate: Option<Gate>,
    postponed: Postponed,
    redactor: Redactor,
}

impl Http {
    /// The API of `vendor`.
    pub fn new(session: Session, vendor: Vendor) -> Result<Self, crate::Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let agent = concat!("rollcall/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        for (name, value) in &vendor.headers {
            headers.insert(request_header::name(name)?, value.value(name)?);
        }
        let values = vendor.headers.iter().map(|(_, value)| value);
        let secrets: Vec<SecretString> = values.flat_map(Header::secrets).collect();
        Ok(Self {
            redactor: Redactor::without(&secrets),
            session,
            base: vendor.base,
            headers,
            pace: vendor.pace.map(Pace::per_second),
            budgets: vendor.budgets.into_iter().map(Budget::new).collect(),
            gate: vendor.concurrency.map(Gate::new),
            postponed: Postponed::default(),
        })
    }

    /// A vendor's text in a form that may be quoted: short, and without the credentials of this client. Errors from
    /// here already quote it like this; this is for text in a successful answer.
    pub fn quote(&self, text: &str) -> String {
        self.redactor.quote(text)
    }

    /// The remaining budget of each of the vendor's limits, in the order of [`Vendor::budgets`]; `None` if no current
    /// window is known.
    pub fn remaining_budgets(&self) -> Vec<Option<RemainingBudget>> {
        let now = self.session.clock.now();
        self.budgets.iter().map(|budget| budget.room(now)).collect()
    }

    /// Sends a request, with the retries that it and the answers allow, and reads the answer as JSON.
    pub async fn send<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        Ok(self.ask(call).await?.body)
    }

    /// Like [`Http::send`], but also returns the answer's headers.
    pub async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<Answer<T>, Error> {
        let attempt = || self.attempt(call);
        let session = &self.session;
        let raw =
            retry::with_retries(session, &self.postponed, (call, &self.base), attempt).await?;
        let mut json = serde_json::Deserializer::from_slice(&raw.body);
        // Both place and reason may quote the answer: the keys of a map, a text where a number should be.
        let body = serde_path_to_error::deserialize(&mut json).map_err(|e| Error::Unexpected {
            call: call.name(),
            at: self.quote(&e.path().to_string()),
            why: self.quote(&e.into_inner().to_string()),
        })?;
        let headers = raw.headers;
        Ok(Answer { body, headers })
    }

    fn attempt<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Answer<Vec<u8>>, Error>> {
        Box::pin(async move {
            let session = &self.session;
            // Every URL parser resolves these, encoded or not.
            if call.path.iter().any(|s| matches!(&**s, "" | "." | "..")) {
                return Err(Error::InvalidPathSegment { call: call.name() });
            }
            // The permit is held until the body is read.
            let permit = self.turn(call).await?;
            session.meter.call();
            tracing::debug!(call = call.name(), "request");
            let answer = self.request(call).send().await;
            let answer = answer.map_err(|e| self.unanswered(call, e))?;
            for budget in &self.budgets {
                budget.learn(answer.headers(), session.clock.now());
            }
            if let Some(permit) = &permit {
                permit.learn(answer.status(), answer.headers(), session.clock.now());
            }
            let headers = answer.headers().clone();
            let body = self.body(call, answer).await?;
            Ok(Answer { body, headers })
        })
    }

    /// Waits until a request may be sent. The gate's permit comes first, so that few requests wait for the pace and
    /// keep their place there; if the vendor refuses another request in the meantime, the wait starts again.
    async fn turn(&self, call: &Call) -> Result<Option<Permit<'_>>, Error> {
        let session = &self.session;
        loop {
            if let Some(until) = self.postponed.until(session.clock.now()) {
                return Err(Error::rate_limited(call, until));
            }
            let permit = match &self.gate {
                Some(gate) => Some(gate.enter(session, call).await?),
                None => None,
            };
            let wait = self.pace.as_ref().map(|p| p.reserve(session.clock.now()));
            if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
                let until = after(session.clock.now(), wait);
                if !session.pause(wait).await {
                    return Err(Error::rate_limited(call, until));
                }
            }
            for budget in &self.budgets {
                if let Some(reset_at) = budget.take(session.clock.now()) {
                    session.wait_until(reset_at, call).await?;
                }
            }
            let now = session.clock.now();
            if permit.as_ref().is_none_or(|permit| permit.is_valid(now)) {
                return Ok(permit);
            }
        }
    }

    fn request(&self, call: &Call) -> RequestBuilder {
        let session = &self.session;
        let mut url = self.base.clone();
        if !call.path.is_empty() {
            let base = url.path().trim_end_matches('/').to_owned();
            url.set_path(&format!("{base}/{}", call.path.join("/")));
        }
        let mut request = session.transport.client.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some(body) = &call.body {
            let json = (CONTENT_TYPE, "application/json");
            request = request.header(json.0, json.1).body(body.clone());
        }
        if let Some(deadline) = session.deadline {
            let left = between(session.clock.now(), deadline).max(Duration::from_secs(1));
            request = request.timeout(left.min(TIMEOUT));
        }
        request.headers(self.headers.clone())
    }

    /// The body of a successful answer, or the error that any other answer means.
    async fn body(&self, call: &Call, answer: Response) -> Result<Vec<u8>, Error> {
        let status = answer.status();
        let header = |name| answer.headers().get(name).and_then(|v| v.to_str().ok());
        if status.is_redirection() {
            let to = header(LOCATION.as_str()).unwrap_or_default();
            let to = self.redactor.quote_address(to);
            let call = call.name();
            return Err(Error::Redirect { call, to });
        }
        let retry_after = retry::retry_after(answer.headers(), self.session.clock.now());
        let request_id = header("x-request-id").filter(|id| !id.is_empty());
        let request_id = request_id.map(|id| self.quote(id));
        let says_json = header(CONTENT_TYPE.as_str()).is_some_and(|t| t.contains("json"));
        let bytes = self.read(call, answer).await?;
        if status.is_success() {
            // An empty body is valid (204). An answer that breaks off before its first byte is distinguished from that
            // by its announced length, in `read`.
            if bytes.trim_ascii().is_empty() {
                return Ok(b"null".to_vec());
            }
            check_json(call, &bytes)?;
            return Ok(bytes);
        }
        // The meaning of a 404 depends on its text: half an answer must not count.
        if status == StatusCode::NOT_FOUND && says_json {
            check_json(call, &bytes)?;
        }
        let json: Option<Value> = serde_json::from_slice(&bytes).ok();
        Err(Error::Status {
            call: call.name(),
            status: status.as_u16(),
            message: self.quote(&vendor_message(json.as_ref(), &bytes)),
            is_json: json.is_some(),
            retry_after,
            request_id,
        })
    }

    async fn read(&self, call: &Call, mut answer: Response) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let failed = |e| self.unanswered(call, e);
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
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

    fn unanswered(&self, call: &Call, e: reqwest::Error) -> Error {
        Error::transport(call, self.session.transport.server(&self.base), e)
    }
}

/// Fails if the answer is not JSON, or truncated: a fault in transit, worth another try, unlike JSON of another shape.
fn check_json(call: &Call, bytes: &[u8]) -> Result<(), Error> {
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
    whole.map(drop).map_err(|e| Error::Garbled {
        call: call.name(),
        line: e.line(),
        column: e.column(),
    })
}
