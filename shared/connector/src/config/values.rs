//! The checked values of a configuration.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use url::Url;

use super::address::vendor_url;
use super::field::list;
use crate::{Code, Error};

/// A connection's checked configuration.
#[derive(Clone, Default)]
pub struct Config {
    pub(super) plain: BTreeMap<&'static str, String>,
    pub(super) secret: BTreeMap<&'static str, SecretString>,
    pub(super) tables: BTreeMap<&'static str, Vec<Self>>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("plain", &self.plain)
            .field("secret", &self.secret.keys())
            .field("tables", &self.tables)
            .finish()
    }
}

impl Config {
    /// The value of a key that is not a secret.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.plain.get(key).map(String::as_str)
    }

    /// The value of a key that is required or has a default.
    pub fn required(&self, key: &str) -> Result<&str, Error> {
        self.text(key).ok_or_else(|| undeclared(key))
    }

    /// The values of a list that has a default, in the order of `options`.
    pub fn any(
        &self,
        key: &str,
        options: &'static [&'static str],
    ) -> Result<Vec<&'static str>, Error> {
        let given: Vec<&str> = list(self.required(key)?).collect();
        let chosen = options.iter().filter(|option| given.contains(option));
        Ok(chosen.copied().collect())
    }

    /// Whether a flag is set.
    pub fn flag(&self, key: &str) -> bool {
        self.text(key) == Some("true")
    }

    /// The value of a required secret.
    pub fn secret(&self, key: &str) -> Result<&SecretString, Error> {
        self.secret_if_given(key).ok_or_else(|| undeclared(key))
    }

    /// The value of an optional secret.
    pub fn secret_if_given(&self, key: &str) -> Option<&SecretString> {
        self.secret.get(key)
    }

    /// The rows of a list of objects; empty if it is not given.
    pub fn table(&self, key: &str) -> &[Self] {
        self.tables.get(key).map_or(&[], Vec::as_slice)
    }

    /// The value of an address that is required or has a default.
    pub fn url(&self, key: &str) -> Result<Url, Error> {
        vendor_url(self.required(key)?).map_err(|_| undeclared(key))
    }
}

/// [`Config::check`] would have refused the configuration if the key were declared.
fn undeclared(key: &str) -> Error {
    let message = format!("the connector reads `{key}` without declaring it");
    Error::internal(Code::UndeclaredKey, message)
}
