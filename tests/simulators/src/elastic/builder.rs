//! Building worlds. What is said of things that are not there is ignored.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::world::{Cluster, Invitation, Member, Organization, Project, User, World};

/// When everything began.
pub const SINCE: &str = "2024-01-01T00:00:00Z";

/// A text that is there.
fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Adds to an object what is in another: lists grow, objects are joined, all else is replaced.
fn join(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Array(old)), Value::Array(mut new)) => old.append(&mut new),
            (Some(Value::Object(old)), Value::Object(new)) => join(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// Organizations.
impl World {
    /// Adds an organization without anybody in it.
    pub fn add_organization(&mut self, id: &str, name: &str) -> &mut Self {
        let organization = Organization {
            id: id.to_owned(),
            name: name.to_owned(),
            members: BTreeMap::new(),
            invitations: BTreeMap::new(),
            extra: Map::new(),
        };
        self.organizations.insert(id.to_owned(), organization);
        self
    }

    /// Changes an organization.
    pub fn edit_organization(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Organization),
    ) -> &mut Self {
        if let Some(organization) = self.organizations.get_mut(id) {
            change(organization);
        }
        self
    }

    /// Adds a member without any roles. An empty name or address is one that is left out.
    pub fn add_member(&mut self, org: &str, id: &str, name: &str, email: &str) -> &mut Self {
        let member = Member {
            user_id: id.to_owned(),
            name: some(name),
            email: some(email),
            member_since: SINCE.to_owned(),
            assignments: Map::new(),
        };
        self.edit_organization(org, |org| {
            org.members.insert(id.to_owned(), member);
        })
    }

    /// Changes a member.
    pub fn edit_member(
        &mut self,
        org: &str,
        id: &str,
        change: impl FnOnce(&mut Member),
    ) -> &mut Self {
        self.edit_organization(org, |org| {
            if let Some(member) = org.members.get_mut(id) {
                change(member);
            }
        })
    }

    /// Adds to a member's `role_assignments`, which look as they do in the API:
    /// `json!({"organization": [{"organization_id": "198583657190", "role_id": "billing-admin"}]})`.
    pub fn assign(&mut self, org: &str, id: &str, assignments: Value) -> &mut Self {
        self.edit_member(org, id, |member| {
            join(&mut member.assignments, object(assignments));
        })
    }

    /// Invites somebody, who has not accepted yet.
    pub fn invite(&mut self, org: &str, token: &str, email: &str, assignments: Value) -> &mut Self {
        let invitation = Invitation {
            token: token.to_owned(),
            email: email.to_owned(),
            created_at: "2025-01-01T00:00:00Z".to_owned(),
            expires_at: "2025-01-04T00:00:00Z".to_owned(),
            expired: false,
            accepted_at: None,
            assignments: object(assignments),
        };
        self.edit_organization(org, |org| {
            org.invitations.insert(token.to_owned(), invitation);
        })
    }

    /// Changes an invitation.
    pub fn edit_invitation(
        &mut self,
        org: &str,
        token: &str,
        change: impl FnOnce(&mut Invitation),
    ) -> &mut Self {
        self.edit_organization(org, |org| {
            if let Some(invitation) = org.invitations.get_mut(token) {
                change(invitation);
            }
        })
    }

    /// Adds a serverless project: `elasticsearch`, `observability` or `security`.
    pub fn add_project(&mut self, org: &str, id: &str, kind: &str, name: &str) -> &mut Self {
        let project = Project {
            id: id.to_owned(),
            organization: org.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            roles: BTreeMap::new(),
        };
        self.projects.insert(id.to_owned(), project);
        self
    }
}

/// Deployments.
impl World {
    /// Adds a deployment whose cluster has nothing in it, not even a key.
    pub fn add_cluster(&mut self, name: &str, org: &str, id: &str) -> &mut Self {
        let cluster = Cluster {
            id: id.to_owned(),
            organization: org.to_owned(),
            hidden: false,
            gone: false,
            serverless: false,
            users: BTreeMap::new(),
            roles: BTreeMap::new(),
            mappings: BTreeMap::new(),
            keys: Vec::new(),
        };
        self.deployments.insert(name.to_owned(), cluster);
        self
    }

    /// Changes a deployment.
    pub fn edit_cluster(&mut self, name: &str, change: impl FnOnce(&mut Cluster)) -> &mut Self {
        if let Some(cluster) = self.deployments.get_mut(name) {
            change(cluster);
        }
        self
    }

    /// Adds an enabled native user with these roles and without names and metadata.
    pub fn add_user(&mut self, deployment: &str, name: &str, roles: &[&str]) -> &mut Self {
        let user = User {
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            full_name: None,
            email: None,
            metadata: Map::new(),
            enabled: true,
            password: format!("password of {name}"),
        };
        self.edit_cluster(deployment, |cluster| {
            cluster.users.insert(name.to_owned(), user);
        })
    }

    /// Changes a user.
    pub fn edit_user(
        &mut self,
        deployment: &str,
        name: &str,
        change: impl FnOnce(&mut User),
    ) -> &mut Self {
        self.edit_cluster(deployment, |cluster| {
            if let Some(user) = cluster.users.get_mut(name) {
                change(user);
            }
        })
    }

    /// Gives a user names.
    pub fn set_names(
        &mut self,
        deployment: &str,
        name: &str,
        full_name: &str,
        email: &str,
    ) -> &mut Self {
        self.edit_user(deployment, name, |user| {
            user.full_name = some(full_name);
            user.email = some(email);
        })
    }

    /// Disables a user, who keeps the roles.
    pub fn disable(&mut self, deployment: &str, name: &str) -> &mut Self {
        self.edit_user(deployment, name, |user| user.enabled = false)
    }

    /// Replaces a user's metadata.
    pub fn set_metadata(&mut self, deployment: &str, name: &str, metadata: Value) -> &mut Self {
        self.edit_user(deployment, name, |user| user.metadata = object(metadata))
    }

    /// Adds roles that grant nothing.
    pub fn add_roles(&mut self, deployment: &str, names: &[&str]) -> &mut Self {
        for name in names {
            self.add_role(deployment, name, json!({}));
        }
        self
    }

    /// Adds a role: what every role has, and these fields as they are listed.
    pub fn add_role(&mut self, deployment: &str, name: &str, fields: Value) -> &mut Self {
        let mut role = object(json!({
            "cluster": [], "indices": [], "applications": [], "run_as": [], "metadata": {},
            "transient_metadata": {"enabled": true},
        }));
        join(&mut role, object(fields));
        self.edit_cluster(deployment, |cluster| {
            cluster.roles.insert(name.to_owned(), Value::Object(role));
        })
    }

    /// Adds an enabled mapping that gives roles to those its rules are true of.
    pub fn add_mapping(
        &mut self,
        deployment: &str,
        name: &str,
        roles: &[&str],
        rules: Value,
    ) -> &mut Self {
        let mapping = json!({"enabled": true, "roles": roles, "rules": rules, "metadata": {}});
        self.put_mapping(deployment, name, mapping)
    }

    /// Adds a mapping that is listed exactly like this.
    pub fn put_mapping(&mut self, deployment: &str, name: &str, mapping: Value) -> &mut Self {
        self.edit_cluster(deployment, |cluster| {
            cluster.mappings.insert(name.to_owned(), mapping);
        })
    }
}
