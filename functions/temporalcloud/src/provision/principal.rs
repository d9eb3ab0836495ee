//! A principal as it is now: typed for deciding, raw for sending back.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::event::GrantRef;
use rollcall_connector::http::lenient::Lenient;
use rollcall_connector::provision::Request;
use rollcall_connector::{Code, Error, ErrorType, Identity};
use rollcall_model::{EntitlementId, ResourceId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::TemporalCloud;
use crate::absence::{self, List, Walk, nobody_listed};
use crate::access::{self, GROUP, SERVICE_ACCOUNT, USER};
use crate::api::{
    Access, Group, Kind, OperationState, ResourceState, Role, ServiceAccount, User, Write, text,
};

/// How long to wait for another change of the same object.
pub(super) const BUSY_RETRY_DELAY: Duration = Duration::from_secs(2);

/// A principal as it is now.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) kind: Kind,
    pub(super) id: ResourceId,
    pub(super) name: String,
    pub(super) state: ResourceState,
    pub(super) access: Access,
    pub(super) resource_version: String,
    /// A scoped service account: its rights cannot be widened.
    pub(super) scoped: bool,
    /// The operation of the last change, if the vendor names one.
    operation: String,
    spec: Value,
}

/// Of which kind a principal is.
pub(super) fn kind_of(principal: &ResourceId) -> Result<Kind, Error> {
    match principal.resource_type.as_str() {
        USER => Ok(Kind::User),
        SERVICE_ACCOUNT => Ok(Kind::ServiceAccount),
        GROUP => Ok(Kind::Group),
        other => Err(Error::invalid(
            Code::UnknownPrincipal,
            format!("a {other} cannot hold access of its own: `{principal}`"),
            "Name a user, a service-account or a group.",
        )),
    }
}

impl Principal {
    /// Reads a principal; `None` if the vendor shows it as deleted, or if both it (404) and the list say that it does
    /// not exist.
    pub(super) async fn read(
        connector: &TemporalCloud,
        identity: &Identity,
        id: &ResourceId,
    ) -> Result<Option<Self>, Error> {
        let kind = kind_of(id)?;
        let list = List::of(kind);
        let look = || connector.api.raw(kind, &id.id);
        let raw = absence::unless_absent(connector, identity, list, &id.id, look).await?;
        let principal = raw.map(|raw| Self::of(kind, id, raw)).transpose()?;
        Ok(principal.filter(|p| p.state != ResourceState::Deleted))
    }

    /// The same, where there must be one.
    pub(super) async fn required(
        connector: &TemporalCloud,
        identity: &Identity,
        id: &ResourceId,
    ) -> Result<Self, Error> {
        Self::read(connector, identity, id).await?.ok_or_else(|| {
            Error::new(
                ErrorType::NotFound,
                Code::UnknownPrincipal,
                format!("there is no {id} in Temporal Cloud"),
                "Use the id of a principal of the newest snapshot.",
            )
        })
    }

    fn of(kind: Kind, id: &ResourceId, raw: Value) -> Result<Self, Error> {
        let spec = raw.get("spec").cloned().unwrap_or_else(|| json!({}));
        let typed =
            |e: serde_json::Error| unexpected(id, "it is of an unknown form").with_source(e);
        let mut principal = match kind {
            Kind::User => Self::of_user(User::deserialize(&raw).map_err(typed)?),
            Kind::ServiceAccount => {
                Self::of_service_account(ServiceAccount::deserialize(&raw).map_err(typed)?)
            }
            Kind::Group => Self::of_group(Group::deserialize(&raw).map_err(typed)?),
        }
        .ok_or_else(|| unexpected(id, "its version or operation is of an unknown form"))?;
        if principal.id != *id {
            let other = format!("the vendor answered with {}", principal.id);
            return Err(unexpected(id, &other));
        }
        principal.spec = spec;
        Ok(principal)
    }

    fn of_user(user: User) -> Option<Self> {
        Some(Self {
            kind: Kind::User,
            id: ResourceId::new(USER, &user.id),
            state: user.state(),
            name: user.spec.email,
            access: user.spec.access.unwrap_or_default(),
            resource_version: readable(&user.resource_version)?,
            scoped: false,
            operation: readable(&user.async_operation_id)?,
            spec: Value::Null,
        })
    }

