//! The objects of the API, as its JSON has them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall::http::lenient::or_default;
use serde::{Deserialize, Deserializer};

use super::enums::{EnumText, Permission, ResourceState, Role, either};

/// A time that may be missing, `null` or empty.
fn time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
    match Option::<String>::deserialize(d)?.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

/// An object of which a default may be written out as `null`, and an absent one as `{}`.
fn present<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(d)?.is_some())
}

/// What a principal is allowed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Access {
    #[serde(default, alias = "account_access")]
    account_access: Option<AccountAccess>,
    #[serde(default, alias = "namespace_accesses", deserialize_with = "or_default")]
    namespace_accesses: BTreeMap<String, NamespaceAccess>,
    #[serde(default, alias = "project_accesses", deserialize_with = "or_default")]
    project_accesses: BTreeMap<String, ProjectAccess>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountAccess {
    #[serde(default)]
    role: Option<EnumText>,
    #[serde(default, alias = "role_deprecated", deserialize_with = "or_default")]
    role_deprecated: String,
    #[serde(default, alias = "custom_roles", deserialize_with = "or_default")]
    custom_roles: Vec<String>,
}

/// An entry of a namespace map.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamespaceAccess {
    #[serde(default)]
    permission: Option<EnumText>,
    #[serde(
        default,
        alias = "permission_deprecated",
        deserialize_with = "or_default"
    )]
    permission_deprecated: String,
}

/// An entry of a project map.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ProjectAccess {
    #[serde(default)]
    role: Option<EnumText>,
}

impl Access {
    /// The built-in role, if there is one.
    pub(crate) fn role(&self) -> Option<Role> {
        let access = self.account_access.as_ref()?;
        let name = either(
            access.role.as_ref(),
            &access.role_deprecated,
            "ROLE_",
            &Role::NAMES,
        )?;
        Some(Role::of(&name))
    }

    /// Ids of custom roles.
    pub(crate) fn custom_roles(&self) -> &[String] {
        self.account_access
            .as_ref()
            .map_or(&[], |a| &a.custom_roles)
    }

    /// Explicit permissions on namespaces; an `Err` is the name of one that we do not know.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = (&str, Result<Permission, String>)> {
        self.namespace_accesses
            .iter()
            .filter_map(|(namespace, access)| Some((namespace.as_str(), access.permission()?)))
    }

    /// The explicit permission on one namespace.
    pub(crate) fn namespace(&self, namespace: &str) -> Option<Permission> {
        self.namespace_accesses.get(namespace)?.permission()?.ok()
    }

    /// Roles in projects, in lower case.
    pub(crate) fn projects(&self) -> impl Iterator<Item = (&str, String)> {
        self.project_accesses
            .iter()
            .filter_map(|(project, access)| Some((project.as_str(), access.role()?)))
    }
}

impl NamespaceAccess {
    const NAMES: [&str; 4] = ["UNSPECIFIED", "ADMIN", "WRITE", "READ"];

    /// The permission; `None` if unspecified.
    pub(crate) fn permission(&self) -> Option<Result<Permission, String>> {
        let name = either(
            self.permission.as_ref(),
            &self.permission_deprecated,
            "PERMISSION_",
            &Self::NAMES,
        )?;
        Some(match name.as_str() {
            "ADMIN" => Ok(Permission::Admin),
            "WRITE" => Ok(Permission::Write),
            "READ" => Ok(Permission::Read),
            _ => Err(name),
        })
    }
}

impl ProjectAccess {
    const NAMES: [&str; 8] = [
        "UNSPECIFIED",
        "ADMIN",
        "WRITE",
        "READ",
        "LIST",
        "CONTRIBUTE",
        "MEMBER",
        "DEVELOPER",
    ];

    /// The role in lower case; `None` if unspecified.
    pub(crate) fn role(&self) -> Option<String> {
        let name = self.role.as_ref()?.slug("PROJECT_ROLE_", &Self::NAMES)?;
        Some(name.to_lowercase())
    }
}

/// Objects of the API, with what all of them have.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            #[serde(default)]
            state: Option<EnumText>,
            #[serde(default, alias = "state_deprecated", deserialize_with = "or_default")]
            state_deprecated: String,
            #[serde(default, alias = "created_time", deserialize_with = "time")]
            pub(crate) created_time: Option<Timestamp>,
            $($(#[$attr])* pub(crate) $field: $type),*
        }

        impl $name {
            /// Its state.
            pub(crate) fn state(&self) -> ResourceState {
                ResourceState::of(self.state.as_ref(), &self.state_deprecated)
            }
        }
    };
}

