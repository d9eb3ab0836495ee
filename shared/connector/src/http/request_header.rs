//! Request headers, credentials among them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::{Code, Error};

/// The value of a header that is sent with every request.
#[derive(Debug)]
pub enum Header {
    /// Public text.
    Plain(&'static str),
    /// A prefix such as `Bearer `, and a credential.
    Secret(&'static str, SecretString),
    /// A user name, which has no colon, and a password: HTTP Basic authentication (RFC 7617).
    #[expect(missing_docs, reason = "the names are self-explanatory")]
    Basic { user: String, password: SecretString },
}

impl Header {
    /// The credentials in it, which must never be quoted.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Secret(_, secret) => vec![secret.clone()],
            Self::Basic { user, password } => vec![password.clone(), basic(user, password)],
        }
    }

    /// The value of the header named `name`.
    pub(super) fn value(&self, name: &str) -> Result<HeaderValue, Error> {
        match self {
            Self::Plain(text) => HeaderValue::from_str(text).map_err(|_| {
                let message = format!("`{text}` is not a valid value of the header {name}");
                Error::internal(Code::BadHeader, message)
            }),
            Self::Secret(prefix, secret) => credential(prefix, secret),
            Self::Basic { user, .. } if user.contains(':') => Err(Error::internal(
                Code::BadCredential,
                "the user name has a colon, where the vendor would end it",
            )),
            Self::Basic { user, password } => credential("Basic ", &basic(user, password)),
        }
    }
}

fn basic(user: &str, password: &SecretString) -> SecretString {
    let both = format!("{user}:{}", password.expose_secret());
    STANDARD.encode(both).into()
}

fn credential(prefix: &str, secret: &SecretString) -> Result<HeaderValue, Error> {
    let text = format!("{prefix}{}", secret.expose_secret());
    let unfit = |_| Error::internal(Code::BadCredential, "the credential does not fit a header");
    let mut value = HeaderValue::from_str(&text).map_err(unfit)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads a header's name, in upper or lower case.
pub(super) fn name(text: &str) -> Result<HeaderName, Error> {
    let unfit = |_| Error::internal(Code::BadHeader, format!("`{text}` is not a header name"));
    HeaderName::try_from(text).map_err(unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_never_shows() {
        let value = credential("Bearer ", &"hunter2".into()).expect("a header");
        assert!(!format!("{value:?}").contains("hunter2"));
    }

    #[test]
    fn an_invalid_header_is_an_error_and_no_panic() {
        assert!(name("X-Api-Key").is_ok());
        for text in ["", "x key", "clé"] {
            assert_eq!(name(text).expect_err("no name").code(), "BadHeader");
        }
        let broken = Header::Plain("a\nb").value("x").expect_err("no value");
        assert_eq!(broken.code(), "BadHeader");
    }

    #[test]
    fn a_basic_credential_is_encoded_by_the_book() {
        let header = |user: &str, password: &str| Header::Basic {
            user: user.into(),
            password: password.into(),
        };
        let value = header("Aladdin", "open sesame").value("Authorization");
        let value = value.expect("a header");
        assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(value.is_sensitive());
        let error = header("a:b", "c").value("x").expect_err("no header");
        assert_eq!(error.code(), "BadCredential");
    }
}
