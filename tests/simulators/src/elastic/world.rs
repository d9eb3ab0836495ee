//! The world: organizations of Elastic Cloud and the Elasticsearch clusters of their deployments. Rows have the form of
//! the APIs, so that a test can put anything into them. Changes of missing objects are ignored.

use std::collections::{BTreeMap, BTreeSet};

use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{SINCE, assignments::flat};
use crate::paging::{Rows, edit};

/// The key of the organization's owner.
pub const TEST_CLOUD_KEY: &str = "essu_VkhKcVVVZFpRVUpEUkVWR1IwaEpTa3M2ZEdWemRBPT0AAAAA";
/// A key that sees one deployment and nothing else of the organization.
pub const SCOPED_CLOUD_KEY: &str = "essu_c2NvcGVkc2NvcGVkc2NvcGVkc2NvcGVkc2NvcGVkAAAAAA";
/// A key of the owner whose time is over.
pub const EXPIRED_CLOUD_KEY: &str = "essu_ZXhwaXJlZGV4cGlyZWRleHBpcmVkZXhwaXJlZGV4cGlyAAAA";
/// A key that reaches both organizations of the rich world.
pub const WIDE_CLOUD_KEY: &str = "essu_d2lkZXdpZGV3aWRld2lkZXdpZGV3aWRld2lkZXdpZGUAAAAA";

/// A key of the deployment `main` that may do everything to its users. The vendor's own example.
pub const TEST_DEPLOYMENT_KEY: &str =
    "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==";
/// A key of `main` that may read.
pub const READ_DEPLOYMENT_KEY: &str =
    "UmVBZE9uTHlDZGJrUW0tZTVhT3g6cmVhZC1zZWNyZXQtMDAwMDAwMDAwMA==";
/// A key of `main` without any privilege.
pub const BARE_DEPLOYMENT_KEY: &str =
    "QmFSZUtlWXlDZGJrUW0tZTVhT3g6YmFyZS1zZWNyZXQtMDAwMDAwMDAwMA==";
/// A key of `main` whose time is over.
pub const EXPIRED_DEPLOYMENT_KEY: &str =
    "RXhQaVJlRHlDZGJrUW0tZTVhT3g6b2xkLXNlY3JldC0wMDAwMDAwMDAwMA==";
/// The key of the deployment `second`.
pub const SECOND_DEPLOYMENT_KEY: &str =
    "U2VDb05kRGVDZGJrUW0tZTVhT3g6c2Vjb25kLXNlY3JldC0wMDAwMDAwMA==";

/// Everything behind the APIs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// By id, a number in its usual form.
    pub organizations: BTreeMap<String, Organization>,
    /// Keys of the Cloud API.
    pub cloud_keys: Vec<CloudKey>,
    /// By name. Each that exists when the simulator starts gets a host of its own.
    pub deployments: BTreeMap<String, Cluster>,
    /// Serverless projects, by id.
    pub projects: BTreeMap<String, Project>,
    /// The address of each deployment, once the simulator has started.
    pub(super) urls: BTreeMap<String, String>,
}

/// An organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Organization {
    /// `name`, and further fields such as `billing_contacts`.
    pub row: Value,
    /// By user id, a number in its usual form: `name`, `email`, `member_since`, `role_assignments`.
    pub members: Rows,
    /// By token: `email`, `created_at`, `expires_at`, `expired`, `accepted_at`, `role_assignments`.
    pub invitations: Rows,
}

/// A deployment and its Elasticsearch cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// The deployment's id.
    pub id: String,
    /// The organization it belongs to.
    pub organization: String,
    /// Whether the proxy in front of the clusters does not know it.
    pub gone: bool,
    /// Whether it is a serverless project, which has no native users.
    pub serverless: bool,
    /// Native and reserved users, by name.
    pub users: BTreeMap<String, User>,
    /// Roles as they are listed, by name.
    pub roles: Rows,
    /// Role mappings as they are listed, by name.
    pub mappings: Rows,
    /// API keys.
    pub keys: Vec<DeploymentKey>,
}

/// A user of the native realm, or a reserved one.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// `roles` (names, whether or not there is such a role), `full_name`, `email`, `metadata`, `enabled`.
    pub row: Value,
    /// Never answered, but kept.
    pub password: String,
}

/// A serverless project: `elasticsearch`, `observability` or `security`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as the API has them")]
pub struct Project {
    pub organization: String,
    pub kind: String,
    pub name: String,
}

/// A key of the Cloud API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudKey {
    /// The token in requests.
    pub secret: String,
    /// The organizations it reaches: one, for a key as the vendor makes them today.
    pub organizations: Vec<String>,
    /// The deployments that it sees, with what is assigned on them and nothing else; `None` for the key of an owner, which
    /// sees everything.
    pub deployments: Option<BTreeSet<String>>,
    /// Until when it is good; for ever if it is `None`.
    pub expires: Option<Timestamp>,
}

