//! The vendor's objects, as far as they are read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use rollcall_connector::http::lenient::{Lenient, or_default, unreadable};
use serde::{Deserialize, Deserializer};

/// A time, which comes in two forms: `2026-08-01 06:07:42 UTC`, and that of RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = match text.strip_suffix(" UTC") {
            Some(civil) => civil
                .parse::<DateTime>()
                .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC))
                .map(|zoned| zoned.timestamp()),
            None => text.parse(),
        };
        time.map(Self).map_err(serde::de::Error::custom)
    }
}

/// A text without the blanks around it; empty if there is none.
pub(crate) fn text(field: &Lenient<String>) -> &str {
    field.get().map_or("", |text| text.trim())
}

/// A time, if there is one.
pub(crate) fn time(field: &Lenient<Moment>) -> Option<Timestamp> {
    field.get().map(|moment| moment.0)
}

/// What a token is.
#[derive(Debug, Deserialize)]
pub(crate) struct Token {
    pub(crate) scopes: Vec<String>,
    /// Absent: it never ends.
    #[serde(default)]
    pub(crate) expires_at: Lenient<Moment>,
    #[serde(default)]
    user: Lenient<Owner>,
}

/// Whose a token is.
#[derive(Debug, Deserialize)]
struct Owner {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    email: String,
}

impl Token {
    /// The name of the person that it belongs to; empty if it is not told.
    pub(crate) fn owner_name(&self) -> &str {
        self.user.get().map_or("", |owner| owner.name.trim())
    }

    /// The address of the person that it belongs to; empty if it is not told.
    pub(crate) fn owner_email(&self) -> &str {
        self.user.get().map_or("", |owner| owner.email.trim())
    }

    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("expires_at", self.expires_at.is_unreadable()),
            ("user", self.user.is_unreadable()),
        ])
    }
}

/// An organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Organization {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    pub(crate) slug: String,
    #[serde(default)]
    pub(crate) created_at: Lenient<Moment>,
}

impl Organization {
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.is_unreadable()),
            ("created_at", self.created_at.is_unreadable()),
        ])
    }
}

/// Somebody in an organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Member {
    /// The person's id, in whatever organization.
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    pub(crate) email: Lenient<String>,
    /// `admin` or `member`; only told since July 2026.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role: String,
    /// `required` or `optional`; told to administrators, and to everybody of themselves.
    #[serde(default)]
    pub(crate) sso_mode: Lenient<String>,
}

impl Member {
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.is_unreadable()),
            ("email", self.email.is_unreadable()),
            ("sso_mode", self.sso_mode.is_unreadable()),
        ])
    }
}

/// A team.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    pub(crate) slug: Lenient<String>,
    #[serde(default)]
    pub(crate) description: Lenient<String>,
    /// `visible` or `secret`.
    #[serde(default)]
    pub(crate) privacy: Lenient<String>,
    /// New members of the organization are put into it.
    #[serde(default)]
    pub(crate) default: Lenient<bool>,
    #[serde(default)]
    pub(crate) created_at: Lenient<Moment>,
    #[serde(default)]
    pub(crate) created_by: Lenient<Creator>,
    #[serde(default)]
    pub(crate) default_member_role: Lenient<String>,
}

impl Team {
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.is_unreadable()),
            ("slug", self.slug.is_unreadable()),
            ("description", self.description.is_unreadable()),
            ("privacy", self.privacy.is_unreadable()),
            ("default", self.default.is_unreadable()),
            ("created_at", self.created_at.is_unreadable()),
            ("created_by", self.created_by.is_unreadable()),
            (
                "default_member_role",
                self.default_member_role.is_unreadable(),
            ),
        ])
    }
}

/// Who made a team.
#[derive(Debug, Clone, Deserialize)]
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
    #[serde(default)]
    pub(crate) user_name: Lenient<String>,
    /// `member` or `maintainer`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role: String,
}

impl Membership {
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([("user_name", self.user_name.is_unreadable())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_in_both_forms_and_others_fail_nothing() {
        let read = |text: serde_json::Value| {
            let token: Token =
                serde_json::from_value(json!({"scopes": [], "expires_at": text})).expect("a token");
            token.expires_at
        };
        let moment = "2026-08-01T06:07:42Z".parse().expect("a time");
        let expected = Lenient::Read(Moment(moment));
        assert_eq!(read(json!("2026-08-01 06:07:42 UTC")), expected);
        assert_eq!(read(json!("2026-08-01T06:07:42Z")), expected);
        assert_eq!(read(json!("2026-08-01T06:07:42.000Z")), expected);
        assert_eq!(read(json!(null)), Lenient::Absent);
        assert_eq!(read(json!("soon")), Lenient::Unreadable);
    }
}
