//! The vendor's objects, with the fields that are read.
//!
//! Fields for identity and rights are read strictly: in another form they fail the list. All others are read leniently,
//! so that one odd row does not fail the list.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_connector::http::lenient::{Lenient, or_default, unreadable};
use rollcall_model::name_or_id;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Debug, Deserialize)]
pub(super) struct OrganizationList {
    pub(super) organizations: Vec<Organization>,
    #[serde(default)]
    pub(super) next_page: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MemberList {
    pub(super) members: Vec<Member>,
    /// Not documented: if it is set, the list is incomplete.
    #[serde(default)]
    pub(super) next_page: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct InvitationList {
    /// Null means none: an invitation gives no access.
    #[serde(deserialize_with = "or_default")]
    pub(super) invitations: Vec<Invitation>,
    /// Not documented: if it is set, the list is incomplete.
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
        name_or_id(self.name.verbatim(), &self.id)
    }
}

/// A member of an organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Member {
    pub(crate) user_id: String,
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    pub(crate) email: Lenient<String>,
    #[serde(default)]
    pub(crate) member_since: Lenient<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role_assignments: Assignments,
}

/// An invitation to an organization.
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
    /// Whether it was accepted for certain. One with an unreadable date is shown rather than lost.
    pub(crate) fn is_accepted(&self) -> bool {
        self.accepted_at.get().is_some()
    }
}

rollcall_connector::unreadable_fields! {
    Organization { name }
    Member { name, email, member_since }
    Invitation { created_at, expires_at, expired, accepted_at }
}

/// The roles that somebody has in an organization.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Assignments {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) platform: Vec<Assignment>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) organization: Vec<Assignment>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) deployment: Vec<Assignment>,
    #[serde(default, deserialize_with = "or_default")]
    project: ProjectAssignments,
    /// Kinds that Rollcall does not know.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// Roles on projects, by the kind of project.
#[derive(Debug, Clone, Default, Deserialize)]
struct ProjectAssignments {
    #[serde(default, deserialize_with = "or_default")]
    elasticsearch: Vec<Assignment>,
    #[serde(default, deserialize_with = "or_default")]
    observability: Vec<Assignment>,
    #[serde(default, deserialize_with = "or_default")]
    security: Vec<Assignment>,
    /// Kinds that Rollcall does not know.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// A role on a platform or an organization, or on all or some deployments or projects.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) role_id: String,
    #[serde(default)]
    organization_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) all: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) deployment_ids: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) project_ids: Vec<String>,
    /// Roles that the deployments or projects define themselves and that it includes.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) application_roles: Vec<String>,
}

impl Assignment {
    /// Whether it is a role in the requested organization, as is one without an organization.
    pub(crate) fn is_in(&self, organization: &str) -> bool {
        let stated = self.organization_id.as_deref();
        stated.is_none_or(|id| id == organization)
    }
}

impl Assignments {
    /// The roles on projects, by the kind of project; of unknown kinds those that look like the others.
    pub(crate) fn on_projects(&self) -> Vec<(&str, Vec<Assignment>)> {
        let project = &self.project;
        let known = [
            ("elasticsearch", &project.elasticsearch),
            ("observability", &project.observability),
            ("security", &project.security),
        ];
        let known = known.map(|(kind, roles)| (kind, roles.clone()));
        let others = project.others.iter();
        let others = others.filter_map(|(kind, roles)| Some((kind.as_str(), assignments(roles)?)));
        known.into_iter().chain(others).collect()
    }

    /// The unknown kinds of roles that somebody has, of which nothing more can be shown.
    pub(crate) fn unknown_kinds(&self) -> impl Iterator<Item = String> {
        let others = self.others.iter();
        let others = others.filter(|(_, roles)| has_content(roles));
        let projects = self.project.others.iter();
        let projects =
            projects.filter(|(_, roles)| has_content(roles) && assignments(roles).is_none());
        let others = others.map(|(kind, _)| kind.clone());
        others.chain(projects.map(|(kind, _)| format!("project/{kind}")))
    }
}

fn assignments(json: &Value) -> Option<Vec<Assignment>> {
    Vec::deserialize(json).ok()
}

/// Whether it contains anything: a new kind of roles has empty lists for everybody.
fn has_content(json: &Value) -> bool {
    match json {
        Value::Null => false,
        Value::Array(values) => values.iter().any(has_content),
        Value::Object(values) => values.values().any(has_content),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// A native user. Fields that are written back are kept verbatim, digit by digit; null and missing are different.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) roles: Vec<String>,
    #[serde(default, deserialize_with = "even_null")]
    full_name: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "even_null")]
    email: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "even_null")]
    metadata: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) enabled: Lenient<bool>,
}