/// A key of a deployment. It is good for nothing else, as a key of the Cloud API is not good for a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentKey {
    /// What is sent: base64 of `id:secret`.
    pub encoded: String,
    /// The user who made it.
    pub owner: String,
    /// Cluster privileges: `manage_security`, `read_security`, `all`.
    pub privileges: BTreeSet<String>,
    /// Whether it has expired, or has been invalidated.
    pub expired: bool,
}

impl DeploymentKey {
    /// `id`: what is before the colon.
    #[must_use]
    pub fn id(&self) -> String {
        key_id(&self.encoded).unwrap_or_default()
    }
}

/// The id in what is sent, if it is base64 with a colon in it at all.
pub(super) fn key_id(encoded: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    (!id.is_empty() && !secret.is_empty()).then(|| id.to_owned())
}

/// Whether there is such a project of an organization.
pub(super) fn is_project_of(world: &World, id: &str, kind: &str, organization: &str) -> bool {
    let project = world.projects.get(id);
    project.is_some_and(|project| project.kind == kind && project.organization == organization)
}

impl User {
    /// Whether only the password of this user can be changed.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.row["metadata"]["_reserved"] == true
    }

    /// The user as the API shows them.
    #[must_use]
    pub fn document(&self, name: &str) -> Value {
        let mut row = self.row.clone();
        row["username"] = json!(name);
        row
    }
}