    fn of_service_account(sa: ServiceAccount) -> Option<Self> {
        Some(Self {
            kind: Kind::ServiceAccount,
            id: ResourceId::new(SERVICE_ACCOUNT, &sa.id),
            state: sa.state(),
            name: text(&sa.spec.name).to_owned(),
            access: sa.spec.access().unwrap_or_default(),
            resource_version: readable(&sa.resource_version)?,
            scoped: sa.spec.is_scoped(),
            operation: readable(&sa.async_operation_id)?,
            spec: Value::Null,
        })
    }

    fn of_group(group: Group) -> Option<Self> {
        Some(Self {
            kind: Kind::Group,
            id: ResourceId::new(GROUP, &group.id),
            state: group.state(),
            name: text(&group.spec.display_name).to_owned(),
            access: group.spec.access.unwrap_or_default(),
            resource_version: readable(&group.resource_version)?,
            scoped: false,
            operation: readable(&group.async_operation_id)?,
            spec: Value::Null,
        })
    }

    /// Whether the vendor is at another change of this principal: it must end before ours can begin. *Unknown*:
    /// whether the API stops naming an operation once it has ended; if not, its name alone would keep us out for ever.
    /// So the operation is asked for, and one that is forgotten (404) has ended.
    pub(super) async fn is_busy(&self, connector: &TemporalCloud) -> Result<bool, Error> {
        if matches!(
            self.state,
            ResourceState::Updating | ResourceState::Deleting
        ) {
            return Ok(true);
        }
        if self.operation.is_empty() {
            return Ok(false);
        }
        match connector.api.operation(&self.operation).await {
            Ok(operation) => Ok(operation.state() == OperationState::Running),
            Err(e) if e.is_not_found() => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    /// Whether its role makes it admin of every namespace.
    pub(super) fn is_admin_everywhere(&self) -> bool {
        matches!(self.access.role(), Some(Role::Owner | Role::Admin))
    }

    /// The grant of `entitlement` to it.
    pub(super) fn grant(&self, entitlement: &EntitlementId) -> GrantRef {
        GrantRef::new(entitlement, &self.id)
    }

    /// Ids of its explicit grants on namespaces.
    pub(super) fn namespace_grants(&self) -> Vec<String> {
        self.access
            .namespaces()
            .filter_map(|(namespace, permission)| Some((namespace, permission.ok()?)))
            .map(|(namespace, permission)| {
                self.grant(&access::namespace_permission(namespace, permission))
                    .id
            })
            .collect()
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

    /// The whole spec with another account role in it, whatever else it holds.
    pub(super) fn spec_with_role(&self, role: Option<&Role>) -> Value {
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

    /// An update of the whole principal.
    pub(super) fn update(&self, spec: Value, operation_id: String) -> Write {
        Write {
            path: ["cloud", self.kind.path(), &self.id.id]
                .map(String::from)
                .into(),
            body: Some(json!({"spec": spec, "resourceVersion": self.resource_version})),
            resource_version: self.resource_version.clone(),
            operation_id,
        }
    }
}

/// A field that a change goes by: empty if it is missing, `None` if it cannot be read.
fn readable(field: &Lenient<String>) -> Option<String> {
    (!field.is_unreadable()).then(|| text(field).to_owned())
}

fn unexpected(id: &ResourceId, why: &str) -> Error {
    Error::internal(
        Code::UnexpectedAnswer,
        format!("{id} cannot be changed as the vendor shows it: {why}"),
    )
}

/// A member of an object that is itself an object: found in either spelling, made if it is not there or `null`.
fn child<'a>(object: &'a mut Value, camel: &str, snake: &str) -> &'a mut Value {
    let key = if object.get(snake).is_some() {
        snake
    } else {
        camel
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let member = &mut object[key];
    if !member.is_object() {
        *member = Value::Object(Map::new());
    }
    member
}

/// Changing one's own rights can lock the connector out.
pub(super) fn not_oneself(identity: &Identity, principal: &ResourceId) -> Result<(), Error> {
    if identity.caller != *principal {
        return Ok(());
    }
    Err(Error::refused(
        Code::OwnAccess,
        format!(
            "`{}` ({principal}) is the account that this connector itself uses",
            identity.caller_name
        ),
        "Change it in Temporal Cloud, by another administrator.",
    ))
}

/// The id that makes a repetition of a write recognizable: it follows from the request, the action and what was read, so
/// that a retry repeats it, and neither a new request nor a new look at the object does. *Unknown*: which characters the
/// vendor takes; its own clients send UUIDs.
pub(super) fn operation_id(identity: &Identity, request: &Request, parts: &[&str]) -> String {
    let mut name = format!(
        "{}\n{}\n{}",
        identity.tenant,
        request.id,
        request.action.name()
    );
    for part in parts {
        name.push('\n');
        name.push_str(part);
    }
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// Fails if `leaving` is the last person who can administer the account. Machine accounts do not count: an account that
/// only a key can administer is one that nobody can.
pub(super) async fn not_the_last_admin(
    connector: &TemporalCloud,
    leaving: &Principal,
) -> Result<(), Error> {
    if leaving.kind != Kind::User || !leaving.is_admin_everywhere() {
        return Ok(());
    }
    let another = find_user(connector, |user| {
        let role = user.spec.access.as_ref().and_then(Access::role);
        let active = matches!(
            user.state(),
            ResourceState::Active | ResourceState::Updating
        );
        user.id != leaving.id.id && active && matches!(role, Some(Role::Owner | Role::Admin))
    });
    if another.await?.is_some() {
        return Ok(());
    }
    Err(Error::refused(
        Code::LastAdmin,
        format!(
            "{} is the last person who can administer the account",
            leaving.name
        ),
        "Make somebody else Global Admin first.",
    ))
}

/// The first user of the whole list that is `wanted`. That nobody is wanted is said only at the list's real end: an
/// invitation or the last admin's leaving may follow from it.
pub(super) async fn find_user(
    connector: &TemporalCloud,
    wanted: impl Fn(&User) -> bool,
) -> Result<Option<User>, Error> {
    let mut walk = Walk::of("the list of users");
    while let Some(page) = walk.next_page() {
        let users = connector.api.users(&page).await?;
        let rows = users.items.len();
        if let Some(user) = users.items.into_iter().find(&wanted) {
            return Ok(Some(user));
        }
        walk.onward(rows, users.next)?;
    }
    if walk.is_empty() {
        return Err(nobody_listed());
    }
    Ok(None)
}

/// Whether `at` is past.
pub(super) fn is_past(connector: &TemporalCloud, at: Option<Timestamp>) -> bool {
    at.is_some_and(|at| at <= connector.session.clock.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(spec: Value) -> Principal {
        let raw = json!({"id": "u", "resourceVersion": "rv", "spec": spec});
        Principal::of(Kind::User, &ResourceId::new(USER, "u"), raw).expect("a principal")
    }

    #[test]
    fn a_changed_role_leaves_everything_else_as_it_was() {
        let spec = json!({"email": "a@b", "newThing": {"x": [1]}, "access": {
            "accountAccess": {"role": "ROLE_READ", "customRoles": ["cr"]},
            "namespaceAccesses": {"n.a": {"permission": "PERMISSION_READ"}},
            "projectAccesses": {"p": {"role": "PROJECT_ROLE_READ"}}}});
        let mut expected = spec.clone();
        expected["access"]["accountAccess"]["role"] = "ROLE_DEVELOPER".into();
        assert_eq!(
            principal(spec).spec_with_role(Some(&Role::Developer)),
            expected
        );
    }

    #[test]
    fn missing_objects_are_made() {
        for spec in [
            json!({"email": "a@b"}),
            json!({"email": "a@b", "access": null}),
            json!({"email": "a@b", "access": {"accountAccess": null}}),
        ] {
            let changed = principal(spec).spec_with_role(Some(&Role::Read));
            assert_eq!(
                changed["access"]["accountAccess"],
                json!({"role": "ROLE_READ"})
            );
        }
        let snake = json!({"email": "a@b", "access": {"account_access": {"role": "ROLE_READ"}}});
        let changed = principal(snake).spec_with_role(Some(&Role::Admin));
        assert_eq!(
            changed["access"],
            json!({"account_access": {"role": "ROLE_ADMIN"}})
        );
    }
}