/// Objects that hold access: a change of one names the version that it is based on.
macro_rules! principal {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        object!(
            $(#[$doc])*
            $name {
                #[serde(default, alias = "resource_version", deserialize_with = "or_default")]
                resource_version: String,
                /// The operation of a change that is under way.
                #[serde(default, alias = "async_operation_id", deserialize_with = "or_default")]
                async_operation_id: String,
                $($fields)*
            }
        );
    };
}

principal!(
    /// A person.
    User {
        id: String,
        spec: UserSpec,
        #[serde(default, alias = "last_modified_time", deserialize_with = "time")]
        last_modified_time: Option<Timestamp>,
        #[serde(default)]
        invitation: Option<Invitation>,
    }
);

/// What a user is set to.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct UserSpec {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
    /// Missing for users whose rights come from elsewhere, and where the caller may not see it.
    #[serde(default)]
    pub(crate) access: Option<Access>,
}

/// An invitation that is open or has expired.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invitation {
    #[serde(default, alias = "created_time", deserialize_with = "time")]
    pub(crate) created_time: Option<Timestamp>,
    #[serde(default, alias = "expired_time", deserialize_with = "time")]
    pub(crate) expired_time: Option<Timestamp>,
}

principal!(
    /// A machine account.
    ServiceAccount {
        id: String,
        spec: ServiceAccountSpec,
        #[serde(default, alias = "last_modified_time", deserialize_with = "time")]
        last_modified_time: Option<Timestamp>,
    }
);

/// What a service account is set to: one of three forms of access.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceAccountSpec {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
    #[serde(default)]
    access: Option<Access>,
    #[serde(default, alias = "namespace_scoped_access")]
    pub(crate) namespace_scoped_access: Option<NamespaceScoped>,
    #[serde(default, alias = "project_scoped_access")]
    pub(crate) project_scoped_access: Option<ProjectScoped>,
}

impl ServiceAccountSpec {
    /// Whether it exists for one namespace or project alone.
    pub(crate) fn is_scoped(&self) -> bool {
        self.namespace_scoped_access.is_some() || self.project_scoped_access.is_some()
    }

    /// What it is allowed, in whichever form.
    pub(crate) fn access(&self) -> Option<Access> {
        let mut access = self.access.clone();
        if let Some(scoped) = &self.namespace_scoped_access {
            let all = access.get_or_insert_default();
            // Such an account always has the account role read.
            all.account_access.get_or_insert_default().role =
                Some(EnumText::Name(Role::Read.api_name()));
            all.namespace_accesses
                .insert(scoped.namespace.clone(), scoped.access.clone());
        }
        if let Some(scoped) = &self.project_scoped_access {
            let all = access.get_or_insert_default();
            all.project_accesses
                .insert(scoped.project_id.clone(), scoped.access.clone());
            all.namespace_accesses
                .extend(scoped.namespace_accesses.clone());
        }
        access
    }
}

/// Access to one namespace.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NamespaceScoped {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) namespace: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) access: NamespaceAccess,
}

/// Access to one project, and to namespaces in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectScoped {
    #[serde(default, alias = "project_id", deserialize_with = "or_default")]
    pub(crate) project_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) access: ProjectAccess,
    #[serde(default, alias = "namespace_accesses", deserialize_with = "or_default")]
    pub(crate) namespace_accesses: BTreeMap<String, NamespaceAccess>,
}

principal!(
    /// A group of users.
    Group {
        id: String,
        spec: GroupSpec,
    }
);

/// What a group is set to; its kind is the one of three that is there.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupSpec {
    #[serde(default, alias = "display_name", deserialize_with = "or_default")]
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) access: Option<Access>,
    #[serde(default, alias = "cloud_group", deserialize_with = "present")]
    pub(crate) cloud_group: bool,
    #[serde(default, alias = "google_group")]
    pub(crate) google_group: Option<GoogleGroup>,
    #[serde(default, alias = "scim_group")]
    pub(crate) scim_group: Option<ScimGroup>,
}

/// A group kept by Google.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GoogleGroup {
    #[serde(default, alias = "email_address", deserialize_with = "or_default")]
    pub(crate) email_address: String,
}

/// A group kept by an identity provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimGroup {
    #[serde(default, alias = "idp_id", deserialize_with = "or_default")]
    pub(crate) idp_id: String,
}

/// A member of a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    #[serde(alias = "member_id")]
    pub(crate) member_id: MemberId,
}

/// Who: only users can be members.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberId {
    #[serde(alias = "user_id")]
    pub(crate) user_id: String,
}

object!(
    /// A namespace.
    Namespace {
        namespace: String,
        #[serde(default, alias = "active_region", deserialize_with = "or_default")]
        active_region: String,
        #[serde(default, deserialize_with = "or_default")]
        tags: BTreeMap<String, String>,
        #[serde(default, alias = "project_id", deserialize_with = "or_default")]
        project_id: String,
    }
);

