//! Talks: Temporal Cloud's "Cloud Ops API" over HTTP/JSON, as typed calls. Nothing here decides anything.
//!
//! Source: the API definitions at <https://github.com/temporalio/api-cloud> and the reference at
//! <https://saas-api.tmprl.cloud/docs/httpapi.html>. Answers are protobuf JSON: names in camelCase (or snake_case, which
//! conforming peers may send), enums by name or number, defaults left out or written out. All of that is accepted.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use rollcall::http::error::Error;
use rollcall::http::{Call, Header, Http, Session, Vendor};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// The version that all of this is written against. It decides what an update may clear: never leave it to the server.
pub(crate) const VERSION: &str = "v0.19.1";
/// The largest page that the API documents.
const PAGE_SIZE: &str = "1000";
/// Half of what a service account may send (80 requests a second): the rest is the customer's.
const PACE: u32 = 40;

/// The API of one account.
pub(crate) struct Api {
    http: Http,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the list goes on. An empty page may have one too.
    pub(crate) next: Option<String>,
}

impl Api {
    pub(crate) fn new(
        base: url::Url,
        key: SecretString,
        session: Session,
    ) -> Result<Self, rollcall::Error> {
        let vendor = Vendor {
            base,
            headers: vec![
                ("authorization", Header::Secret("Bearer ", key)),
                ("temporal-cloud-api-version", Header::Plain(VERSION)),
            ],
            pace: Some(PACE),
            budget: None,
        };
        Ok(Self {
            http: Http::new(session, vendor)?,
        })
    }

    /// `GET /cloud/account`
    pub(crate) async fn account(&self) -> Result<Account, Error> {
        let answer: AccountAnswer = self.http.send(&Call::get(&["cloud", "account"])).await?;
        Ok(answer.account)
    }

    /// `GET /cloud/current-identity`
    pub(crate) async fn current_identity(&self) -> Result<CurrentIdentity, Error> {
        self.http
            .send(&Call::get(&["cloud", "current-identity"]))
            .await
    }

