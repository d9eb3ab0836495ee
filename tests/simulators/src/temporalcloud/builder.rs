//! Building and changing a world in single lines. The methods do what they say, without the checks of the API: they
//! are also how a test plays the part of somebody else who changes things meanwhile.

use serde_json::{Value, json};

use super::state::{ApiKey, Kind, World, now};

/// When everything in a hand-made world was created.
pub const CREATED: &str = "2026-01-01T00:00:00Z";
/// Beyond the life of any test.
pub const FAR_FUTURE: &str = "2099-01-01T00:00:00Z";

/// `{"accountAccess": {"role": …}}`; an empty role gives no account access.
#[must_use]
pub fn account_access(role: &str) -> Value {
    if role.is_empty() {
        json!({})
    } else {
        json!({"accountAccess": {"role": role}})
    }
}

impl World {
    fn object(&mut self, id: &str, spec: Value) -> Value {
        let version = self.next_version();
        json!({"id": id, "resourceVersion": version, "state": "RESOURCE_STATE_ACTIVE", "spec": spec, "createdTime": CREATED})
    }

    /// Adds an active user. An empty role leaves out the whole `access`.
    pub fn add_user(&mut self, id: &str, email: &str, role: &str) -> &mut Self {
        let spec = if role.is_empty() {
            json!({"email": email})
        } else {
            json!({"email": email, "access": account_access(role)})
        };
        let user = self.object(id, spec);
        self.users.insert(id.to_owned(), user);
        self
    }

    /// Adds a service account with account-wide access.
    pub fn add_service_account(&mut self, id: &str, name: &str, role: &str) -> &mut Self {
        let object = self.object(id, json!({"name": name, "access": account_access(role)}));
        self.service_accounts.insert(id.to_owned(), object);
        self
    }

    /// Adds a service account scoped to one namespace.
    pub fn add_namespace_scoped(
        &mut self,
        id: &str,
        name: &str,
        namespace: &str,
        permission: &str,
    ) -> &mut Self {
        let scoped = json!({"namespace": namespace, "access": {"permission": permission}});
        let object = self.object(id, json!({"name": name, "namespaceScopedAccess": scoped}));
        self.service_accounts.insert(id.to_owned(), object);
        self
    }

    /// Adds a service account scoped to one project.
    pub fn add_project_scoped(
        &mut self,
        id: &str,
        name: &str,
        project: &str,
        role: &str,
    ) -> &mut Self {
        let scoped = json!({"projectId": project, "access": {"role": role}});
        let object = self.object(id, json!({"name": name, "projectScopedAccess": scoped}));
        self.service_accounts.insert(id.to_owned(), object);
        self
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
        spec["displayName"] = Value::from(name);
        if !role.is_empty() {
            spec["access"] = account_access(role);
        }
        let object = self.object(id, spec);
        self.groups.insert(id.to_owned(), object);
        self.members
            .insert(id.to_owned(), std::collections::BTreeMap::new());
        for member in members {
            self.add_member(id, member);
        }
        self
    }

    /// Puts a user into a group.
    pub fn add_member(&mut self, group: &str, user: &str) -> &mut Self {
        let member = json!({"memberId": {"userId": user}, "createdTime": CREATED});
        self.members
            .entry(group.to_owned())
            .or_default()
            .insert(user.to_owned(), member);
        self
    }

    /// Takes a user out of a group.
    pub fn remove_member(&mut self, group: &str, user: &str) -> &mut Self {
        if let Some(members) = self.members.get_mut(group) {
            members.remove(user);
        }
        self
    }

    /// Adds an active namespace; the id's suffix is the account's.
    pub fn add_namespace(&mut self, name: &str) -> &mut Self {
        let id = format!("{name}.{}", self.account_id);
        let version = self.next_version();
        let namespace = json!({
            "namespace": id, "resourceVersion": version, "state": "RESOURCE_STATE_ACTIVE",
            "spec": {"name": name, "regions": ["aws-us-east-1"], "retentionDays": 7, "apiKeyAuth": {"enabled": true}},
            "activeRegion": "aws-us-east-1", "createdTime": CREATED,
            "endpoints": {"webAddress": format!("https://cloud.temporal.io/namespaces/{id}"), "grpcAddress": "us-east-1.aws.api.temporal.io:7233"},
        });
        self.namespaces.insert(id, namespace);
        self
    }

    /// Puts a namespace into a project.
    pub fn set_namespace_project(&mut self, namespace: &str, project: &str) -> &mut Self {
        if let Some(object) = self.namespaces.get_mut(namespace) {
            object["projectId"] = Value::from(project);
        }
        self
    }

    /// Adds a custom role that allows the actions on all resources of a type.
    pub fn add_custom_role(
        &mut self,
        id: &str,
        name: &str,
        resource_type: &str,
        actions: &[&str],
    ) -> &mut Self {
        let permissions = json!([{"resources": {"resourceType": resource_type, "allowAll": true}, "actions": actions}]);
        let role = self.object(id, json!({"name": name, "description": format!("{name} of {resource_type}"), "permissions": permissions}));
        self.custom_roles.insert(id.to_owned(), role);
        self
    }

