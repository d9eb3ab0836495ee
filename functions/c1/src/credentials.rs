//! The credentials of a connector at ConductorOne: client id, client secret, and what goes with them in a Baton secret.

use std::fmt;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use rollcall_connector::config::entries::Entries;
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::{Code, Error, ErrorType};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// What every client secret begins with: its purpose and its version.
const SECRET_PREFIX: &str = "secret-token:conductorone.com:v1:";

const FIX: &str = "Copy client id and client secret again from the connector's page in ConductorOne (both are shown once, when they are created), into the connection's secret: `client-id` and `client-secret`, or BATON_CLIENT_ID and BATON_CLIENT_SECRET.";

/// The keys of a connection's secret that concern the agent alone.
const FIELDS: &[Field] = &[
    Field::optional("client-id", "Client id", "", FieldKind::Text),
    Field::optional("client-secret", "Client secret", "", FieldKind::Secret),
    Field::optional("provisioning", "Provisioning", "", FieldKind::Flag),
    Field::optional("host-id", "Host id", "", FieldKind::Text),
    Field::optional("c1-api-host", "Host of the API", "", FieldKind::Text),
];

/// What a connection's secret says about ConductorOne.
#[derive(Debug)]
pub(crate) struct AgentSettings {
    /// The credentials.
    pub(crate) credentials: Credentials,
    /// Whether ConductorOne may change access; `None`: the secret does not say.
    pub(crate) provisioning: Option<bool>,
    /// The name of this installation, if the secret gives one.
    pub(crate) host_id: Option<String>,
}

impl AgentSettings {
    /// Reads a connection's secret; `None` if it has no client id. `place` names the secret.
    pub(crate) fn read(secret: &Entries, place: &str) -> Result<Option<Self>, Error> {
        // The connector's own keys are unknown here: the warning about them is dropped.
        let (config, _) = Config::check(FIELDS, secret).map_err(|e| misconfigured(&e, place))?;
        let text = |key| config.text(key).map(str::to_owned);
        let (id, secret) = match (text("client-id"), config.secret_if_given("client-secret")) {
            (Some(id), Some(secret)) => (id, secret),
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(misconfigured(&"`client-secret` is missing", place)),
            (None, Some(_)) => return Err(misconfigured(&"`client-id` is missing", place)),
        };
        let credentials = Credentials::parse(&id, secret, config.text("c1-api-host"));
        let host_id = text("host-id");
        if host_id.as_ref().is_some_and(|id| id.len() > 256) {
            return Err(misconfigured(&"`host-id` has more than 256 bytes", place));
        }
        Ok(Some(Self {
            credentials: credentials.map_err(|problem| misconfigured(&problem, place))?,
            provisioning: config.text("provisioning").map(|text| text == "true"),
            host_id,
        }))
    }
}

fn misconfigured(problem: &dyn fmt::Display, place: &str) -> Error {
    let message =
        format!("the credentials for ConductorOne are not usable: {problem} (in {place})");
    Error::new(ErrorType::Misconfigured, Code::C1CredentialsMalformed, message, FIX)
}

/// A client id and its key.
pub(crate) struct Credentials {
    /// The whole client id.
    pub(crate) client_id: String,
    /// The client's name, for people: the client id up to the `@`.
    pub(crate) name: String,
    /// The host that assertions are made for: that of the client id, without port.
    pub(crate) audience: String,
    /// Where the token endpoint and the service are.
    pub(crate) base: Url,
    /// Signs assertions.
    pub(crate) key: EncodingKey,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads a client id (`name@host[:port]/suffix`) and a client secret. `api_host` replaces the host that is called,
    /// not the audience. The error is the end of a sentence, and quotes nothing of the secret.
    fn parse(
        client_id: &str,
        secret: &SecretString,
        api_host: Option<&str>,
    ) -> Result<Self, String> {
        let malformed = || "`client-id` must have the form name@host/suffix".to_owned();
        let (name, rest) = client_id.split_once('@').ok_or_else(malformed)?;
        let (host, suffix) = rest.split_once('/').ok_or_else(malformed)?;
        let is_printable = client_id.bytes().all(|b| b.is_ascii_graphic());
        if name.is_empty() || suffix.is_empty() || !is_printable {
            return Err(malformed());
        }
        let own = address(host).ok_or_else(malformed)?;
        let audience = own.host_str().ok_or_else(malformed)?.to_owned();
        let base = match api_host {
            Some(host) => address(host).ok_or("`c1-api-host` must be a host, host[:port]")?,
            None => own,
        };
        let (client_id, name) = (client_id.to_owned(), name.to_owned());
        Ok(Self { client_id, name, audience, base, key: signing_key(secret)? })
    }
}

/// The address of a host, with or without port: https, but http on this machine.
fn address(host: &str) -> Option<Url> {
    let url = Url::parse(&format!("https://{host}")).ok()?;
    let is_host = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !is_host || has_user {
        return None;
    }
    match url.host_str()? {
        "localhost" | "127.0.0.1" | "[::1]" => Url::parse(&format!("http://{host}")).ok(),
        _ => Some(url),
    }
}

