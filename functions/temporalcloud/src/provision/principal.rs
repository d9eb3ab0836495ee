//! A principal as it is now: typed for deciding, raw for sending back.

use rollcall_connector::event::GrantRef;
use rollcall_connector::provision::AccessState;
use rollcall_connector::{Code, Error};
use rollcall_model::{EntitlementId, ResourceId};
use serde_json::{Map, Value, json};

use crate::access::namespace_permission;
use crate::api::{Access, AccessHolder, ApiEnum, Permission, ResourceState, Role, WriteCall};

/// A principal as it is now.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) id: ResourceId,
    pub(super) name: String,
    pub(super) state: ResourceState,
    pub(super) access: Access,
    pub(super) resource_version: String,
    /// A scoped service account: its rights cannot be widened.
    pub(super) scoped: bool,
    /// The operation of the last change, if the vendor names one.
    pub(super) operation: String,
    /// Its part of the API's path.
    pub(super) path: &'static str,
    spec: Value,
}

impl Principal {
    pub(super) fn of<T: AccessHolder>(id: &ResourceId, raw: &Value) -> Result<Self, Error> {
        let unexpected = |why: &str| {
            let what = format!("{id} cannot be changed as the vendor shows it: {why}");
            Error::internal(Code::UnexpectedAnswer, what)
        };
        let object =
            T::deserialize(raw).map_err(|e| unexpected("its form is unknown").with_source(e))?;
        let (version, operation) = object
            .version_and_operation()
            .ok_or_else(|| unexpected("the form of its version or operation is unknown"))?;
        if object.id() != id.id {
            let other = format!("the vendor answered with {}:{}", T::KIND, object.id());
            return Err(unexpected(&other));
        }
        Ok(Self {
            id: id.clone(),
            name: object.name().to_owned(),
            state: object.state(),
            access: object.access().unwrap_or_default().into_owned(),
            resource_version: version.to_owned(),
            scoped: object.is_scoped(),
            operation: operation.to_owned(),
            path: T::PATH,
            spec: raw.get("spec").cloned().unwrap_or_else(|| json!({})),
        })
    }

    /// The id of the grant of `entitlement` to it.
    pub(super) fn grant_id(&self, entitlement: &EntitlementId) -> String {
        GrantRef::new(entitlement, &self.id).id
    }

    /// The state with a grant of `entitlement`, or none.
    pub(super) fn holding(&self, entitlement: Option<EntitlementId>) -> AccessState {
        let grant = entitlement.map(|entitlement| GrantRef::new(&entitlement, &self.id));
        AccessState { grants: grant.into_iter().collect(), resource: None }
    }

    /// Ids of its explicit grants on namespaces.
    pub(super) fn namespace_grants(&self) -> impl Iterator<Item = String> {
        let known = self.access.namespaces();
        let known = known.filter(|(_, p)| !matches!(p, Permission::Unknown(_)));
        known.map(|(namespace, p)| self.grant_id(&namespace_permission(namespace, &p)))
    }

    /// What was read, for the audit record.
    pub(super) fn read_value(&self) -> Value {
        json!({
            "principal": self.id.to_string(),
            "name": self.name,
            "state": self.state.to_string(),
            "resource_version": self.resource_version,
            "access": self.spec.get("access"),
        })
    }

    /// The whole spec with another account role, and everything else unchanged.
    fn spec_with_role(&self, role: Option<&Role>) -> Value {
        let mut spec = self.spec.clone();
        let access = child(&mut spec, "access", "access");
        let account_access = child(access, "accountAccess", "account_access");
        if let Some(fields) = account_access.as_object_mut() {
            // The deprecated twin would contradict the new value.
            fields.remove("roleDeprecated");
            fields.remove("role_deprecated");
            let name = role.map_or_else(|| "ROLE_UNSPECIFIED".to_owned(), Role::api_name);
            fields.insert("role".into(), name.into());
        }
        spec
    }

    /// An update of the whole principal, with another account role.
    pub(super) fn update(&self, role: Option<&Role>, operation_id: String) -> WriteCall {
        let spec = self.spec_with_role(role);
        WriteCall {
            path: ["cloud", self.path, &self.id.id].map(String::from).into(),
            body: Some(json!({"spec": spec, "resourceVersion": self.resource_version})),
            resource_version: self.resource_version.clone(),
            operation_id,
        }
    }
}

/// A nested object: found in either spelling, created if it is missing or `null`.
fn child<'a>(object: &'a mut Value, camel: &str, snake: &str) -> &'a mut Value {
    let is_snake = object.get(snake).is_some();
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let member = &mut object[if is_snake { snake } else { camel }];
    if !member.is_object() {
        *member = Value::Object(Map::new());
    }
    member
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::User;

    fn principal(spec: Value) -> Principal {
        let raw = json!({"id": "u", "resourceVersion": "rv", "spec": spec});
        Principal::of::<User>(&ResourceId::new("user", "u"), &raw).expect("a principal")
    }

    #[test]
    fn a_changed_role_leaves_everything_else_as_it_was() {
        let spec = json!({"email": "a@b", "newThing": {"x": [1]}, "access": {
            "accountAccess": {"role": "ROLE_READ", "customRoles": ["cr"]},
            "namespaceAccesses": {"n.a": {"permission": "PERMISSION_READ"}},
            "projectAccesses": {"p": {"role": "PROJECT_ROLE_READ"}}}});
        let mut expected = spec.clone();
        expected["access"]["accountAccess"]["role"] = "ROLE_DEVELOPER".into();
        assert_eq!(principal(spec).spec_with_role(Some(&Role::Developer)), expected);
    }

    #[test]
    fn missing_objects_are_made() {
        for spec in [
            json!({"email": "a@b"}),
            json!({"email": "a@b", "access": null}),
            json!({"email": "a@b", "access": {"accountAccess": null}}),
        ] {
            let changed = principal(spec).spec_with_role(Some(&Role::Read));
            assert_eq!(changed["access"]["accountAccess"], json!({"role": "ROLE_READ"}));
        }
        let snake = json!({"email": "a@b", "access": {"account_access": {"role": "ROLE_READ"}}});
        let changed = principal(snake).spec_with_role(Some(&Role::Admin));
        assert_eq!(changed["access"], json!({"account_access": {"role": "ROLE_ADMIN"}}));
    }
}
