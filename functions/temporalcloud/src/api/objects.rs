//! The objects of the API, in its JSON form.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_connector::http::lenient::{Lenient, Time, empty_is_absent, or_default, unreadable};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

use super::access::{Access, NamespaceAccess, ProjectAccess};
use super::enums::{ApiEnum, EnumText, ResourceState, Role};

/// An object that the API lists under `/cloud/{PATH}` and shows under `/cloud/{PATH}/{id}`.
pub(crate) trait ApiObject: DeserializeOwned + Send + Sync {
    /// Its kind: the id of its resource type.
    const KIND: &'static str;
    /// The part of the path.
    const PATH: &'static str;

    fn id(&self) -> &str;
    fn state(&self) -> ResourceState;
    fn created_at(&self) -> Option<Timestamp>;
    /// Its fields that are not in the documented form and were left out.
    fn unreadable(&self) -> Vec<&'static str>;

    /// Whether it is deleted, or being deleted.
    fn is_going(&self) -> bool {
        self.state().is_going()
    }
}

/// An object that has access: a principal.
pub(crate) trait AccessHolder: ApiObject {
    /// Its name for people, which may be empty.
    fn name(&self) -> &str;
    /// Its access. Missing if its rights come from elsewhere, or if the caller may not see them.
    fn access(&self) -> Option<Cow<'_, Access>>;
    /// Whether it is scoped to one namespace or project.
    fn is_scoped(&self) -> bool {
        false
    }
    /// The version that a change is based on, and the operation of a change in progress: empty if missing, `None` if
    /// one is not in the documented form.
    fn version_and_operation(&self) -> Option<(&str, &str)>;
}

/// Objects: kind, path, name of the id, further fields, and those that may be unreadable.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident $kind:literal $path:literal $id:literal
     { $($(#[$attr:meta])* $field:ident: $type:ty,)* } |$this:ident| [$($lenient:tt)*]) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            #[serde(rename = $id)]
            id: String,
            #[serde(default)]
            state: Lenient<EnumText>,
            #[serde(default, alias = "state_deprecated")]
            state_deprecated: Lenient<String>,
            #[serde(default, alias = "created_time", deserialize_with = "empty_is_absent")]
            created_time: Lenient<Time>,
            $($(#[$attr])* pub(crate) $field: $type,)*
        }

        impl ApiObject for $name {
            const KIND: &'static str = $kind;
            const PATH: &'static str = $path;

            fn id(&self) -> &str {
                &self.id
            }

            fn state(&self) -> ResourceState {
                let state = ResourceState::read(self.state.get(), self.state_deprecated.verbatim());
                state.unwrap_or_else(|| ResourceState::Unknown(String::new()))
            }

            fn created_at(&self) -> Option<Timestamp> {
                self.created_time.time()
            }

            fn unreadable(&self) -> Vec<&'static str> {
                let $this = self;
                unreadable([
                    ("state", self.state.is_unreadable()),
                    ("stateDeprecated", self.state_deprecated.is_unreadable()),
                    ("createdTime", self.created_time.is_unreadable()),
                    $($lenient)*
                ])
            }
        }
    };
}

/// The same for principals.
macro_rules! holder {
    ($(#[$doc:meta])* $name:ident $kind:literal $path:literal { $($fields:tt)* } |$this:ident| [$($lenient:tt)*]
     name: $display_name:expr, access: $access:expr $(, $more:item)?) => {
        object!(
            $(#[$doc])*
            $name $kind $path "id" {
                #[serde(default, alias = "resource_version")]
                resource_version: Lenient<String>,
                #[serde(default, alias = "async_operation_id")]
                async_operation_id: Lenient<String>,
                $($fields)*
            } |$this| [$($lenient)*]
        );

        impl AccessHolder for $name {
            fn name(&self) -> &str {
                let $this = self;
                $display_name
            }

            fn access(&self) -> Option<Cow<'_, Access>> {
                let $this = self;
                $access
            }

            $($more)?

            fn version_and_operation(&self) -> Option<(&str, &str)> {
                let (version, operation) = (&self.resource_version, &self.async_operation_id);
                let is_odd = version.is_unreadable() || operation.is_unreadable();
                (!is_odd).then(|| (version.verbatim(), operation.verbatim()))
            }
        }
    };
}

holder!(
    /// A person.
    User "user" "users" {
        spec: UserSpec,
        #[serde(default, alias = "last_modified_time", deserialize_with = "empty_is_absent")]
        last_modified_time: Lenient<Time>,
        #[serde(default)]
        invitation: Lenient<Invitation>,
    } |user| [
        ("lastModifiedTime", user.last_modified_time.is_unreadable()),
        ("invitation", user.invitation.is_unreadable()),
        ("invitation.createdTime", odd(&user.invitation, |i| &i.created_time)),
        ("invitation.expiredTime", odd(&user.invitation, |i| &i.expired_time)),
    ]
    name: &user.spec.email, access: user.spec.access.as_ref().map(Cow::Borrowed)
);

/// Whether a nested field is not in the documented form.
fn odd<T, F>(part: &Lenient<T>, field: fn(&T) -> &Lenient<F>) -> bool {
    part.get().is_some_and(|part| field(part).is_unreadable())
}

/// The specification of a user.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct UserSpec {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
    #[serde(default)]
    access: Option<Access>,
}

/// A pending or expired invitation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Invitation {
    #[serde(alias = "created_time", deserialize_with = "empty_is_absent")]
    pub(crate) created_time: Lenient<Time>,
    #[serde(alias = "expired_time", deserialize_with = "empty_is_absent")]
    pub(crate) expired_time: Lenient<Time>,
}