/// A private key as JSON (RFC 8037).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    d: String,
}

fn signing_key(secret: &SecretString) -> Result<EncodingKey, String> {
    let text = secret.expose_secret();
    let encoded = text
        .strip_prefix(SECRET_PREFIX)
        .ok_or_else(|| format!("`client-secret` must begin with {SECRET_PREFIX}"))?;
    let cut = "`client-secret` is damaged or cut off";
    let json = URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).map_err(|_| cut)?;
    let jwk: Jwk = serde_json::from_slice(&json).map_err(|_| cut)?;
    if (jwk.kty.as_str(), jwk.crv.as_str()) != ("OKP", "Ed25519") {
        return Err("`client-secret` holds a key that is not an Ed25519 key".into());
    }
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| cut);
    let pair = Ed25519KeyPair::from_seed_and_public_key(&bytes(&jwk.d)?, &bytes(&jwk.x)?);
    let pair =
        pair.map_err(|_| "the two halves of the key in `client-secret` do not belong together")?;
    let der = pair.to_pkcs8().map_err(|_| cut)?;
    Ok(EncodingKey::from_ed_der(der.as_ref()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The key of RFC 8037, appendix A.
    const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn secret(kty: &str, crv: &str, d: &str) -> String {
        let jwk = json!({"kty": kty, "crv": crv, "x": X, "d": d}).to_string();
        format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(jwk))
    }

    fn read(keys: serde_json::Value) -> Result<Option<AgentSettings>, Error> {
        let keys = keys.as_object().expect("an object").clone();
        AgentSettings::read(&keys.into_iter().collect(), "the secret")
    }

    #[test]
    fn a_pods_secret_is_read_in_both_spellings() {
        let secret = secret("OKP", "Ed25519", D);
        let pasted = json!({
            "BATON_CLIENT_ID": "shiny-otter-12@acme.conductor.one/spe", "BATON_CLIENT_SECRET": secret,
            "BATON_PROVISIONING": "true", "BATON_API_KEY": "the vendor's",
        });
        let settings = read(pasted).expect("usable").expect("given");
        assert_eq!(settings.credentials.name, "shiny-otter-12");
        assert_eq!(settings.credentials.audience, "acme.conductor.one");
        assert_eq!(settings.credentials.base.as_str(), "https://acme.conductor.one/");
        assert_eq!((settings.provisioning, settings.host_id), (Some(true), None));
        assert!(!format!("{:?}", settings.credentials).contains("secret-token"));

        let keys =
            json!({"client-id": "a@127.0.0.1:90/spe", "client-secret": secret, "host-id": "h"});
        let settings = read(keys).expect("usable").expect("given");
        assert_eq!(settings.credentials.base.as_str(), "http://127.0.0.1:90/");
        assert_eq!(settings.credentials.audience, "127.0.0.1");
        assert_eq!((settings.provisioning, settings.host_id), (None, Some("h".into())));

        let keys =
            json!({"client-id": "a@b.c/s", "client-secret": secret, "c1-api-host": "d.e:8443"});
        let credentials = read(keys).expect("usable").expect("given").credentials;
        assert_eq!(
            (credentials.base.as_str(), &*credentials.audience),
            ("https://d.e:8443/", "b.c")
        );
        assert!(read(json!({"api-key": "k"})).expect("usable").is_none());
    }

    #[test]
    fn what_is_wrong_with_the_credentials_is_said_without_quoting_the_secret() {
        let good = secret("OKP", "Ed25519", D);
        let other = URL_SAFE_NO_PAD.encode([7; 32]);
        let cut = &good[..good.len() - 20];
        for (id, secret, problem) in [
            ("a@b.c/s", "", "`client-secret` is missing"),
            ("", &*good, "`client-id` is missing"),
            ("acme", &good, "name@host/suffix"),
            ("a@b.c", &good, "name@host/suffix"),
            ("@b.c/s", &good, "name@host/suffix"),
            ("a@user:pw@b.c/s", &good, "name@host/suffix"),
            ("a@b.c/s", "hunter2", "must begin with secret-token:"),
            ("a@b.c/s", cut, "damaged or cut off"),
            ("a@b.c/s", &secret("EC", "P-256", D), "not an Ed25519 key"),
            ("a@b.c/s", &secret("OKP", "Ed25519", &other), "do not belong together"),
            ("a@b.c/s", &secret("OKP", "Ed25519", "AAAA"), "do not belong together"),
        ] {
            let error =
                read(json!({"client-id": id, "client-secret": secret})).expect_err("unusable");
            let text = error.to_string();
            assert!(text.contains(problem) && text.contains("in the secret"), "{problem}: {text}");
            assert!(!text.contains("hunter2") && !text.contains(D), "{text}");
        }
    }
}