object!(
    /// A role that the customer has defined.
    CustomRole { id: String, spec: CustomRoleSpec }
);

/// What a custom role is set to.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CustomRoleSpec {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
}

object!(
    /// A project: a set of namespaces.
    Project { id: String, spec: ProjectSpec }
);

/// What a project is set to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectSpec {
    #[serde(default, alias = "display_name", deserialize_with = "or_default")]
    pub(crate) display_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
}

/// The account.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Account {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) id: String,
}

/// Who the key belongs to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentIdentity {
    #[serde(default)]
    pub(crate) user: Option<User>,
    #[serde(default, alias = "service_account")]
    pub(crate) service_account: Option<ServiceAccount>,
    #[serde(default, alias = "principal_api_key")]
    pub(crate) principal_api_key: Option<ApiKey>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ApiKey {
    #[serde(default)]
    pub(crate) spec: Option<ApiKeySpec>,
}

/// What an API key is set to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKeySpec {
    #[serde(default, alias = "expiry_time", deserialize_with = "time")]
    pub(crate) expiry_time: Option<Timestamp>,
}

/// A change that the vendor carries out in its own time.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(crate) id: String,
    #[serde(default)]
    state: Option<EnumText>,
    #[serde(default, alias = "state_deprecated", deserialize_with = "or_default")]
    state_deprecated: String,
    #[serde(default, alias = "failure_reason", deserialize_with = "or_default")]
    pub(crate) failure_reason: String,
    #[serde(default, alias = "check_duration", deserialize_with = "or_default")]
    check_duration: String,
}

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OperationState {
    /// Pending, in progress, or something new.
    Running,
    Fulfilled,
    /// Failed, cancelled or rejected: in which way.
    Ended(&'static str),
}

impl Operation {
    const NAMES: [&str; 7] = [
        "UNSPECIFIED",
        "PENDING",
        "IN_PROGRESS",
        "FAILED",
        "CANCELLED",
        "FULFILLED",
        "REJECTED",
    ];

    /// How it stands.
    pub(crate) fn state(&self) -> OperationState {
        let name = either(
            self.state.as_ref(),
            &self.state_deprecated,
            "STATE_",
            &Self::NAMES,
        );
        match name.as_deref() {
            Some("FULFILLED") => OperationState::Fulfilled,
            Some("FAILED") => OperationState::Ended("failed"),
            Some("CANCELLED") => OperationState::Ended("was cancelled"),
            Some("REJECTED") => OperationState::Ended("was rejected"),
            _ => OperationState::Running,
        }
    }

    /// After how many seconds to ask again, if the vendor says so.
    pub(crate) fn check_after(&self) -> Option<f64> {
        self.check_duration.strip_suffix('s')?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn access(json: Value) -> Access {
        serde_json::from_value(json).expect("access")
    }

    #[test]
    fn enums_are_read_by_name_by_number_and_by_their_deprecated_twins() {
        for role in [
            json!({"role": "ROLE_FINANCE_ADMIN"}),
            json!({"role": 4}),
            json!({"roleDeprecated": "financeadmin"}),
            json!({"role": "ROLE_UNSPECIFIED", "role_deprecated": "financeadmin"}),
        ] {
            let read = access(json!({"accountAccess": role.clone()})).role();
            assert_eq!(read, Some(Role::FinanceAdmin), "{role}");
        }
        for none in [
            json!({}),
            json!({"role": ""}),
            json!({"role": 0}),
            json!({"role": null}),
            json!(null),
        ] {
            assert_eq!(
                access(json!({"account_access": none.clone()})).role(),
                None,
                "{none}"
            );
        }
        let unknown = access(json!({"accountAccess": {"role": "ROLE_FUTURE"}})).role();
        assert_eq!(unknown, Some(Role::Unknown("FUTURE".into())));
        let operation: Operation =
            serde_json::from_value(json!({"id": "o", "state": "STATE_REJECTED"}))
                .expect("operation");
        assert_eq!(operation.state(), OperationState::Ended("was rejected"));
    }

    #[test]
    fn defaults_may_be_left_out_written_out_or_null() {
        for user in [
            json!({"id": "u", "spec": {"email": "a@b"}}),
            json!({"id": "u", "spec": {"email": "a@b", "access": null}, "invitation": null, "createdTime": null,
                "state": "RESOURCE_STATE_UNSPECIFIED", "asyncOperationId": ""}),
            json!({"id": "u", "spec": {"email": "a@b", "access": {"accountAccess": {}, "namespaceAccesses": {}}},
                "created_time": "", "state": 0}),
        ] {
            let user: User = serde_json::from_value(user).expect("a user");
            assert_eq!(
                (user.state(), user.created_time),
                (ResourceState::Unspecified, None)
            );
            assert_eq!(user.spec.access.and_then(|a| a.role()), None);
        }
    }
}