holder!(
    /// A machine account.
    ServiceAccount "service-account" "service-accounts" {
        spec: ServiceAccountSpec,
        #[serde(default, alias = "last_modified_time", deserialize_with = "empty_is_absent")]
        last_modified_time: Lenient<Time>,
    } |account| [
        ("lastModifiedTime", account.last_modified_time.is_unreadable()),
        ("spec.name", account.spec.name.is_unreadable()),
        ("spec.description", account.spec.description.is_unreadable()),
    ]
    name: account.spec.name.verbatim(), access: account.spec.access().map(Cow::Owned),
    fn is_scoped(&self) -> bool {
        self.spec.scope() != "account"
    }
);

/// The specification of a service account: one of three forms of access.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceAccountSpec {
    #[serde(default)]
    name: Lenient<String>,
    #[serde(default)]
    pub(crate) description: Lenient<String>,
    #[serde(default)]
    access: Option<Access>,
    #[serde(default, alias = "namespace_scoped_access")]
    namespace_scoped_access: Option<NamespaceScoped>,
    #[serde(default, alias = "project_scoped_access")]
    project_scoped_access: Option<ProjectScoped>,
}

impl ServiceAccountSpec {
    /// Its scope.
    pub(crate) fn scope(&self) -> &'static str {
        match (&self.namespace_scoped_access, &self.project_scoped_access) {
            (Some(_), _) => "namespace",
            (None, Some(_)) => "project",
            (None, None) => "account",
        }
    }

    /// Its access, in any form.
    fn access(&self) -> Option<Access> {
        let mut access = self.access.clone();
        if let Some(scoped) = self.namespace_scoped_access.clone() {
            let all = access.get_or_insert_default();
            // Such an account always has the account role `read`.
            all.set_role(&Role::Read);
            all.namespace_accesses.insert(scoped.namespace, scoped.access);
        }
        if let Some(scoped) = self.project_scoped_access.clone() {
            let all = access.get_or_insert_default();
            all.project_accesses.insert(scoped.project_id, scoped.access);
            all.namespace_accesses.extend(scoped.namespace_accesses);
        }
        access
    }
}

/// Access to one namespace.
#[derive(Debug, Clone, Deserialize)]
struct NamespaceScoped {
    #[serde(default, deserialize_with = "or_default")]
    namespace: String,
    #[serde(default, deserialize_with = "or_default")]
    access: NamespaceAccess,
}

/// Access to one project, and to namespaces in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectScoped {
    #[serde(default, alias = "project_id", deserialize_with = "or_default")]
    project_id: String,
    #[serde(default, deserialize_with = "or_default")]
    access: ProjectAccess,
    #[serde(default, alias = "namespace_accesses", deserialize_with = "or_default")]
    namespace_accesses: BTreeMap<String, NamespaceAccess>,
}

holder!(
    /// A group of users.
    Group "group" "user-groups" { spec: GroupSpec, } |group| [
        ("spec.displayName", group.spec.display_name.is_unreadable()),
        ("spec.googleGroup", group.spec.google_group.is_unreadable()),
        ("spec.googleGroup", odd(&group.spec.google_group, |g| &g.email_address)),
        ("spec.scimGroup", group.spec.scim_group.is_unreadable()),
        ("spec.scimGroup", odd(&group.spec.scim_group, |g| &g.idp_id)),
    ]
    name: group.spec.display_name.verbatim(), access: group.spec.access.as_ref().map(Cow::Borrowed)
);

