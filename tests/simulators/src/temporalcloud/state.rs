//! The world: one account with everything in it, in the stored form (lowerCamelCase, enum names).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::decode::prune;
use super::schema::{ACCESS, Message};
use crate::random::Random;

/// Who can hold access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A person.
    User,
    /// A service account.
    ServiceAccount,
    /// A group of users.
    Group,
}

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: String,
    /// What goes after `Bearer`.
    pub secret: String,
    /// The user or service account whose rights it has.
    pub owner_id: String,
    /// Either a user or a service account.
    pub owner_kind: Kind,
    /// Its name.
    pub display_name: String,
    /// When it stops working (RFC 3339).
    pub expiry: String,
    /// Whether it was switched off.
    pub disabled: bool,
}

/// An account and everything in it. The objects are JSON as the API documents them, so that a test can put anything
/// into them, oddities included.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// The account id, also the suffix of every namespace id.
    pub account_id: String,
    /// By id.
    pub users: BTreeMap<String, Value>,
    /// By id.
    pub service_accounts: BTreeMap<String, Value>,
    /// By id.
    pub groups: BTreeMap<String, Value>,
    /// Group id to user id to membership.
    pub members: BTreeMap<String, BTreeMap<String, Value>>,
    /// By namespace id (`name.account`).
    pub namespaces: BTreeMap<String, Value>,
    /// By id.
    pub custom_roles: BTreeMap<String, Value>,
    /// By id.
    pub projects: BTreeMap<String, Value>,
    /// All keys.
    pub api_keys: Vec<ApiKey>,
    /// Counts changes; versions and ids come from it.
    pub counter: u64,
}

impl World {
    /// An account with nothing in it, not even a key.
    #[must_use]
    pub fn empty(account_id: &str) -> Self {
        Self {
            account_id: account_id.to_owned(),
            users: BTreeMap::new(),
            service_accounts: BTreeMap::new(),
            groups: BTreeMap::new(),
            members: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            custom_roles: BTreeMap::new(),
            projects: BTreeMap::new(),
            api_keys: Vec::new(),
            counter: 0,
        }
    }

    /// The objects of one kind.
    #[must_use]
    pub fn principals(&self, kind: Kind) -> &BTreeMap<String, Value> {
        match kind {
            Kind::User => &self.users,
            Kind::ServiceAccount => &self.service_accounts,
            Kind::Group => &self.groups,
        }
    }

    /// The objects of one kind, to change.
    pub fn principals_mut(&mut self, kind: Kind) -> &mut BTreeMap<String, Value> {
        match kind {
            Kind::User => &mut self.users,
            Kind::ServiceAccount => &mut self.service_accounts,
            Kind::Group => &mut self.groups,
        }
    }

    /// A user, service account or group by id.
    #[must_use]
    pub fn principal(&self, id: &str) -> Option<&Value> {
        self.users
            .get(id)
            .or_else(|| self.service_accounts.get(id))
            .or_else(|| self.groups.get(id))
    }

