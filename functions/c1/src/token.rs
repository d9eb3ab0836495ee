//! Access tokens: an assertion that the client signs is exchanged for one, which lasts for a while.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jsonwebtoken::{Algorithm, Header};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, USER_AGENT};
use rollcall_connector::clock::{Clock, after, before, between};
use rollcall_connector::http::Transport;
use rollcall_connector::{Code, Error, ErrorType};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::client::CALL_TIMEOUT;
use crate::credentials::Credentials;

const PATH: &str = "/auth/v1/token";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion is valid for this long before and after it is made.
const ASSERTION_WINDOW: Duration = Duration::from_secs(120);

/// A token is renewed this long before its end.
const RENEWAL_MARGIN: Duration = Duration::from_secs(10);

/// What a token is good for if the service does not say.
const DEFAULT_LIFETIME: u64 = 300;

/// How far clocks may differ before that is named as the probable cause of a refusal.
const TOLERABLE_SKEW: Duration = Duration::from_secs(90);

/// The source of access tokens. It keeps the current one.
pub(crate) struct Tokens {
    credentials: Arc<Credentials>,
    transport: Transport,
    clock: Arc<dyn Clock>,
    current: Mutex<Option<Token>>,
}

/// A token as the header `authorization` carries it.
#[derive(Clone)]
struct Token {
    authorization: SecretString,
    ends_at: Timestamp,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// The answer of the token endpoint.
#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    #[serde(default)]
    token_type: String,
    expires_in: Option<u64>,
}

impl Tokens {
    pub(crate) fn new(
        credentials: Arc<Credentials>,
        transport: Transport,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { credentials, transport, clock, current: Mutex::default() }
    }

    /// The current token, as the header `authorization` carries it; a new one if there is none or its end is near.
    pub(crate) async fn get(&self) -> Result<SecretString, Error> {
        let now = self.clock.now();
        let kept = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let valid = kept.filter(|token| before(token.ends_at, RENEWAL_MARGIN) > now);
        if let Some(token) = valid {
            return Ok(token.authorization);
        }
        let token = self.request().await?;
        let authorization = token.authorization.clone();
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(authorization)
    }

    /// Forgets the current token: the service does not know it any more.
    pub(crate) fn forget(&self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn assertion(&self) -> Result<String, Error> {
        let now = self.clock.now();
        let Credentials { client_id, audience, key, .. } = &*self.credentials;
        let header = Header {
            typ: None,
            nonce: Some(hex::encode(self.clock.unique())),
            ..Header::new(Algorithm::EdDSA)
        };
        let claims = Claims {
            iss: client_id,
            sub: client_id,
            aud: audience,
            iat: now.as_second(),
            nbf: before(now, ASSERTION_WINDOW).as_second(),
            exp: after(now, ASSERTION_WINDOW).as_second(),
        };
        jsonwebtoken::encode(&header, &claims, key).map_err(|e| {
            Error::internal(Code::C1CredentialsMalformed, "the assertion could not be signed")
                .with_source(e)
        })
    }

    async fn request(&self) -> Result<Token, Error> {
        let assertion = self.assertion()?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.credentials.client_id)
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", &assertion)
            .finish();
        let mut url = self.credentials.base.clone();
        url.set_path(PATH);
        let server = self.transport.server(&url);
        let unreachable = |e: reqwest::Error| {
            let message = format!("no token from ConductorOne: {server} did not answer");
            unavailable(message).with_source(e.without_url())
        };
        let request = self.transport.client().post(url);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(USER_AGENT, crate::USER_AGENT);
        let request = request.timeout(CALL_TIMEOUT).body(form);
        let answer = request.send().await.map_err(unreachable)?;
        let (status, skew) = (answer.status(), self.skew(answer.headers()));
        let body = answer.bytes().await.map_err(unreachable)?;
        if status.is_server_error() || status.as_u16() == 429 {
            let message = format!("no token from ConductorOne: {server} answered {status}");
            return Err(unavailable(message));
        }
        if !status.is_success() {
            return Err(refused(&server, status, skew));
        }
        let granted: Granted = serde_json::from_slice(&body).map_err(|_| {
            unavailable(format!("no token from ConductorOne: {server} answered in an unknown form"))
        })?;
        if granted.access_token.expose_secret().is_empty() {
            return Err(refused(&server, status, skew));
        }
        let kind = if granted.token_type.is_empty() { "Bearer" } else { &granted.token_type };
        let lifetime = Duration::from_secs(granted.expires_in.unwrap_or(DEFAULT_LIFETIME));
        Ok(Token {
            authorization: format!("{kind} {}", granted.access_token.expose_secret()).into(),
            ends_at: after(self.clock.now(), lifetime),
        })
    }

    /// What this machine's clock is off by, as a sentence, if that explains why an assertion is refused.
    fn skew(&self, headers: &HeaderMap) -> Option<String> {
        let theirs = headers.get(DATE)?.to_str().ok()?;
        let theirs = rfc2822::parse(theirs).ok()?.timestamp();
        let ours = self.clock.now();
        let (difference, word) = match theirs > ours {
            true => (between(ours, theirs), "behind"),
            false => (between(theirs, ours), "ahead of"),
        };
        let minutes = (difference.as_secs() + 30) / 60;
        (difference > TOLERABLE_SKEW)
            .then(|| format!("this machine's clock is {minutes} min {word} ConductorOne's"))
    }
}

fn unavailable(message: String) -> Error {
    let fix = "Try again later. If it persists, check that the host in the client id is right, and that your network or proxy lets requests to it through.";
    Error::new(ErrorType::Unavailable, Code::C1Unavailable, message, fix)
}

fn refused(server: &str, status: reqwest::StatusCode, skew: Option<String>) -> Error {
    let message = format!("{server} does not accept the client id and client secret ({status})");
    let (message, fix) = match skew {
        Some(skew) => (
            format!("{message}: {skew}"),
            "Set the clock of this machine: ConductorOne accepts two minutes of difference.",
        ),
        None => (
            message,
            "Check that client id and client secret belong together and that the connector still exists in ConductorOne; otherwise create new credentials there.",
        ),
    };
    Error::new(ErrorType::Unauthenticated, Code::C1CredentialsRefused, message, fix)
}
