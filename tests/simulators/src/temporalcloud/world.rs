//! The world: one account with everything in it, in the stored form (lowerCamelCase, names of enumerations). The
//! methods skip the API's checks: tests also use them for concurrent changes. Changes of missing objects are ignored.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{operations::Operation, types::prune};
use crate::{paging::Rows, random::Random};

/// When everything in a hand-made world was created.
pub(super) const CREATED: &str = "2026-01-01T00:00:00Z";

/// An account and everything in it, by id. The rows are as the API documents them: a test can put anything into them.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names of the API's lists")]
pub struct World {
    /// Also the suffix of every namespace id.
    pub account_id: String,
    pub users: Rows,
    pub service_accounts: Rows,
    pub groups: Rows,
    /// The users in each group.
    pub members: BTreeMap<String, BTreeSet<String>>,
    pub namespaces: Rows,
    pub custom_roles: Rows,
    pub projects: Rows,
    /// Their properties (`ownerId`, `expiryTime`, `disabled`), by the text after `Bearer`.
    pub api_keys: Rows,
    /// Counts changes; versions come from it.
    pub counter: u64,
    /// All that were ever begun. *Unknown*: how long the vendor remembers them. Taken: for ever.
    pub(super) operations: BTreeMap<String, Operation>,
}

/// A list to add to.
type List = fn(&mut World) -> &mut Rows;

/// The text at a pointer; empty if there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let value = value.pointer(pointer).and_then(Value::as_str);
    value.unwrap_or_default()
}

/// Access by an account role; none at all without one.
fn with_role(role: &str) -> Option<Value> {
    (!role.is_empty()).then(|| json!({"accountAccess": {"role": role}}))
}

impl World {
    /// An account with nothing in it, not even a key.
    #[must_use]
    pub fn empty(account_id: &str) -> Self {
        let mut world = Self::default();
        account_id.clone_into(&mut world.account_id);
        world
    }

    /// Adds an active row.
    pub(super) fn add(&mut self, to: List, id: &str, spec: Value) -> &mut Self {
        let version = self.next_version();
        let row = json!({"id": id, "resourceVersion": version, "state": "RESOURCE_STATE_ACTIVE", "spec": spec, "createdTime": CREATED});
        to(self).insert(id.to_owned(), row);
        self
    }

    /// Adds a user. An empty role leaves out the whole `access`.
    pub fn add_user(&mut self, id: &str, email: &str, role: &str) -> &mut Self {
        let spec = json!({"email": email, "access": with_role(role)});
        self.add(|world| &mut world.users, id, spec)
    }

    /// Adds a service account with account-wide access.
    pub fn add_service_account(&mut self, id: &str, name: &str, role: &str) -> &mut Self {
        let spec = json!({"name": name, "access": with_role(role)});
        self.add(|world| &mut world.service_accounts, id, spec)
    }

    /// Adds a group of the API's own kind; an empty role gives it no access.
    pub fn add_group(&mut self, id: &str, name: &str, role: &str, members: &[&str]) -> &mut Self {
        self.add_group_of(id, name, role, json!({"cloudGroup": {}}), members)
    }

    /// Adds a group of any kind: `{"cloudGroup": {}}`, `{"googleGroup": {"emailAddress": …}}` or
    /// `{"scimGroup": {"idpId": …}}`.
    pub fn add_group_of(
        &mut self,
        id: &str,
        name: &str,
        role: &str,
        kind: Value,
        members: &[&str],
    ) -> &mut Self {
        let mut spec = kind;
        (spec["displayName"], spec["access"]) = (json!(name), json!(with_role(role)));
        members.iter().for_each(|user| _ = self.add_member(id, user));
        self.add(|world| &mut world.groups, id, spec)
    }

    /// Puts a user into a group.
    pub fn add_member(&mut self, group: &str, user: &str) -> &mut Self {
        let members = self.members.entry(group.to_owned()).or_default();
        members.insert(user.to_owned());
        self
    }

    /// Adds an active namespace; the id's suffix is the account's.
    pub fn add_namespace(&mut self, name: &str) -> &mut Self {
        let id = format!("{name}.{}", self.account_id);
        let row = json!({
            "namespace": id, "resourceVersion": self.next_version(), "state": "RESOURCE_STATE_ACTIVE", "createdTime": CREATED,
            "spec": {"name": name, "retentionDays": 7, "apiKeyAuth": {"enabled": true}}, "activeRegion": "aws-us-east-1",
            "endpoints": {"webAddress": format!("https://cloud.temporal.io/namespaces/{id}"), "grpcAddress": "us-east-1.aws.api.temporal.io:7233"},
        });
        self.namespaces.insert(id, row);
        self
    }

    /// Puts a namespace into a project.
    pub fn set_namespace_project(&mut self, namespace: &str, project: &str) -> &mut Self {
        self.set_field(namespace, "projectId", json!(project))
    }

