//! The world: organizations of Elastic Cloud and the Elasticsearch clusters of their deployments. What the APIs keep as
//! free JSON is free JSON here too, so that a test can put anything into it, oddities included.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::keys::{CloudKey, DeploymentKey};

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// `id`, a number in its usual form.
    pub id: String,
    /// `name`.
    pub name: String,
    /// By user id.
    pub members: BTreeMap<String, Member>,
    /// By token.
    pub invitations: BTreeMap<String, Invitation>,
    /// Further fields of the organization, such as `billing_contacts`.
    pub extra: Map<String, Value>,
}

/// A member of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// `user_id`, a number in its usual form.
    pub user_id: String,
    /// `name`; left out if it is `None`.
    pub name: Option<String>,
    /// `email`; left out if it is `None`.
    pub email: Option<String>,
    /// `member_since`.
    pub member_since: String,
    /// `role_assignments`; left out if there is nothing in it.
    pub assignments: Map<String, Value>,
}

/// An invitation to an organization. Those who have not accepted one are not members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// `token`.
    pub token: String,
    /// `email`.
    pub email: String,
    /// `created_at`.
    pub created_at: String,
    /// `expires_at`.
    pub expires_at: String,
    /// `expired`.
    pub expired: bool,
    /// `accepted_at`; left out if it is `None`.
    pub accepted_at: Option<String>,
    /// `role_assignments`; left out if there is nothing in it.
    pub assignments: Map<String, Value>,
}

/// A deployment and its Elasticsearch cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The deployment's id.
    pub id: String,
    /// The organization it belongs to.
    pub organization: String,
    /// Whether the deployment has been shut down: search does not find it, but it can be asked for.
    pub hidden: bool,
    /// Whether the proxy in front of the clusters does not know it.
    pub gone: bool,
    /// Whether it is a serverless project, which has no native users.
    pub serverless: bool,
    /// Native and reserved users, by name.
    pub users: BTreeMap<String, User>,
    /// Roles as they are listed, by name.
    pub roles: BTreeMap<String, Value>,
    /// Role mappings as they are listed, by name.
    pub mappings: BTreeMap<String, Value>,
    /// API keys.
    pub keys: Vec<DeploymentKey>,
}

/// A user of the native realm, or a reserved one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `roles`: names, whether or not there is such a role.
    pub roles: Vec<String>,
    /// `full_name`; null if it is `None`.
    pub full_name: Option<String>,
    /// `email`; null if it is `None`.
    pub email: Option<String>,
    /// `metadata`.
    pub metadata: Map<String, Value>,
    /// `enabled`.
    pub enabled: bool,
    /// Never answered, but kept.
    pub password: String,
}

/// A serverless project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// `id`.
    pub id: String,
    /// The organization it belongs to.
    pub organization: String,
    /// `elasticsearch`, `observability` or `security`.
    pub kind: String,
    /// `name`.
    pub name: String,
    /// Custom roles: names and descriptions.
    pub roles: BTreeMap<String, String>,
}

/// Everything behind the APIs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// By id.
    pub organizations: BTreeMap<String, Organization>,
    /// Keys of the Cloud API.
    pub cloud_keys: Vec<CloudKey>,
    /// By name. Each that is there when the simulator starts gets a host of its own.
    pub deployments: BTreeMap<String, Cluster>,
    /// Serverless projects, by id.
    pub projects: BTreeMap<String, Project>,
}

impl User {
    /// Whether only the password of this user can be changed.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.metadata.get("_reserved") == Some(&Value::Bool(true))
    }

    /// The user as the API shows them.
    #[must_use]
    pub fn document(&self, name: &str) -> Value {
        json!({
            "username": name, "roles": self.roles, "full_name": self.full_name, "email": self.email,
            "metadata": self.metadata, "enabled": self.enabled,
        })
    }
}

impl Cluster {
    /// A user.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }
}

impl World {
    /// Nothing at all, not even a key.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A user of a deployment.
    #[must_use]
    pub fn user(&self, deployment: &str, name: &str) -> Option<&User> {
        self.deployments.get(deployment)?.user(name)
    }

    /// A member of an organization.
    #[must_use]
    pub fn member(&self, organization: &str, user_id: &str) -> Option<&Member> {
        self.organizations.get(organization)?.members.get(user_id)
    }
}