    /// `GET /cloud/users`
    pub(crate) async fn users(&self, page: &str) -> Result<Page<User>, Error> {
        let answer: Users = self.list(&["cloud", "users"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/service-accounts`
    pub(crate) async fn service_accounts(&self, page: &str) -> Result<Page<ServiceAccount>, Error> {
        let answer: ServiceAccounts = self.list(&["cloud", "service-accounts"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/user-groups`
    pub(crate) async fn groups(&self, page: &str) -> Result<Page<Group>, Error> {
        let answer: Groups = self.list(&["cloud", "user-groups"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/user-groups/{groupId}/members`: ids of users.
    pub(crate) async fn members(&self, group: &str, page: &str) -> Result<Page<Member>, Error> {
        let answer: Members = self
            .list(&["cloud", "user-groups", group, "members"], page)
            .await?;
        Ok(answer.into())
    }

    /// `GET /cloud/namespaces`
    pub(crate) async fn namespaces(&self, page: &str) -> Result<Page<Namespace>, Error> {
        let answer: Namespaces = self.list(&["cloud", "namespaces"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/custom-roles`
    pub(crate) async fn custom_roles(&self, page: &str) -> Result<Page<CustomRole>, Error> {
        let answer: CustomRoles = self.list(&["cloud", "custom-roles"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/projects`
    pub(crate) async fn projects(&self, page: &str) -> Result<Page<Project>, Error> {
        let answer: Projects = self.list(&["cloud", "projects"], page).await?;
        Ok(answer.into())
    }

    /// `GET /cloud/users/{userId}`
    pub(crate) async fn user(&self, id: &str) -> Result<User, Error> {
        let answer: UserAnswer = self.http.send(&Call::get(&["cloud", "users", id])).await?;
        Ok(answer.user)
    }

    /// `GET /cloud/user-groups/{groupId}`
    pub(crate) async fn group(&self, id: &str) -> Result<Group, Error> {
        let answer: GroupAnswer = self
            .http
            .send(&Call::get(&["cloud", "user-groups", id]))
            .await?;
        Ok(answer.group)
    }

    /// `GET /cloud/namespaces/{namespace}`
    pub(crate) async fn namespace(&self, id: &str) -> Result<Namespace, Error> {
        let answer: NamespaceAnswer = self
            .http
            .send(&Call::get(&["cloud", "namespaces", id]))
            .await?;
        Ok(answer.namespace)
    }

    /// `GET /cloud/custom-roles/{roleId}`
    pub(crate) async fn custom_role(&self, id: &str) -> Result<CustomRole, Error> {
        let answer: CustomRoleAnswer = self
            .http
            .send(&Call::get(&["cloud", "custom-roles", id]))
            .await?;
        Ok(answer.custom_role)
    }

    /// `GET /cloud/projects/{projectId}`
    pub(crate) async fn project(&self, id: &str) -> Result<Project, Error> {
        let answer: ProjectAnswer = self
            .http
            .send(&Call::get(&["cloud", "projects", id]))
            .await?;
        Ok(answer.project)
    }

    /// A user, service account or group as the API sent it: what an update must send back whole.
    pub(crate) async fn raw(&self, kind: Kind, id: &str) -> Result<Value, Error> {
        let mut answer: Value = self
            .http
            .send(&Call::get(&["cloud", kind.path(), id]))
            .await?;
        let object = kind
            .answer_keys()
            .iter()
            .find_map(|key| answer.get_mut(*key).map(Value::take));
        object.ok_or_else(|| Error::Unexpected {
            call: format!("GET /cloud/{}/…", kind.path()),
            at: kind.answer_keys()[0].into(),
            why: "it is missing".into(),
        })
    }

    /// Sends a write, complete with the id that makes a repetition recognizable.
    pub(crate) async fn write(&self, write: &Write) -> Result<Operation, Error> {
        let path: Vec<&str> = write.path.iter().map(String::as_str).collect();
        let call = match &write.body {
            Some(body) => {
                let mut body = body.clone();
                body["asyncOperationId"] = json!(write.operation_id);
                Call::post(&path, body)
            }
            None => Call::delete(&path)
                .query("resourceVersion", write.resource_version.clone())
                .query("asyncOperationId", write.operation_id.clone()),
        };
        self.operation_of(&call.repeatable()).await
    }

    /// `GET /cloud/operations/{asyncOperationId}`
    pub(crate) async fn operation(&self, id: &str) -> Result<Operation, Error> {
        self.operation_of(&Call::get(&["cloud", "operations", id]))
            .await
    }

    /// The operation that an answer tells of. Why it failed is the vendor's own text, and will be quoted.
    async fn operation_of(&self, call: &Call) -> Result<Operation, Error> {
        let answer: OperationAnswer = self.http.send(call).await?;
        let mut operation = answer.async_operation;
        operation.failure_reason = self.http.quote(&operation.failure_reason);
        Ok(operation)
    }

    async fn list<T: DeserializeOwned>(&self, path: &[&str], page: &str) -> Result<T, Error> {
        let call = Call::get(path).query("pageSize", PAGE_SIZE);
        let call = if page.is_empty() {
            call
        } else {
            call.query("pageToken", page)
        };
        self.http.send(&call).await
    }
}

/// The three kinds of principals, which have the same endpoints under different names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    ServiceAccount,
    Group,
}

impl Kind {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::ServiceAccount => "service-accounts",
            Self::Group => "user-groups",
        }
    }

    fn answer_keys(self) -> &'static [&'static str] {
        match self {
            Self::User => &["user"],
            Self::ServiceAccount => &["serviceAccount", "service_account"],
            Self::Group => &["group"],
        }
    }
}

/// A write: a POST with a body, or a DELETE without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    pub(crate) path: Vec<String>,
    pub(crate) body: Option<Value>,
    /// Of what was read; in the body of a POST it is there as well.
    pub(crate) resource_version: String,
    pub(crate) operation_id: String,
}

/// Text that may be missing, or `null`.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    d: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(d)?.unwrap_or_default())
}

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

/// An enum as protobuf JSON has it: a name, or a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum EnumText {
    Name(String),
    Number(i64),
}

impl EnumText {
    /// The name without its prefix, or the number; `None` if unspecified.
    fn slug(&self, prefix: &str, names: &[&str]) -> Option<String> {
        let name = match self {
            Self::Name(name) => name.strip_prefix(prefix).unwrap_or(name).to_owned(),
            Self::Number(n) => {
                let known = usize::try_from(*n).ok().and_then(|n| names.get(n));
                known.map_or_else(|| n.to_string(), |name| name.to_string())
            }
        };
        (!name.is_empty() && name != "UNSPECIFIED").then_some(name)
    }
}

/// Reads an enum, or its deprecated twin: a lower-case string of versions before v0.3.0.
fn either(
    text: Option<&EnumText>,
    deprecated: &str,
    prefix: &str,
    names: &[&str],
) -> Option<String> {
    let read = text.and_then(|text| text.slug(prefix, names));
    let squeezed = |s: &str| s.replace('_', "").to_lowercase();
    read.or_else(|| {
        let known = names
            .iter()
            .find(|name| squeezed(name) == squeezed(deprecated));
        let fallback = (!deprecated.is_empty()).then(|| deprecated.to_uppercase());
        known.map(|name| name.to_string()).or(fallback)
    })
    .filter(|name| name != "UNSPECIFIED")
}

/// A resource's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResourceState {
    Unspecified,
    Activating,
    ActivationFailed,
    Active,
    Updating,
    UpdateFailed,
    Deleting,
    DeleteFailed,
    Deleted,
    Suspended,
    Expired,
    Unknown(String),
}

impl ResourceState {
    const NAMES: [&str; 11] = [
        "UNSPECIFIED",
        "ACTIVATING",
        "ACTIVATION_FAILED",
        "ACTIVE",
        "UPDATING",
        "UPDATE_FAILED",
        "DELETING",
        "DELETE_FAILED",
        "DELETED",
        "SUSPENDED",
        "EXPIRED",
    ];

    fn of(text: Option<&EnumText>, deprecated: &str) -> Self {
        let name = either(text, deprecated, "RESOURCE_STATE_", &Self::NAMES);
        match name.as_deref() {
            None => Self::Unspecified,
            Some("ACTIVATING") => Self::Activating,
            Some("ACTIVATION_FAILED") => Self::ActivationFailed,
            Some("ACTIVE") => Self::Active,
            Some("UPDATING") => Self::Updating,
            Some("UPDATE_FAILED") => Self::UpdateFailed,
            Some("DELETING") => Self::Deleting,
            Some("DELETE_FAILED") => Self::DeleteFailed,
            Some("DELETED") => Self::Deleted,
            Some("SUSPENDED") => Self::Suspended,
            Some("EXPIRED") => Self::Expired,
            Some(other) => Self::Unknown(other.to_lowercase()),
        }
    }

    /// Deleted, or about to be.
    pub(crate) fn is_going(&self) -> bool {
        matches!(self, Self::Deleting | Self::Deleted)
    }
}

impl fmt::Display for ResourceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "",
            Self::Activating => "activating",
            Self::ActivationFailed => "activation failed",
            Self::Active => "active",
            Self::Updating => "updating",
            Self::UpdateFailed => "update failed",
            Self::Deleting => "deleting",
            Self::DeleteFailed => "delete failed",
            Self::Deleted => "deleted",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Unknown(name) => name,
        })
    }
}

/// A built-in account role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    Owner,
    Admin,
    Developer,
    FinanceAdmin,
    Read,
    MetricsRead,
    /// One that the vendor has added since.
    Unknown(String),
}

impl Role {
    const NAMES: [&str; 7] = [
        "UNSPECIFIED",
        "OWNER",
        "ADMIN",
        "DEVELOPER",
        "FINANCE_ADMIN",
        "READ",
        "METRICS_READ",
    ];

    fn of(name: &str) -> Self {
        match name {
            "OWNER" => Self::Owner,
            "ADMIN" => Self::Admin,
            "DEVELOPER" => Self::Developer,
            "FINANCE_ADMIN" => Self::FinanceAdmin,
            "READ" => Self::Read,
            "METRICS_READ" => Self::MetricsRead,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The name that the API takes.
    pub(crate) fn api_name(&self) -> String {
        let name = match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Developer => "DEVELOPER",
            Self::FinanceAdmin => "FINANCE_ADMIN",
            Self::Read => "READ",
            Self::MetricsRead => "METRICS_READ",
            Self::Unknown(name) => name,
        };
        format!("ROLE_{name}")
    }
}

/// A permission on a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Admin,
    Write,
    Read,
}

impl Permission {
    /// The name that the API takes.
    pub(crate) fn api_name(self) -> &'static str {
        match self {
            Self::Admin => "PERMISSION_ADMIN",
            Self::Write => "PERMISSION_WRITE",
            Self::Read => "PERMISSION_READ",
        }
    }
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

object!(
    /// A person.
    User {
        id: String,
        spec: UserSpec,
        #[serde(default, alias = "resource_version", deserialize_with = "or_default")]
        resource_version: String,
        /// The operation of a change that is under way.
        #[serde(default, alias = "async_operation_id", deserialize_with = "or_default")]
        async_operation_id: String,
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

object!(
    /// A machine account.
    ServiceAccount {
        id: String,
        spec: ServiceAccountSpec,
        #[serde(default, alias = "resource_version", deserialize_with = "or_default")]
        resource_version: String,
        /// The operation of a change that is under way.
        #[serde(default, alias = "async_operation_id", deserialize_with = "or_default")]
        async_operation_id: String,
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

object!(
    /// A group of users.
    Group {
        id: String,
        spec: GroupSpec,
        #[serde(default, alias = "resource_version", deserialize_with = "or_default")]
        resource_version: String,
        /// The operation of a change that is under way.
        #[serde(default, alias = "async_operation_id", deserialize_with = "or_default")]
        async_operation_id: String,
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

macro_rules! pages {
    ($($name:ident { $list:ident: $item:ty, $($alias:literal),* }),* $(,)?) => {
        $(
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct $name {
                #[serde(default, $(alias = $alias,)* deserialize_with = "or_default")]
                $list: Vec<$item>,
                #[serde(default, alias = "next_page_token", deserialize_with = "or_default")]
                next_page_token: String,
            }

            impl From<$name> for Page<$item> {
                fn from(answer: $name) -> Self {
                    Self {
                        items: answer.$list,
                        next: Some(answer.next_page_token).filter(|token| !token.is_empty()),
                    }
                }
            }
        )*
    };
}

pages!(
    Users { users: User, },
    // The name of this list is singular in the API.
    ServiceAccounts { service_account: ServiceAccount, "service_account" },
    Groups { groups: Group, },
    Members { members: Member, },
    Namespaces { namespaces: Namespace, },
    CustomRoles { custom_roles: CustomRole, "custom_roles" },
    Projects { projects: Project, },
);

#[derive(Deserialize)]
struct AccountAnswer {
    account: Account,
}

#[derive(Deserialize)]
struct UserAnswer {
    user: User,
}

#[derive(Deserialize)]
struct GroupAnswer {
    group: Group,
}

#[derive(Deserialize)]
struct NamespaceAnswer {
    namespace: Namespace,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomRoleAnswer {
    #[serde(alias = "custom_role")]
    custom_role: CustomRole,
}

#[derive(Deserialize)]
struct ProjectAnswer {
    project: Project,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OperationAnswer {
    #[serde(alias = "async_operation")]
    async_operation: Operation,
}

#[cfg(test)]
mod tests {
    use super::*;

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
