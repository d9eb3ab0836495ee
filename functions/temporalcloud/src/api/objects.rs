//! The objects of the API, as its JSON has them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_connector::http::lenient::{Lenient, or_default, unreadable};
use serde::{Deserialize, Deserializer, Serialize};

use super::access::{Access, NamespaceAccess, ProjectAccess};
use super::enums::{EnumText, ResourceState, Role};

/// A time, which decides nothing here. An empty text counts as missing, as every default does.
fn time<'de, D: Deserializer<'de>>(d: D) -> Result<Lenient<Timestamp>, D::Error> {
    Ok(match Lenient::<String>::deserialize(d)? {
        Lenient::Read(text) if !text.is_empty() => {
            text.parse().map_or(Lenient::Unreadable, Lenient::Read)
        }
        Lenient::Read(_) | Lenient::Absent => Lenient::Absent,
        Lenient::Unreadable => Lenient::Unreadable,
    })
}

/// The text of a field, empty if it is missing or unreadable.
pub(crate) fn text(field: &Lenient<String>) -> &str {
    field.get().map_or("", String::as_str)
}

/// Whether something is there, in whichever form.
fn is_there<T>(field: &Lenient<T>) -> bool {
    !matches!(field, Lenient::Absent)
}

/// An object of which a default may be written out as `null`, and an absent one as `{}`.
fn present<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(d)?.is_some())
}

/// Objects of the API, with what all of them have.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            #[serde(default)]
            state: Lenient<EnumText>,
            #[serde(default, alias = "state_deprecated")]
            state_deprecated: Lenient<String>,
            #[serde(default, alias = "created_time", deserialize_with = "time")]
            pub(crate) created_time: Lenient<Timestamp>,
            $($(#[$attr])* pub(crate) $field: $type),*
        }

        impl $name {
            /// Its state.
            pub(crate) fn state(&self) -> ResourceState {
                ResourceState::of(self.state.get(), text(&self.state_deprecated))
            }

            /// The fields of it that are not in the documented form, and were left out.
            pub(crate) fn unreadable(&self) -> Vec<&'static str> {
                let mut fields = vec![
                    ("state", self.state.is_unreadable()),
                    ("stateDeprecated", self.state_deprecated.is_unreadable()),
                    ("createdTime", self.created_time.is_unreadable()),
                ];
                fields.extend(self.lenient());
                unreadable(fields)
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
                /// Changes need it, a sync does not.
                #[serde(default, alias = "resource_version")]
                resource_version: Lenient<String>,
                /// The operation of a change that is under way.
                #[serde(default, alias = "async_operation_id")]
                async_operation_id: Lenient<String>,
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
        last_modified_time: Lenient<Timestamp>,
        #[serde(default)]
        invitation: Lenient<Invitation>,
    }
);

impl User {
    fn lenient(&self) -> Vec<(&'static str, bool)> {
        let invitation = |odd: fn(&Invitation) -> bool| self.invitation.get().is_some_and(odd);
        vec![
            ("lastModifiedTime", self.last_modified_time.is_unreadable()),
            ("invitation", self.invitation.is_unreadable()),
            (
                "invitation.createdTime",
                invitation(|i| i.created_time.is_unreadable()),
            ),
            (
                "invitation.expiredTime",
                invitation(|i| i.expired_time.is_unreadable()),
            ),
        ]
    }
}

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
    pub(crate) created_time: Lenient<Timestamp>,
    #[serde(default, alias = "expired_time", deserialize_with = "time")]
    pub(crate) expired_time: Lenient<Timestamp>,
}

principal!(
    /// A machine account.
    ServiceAccount {
        id: String,
        spec: ServiceAccountSpec,
        #[serde(default, alias = "last_modified_time", deserialize_with = "time")]
        last_modified_time: Lenient<Timestamp>,
    }
);

impl ServiceAccount {
    fn lenient(&self) -> Vec<(&'static str, bool)> {
        vec![
            ("lastModifiedTime", self.last_modified_time.is_unreadable()),
            ("spec.name", self.spec.name.is_unreadable()),
            ("spec.description", self.spec.description.is_unreadable()),
        ]
    }
}

/// What a service account is set to: one of three forms of access.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceAccountSpec {
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    pub(crate) description: Lenient<String>,
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

impl Group {
    fn lenient(&self) -> Vec<(&'static str, bool)> {
        let spec = &self.spec;
        vec![
            ("spec.displayName", spec.display_name.is_unreadable()),
            (
                "spec.googleGroup",
                odd(&spec.google_group, |g| &g.email_address),
            ),
            ("spec.scimGroup", odd(&spec.scim_group, |g| &g.idp_id)),
        ]
    }
}