/// The specification of a group; its kind is the one of three that is present.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupSpec {
    #[serde(default, alias = "display_name")]
    display_name: Lenient<String>,
    #[serde(default)]
    access: Option<Access>,
    /// Absent, `null`, or an object, which may be empty.
    #[serde(default, alias = "cloud_group", deserialize_with = "is_there")]
    cloud_group: bool,
    #[serde(default, alias = "google_group")]
    pub(crate) google_group: Lenient<GoogleGroup>,
    #[serde(default, alias = "scim_group")]
    pub(crate) scim_group: Lenient<ScimGroup>,
}

fn is_there<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(d)?.is_some())
}

/// The manager of a group, which decides its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// Temporal Cloud itself.
    Cloud,
    /// Google.
    Google,
    /// An identity provider.
    Scim,
    /// A kind that the vendor has added since.
    Unknown,
}

impl GroupSpec {
    pub(crate) fn kind(&self) -> GroupKind {
        match (&self.google_group, &self.scim_group, self.cloud_group) {
            (Lenient::Read(_) | Lenient::Unreadable, _, _) => GroupKind::Google,
            (_, Lenient::Read(_) | Lenient::Unreadable, _) => GroupKind::Scim,
            (_, _, true) => GroupKind::Cloud,
            _ => GroupKind::Unknown,
        }
    }
}

/// A group managed by Google.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GoogleGroup {
    #[serde(default, rename = "emailAddress", alias = "email_address")]
    pub(crate) email_address: Lenient<String>,
}

/// A group managed by an identity provider.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ScimGroup {
    #[serde(default, rename = "idpId", alias = "idp_id")]
    pub(crate) idp_id: Lenient<String>,
}

/// A member of a group.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Member {
    #[serde(rename = "memberId", alias = "member_id")]
    pub(crate) member_id: MemberId,
}

/// The member: only users can be members.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MemberId {
    #[serde(rename = "userId", alias = "user_id")]
    pub(crate) user_id: String,
}

object!(
    /// A namespace.
    Namespace "namespace" "namespaces" "namespace" {
        #[serde(default, alias = "active_region")]
        active_region: Lenient<String>,
        #[serde(default)]
        tags: Lenient<BTreeMap<String, Lenient<String>>>,
        /// The project from which access is inherited.
        #[serde(default, alias = "project_id", deserialize_with = "or_default")]
        project_id: String,
    } |namespace| [
        ("activeRegion", namespace.active_region.is_unreadable()),
        ("tags", namespace.tags.is_unreadable()),
        ("tags", namespace.tags.get().is_some_and(|tags| tags.values().any(Lenient::is_unreadable))),
    ]
);

object!(
    /// A role that the customer has defined.
    CustomRole "custom-role" "custom-roles" "id" {
        #[serde(default)]
        spec: Lenient<Label>,
    } |role| [
        ("spec", role.spec.is_unreadable()),
        ("spec.name", odd(&role.spec, |label| &label.name)),
        ("spec.description", odd(&role.spec, |label| &label.description)),
    ]
);

object!(
    /// A project: a set of namespaces.
    Project "project" "projects" "id" {
        #[serde(default)]
        spec: Lenient<Label>,
    } |project| [
        ("spec", project.spec.is_unreadable()),
        ("spec.displayName", odd(&project.spec, |label| &label.name)),
        ("spec.description", odd(&project.spec, |label| &label.description)),
    ]
);

/// The display name of a custom role or a project.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Label {
    #[serde(default, alias = "displayName", alias = "display_name")]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    pub(crate) description: Lenient<String>,
}

/// The account.
#[derive(Deserialize)]
pub(super) struct Account {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: String,
}

/// The key's owner.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentIdentity {
    #[serde(default)]
    pub(crate) user: Option<User>,
    #[serde(default, alias = "service_account")]
    pub(crate) service_account: Option<ServiceAccount>,
    #[serde(default, alias = "principal_api_key")]
    principal_api_key: Lenient<ApiKey>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, Deserialize)]
struct ApiKey {
    #[serde(default)]
    spec: Lenient<ApiKeySpec>,
}

/// The specification of an API key.
#[derive(Debug, Clone, Deserialize)]
struct ApiKeySpec {
    #[serde(
        default,
        rename = "expiryTime",
        alias = "expiry_time",
        deserialize_with = "empty_is_absent"
    )]
    expiry_time: Lenient<Time>,
}

impl CurrentIdentity {
    /// When the key expires.
    pub(crate) fn key_ends(&self) -> Lenient<Time> {
        match &self.principal_api_key {
            Lenient::Read(ApiKey { spec: Lenient::Read(spec) }) => spec.expiry_time,
            Lenient::Absent | Lenient::Read(ApiKey { spec: Lenient::Absent }) => Lenient::Absent,
            _ => Lenient::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests;