    /// Adds a custom role that allows these actions on all resources of a type.
    pub fn add_custom_role(&mut self, id: &str, name: &str, on: &str, may: &[&str]) -> &mut Self {
        let spec = json!({"name": name, "description": format!("{name} of {on}"), "permissions": [
            {"resources": {"resourceType": on, "allowAll": true}, "actions": may}]});
        self.add(|world| &mut world.custom_roles, id, spec)
    }

    /// Adds a project.
    pub fn add_project(&mut self, id: &str, name: &str) -> &mut Self {
        let spec = json!({"displayName": name, "lifecycle": {"enableDeleteProtection": true}});
        self.add(|world| &mut world.projects, id, spec)
    }

    /// Adds a key of a user or service account that works until the far future.
    pub fn add_api_key(&mut self, secret: &str, owner: &str) -> &mut Self {
        let (name, end) = (format!("key of {owner}"), "2099-01-01T00:00:00Z");
        let row = json!({"ownerId": owner, "displayName": name, "expiryTime": end});
        self.api_keys.insert(secret.to_owned(), row);
        self
    }

    /// All rows, those of principals first.
    fn rows_mut(&mut self) -> impl Iterator<Item = &mut Rows> {
        let accounts = [&mut self.users, &mut self.service_accounts];
        let others = [&mut self.namespaces, &mut self.projects];
        let groups = [&mut self.groups, &mut self.api_keys];
        accounts.into_iter().chain(groups).chain(others)
    }

    /// A user, service account or group by id.
    #[must_use]
    pub fn principal(&self, id: &str) -> Option<&Value> {
        let all = [&self.users, &self.service_accounts, &self.groups];
        all.into_iter().find_map(|rows| rows.get(id))
    }

    /// A user, service account or group by id, to change.
    pub fn principal_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.rows_mut().take(3).find_map(|rows| rows.get_mut(id))
    }

    /// Removes a principal with its memberships and keys.
    pub fn remove_principal(&mut self, id: &str) {
        self.rows_mut().take(3).for_each(|rows| _ = rows.remove(id));
        self.members.remove(id);
        self.members.values_mut().for_each(|all| _ = all.remove(id));
        self.api_keys.retain(|_, key| key["ownerId"] != id);
    }

    /// A new opaque version, in no order a client could rely on.
    pub(super) fn next_version(&mut self) -> String {
        self.counter += 1;
        format!("{:016x}", Random::new(self.counter).next_u64())
    }

    /// Gives a principal a new version, like any concurrent change.
    pub fn touch(&mut self, id: &str) {
        self.edit(id, |_| {});
    }

    /// Changes what a principal holds, its `access`, and gives it a new version.
    pub fn edit(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> &mut Self {
        let version = self.next_version();
        if let Some(row) = self.principal_mut(id) {
            change(&mut row["spec"]["access"]);
            row["resourceVersion"] = json!(version);
            row["lastModifiedTime"] = json!("2026-02-01T00:00:00Z");
        }
        self
    }

    /// Grants a principal an explicit permission on a namespace, or revokes it with "", with a new version.
    pub fn set_namespace_permission(&mut self, id: &str, on: &str, permission: &str) -> &mut Self {
        self.edit(id, |access| {
            let entries = &mut access["namespaceAccesses"];
            entries[on] = json!({"permission": permission});
            let all = entries.as_object_mut().into_iter();
            all.for_each(|all| all.retain(|_, entry| entry["permission"] != ""));
        })
    }

    /// Puts a principal, namespace or project into a state.
    pub fn set_state(&mut self, id: &str, state: &str) -> &mut Self {
        self.set_field(id, "state", json!(state))
    }

    /// Sets a field of any row. The version stays.
    pub fn set_field(&mut self, id: &str, field: &str, value: Value) -> &mut Self {
        if let Some(row) = self.rows_mut().find_map(|rows| rows.get_mut(id)) {
            row[field] = value;
        }
        self
    }

    /// The access in the world, and nothing else: no versions, times, states or profiles.
    ///
    /// `{"users": {id: forms of access}, "serviceAccounts": …, "groups": …, "members": {group: [user]}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let access = |of: &str, row: &Value| {
            let mut spec = prune(of, &row["spec"]);
            let fields = spec.as_object_mut().into_iter();
            fields.for_each(|fields| fields.retain(|name, _| name.ends_with("ccess")));
            spec
        };
        let view = |of: &str, rows: &Rows| -> Value {
            let rows = rows.iter().map(|(id, row)| (id.clone(), access(of, row)));
            rows.collect()
        };
        let accounts = view("ServiceAccountSpec", &self.service_accounts);
        json!({
            "users": view("UserSpec", &self.users), "serviceAccounts": accounts,
            "groups": view("UserGroupSpec", &self.groups), "members": self.members,
        })
    }
}
