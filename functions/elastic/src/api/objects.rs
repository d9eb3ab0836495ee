//! The vendor's objects, as far as they are read.
//!
//! What says who somebody is and what they may do is read strictly: in another form it fails the list. All else is
//! read leniently, so that one odd row fails nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_connector::http::lenient::{Lenient, or_default, unreadable};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) organizations: Vec<Organization>,
    #[serde(default)]
    pub(super) next_page: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Members {
    pub(super) members: Vec<Member>,
    /// Not documented. A list that has one goes on.
    #[serde(default)]
    pub(super) next_page: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Invited {
    /// Null is nobody: nobody has access by an invitation.
    #[serde(deserialize_with = "or_default")]
    pub(super) invitations: Vec<Invitation>,
    /// Not documented. A list that has one goes on.
    #[serde(default)]
    pub(super) next_page: Option<String>,
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Organization {
    pub(crate) id: String,
    #[serde(default)]
    name: Lenient<String>,
}

impl Organization {
    /// Its name, or else its id.
    pub(crate) fn name(&self) -> &str {
        match text(&self.name) {
            "" => &self.id,
            name => name,
        }
    }

    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([("name", self.name.is_unreadable())])
    }
}

/// Somebody in an organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Member {
    pub(crate) user_id: String,
    #[serde(default)]
    name: Lenient<String>,
    #[serde(default)]
    email: Lenient<String>,
    #[serde(default)]
    pub(crate) member_since: Lenient<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role_assignments: Assignments,
}

impl Member {
    /// The name; empty if there is none.
    pub(crate) fn name(&self) -> &str {
        text(&self.name)
    }

    /// The e-mail address; empty if there is none.
    pub(crate) fn email(&self) -> &str {
        text(&self.email)
    }

    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("name", self.name.is_unreadable()),
            ("email", self.email.is_unreadable()),
            ("member_since", self.member_since.is_unreadable()),
        ])
    }
}

/// Who may become a member.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Invitation {
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) created_at: Lenient<Timestamp>,
    #[serde(default)]
    pub(crate) expires_at: Lenient<Timestamp>,
    #[serde(default)]
    pub(crate) expired: Lenient<bool>,
    #[serde(default)]
    accepted_at: Lenient<Timestamp>,
    #[serde(default)]
    pub(crate) role_assignments: Option<Box<RawValue>>,
}

impl Invitation {
    /// Whether it was accepted for certain. Of an odd date nobody knows: the invitation is rather shown than lost.
    pub(crate) fn is_accepted(&self) -> bool {
        self.accepted_at.get().is_some()
    }

    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        unreadable([
            ("created_at", self.created_at.is_unreadable()),
            ("expires_at", self.expires_at.is_unreadable()),
            ("expired", self.expired.is_unreadable()),
            ("accepted_at", self.accepted_at.is_unreadable()),
        ])
    }
}

/// The roles that somebody has in an organization.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Assignments {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) platform: Vec<Assigned>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) organization: Vec<Assigned>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) deployment: Vec<Scoped>,
    #[serde(default, deserialize_with = "or_default")]
    project: Projects,
    /// Kinds that Rollcall does not know.
    #[serde(flatten)]
    pub(crate) others: BTreeMap<String, Value>,
}

/// Roles on projects, by their kind.
#[derive(Debug, Clone, Default, Deserialize)]
struct Projects {
    #[serde(default, deserialize_with = "or_default")]
    elasticsearch: Vec<Scoped>,
    #[serde(default, deserialize_with = "or_default")]
    observability: Vec<Scoped>,
    #[serde(default, deserialize_with = "or_default")]
    security: Vec<Scoped>,
    /// Kinds of projects that may come.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

impl Assignments {
    /// The roles on projects, by their kind. Of a kind that is new the roles are those that look like the others do.
    pub(crate) fn on_projects(&self) -> Vec<(&str, Vec<Scoped>)> {
        let Projects {
            elasticsearch,
            observability,
            security,
            others,
        } = &self.project;
        let known = [
            ("elasticsearch", elasticsearch),
            ("observability", observability),
            ("security", security),
        ];
        let mut all: Vec<_> = known.map(|(kind, roles)| (kind, roles.clone())).into();
        let new = others
            .iter()
            .filter_map(|(kind, roles)| Some((kind.as_str(), scoped(roles)?)));
        all.extend(new);
        all
    }

