//! The vendor's objects, as far as they are read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall::http::lenient::or_default;
use serde::Deserialize;
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
}

#[derive(Debug, Deserialize)]
pub(super) struct Invited {
    pub(super) invitations: Vec<Invitation>,
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Organization {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
}

/// Somebody in an organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Member {
    pub(crate) user_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) member_since: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) role_assignments: Assignments,
}

/// Who may become a member.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Invitation {
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) expired: bool,
    #[serde(default)]
    pub(crate) accepted_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) role_assignments: Option<Box<RawValue>>,
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
    /// By the kind of project: `elasticsearch`, `observability`, `security`, and whatever comes.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) project: BTreeMap<String, Option<Vec<Scoped>>>,
    /// Kinds that Rollcall does not know.
    #[serde(flatten)]
    pub(crate) others: BTreeMap<String, Value>,
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

/// A native user. What is written back is kept as it came, digit by digit.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) roles: Vec<String>,
    pub(crate) full_name: Box<RawValue>,
    pub(crate) email: Box<RawValue>,
    pub(crate) metadata: Box<RawValue>,
    pub(crate) enabled: bool,
}

impl User {
    /// Whether Elasticsearch keeps it for itself.
    pub(crate) fn is_reserved(&self) -> bool {
        is_reserved(&self.metadata)
    }

    /// The full name, if there is one.
    pub(crate) fn name(&self) -> String {
        text(&self.full_name)
    }

    /// The e-mail address, if there is one.
    pub(crate) fn address(&self) -> String {
        text(&self.email)
    }
}

/// A role of a deployment.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Role {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) metadata: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) transient_metadata: Option<Transient>,
    #[serde(default)]
    pub(crate) cluster: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) indices: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) applications: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) run_as: Option<Box<RawValue>>,
}

impl Role {
    /// Whether it is built in.
    pub(crate) fn is_reserved(&self) -> bool {
        self.metadata.as_deref().is_some_and(is_reserved)
    }

    /// Whether the licence covers it.
    pub(crate) fn is_usable(&self) -> bool {
        !matches!(
            &self.transient_metadata,
            Some(Transient {
                enabled: Some(false)
            })
        )
    }
}

/// What a cluster says of a role for the moment.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Transient {
    #[serde(default)]
    pub(crate) enabled: Option<bool>,
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

/// A text that may be null.
fn text(raw: &RawValue) -> String {
    let text: Result<Option<String>, _> = serde_json::from_str(raw.get());
    text.ok().flatten().unwrap_or_default()
}
