//! The token endpoint: credentials, and the assertion by which a client proves that it has the key.

use std::io;

use aws_lc_rs::{
    rand,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::address::Query;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Seconds before and after the present in which an assertion is valid.
const ASSERTION_WINDOW: i64 = 120;

/// A connector's credential.
#[derive(Clone, Debug)]
pub struct Credential {
    /// `name@127.0.0.1:PORT/suffix`.
    pub client_id: String,
    /// `secret-token:conductorone.com:v1:` and a private JWK.
    pub client_secret: String,
}

/// A client and its public key.
pub(super) struct RegisteredClient {
    pub(super) id: String,
    key: Vec<u8>,
}

/// A new key for this client id.
pub(super) fn generate(client_id: &str) -> io::Result<(Credential, RegisteredClient)> {
    let mut seed = [0; 32];
    rand::fill(&mut seed).map_err(io::Error::other)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(io::Error::other)?;
    let key = pair.public_key().as_ref().to_vec();
    let base64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": base64(&key), "d": base64(&seed)});
    let secret = format!("secret-token:conductorone.com:v1:{}", base64(jwk.to_string().as_bytes()));
    let id = client_id.to_owned();
    Ok((Credential { client_id: id.clone(), client_secret: secret }, RegisteredClient { id, key }))
}

impl RegisteredClient {
    /// Verifies the body of a token request. Returns the nonce of its assertion.
    pub(super) fn verify(&self, body: &[u8], now: i64) -> Result<String, String> {
        let body = str::from_utf8(body).map_err(|_| "the form is not UTF-8")?;
        let fields = ["client_id", "grant_type", "client_assertion_type", "client_assertion"];
        let form = Query::parse(body, &fields)?;
        let field = |name| form.get(name).unwrap_or_default();
        let fixed = [
            ("client_id", &*self.id),
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
        ];
        for (name, value) in fixed {
            if field(name) != value {
                return Err(format!("{name} is {:?}", field(name)));
            }
        }
        self.verify_assertion(field("client_assertion"), now)
    }

    fn verify_assertion(&self, assertion: &str, now: i64) -> Result<String, String> {
        let (signed, signature) = assertion.rsplit_once('.').ok_or("the assertion is not a JWT")?;
        let (header, claims) = signed.split_once('.').ok_or("the assertion is not a JWT")?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|e| e.to_string());
        let object = |part: &str| -> Result<Map<String, Value>, String> {
            serde_json::from_slice(&decode(part)?).map_err(|e| e.to_string())
        };
        let (header, claims) = (object(header)?, object(claims)?);
        let nonce = header.get("nonce").and_then(Value::as_str).unwrap_or_default().to_owned();
        let digit = |c| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        if nonce.len() != 32 || !nonce.bytes().all(digit) {
            return Err(format!("the nonce is {nonce:?}"));
        }
        if Value::from(header.clone()) != json!({"alg": "EdDSA", "nonce": nonce}) {
            return Err(format!("the header is {}", Value::from(header)));
        }
        let key = UnparsedPublicKey::new(&ED25519, &self.key);
        let verified = key.verify(signed.as_bytes(), &decode(signature)?);
        verified.map_err(|_| "the signature is not that of the client's key")?;
        let issued = claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
        let (from, until) = (issued - ASSERTION_WINDOW, issued + ASSERTION_WINDOW);
        let host = self.id.split('@').nth(1).and_then(|rest| rest.split([':', '/']).next());
        let expected = json!({
            "iss": self.id, "sub": self.id, "aud": host, "iat": issued, "nbf": from, "exp": until,
        });
        if Value::from(claims.clone()) != expected {
            return Err(format!("the claims are {}", Value::from(claims)));
        }
        if !(from..until).contains(&now) {
            return Err(format!("the assertion is valid from {from} to {until}, and it is {now}"));
        }
        Ok(nonce)
    }
}