    /// The kinds of roles of which nothing is known but the name, as far as there is anything of them.
    pub(crate) fn unknown_kinds(&self) -> impl Iterator<Item = String> {
        let others = self.others.iter();
        let others = others.filter(|(_, value)| is_something(value));
        let on_projects = self.project.others.iter();
        let on_projects =
            on_projects.filter(|(_, value)| is_something(value) && scoped(value).is_none());
        let others = others.map(|(kind, _)| kind.clone());
        others.chain(on_projects.map(|(kind, _)| format!("project/{kind}")))
    }
}

fn scoped(value: &Value) -> Option<Vec<Scoped>> {
    Vec::deserialize(value).ok()
}

/// Whether there is anything in it: a new kind of roles comes with empty lists for everybody.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(values) => values.iter().any(is_something),
        Value::Object(values) => values.values().any(is_something),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// A role on the whole.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Assigned {
    pub(crate) role_id: String,
    #[serde(default)]
    organization_id: Option<String>,
}

impl Assigned {
    /// Whether it is a role in this organization.
    pub(crate) fn is_of(&self, organization: &str) -> bool {
        is_of(&self.organization_id, organization)
    }
}

/// A role on all deployments or projects, or on some.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Scoped {
    pub(crate) role_id: String,
    #[serde(default)]
    organization_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) all: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) deployment_ids: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) project_ids: Vec<String>,
    /// Roles of the deployments' own that come with it.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) application_roles: Vec<String>,
}

impl Scoped {
    /// Whether it is a role in this organization.
    pub(crate) fn is_of(&self, organization: &str) -> bool {
        is_of(&self.organization_id, organization)
    }
}

/// An assignment says which organization it is in; one that does not is in the one that was asked.
fn is_of(stated: &Option<String>, organization: &str) -> bool {
    stated.as_deref().is_none_or(|id| id == organization)
}

/// A native user. What is written back is kept as it came, digit by digit; null and missing are told apart.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) roles: Vec<String>,
    #[serde(default, deserialize_with = "as_it_is")]
    full_name: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "as_it_is")]
    email: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "as_it_is")]
    metadata: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) enabled: Lenient<bool>,
}

impl User {
    /// Whether Elasticsearch keeps it for itself.
    pub(crate) fn is_reserved(&self) -> bool {
        self.metadata.as_deref().is_some_and(is_reserved)
    }

    /// The full name; empty if there is none.
    pub(crate) fn name(&self) -> String {
        read(self.full_name.as_deref())
    }

    /// The e-mail address; empty if there is none.
    pub(crate) fn address(&self) -> String {
        read(self.email.as_deref())
    }

    /// The user with these roles, as a write has it, and everything else as it was read. The password stays, since it
    /// is not in it. `None` where something is missing: Elasticsearch would erase it, or enable the user.
    pub(crate) fn document(&self, roles: &[String]) -> Option<String> {
        let (full_name, email) = (self.full_name.as_deref()?, self.email.as_deref()?);
        let (metadata, enabled) = (self.metadata.as_deref()?, self.enabled.get()?);
        let roles = Value::from(roles);
        Some(format!(
            r#"{{"roles":{roles},"full_name":{full_name},"email":{email},"metadata":{metadata},"enabled":{enabled}}}"#
        ))
    }

    /// The fields that are missing, although every user has them, or could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        let odd = |field: &Option<Box<RawValue>>| {
            let text = field.as_deref().map(RawValue::get);
            text.is_none_or(|text| serde_json::from_str::<Option<String>>(text).is_err())
        };
        let metadata = self.metadata.as_deref().map(RawValue::get);
        unreadable([
            ("full_name", odd(&self.full_name)),
            ("email", odd(&self.email)),
            (
                "metadata",
                metadata.is_none_or(|text| !text.starts_with('{')),
            ),
            ("enabled", self.enabled.get().is_none()),
        ])
    }
}

/// A role of a deployment: whatever it has, by its name there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Role(BTreeMap<String, Box<RawValue>>);

impl Role {
    /// What it is for; empty if nobody says.
    pub(crate) fn description(&self) -> String {
        read(self.part("description"))
    }

