//! Rollcall's connector for Temporal Cloud.
//!
//! See the README beside this crate for what it shows and changes, and how to set it up.

mod absence;
mod access;
mod api;
mod provision;
mod sync;

use async_trait::async_trait;
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::http::Session;
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Identity, Warning};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{Capability, ResourceId, ResourceType, TraitKind};
use tokio::sync::OnceCell;

use access::{ACCOUNT_ROLE, CUSTOM_ROLE, GROUP, NAMESPACE, PROJECT, SERVICE_ACCOUNT, USER};
use api::{Access, Api, Role, text};
pub use api::{GroupKind, Write};
pub use sync::Step;

/// What to do where a key cannot see enough.
const ADMIN_KEY: &str =
    "Use an API key of a service account with the account role Global Admin (ROLE_ADMIN).";

/// What the connector is.
static ABOUT: About = About {
    name: "temporalcloud",
    display_name: "Temporal Cloud",
    resource_types: &[
        ResourceType {
            id: USER,
            display_name: "User",
            description: "A person with an account in Temporal Cloud",
            trait_kind: TraitKind::User,
            no_entitlements: true,
            capabilities: &[Capability::AccountProvisioning, Capability::ResourceDelete],
        },
        ResourceType {
            id: SERVICE_ACCOUNT,
            display_name: "Service Account",
            description: "A machine account in Temporal Cloud",
            trait_kind: TraitKind::User,
            no_entitlements: true,
            capabilities: &[],
        },
        ResourceType {
            id: GROUP,
            display_name: "Group",
            description: "A group of users: kept in Temporal Cloud, by Google, or by an identity provider",
            trait_kind: TraitKind::Group,
            no_entitlements: false,
            capabilities: &[],
        },
        ResourceType {
            id: NAMESPACE,
            display_name: "Namespace",
            description: "A namespace of Temporal Cloud",
            trait_kind: TraitKind::None,
            no_entitlements: false,
            capabilities: &[Capability::Provision],
        },
        ResourceType {
            id: ACCOUNT_ROLE,
            display_name: "Account Role",
            description: "A built-in role in the account",
            trait_kind: TraitKind::Role,
            no_entitlements: false,
            capabilities: &[Capability::Provision],
        },
        ResourceType {
            id: CUSTOM_ROLE,
            display_name: "Custom Role",
            description: "A role that the customer has defined",
            trait_kind: TraitKind::Role,
            no_entitlements: false,
            capabilities: &[],
        },
        ResourceType {
            id: PROJECT,
            display_name: "Project",
            description: "A set of namespaces",
            trait_kind: TraitKind::None,
            no_entitlements: false,
            capabilities: &[],
        },
    ],
    blind_spots: &[
        "What a custom role allows on which namespaces is not shown, only who has the role.",
        "API keys, Nexus endpoints and certificates are not listed.",
    ],
    fields: &[
        Field {
            key: "api-key",
            display_name: "API key",
            description: "An API key of a service account with the account role Global Admin",
            kind: FieldKind::Secret,
            required: true,
            default: None,
        },
        Field {
            key: "default-account-role",
            display_name: "Default account role",
            description: "The account role of accounts that are created",
            kind: FieldKind::Choice(&["read", "developer", "admin"]),
            required: false,
            default: Some("read"),
        },
        Field {
            key: "base-url",
            display_name: "Base URL",
            description: "Where the Cloud Ops API is",
            kind: FieldKind::Url,
            required: false,
            default: Some("https://saas-api.tmprl.cloud"),
        },
        Field {
            key: "allow-insecure",
            display_name: "Allow insecure",
            description: "Known from the public connector, where it sends the key in plain text; has no effect here",
            kind: FieldKind::Flag,
            required: false,
            default: None,
        },
    ],
    reports_credential_end: true,
    limit_window: None,
};

/// The connector, connected.
pub struct TemporalCloud {
    api: Api,
    session: Session,
    /// The role of accounts that are created.
    default_role: Role,
    /// Whether the account has projects, once somebody had to know.
    projects: OnceCell<bool>,
}

/// The connector, for whoever knows it by name.
pub fn entry() -> Entry {
    Entry::full::<TemporalCloud>()
}

#[async_trait]
impl Connector for TemporalCloud {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let key = config.secret("api-key")?.clone();
        Ok(Self {
            api: Api::new(config.url("base-url")?, key, session.clone())?,
            session,
            default_role: match config.required("default-account-role")? {
                "admin" => Role::Admin,
                "developer" => Role::Developer,
                _ => Role::Read,
            },
            projects: OnceCell::new(),
        })
    }

    async fn identify(&self) -> Result<Identity, Error> {
        let account = self.api.account().await?.id;
        if !is_account_id(&account) {
            return Err(Error::new(
                ErrorType::Internal,
                Code::UnexpectedAnswer,
                format!("the vendor gives `{account}` as the account's id"),
                "Every id would be wrong: report this to the vendor.",
            ));
        }
        let identity = self.api.current_identity().await?;
        let (caller, name, access) = match (&identity.user, &identity.service_account) {
            (Some(user), _) => (
                ResourceId::new(USER, &user.id),
                user.spec.email.as_str(),
                user.spec.access.clone(),
            ),
            (None, Some(sa)) => (
                ResourceId::new(SERVICE_ACCOUNT, &sa.id),
                text(&sa.spec.name),
                sa.spec.access(),
            ),
            (None, None) => {
                return Err(incomplete(
                    "the vendor does not say whose key this is".into(),
                ));
            }
        };
        let role = access.as_ref().and_then(Access::role);
        let rights = match &role {
            Some(Role::Owner) => "Account Owner",
            Some(Role::Admin) => "Global Admin",
            other => {
                let has = other
                    .as_ref()
                    .map_or_else(|| "no account role".into(), Role::api_name);
                return Err(weak_key(&format!(
                    "the key belongs to `{name}`, which has {has}"
                )));
            }
        };
        let key_ends = identity.key_ends();
        let unreadable = key_ends.is_unreadable().then(|| {
            Warning::new(
                Code::UnreadableField,
                "`expiryTime` of the key is not in the documented form: nobody is warned before the key ends",
            )
        });
        Ok(Identity {
            tenant: account,
            caller,
            caller_name: name.to_owned(),
            rights: rights.into(),
            credential_expires_at: key_ends.get().copied(),
            warnings: unreadable.into_iter().collect(),
        })
    }
}

/// A short word of lower-case letters and digits. Anything else would make role ids ambiguous.
fn is_account_id(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// The API hides other users' access from lesser roles and answers 200 all the same: such a sync would look healthy and
/// say that nobody has anything.
fn weak_key(what: &str) -> Error {
    Error::new(
        ErrorType::PermissionDenied,
        Code::CredentialTooWeak,
        format!("{what}, and so cannot see other users' access"),
        ADMIN_KEY,
    )
}

/// An answer lacks what must be in it: what else it lacks, nobody can know.
fn incomplete(what: String) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::IncompleteAnswer,
        what,
        "Run again; if it persists, report it to the vendor.",
    )
}

/// Two answers of the vendor exclude each other: neither is believed.
fn contradiction(what: String) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::ContradictoryAnswers,
        what,
        "Run again; if it persists, report it to the vendor.",
    )
}