    /// A user, service account or group by id, to change.
    pub fn principal_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.users
            .get_mut(id)
            .or_else(|| self.service_accounts.get_mut(id))
            .or_else(|| self.groups.get_mut(id))
    }

    /// Whether a user, service account or group of that id is there.
    #[must_use]
    pub fn exists(&self, id: &str) -> bool {
        self.principal(id).is_some()
    }

    /// The id of the user with that address, whatever the case of its letters.
    #[must_use]
    pub fn user_by_email(&self, email: &str) -> Option<&str> {
        let mut found = self
            .users
            .iter()
            .filter(|(_, user)| text(user, "/spec/email").eq_ignore_ascii_case(email));
        found.next().map(|(id, _)| id.as_str())
    }

    /// The built-in account role a principal itself holds; `None` if it has none. Service accounts scoped to a
    /// namespace or project hold the read role by definition, which is not counted here.
    #[must_use]
    pub fn account_role(&self, id: &str) -> Option<String> {
        let role = text(self.principal(id)?, "/spec/access/accountAccess/role");
        (!role.is_empty() && role != "ROLE_UNSPECIFIED").then(|| role.to_owned())
    }

    /// The custom roles a principal itself holds.
    #[must_use]
    pub fn custom_roles_of(&self, id: &str) -> Vec<String> {
        let roles = self
            .principal(id)
            .and_then(|p| p.pointer("/spec/access/accountAccess/customRoles"))
            .and_then(Value::as_array);
        roles
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// The permission a principal itself holds on a namespace by an explicit entry or by being scoped to it, not
    /// through its account role, a project or a group.
    #[must_use]
    pub fn namespace_permission(&self, id: &str, namespace: &str) -> Option<String> {
        let spec = self.principal(id)?.get("spec")?;
        let maps = [
            spec.pointer("/access/namespaceAccesses"),
            spec.pointer("/projectScopedAccess/namespaceAccesses"),
        ];
        let entry = maps
            .into_iter()
            .flatten()
            .find_map(|map| map.get(namespace))
            .or_else(|| {
                let scoped = spec.get("namespaceScopedAccess")?;
                if text(scoped, "/namespace") == namespace {
                    scoped.get("access")
                } else {
                    None
                }
            })?;
        Some(text(entry, "/permission").to_owned()).filter(|permission| !permission.is_empty())
    }

    /// The role a principal itself holds on a project by an explicit entry or by being scoped to it.
    #[must_use]
    pub fn project_role(&self, id: &str, project: &str) -> Option<String> {
        let spec = self.principal(id)?.get("spec")?;
        let entry = spec
            .pointer("/access/projectAccesses")
            .and_then(|map| map.get(project))
            .or_else(|| {
                let scoped = spec.get("projectScopedAccess")?;
                if text(scoped, "/projectId") == project {
                    scoped.get("access")
                } else {
                    None
                }
            })?;
        Some(text(entry, "/role").to_owned()).filter(|role| !role.is_empty())
    }

    /// Whether the user is in the group.
    #[must_use]
    pub fn is_member(&self, group: &str, user: &str) -> bool {
        self.members
            .get(group)
            .is_some_and(|members| members.contains_key(user))
    }

    /// Who has what, and nothing else: no versions, times, states or profiles. Two worlds with the same view grant
    /// the same rights.
    #[must_use]
    pub fn access_view(&self) -> Value {
        let view = |objects: &BTreeMap<String, Value>| -> Map<String, Value> {
            objects
                .iter()
                .map(|(id, object)| (id.clone(), access_of(object)))
                .collect()
        };
        let members = self
            .members
            .iter()
            .filter(|(_, members)| !members.is_empty());
        let members: Map<_, _> = members
            .map(|(group, members)| (group.clone(), members.keys().cloned().collect()))
            .collect();
        let keys: Map<_, _> = self
            .api_keys
            .iter()
            .map(|key| {
                (
                    key.id.clone(),
                    json!({"owner": key.owner_id, "disabled": key.disabled}),
                )
            })
            .collect();
        json!({"users": view(&self.users), "serviceAccounts": view(&self.service_accounts), "groups": view(&self.groups), "members": members, "apiKeys": keys})
    }

    /// Gives an object a new version, as any change made by somebody else would.
    pub fn touch(&mut self, id: &str) {
        let version = self.next_version();
        let now = now();
        if let Some(object) = self.principal_mut(id) {
            object["resourceVersion"] = Value::from(version);
            object["lastModifiedTime"] = Value::from(now);
        }
    }

    /// A new opaque version, in no order a client could rely on.
    pub fn next_version(&mut self) -> String {
        self.counter += 1;
        format!("{:016x}", Random::new(self.counter).next_u64())
    }

    /// A new id of the vendor's form.
    pub fn next_id(&mut self) -> String {
        self.counter += 1;
        Random::new(self.counter ^ 0x5eed_0000_0000_0000).hex32()
    }

    /// Removes a principal with its memberships and keys.
    pub fn remove_principal(&mut self, id: &str) {
        for kind in [Kind::User, Kind::ServiceAccount, Kind::Group] {
            self.principals_mut(kind).remove(id);
        }
        self.members.remove(id);
        for members in self.members.values_mut() {
            members.remove(id);
        }
        self.api_keys.retain(|key| key.owner_id != id);
    }
}

/// The text at a pointer, or "".
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The time in the API's form, without fractions.
pub(crate) fn now() -> String {
    Timestamp::from_second(Timestamp::now().as_second())
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

fn access_of(object: &Value) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, message: &Message, value: Option<&Value>| {
        let pruned = value
            .map(|value| prune(message, value))
            .filter(|pruned| !pruned.is_empty());
        if let Some(pruned) = pruned {
            out.insert(name.to_owned(), Value::Object(pruned));
        }
    };
    put("access", &ACCESS, object.pointer("/spec/access"));
    put(
        "namespaceScopedAccess",
        &super::schema::NAMESPACE_SCOPED,
        object.pointer("/spec/namespaceScopedAccess"),
    );
    put(
        "projectScopedAccess",
        &super::schema::PROJECT_SCOPED,
        object.pointer("/spec/projectScopedAccess"),
    );
    Value::Object(out)
}
