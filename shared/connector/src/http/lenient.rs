//! Reading what vendors write loosely.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// For `deserialize_with`, beside `default`: null counts as missing.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A field that decides neither who somebody is nor what they may do (a date, a description): a value of another shape
/// than documented must not fail the list that it stands in. Use it with `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lenient<T> {
    /// Missing, or null.
    #[default]
    Absent,
    /// As documented.
    Read(T),
    /// There, in another shape. To be counted in a warning, see [`crate::StepOutput::unreadable`].
    Unreadable,
}

impl<T> Lenient<T> {
    /// The value, if it could be read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// Whether there is a value that could not be read.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Unreadable)
    }
}

/// The names of those fields that could not be read: each field with [`Lenient::is_unreadable`] of it.
pub fn unreadable(fields: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<&'static str> {
    let odd = fields
        .into_iter()
        .filter(|(_, is_unreadable)| *is_unreadable);
    odd.map(|(name, _)| name).collect()
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Self::Absent,
            value => serde_json::from_value(value).map_or(Self::Unreadable, Self::Read),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        at: Lenient<jiff::Timestamp>,
    }

    #[test]
    fn a_value_of_another_shape_fails_no_row() {
        let at = |text| serde_json::from_str::<Row>(text).expect("a row").at;
        assert_eq!(at("{}"), Lenient::Absent);
        assert_eq!(at(r#"{"at":null}"#), Lenient::Absent);
        for odd in [r#"{"at":""}"#, r#"{"at":{"y":2026}}"#, r#"{"at":7}"#] {
            assert!(at(odd).is_unreadable(), "{odd}");
        }
        let time = at(r#"{"at":"2026-01-01T00:00:00Z"}"#);
        assert_eq!(time.get().map(|t| t.as_second()), Some(1_767_225_600));
    }
}
