//! The keys and values of a connection, as a secret has them before they are checked.

use std::collections::BTreeMap;

use crate::Code;
use secrecy::SecretString;
use serde_json::Value;

use super::forms;
use crate::{Error, ErrorType};

/// The keys of a secret and their values, which never show.
#[derive(Debug, Default)]
pub struct Entries(BTreeMap<String, Entry>);

/// A value in a secret.
#[derive(Debug)]
pub enum Entry {
    /// Text, or what is as good as text: a number, `true`, `false`. Empty for `null`.
    Text(SecretString),
    /// A list of objects.
    Table(Vec<Entries>),
    /// Something that no key takes: what it is.
    Other(&'static str),
}

impl Entries {
    /// All of them, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// The value of a key in this very spelling.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.0.get(key)
    }
}

impl FromIterator<(String, Value)> for Entries {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        let entry = |value| match value {
            Value::String(text) => Entry::Text(text.into()),
            Value::Bool(flag) => Entry::Text(flag.to_string().into()),
            Value::Number(number) => Entry::Text(number.to_string().into()),
            Value::Null => Entry::Text(SecretString::default()),
            Value::Array(items) => table(items).map_or(Entry::Other("a list"), Entry::Table),
            Value::Object(_) => Entry::Other("an object"),
        };
        Self(
            values
                .into_iter()
                .map(|(key, value)| (key, entry(value)))
                .collect(),
        )
    }
}

impl FromIterator<(String, SecretString)> for Entries {
    fn from_iter<I: IntoIterator<Item = (String, SecretString)>>(values: I) -> Self {
        let text = |(key, value)| (key, Entry::Text(value));
        Self(values.into_iter().map(text).collect())
    }
}

/// A list as a table, if it holds objects alone.
fn table(items: Vec<Value>) -> Option<Vec<Entries>> {
    let row = |item| match item {
        Value::Object(fields) => Some(fields.into_iter().collect()),
        _ => None,
    };
    items.into_iter().map(row).collect()
}

/// Reads a table that is given as text, as in an environment variable. What is wrong with it is never quoted.
pub(crate) fn parse_table(text: &str) -> Option<Vec<Entries>> {
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => table(items),
        _ => None,
    }
}

/// Reads a secret in any of the forms that tools leave one in. What is wrong with it is never quoted.
pub fn parse(bytes: &[u8], place: &str) -> Result<Entries, Error> {
    forms::read(bytes).map_err(|problem| {
        Error::new(
            ErrorType::Misconfigured,
            Code::MalformedSecret,
            format!("the secret at {place} cannot be read: {problem}"),
            "Store a JSON object there, such as {\"api-key\":\"…\"}.",
        )
    })
}
