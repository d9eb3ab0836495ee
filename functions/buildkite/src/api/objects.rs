//! The vendor's objects, as far as they are read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use rollcall::http::lenient::or_default;
use serde::{Deserialize, Deserializer};

/// Times come in two forms: `2026-08-01 06:07:42 UTC`, and that of RFC 3339.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let time = match text.strip_suffix(" UTC") {
        Some(civil) => civil
            .parse::<DateTime>()
            .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC))
            .map(|zoned| zoned.timestamp()),
        None => text.parse(),
    };
    let time = time.map_err(|_| serde::de::Error::custom(format!("`{text}` is no time")))?;
    Ok(Some(time))
}

/// What a token is.
#[derive(Debug, Deserialize)]
pub(crate) struct Token {
    pub(crate) scopes: Vec<String>,
    /// None: it never ends.
    #[serde(default, deserialize_with = "time")]
    pub(crate) expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) user: Owner,
}

/// Whose a token is.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Owner {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
}

/// An organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Organization {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    pub(crate) slug: String,
    #[serde(default, deserialize_with = "time")]
    pub(crate) created_at: Option<Timestamp>,
}

/// Somebody in an organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Member {
    /// The person's id, in whatever organization.
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
    /// `admin` or `member`; only told since July 2026.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role: String,
    /// `required` or `optional`; told to administrators, and to everybody of themselves.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) sso_mode: String,
}

/// A team.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) slug: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
    /// `visible` or `secret`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) privacy: String,
    /// New members of the organization are put into it.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) default: bool,
    #[serde(default, deserialize_with = "time")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) created_by: Creator,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) default_member_role: String,
}

/// Who made a team.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Creator {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
}

/// Somebody in a team.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Membership {
    pub(crate) user_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) user_name: String,
    /// `member` or `maintainer`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_in_both_forms() {
        let read = |text: serde_json::Value| {
            let token: Result<Token, _> =
                serde_json::from_value(json!({"scopes": [], "expires_at": text}));
            token.map(|token| token.expires_at)
        };
        let expected = "2026-08-01T06:07:42Z".parse().ok();
        assert_eq!(read(json!("2026-08-01 06:07:42 UTC")).ok(), Some(expected));
        assert_eq!(read(json!("2026-08-01T06:07:42Z")).ok(), Some(expected));
        assert_eq!(read(json!("2026-08-01T06:07:42.000Z")).ok(), Some(expected));
        assert_eq!(read(json!(null)).ok(), Some(None));
        assert!(read(json!("soon")).is_err());
    }
}