    /// Adds a project.
    pub fn add_project(&mut self, id: &str, name: &str) -> &mut Self {
        let project = self.object(
            id,
            json!({"displayName": name, "lifecycle": {"enableDeleteProtection": true}}),
        );
        self.projects.insert(id.to_owned(), project);
        self
    }

    /// Adds a key that works until the far future. The owner is a user if there is one of that id.
    pub fn add_api_key(&mut self, secret: &str, owner: &str) -> &mut Self {
        let id = self.next_id();
        let owner_kind = if self.users.contains_key(owner) {
            Kind::User
        } else {
            Kind::ServiceAccount
        };
        self.api_keys.push(ApiKey {
            id,
            secret: secret.to_owned(),
            owner_id: owner.to_owned(),
            owner_kind,
            display_name: format!("key of {owner}"),
            expiry: FAR_FUTURE.to_owned(),
            disabled: false,
        });
        self
    }

    /// Gives a principal this account role, or none with "", and a new version. What else it has stays.
    pub fn set_account_role(&mut self, id: &str, role: &str) -> &mut Self {
        self.edit(id, |spec| {
            if role.is_empty() {
                if let Some(account) = spec
                    .pointer_mut("/access/accountAccess")
                    .and_then(Value::as_object_mut)
                {
                    account.remove("role");
                }
            } else {
                spec["access"]["accountAccess"]["role"] = Value::from(role);
            }
        })
    }

    /// Gives a principal these custom roles and a new version.
    pub fn set_custom_roles(&mut self, id: &str, roles: &[&str]) -> &mut Self {
        self.edit(id, |spec| {
            spec["access"]["accountAccess"]["customRoles"] = json!(roles)
        })
    }

    /// Gives a principal an explicit permission on a namespace (takes it away with "") and a new version.
    pub fn set_namespace_permission(
        &mut self,
        id: &str,
        namespace: &str,
        permission: &str,
    ) -> &mut Self {
        self.edit(id, |spec| {
            set_entry(
                spec,
                "namespaceAccesses",
                namespace,
                "permission",
                permission,
            )
        })
    }

    /// Gives a principal a role on a project (takes it away with "") and a new version.
    pub fn set_project_role(&mut self, id: &str, project: &str, role: &str) -> &mut Self {
        self.edit(id, |spec| {
            set_entry(spec, "projectAccesses", project, "role", role)
        })
    }

    /// Puts a principal, namespace, custom role or project into a state.
    pub fn set_state(&mut self, id: &str, state: &str) -> &mut Self {
        self.set_field(id, "state", Value::from(state))
    }

    /// Makes a user one who has not yet accepted; `expired` for an invitation that has run out.
    pub fn set_invited(&mut self, id: &str, expired: bool) -> &mut Self {
        let until = if expired {
            "2026-01-08T00:00:00Z"
        } else {
            FAR_FUTURE
        };
        self.set_field(
            id,
            "invitation",
            json!({"createdTime": CREATED, "expiredTime": until}),
        );
        self.set_state(
            id,
            if expired {
                "RESOURCE_STATE_EXPIRED"
            } else {
                "RESOURCE_STATE_ACTIVATING"
            },
        )
    }

    /// Lets an invited user accept.
    pub fn accept_invitation(&mut self, id: &str) -> &mut Self {
        self.set_field(id, "invitation", Value::Null)
            .set_state(id, "RESOURCE_STATE_ACTIVE")
    }

    /// Sets a top-level field of any object; `null` removes it. The version stays.
    pub fn set_field(&mut self, id: &str, field: &str, value: Value) -> &mut Self {
        let maps = [
            &mut self.users,
            &mut self.service_accounts,
            &mut self.groups,
            &mut self.namespaces,
            &mut self.custom_roles,
            &mut self.projects,
        ];
        if let Some(object) = maps
            .into_iter()
            .find_map(|map| map.get_mut(id))
            .and_then(Value::as_object_mut)
        {
            if value.is_null() {
                object.remove(field);
            } else {
                object.insert(field.to_owned(), value);
            }
        }
        self
    }

    fn edit(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> &mut Self {
        let version = self.next_version();
        if let Some(object) = self.principal_mut(id) {
            change(&mut object["spec"]);
            object["resourceVersion"] = Value::from(version);
            object["lastModifiedTime"] = Value::from(now());
        }
        self
    }
}

fn set_entry(spec: &mut Value, map: &str, key: &str, field: &str, value: &str) {
    if value.is_empty() {
        if let Some(map) = spec
            .pointer_mut(&format!("/access/{map}"))
            .and_then(Value::as_object_mut)
        {
            map.remove(key);
        }
    } else {
        spec["access"][map][key] = json!({ field: value });
    }
}