    /// Whether it is built in.
    pub(crate) fn is_reserved(&self) -> bool {
        self.part("metadata").is_some_and(is_reserved)
    }

    /// Whether the licence covers it.
    pub(crate) fn is_usable(&self) -> bool {
        self.transient()
            != Lenient::Read(Transient {
                enabled: Some(false),
            })
    }

    /// What it allows, as JSON, kind by kind: `cluster`, `indices`, `remote_indices`, and whatever comes.
    pub(crate) fn privileges(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts = self.0.iter().map(|(key, part)| (key.as_str(), part.get()));
        parts.filter(|(key, part)| {
            !["description", "metadata", "transient_metadata"].contains(key)
                && !["[]", "{}", "null"].contains(part)
        })
    }

    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        let description = self.part("description").map(RawValue::get);
        let is_odd = |text| serde_json::from_str::<Option<String>>(text).is_err();
        unreadable([
            ("description", description.is_some_and(is_odd)),
            ("transient_metadata", self.transient().is_unreadable()),
        ])
    }

    fn part(&self, name: &str) -> Option<&RawValue> {
        self.0.get(name).map(Box::as_ref)
    }

    fn transient(&self) -> Lenient<Transient> {
        let text = self.part("transient_metadata").map(RawValue::get);
        let read = text.and_then(|text| serde_json::from_str(text).ok());
        read.unwrap_or_default()
    }
}

/// What a cluster says of a role for the moment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Transient {
    #[serde(default)]
    enabled: Option<bool>,
}

/// Who gets which roles by signing in through a realm.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mapping {
    pub(crate) enabled: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) roles: Vec<String>,
    #[serde(default)]
    pub(crate) role_templates: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) rules: Option<Box<RawValue>>,
}

fn is_reserved(metadata: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Mark {
        #[serde(default, rename = "_reserved")]
        reserved: Value,
    }
    serde_json::from_str::<Mark>(metadata.get()).is_ok_and(|mark| mark.reserved == true)
}

/// A text that may be null, missing or of another shape.
fn read(raw: Option<&RawValue>) -> String {
    let text = raw.and_then(|raw| serde_json::from_str::<Option<String>>(raw.get()).ok());
    text.flatten().unwrap_or_default()
}

fn text(field: &Lenient<String>) -> &str {
    field.get().map(String::as_str).unwrap_or_default()
}

/// For `deserialize_with`: what is there, null included.
fn as_it_is<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

/// Whether two documents are the same, digit by digit, whatever the order of their fields: two nodes of a cluster may
/// write the same metadata in different orders (*unknown*).
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    type Fields<'a> = BTreeMap<String, &'a RawValue>;
    if one == other {
        return true;
    }
    let fields = |text| serde_json::from_str::<Fields<'_>>(text);
    if let (Ok(one), Ok(other)) = (fields(one), fields(other)) {
        let mut pairs = one.iter().zip(&other);
        return one.len() == other.len()
            && pairs.all(|((a, x), (b, y))| a == b && is_same(x.get(), y.get()));
    }
    let items = |text| serde_json::from_str::<Vec<&RawValue>>(text);
    let (Ok(one), Ok(other)) = (items(one), items(other)) else {
        return false;
    };
    let mut pairs = one.iter().zip(&other);
    one.len() == other.len() && pairs.all(|(x, y)| is_same(x.get(), y.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_the_same_whatever_the_order_of_their_fields_and_no_digit_is_overlooked() {
        let document = r#"{"a":{"x":[1,{"y":2,"z":"t"}],"n":12345678901234567890},"b":null}"#;
        for (other, expected) in [
            (document, true),
            (
                r#"{"b":null, "a":{"n":12345678901234567890,"x":[1, {"z":"t","y":2}]}}"#,
                true,
            ),
            (
                r#"{"a":{"x":[1,{"y":2,"z":"t"}],"n":12345678901234567891},"b":null}"#,
                false,
            ),
            (
                r#"{"a":{"x":[{"y":2,"z":"t"},1],"n":12345678901234567890},"b":null}"#,
                false,
            ),
            (
                r#"{"a":{"x":[1,{"y":2,"z":"t"}],"n":12345678901234567890},"b":null,"c":1}"#,
                false,
            ),
            ("[]", false),
        ] {
            assert_eq!(is_same(document, other), expected, "{other}");
        }
    }
}
