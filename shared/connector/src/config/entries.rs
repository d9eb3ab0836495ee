//! The keys and values of a secret before they are checked.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::Value;

use super::secret_text;
use crate::{Code, Error, ErrorType};

/// The keys of a secret and their values, which are never shown.
#[derive(Debug, Default)]
pub struct Entries(BTreeMap<String, SecretValue>);

/// A value in a secret.
#[derive(Debug)]
pub enum SecretValue {
    /// Text, or the text of a number, `true` or `false`. Empty for `null`.
    Text(SecretString),
    /// A list of objects.
    Table(Vec<Entries>),
    /// Another value, which no key accepts: its description.
    Other(&'static str),
}

impl Entries {
    /// All keys and values, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The value of the key in exactly this spelling.
    pub fn get(&self, key: &str) -> Option<&SecretValue> {
        self.0.get(key)
    }
}

impl FromIterator<(String, Value)> for Entries {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        use SecretValue::{Other, Table, Text};
        let value = |value| match value {
            Value::String(text) => Text(text.into()),
            Value::Bool(flag) => Text(flag.to_string().into()),
            Value::Number(number) => Text(number.to_string().into()),
            Value::Null => Text(SecretString::default()),
            Value::Array(items) => table(items).map_or(Other("a list"), Table),
            Value::Object(_) => Other("an object"),
        };
        let values = values.into_iter().map(|(key, v)| (key, value(v)));
        Self(values.collect())
    }
}

impl FromIterator<(String, SecretString)> for Entries {
    fn from_iter<I: IntoIterator<Item = (String, SecretString)>>(values: I) -> Self {
        let text = |(key, value)| (key, SecretValue::Text(value));
        Self(values.into_iter().map(text).collect())
    }
}

/// The rows of a list that contains only objects.
fn table(items: Vec<Value>) -> Option<Vec<Entries>> {
    let row = |item| match item {
        Value::Object(fields) => Some(fields.into_iter().collect()),
        _ => None,
    };
    items.into_iter().map(row).collect()
}

/// Reads a table from JSON text, as in an environment variable.
pub(crate) fn parse_table(text: &str) -> Option<Vec<Entries>> {
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => table(items),
        _ => None,
    }
}

/// Reads a secret in any of the formats that tools write. Errors name `place` and never quote the secret.
pub fn parse(bytes: &[u8], place: &str) -> Result<Entries, Error> {
    let keys = secret_text::read(bytes).map_err(|problem| {
        Error::new(
            ErrorType::Misconfigured,
            Code::MalformedSecret,
            format!("the secret at {place} cannot be read: {problem}"),
            "Store a JSON object there, such as {\"api-key\":\"…\"}.",
        )
    })?;
    Ok(keys.into_iter().collect())
}