/// Whether a part, or the one field in it, is not in the documented form.
fn odd<T>(part: &Lenient<T>, field: fn(&T) -> &Lenient<String>) -> bool {
    part.is_unreadable() || part.get().is_some_and(|part| field(part).is_unreadable())
}

/// What a group is set to; its kind is the one of three that is there.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupSpec {
    #[serde(default, alias = "display_name")]
    pub(crate) display_name: Lenient<String>,
    #[serde(default)]
    pub(crate) access: Option<Access>,
    #[serde(default, alias = "cloud_group", deserialize_with = "present")]
    cloud_group: bool,
    #[serde(default, alias = "google_group")]
    pub(crate) google_group: Lenient<GoogleGroup>,
    #[serde(default, alias = "scim_group")]
    pub(crate) scim_group: Lenient<ScimGroup>,
}

/// Who keeps a group, and so decides who its members are.
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
    /// Its kind.
    pub(crate) fn kind(&self) -> GroupKind {
        if is_there(&self.google_group) {
            GroupKind::Google
        } else if is_there(&self.scim_group) {
            GroupKind::Scim
        } else if self.cloud_group {
            GroupKind::Cloud
        } else {
            GroupKind::Unknown
        }
    }
}

/// A group kept by Google.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GoogleGroup {
    #[serde(default, alias = "email_address")]
    pub(crate) email_address: Lenient<String>,
}

/// A group kept by an identity provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimGroup {
    #[serde(default, alias = "idp_id")]
    pub(crate) idp_id: Lenient<String>,
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
        #[serde(default, alias = "active_region")]
        active_region: Lenient<String>,
        #[serde(default)]
        tags: Lenient<BTreeMap<String, Lenient<String>>>,
        /// It decides who inherits access from the project.
        #[serde(default, alias = "project_id", deserialize_with = "or_default")]
        project_id: String,
    }
);

impl Namespace {
    fn lenient(&self) -> Vec<(&'static str, bool)> {
        let tag = self
            .tags
            .get()
            .is_some_and(|tags| tags.values().any(Lenient::is_unreadable));
        vec![
            ("activeRegion", self.active_region.is_unreadable()),
            ("tags", self.tags.is_unreadable() || tag),
        ]
    }
}

object!(
    /// A role that the customer has defined.
    CustomRole {
        id: String,
        #[serde(default)]
        spec: Lenient<Label>,
    }
);

object!(
    /// A project: a set of namespaces.
    Project {
        id: String,
        #[serde(default)]
        spec: Lenient<Label>,
    }
);

/// What people know a custom role or a project by.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Label {
    #[serde(default, alias = "displayName", alias = "display_name")]
    name: Lenient<String>,
    #[serde(default)]
    description: Lenient<String>,
}

impl CustomRole {
    fn lenient(&self) -> Vec<(&'static str, bool)> {
        label_fields(&self.spec, "spec.name")
    }
}

impl Project {
    fn lenient(&self) -> Vec<(&'static str, bool)> {
        label_fields(&self.spec, "spec.displayName")
    }
}

fn label_fields(spec: &Lenient<Label>, name: &'static str) -> Vec<(&'static str, bool)> {
    let label = |odd: fn(&Label) -> bool| spec.get().is_some_and(odd);
    vec![
        ("spec", spec.is_unreadable()),
        (name, label(|l| l.name.is_unreadable())),
        ("spec.description", label(|l| l.description.is_unreadable())),
    ]
}

/// The name in a label, empty if there is none.
pub(crate) fn label_name(spec: &Lenient<Label>) -> &str {
    spec.get().map_or("", |label| text(&label.name))
}

/// The description in a label, empty if there is none.
pub(crate) fn label_description(spec: &Lenient<Label>) -> &str {
    spec.get().map_or("", |label| text(&label.description))
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
    principal_api_key: Lenient<ApiKey>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, Deserialize)]
struct ApiKey {
    #[serde(default)]
    spec: Lenient<ApiKeySpec>,
}

/// What an API key is set to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiKeySpec {
    #[serde(default, alias = "expiry_time", deserialize_with = "time")]
    expiry_time: Lenient<Timestamp>,
}

impl CurrentIdentity {
    /// When the key ends.
    pub(crate) fn key_ends(&self) -> Lenient<Timestamp> {
        match &self.principal_api_key {
            Lenient::Read(ApiKey {
                spec: Lenient::Read(spec),
            }) => spec.expiry_time,
            Lenient::Absent
            | Lenient::Read(ApiKey {
                spec: Lenient::Absent,
            }) => Lenient::Absent,
            _ => Lenient::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests;