impl User {
    /// Whether it belongs to Elasticsearch itself.
    pub(crate) fn is_reserved(&self) -> bool {
        self.metadata.as_deref().is_some_and(is_reserved)
    }

    /// The full name; empty if there is none.
    pub(crate) fn full_name(&self) -> String {
        read(self.full_name.as_deref())
    }

    /// The e-mail address; empty if there is none.
    pub(crate) fn address(&self) -> String {
        read(self.email.as_deref())
    }

    /// The body of a write that gives the user these roles and keeps everything else as it was read, including the
    /// password, which is not in it. `None` if a field is missing: Elasticsearch would erase it, or enable the user.
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
        let is_text = |field: &RawValue| parsed_text(field).is_some();
        let is_object = |field: &RawValue| field.get().starts_with('{');
        unreadable([
            ("full_name", !self.full_name.as_deref().is_some_and(is_text)),
            ("email", !self.email.as_deref().is_some_and(is_text)),
            ("metadata", !self.metadata.as_deref().is_some_and(is_object)),
            ("enabled", self.enabled.get().is_none()),
        ])
    }
}

/// A role of a deployment: its fields, as JSON.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Role(BTreeMap<String, Box<RawValue>>);

impl Role {
    /// Its description; empty if there is none.
    pub(crate) fn description(&self) -> String {
        read(self.part("description"))
    }

    /// Whether it is built in.
    pub(crate) fn is_reserved(&self) -> bool {
        self.part("metadata").is_some_and(is_reserved)
    }

    /// Whether the licence covers it.
    pub(crate) fn is_usable(&self) -> bool {
        let disabled = Transient { enabled: Some(false) };
        self.transient() != Lenient::Read(disabled)
    }

    /// Its privileges as JSON, by kind: `cluster`, `indices`, `remote_indices`, and kinds that Rollcall does not know.
    pub(crate) fn privileges(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts = self.0.iter().map(|(key, part)| (key.as_str(), part.get()));
        parts.filter(|(key, part)| {
            !["description", "metadata", "transient_metadata"].contains(key)
                && !["[]", "{}", "null"].contains(part)
        })
    }

    /// The fields that could not be read.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        let is_odd = |field: &RawValue| parsed_text(field).is_none();
        unreadable([
            ("description", self.part("description").is_some_and(is_odd)),
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

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Transient {
    #[serde(default)]
    enabled: Option<bool>,
}

/// A role mapping.
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

/// Text or null; `None` for anything else.
fn parsed_text(json: &RawValue) -> Option<Option<String>> {
    serde_json::from_str(json.get()).ok()
}

/// A text; empty if it is null, missing or of another shape.
fn read(json: Option<&RawValue>) -> String {
    json.and_then(parsed_text).flatten().unwrap_or_default()
}

/// For `deserialize_with`: any value, including null.
fn even_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

/// Whether two documents are the same, digit by digit, whatever the order of their fields: two nodes of a cluster may
/// write the same metadata in different orders (*unknown*).
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let fields = |text| serde_json::from_str::<BTreeMap<String, &RawValue>>(text);
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
            (r#"{"b":null, "a":{"n":12345678901234567890,"x":[1, {"z":"t","y":2}]}}"#, true),
            (r#"{"a":{"x":[1,{"y":2,"z":"t"}],"n":12345678901234567891},"b":null}"#, false),
            (r#"{"a":{"x":[{"y":2,"z":"t"},1],"n":12345678901234567890},"b":null}"#, false),
            (r#"{"a":{"x":[1,{"y":2,"z":"t"}],"n":12345678901234567890},"b":null,"c":1}"#, false),
            ("[]", false),
        ] {
            assert_eq!(is_same(document, other), expected, "{other}");
        }
    }

    /// The public connector turns `12345678901234567` into `12345678901234568`, and null into an empty name.
    #[test]
    fn a_user_goes_back_with_other_roles_and_else_digit_by_digit() {
        let rest = r#""full_name":null,"email":"\u0061@b.c","metadata":{"big":123456789012345678901234567890,"cents":1.10,"power":1E+2,"b":{"z":1,"a":[ 1.0 ]},"text":"ü\u00fc\/"},"enabled":false}"#;
        for rest in [rest, &rest.replace("null", r#""""#)] {
            let read = format!(r#"{{"username":"svc","roles":["viewer"],"profile_uid":"u",{rest}"#);
            let user: User = serde_json::from_str(&read).expect("a user");
            let roles = ["viewer", "admin"].map(str::to_owned);
            let written = user.document(&roles).expect("all of it");
            assert_eq!(written, format!(r#"{{"roles":["viewer","admin"],{rest}"#));
            assert!(user.document(&[]).expect("all of it").starts_with(r#"{"roles":[],"#));
        }
    }
}
