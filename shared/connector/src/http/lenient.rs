//! Deserializers for fields that a vendor may send in another form than it documents. (`serde_with` does not
//! distinguish a missing field from an unreadable one, which must be reported.)

use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Treats `null` as a missing field; for `deserialize_with`, with `default`.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A field that affects neither identity nor rights (a date, a description): if it is not in the documented form, its
/// list must not fail. It needs no `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lenient<T> {
    /// Missing or `null`; an empty text too, where [`empty_is_absent`] reads the field.
    #[default]
    Absent,
    /// As documented.
    Read(T),
    /// In another form. Report it with [`unreadable_fields!`](crate::unreadable_fields) and `StepOutput::unreadable`.
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

impl<T: Copy> Lenient<T> {
    /// The value, if it could be read.
    pub fn value(&self) -> Option<T> {
        self.get().copied()
    }
}

impl Lenient<String> {
    /// The text as the vendor wrote it; empty if there is none.
    pub fn verbatim(&self) -> &str {
        self.get().map_or("", String::as_str)
    }

    /// The trimmed text; empty if there is none.
    pub fn text(&self) -> &str {
        self.get().map_or("", |text| text.trim())
    }
}

/// A time as a vendor may write it: RFC 3339, the same with a blank and `UTC`, or RFC 2822.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(Timestamp);

impl Lenient<Time> {
    /// The time, if it could be read.
    pub fn time(&self) -> Option<Timestamp> {
        self.get().map(|time| time.0)
    }
}

/// Reads a time in the forms of [`Time`].
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let utc = || {
        text.strip_suffix(" UTC")?
            .replacen(' ', "T", 1)
            .parse::<civil::DateTime>()
            .ok()?
            .to_zoned(TimeZone::UTC)
            .ok()
    };
    let rfc2822 = || rfc2822::parse(text).ok();
    let zoned = || utc().or_else(rfc2822).map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(zoned)
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let unreadable = || serde::de::Error::custom("it is not a time");
        parse_time(&text).map(Self).ok_or_else(unreadable)
    }
}

/// For `deserialize_with`, with `default`: an empty text counts as missing, for vendors that write defaults out.
pub fn empty_is_absent<'de, D, T>(deserializer: D) -> Result<Lenient<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    Ok(match Lenient::<Value>::deserialize(deserializer)? {
        Lenient::Read(Value::String(text)) if text.is_empty() => Lenient::Absent,
        Lenient::Read(value) => {
            serde_json::from_value(value).map_or(Lenient::Unreadable, Lenient::Read)
        }
        Lenient::Absent | Lenient::Unreadable => Lenient::Absent,
    })
}

/// Adds the method `unreadable` to these types: the names of the [`Lenient`] fields that could not be read, by the fields'
/// own names, `Row { name, email }`, or by those given, `Row { "accountType": kind }`.
#[macro_export]
macro_rules! unreadable_fields {
    ($($type:ident { $($field:ident),* $(,)? })*) => {$(
        impl $type {
            pub(crate) fn unreadable(&self) -> Vec<&'static str> {
                $crate::http::lenient::unreadable([$((stringify!($field), self.$field.is_unreadable())),*])
            }
        }
    )*};
    ($($type:ident { $($name:literal: $field:ident),* $(,)? })*) => {$(
        impl $type {
            pub(crate) fn unreadable(&self) -> Vec<&'static str> {
                $crate::http::lenient::unreadable([$(($name, self.$field.is_unreadable())),*])
            }
        }
    )*};
}

/// The names of those fields that could not be read: each field with [`Lenient::is_unreadable`] of it.
pub fn unreadable(fields: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<&'static str> {
    let odd = fields.into_iter().filter(|(_, is_unreadable)| *is_unreadable);
    odd.map(|(name, _)| name).collect()
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `Option`, so that serde treats a missing field as null.
        let value = Option::<Value>::deserialize(deserializer)?;
        Ok(match value.unwrap_or_default() {
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
        at: Lenient<jiff::Timestamp>,
        name: Lenient<String>,
    }

    struct Renamed {
        at: Lenient<jiff::Timestamp>,
    }

    crate::unreadable_fields! { Row { at, name } }
    crate::unreadable_fields! { Renamed { "createdAt": at } }

    #[test]
    fn the_fields_that_could_not_be_read_are_named() {
        let row: Row = serde_json::from_str(r#"{"at":"x","name":"y"}"#).expect("a row");
        assert_eq!(row.unreadable(), ["at"]);
        assert_eq!(Renamed { at: row.at }.unreadable(), ["createdAt"]);
    }

    #[test]
    fn a_time_is_read_in_the_usual_forms() {
        let expected = "2026-02-01T00:00:00Z".parse().ok();
        for text in
            ["2026-02-01T00:00:00Z", "2026-02-01 00:00:00 UTC", "Sun, 01 Feb 2026 00:00:00 GMT"]
        {
            assert_eq!(parse_time(text), expected, "{text}");
        }
        assert_eq!(parse_time("soon"), None);
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