/// Adds to an object what is in another: lists grow, objects are joined, all else is replaced.
fn join(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Array(old), Value::Array(mut new)) => old.append(&mut new),
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in new {
                join(old.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// Organizations.
impl World {
    /// Nothing at all, not even a key.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds an organization without anybody in it.
    pub fn add_organization(&mut self, id: &str, name: &str) -> &mut Self {
        let organization = Organization {
            row: json!({ "name": name }),
            members: Rows::new(),
            invitations: Rows::new(),
        };
        self.organizations.insert(id.to_owned(), organization);
        self
    }

    /// Changes an organization.
    pub fn edit_organization(&mut self, id: &str, f: impl FnOnce(&mut Organization)) -> &mut Self {
        edit(self.organizations.get_mut(id), f);
        self
    }

    /// Adds a member without any roles. An empty name or address is one that is left out.
    pub fn add_member(&mut self, org: &str, id: &str, name: &str, email: &str) -> &mut Self {
        let mut row = json!({ "member_since": SINCE });
        for (field, text) in [("name", name), ("email", email)] {
            if !text.is_empty() {
                row[field] = json!(text);
            }
        }
        self.edit_organization(org, |org| _ = org.members.insert(id.to_owned(), row))
    }

    /// Changes a member's row.
    pub fn edit_member(&mut self, org: &str, id: &str, f: impl FnOnce(&mut Value)) -> &mut Self {
        self.edit_organization(org, |org| edit(org.members.get_mut(id), f))
    }

    /// Adds to a member's `role_assignments`, which look as they do in the API:
    /// `json!({"organization": [{"organization_id": "198583657190", "role_id": "billing-admin"}]})`.
    pub fn assign(&mut self, org: &str, id: &str, assignments: Value) -> &mut Self {
        self.edit_member(org, id, |row| join(&mut row["role_assignments"], assignments))
    }

    /// Adds a serverless project.
    pub fn add_project(&mut self, org: &str, id: &str, kind: &str, name: &str) -> &mut Self {
        let project =
            Project { organization: org.to_owned(), kind: kind.to_owned(), name: name.to_owned() };
        self.projects.insert(id.to_owned(), project);
        self
    }

    /// Adds an owner's key that never expires.
    pub fn add_cloud_key(&mut self, secret: &str, organizations: &[&str]) -> &mut Self {
        self.cloud_keys.push(CloudKey {
            secret: secret.to_owned(),
            organizations: organizations.iter().map(|&id| id.to_owned()).collect(),
            deployments: None,
            expires: None,
        });
        self
    }

    /// Changes a key of the Cloud API.
    pub fn edit_cloud_key(&mut self, secret: &str, f: impl FnOnce(&mut CloudKey)) -> &mut Self {
        edit(self.cloud_keys.iter_mut().find(|key| key.secret == secret), f);
        self
    }
}

/// Deployments.
impl World {
    /// Adds a deployment whose cluster has nothing in it, not even a key.
    pub fn add_cluster(&mut self, name: &str, org: &str, id: &str) -> &mut Self {
        let cluster =
            Cluster { id: id.to_owned(), organization: org.to_owned(), ..Cluster::default() };
        self.deployments.insert(name.to_owned(), cluster);
        self
    }

    /// Changes a deployment.
    pub fn edit_cluster(&mut self, name: &str, change: impl FnOnce(&mut Cluster)) -> &mut Self {
        edit(self.deployments.get_mut(name), change);
        self
    }

    /// Adds a key of a deployment with these cluster privileges.
    pub fn add_deployment_key(&mut self, on: &str, encoded: &str, may: &[&str]) -> &mut Self {
        let key = DeploymentKey {
            encoded: encoded.to_owned(),
            owner: "1234567890".to_owned(),
            privileges: may.iter().map(|&name| name.to_owned()).collect(),
            expired: false,
        };
        self.edit_cluster(on, |cluster| cluster.keys.push(key))
    }

    /// Changes a key of a deployment.
    pub fn edit_deployment_key(
        &mut self,
        deployment: &str,
        encoded: &str,
        change: impl FnOnce(&mut DeploymentKey),
    ) -> &mut Self {
        self.edit_cluster(deployment, |cluster| {
            edit(cluster.keys.iter_mut().find(|key| key.encoded == encoded), change);
        })
    }

    /// Adds an enabled native user with these roles and without names and metadata.
    pub fn add_user(&mut self, deployment: &str, name: &str, roles: &[&str]) -> &mut Self {
        let user = User {
            row: json!({"roles": roles, "full_name": null, "email": null, "metadata": {}, "enabled": true}),
            password: format!("password of {name}"),
        };
        self.edit_cluster(deployment, |cluster| _ = cluster.users.insert(name.to_owned(), user))
    }

    /// Changes a user.
    pub fn edit_user(&mut self, on: &str, name: &str, f: impl FnOnce(&mut User)) -> &mut Self {
        self.edit_cluster(on, |cluster| edit(cluster.users.get_mut(name), f))
    }

    /// Gives a user names.
    pub fn set_names(&mut self, on: &str, name: &str, full: &str, email: &str) -> &mut Self {
        let texts = [full, email].map(|text| Some(text).filter(|text| !text.is_empty()));
        self.edit_user(on, name, |user| {
            [user.row["full_name"], user.row["email"]] = texts.map(|text| json!(text));
        })
    }

    /// Disables a user, who keeps the roles.
    pub fn disable(&mut self, deployment: &str, name: &str) -> &mut Self {
        self.edit_user(deployment, name, |user| user.row["enabled"] = json!(false))
    }

    /// Replaces a user's metadata.
    pub fn set_metadata(&mut self, deployment: &str, name: &str, metadata: Value) -> &mut Self {
        self.edit_user(deployment, name, |user| user.row["metadata"] = metadata)
    }

    /// Adds a user of whom only the password can be changed.
    pub fn add_reserved_user(&mut self, deployment: &str, name: &str, roles: &[&str]) -> &mut Self {
        self.add_user(deployment, name, roles);
        self.set_metadata(deployment, name, json!({"_reserved": true}))
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
        let mut role = json!({
            "cluster": [], "indices": [], "applications": [], "run_as": [], "metadata": {},
            "transient_metadata": {"enabled": true},
        });
        join(&mut role, fields);
        self.edit_cluster(deployment, |cluster| _ = cluster.roles.insert(name.to_owned(), role))
    }

    /// Adds an enabled mapping that gives roles to those its rules are true of.
    pub fn add_mapping(&mut self, on: &str, name: &str, roles: &[&str], rules: Value) -> &mut Self {
        let mapping = json!({"enabled": true, "roles": roles, "rules": rules, "metadata": {}});
        self.put_mapping(on, name, mapping)
    }

    /// Adds a mapping that is listed exactly like this.
    pub fn put_mapping(&mut self, deployment: &str, name: &str, mapping: Value) -> &mut Self {
        self.edit_cluster(deployment, |cluster| {
            _ = cluster.mappings.insert(name.to_owned(), mapping)
        })
    }
}

/// The access in the world, and nothing else.
impl World {
    /// Members with what is assigned to them, invitations likewise; users with everything about them, roles and role
    /// mappings of every deployment.
    ///
    /// `{"organizations": {id: {"members": {user id: [assignment]}, "invitations": {token: [assignment]}}},
    /// "deployments": {name: {"users": {…}, "roles": {…}, "mappings": {…}}}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let assigned = |rows: &Rows| -> Map<String, Value> {
            let rows = rows.iter();
            rows.map(|(id, row)| (id.clone(), json!(flat(&row["role_assignments"])))).collect()
        };
        let organizations = self.organizations.iter().map(|(id, org)| {
            let (members, invitations) = (assigned(&org.members), assigned(&org.invitations));
            (id.clone(), json!({"members": members, "invitations": invitations}))
        });
        let deployments = self.deployments.iter().map(|(name, cluster)| {
            let users = cluster.users.iter().map(|(name, user)| {
                let mut document = user.document(name);
                document["password"] = json!(user.password);
                (name.clone(), document)
            });
            let users: Map<String, Value> = users.collect();
            let view =
                json!({"users": users, "roles": cluster.roles, "mappings": cluster.mappings});
            (name.clone(), view)
        });
        json!({
            "organizations": organizations.collect::<Map<_, _>>(),
            "deployments": deployments.collect::<Map<_, _>>(),
        })
    }
}
