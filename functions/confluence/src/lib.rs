//! Rollcall's connector for Confluence Cloud.
//!
//! See the README beside this crate for what it shows and changes, and how to set it up.

mod access;
mod api;
mod mode;
mod provision;
mod site;
mod sync;

use async_trait::async_trait;
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::http::Session;
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Identity, Warning};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{Capability, ResourceId, ResourceType, TraitKind};
use tokio::sync::OnceCell;

pub use access::Mode;
use access::{ASSIGNMENT, CLASS, GROUP, NOUNS, ROLE, SPACE, Selection, USER, VERBS};
use api::{Api, Credential, Role};
pub use api::{At, Write};
use site::Site;
pub use sync::{Place, Step};

/// What the connector is.
static ABOUT: About = About {
    name: "confluence",
    display_name: "Confluence",
    resource_types: &[
        ResourceType {
            id: USER,
            display_name: "User",
            description: "An account that may use the site: a person, a guest or an app",
            trait_kind: TraitKind::User,
            no_entitlements: true,
            capabilities: &[],
        },
        ResourceType {
            id: GROUP,
            display_name: "Group",
            description: "A group of users",
            trait_kind: TraitKind::Group,
            no_entitlements: false,
            capabilities: &[Capability::Provision],
        },
        ResourceType {
            id: SPACE,
            display_name: "Space",
            description: "A space, and the permissions on it",
            trait_kind: TraitKind::None,
            no_entitlements: false,
            capabilities: &[Capability::Provision],
        },
        ResourceType {
            id: ROLE,
            display_name: "Space Role",
            description: "A role that can be given on spaces",
            trait_kind: TraitKind::Role,
            no_entitlements: true,
            capabilities: &[],
        },
        ResourceType {
            id: ASSIGNMENT,
            display_name: "Space Role Assignment",
            description: "A role on a space",
            trait_kind: TraitKind::ScopeBinding,
            no_entitlements: false,
            capabilities: &[Capability::Provision],
        },
        ResourceType {
            id: CLASS,
            display_name: "Access Class",
            description: "A class of people, such as everybody with a licence, or anybody on the internet",
            trait_kind: TraitKind::Group,
            no_entitlements: true,
            capabilities: &[],
        },
    ],
    blind_spots: &[
        "Spaces that the token's account cannot view are not listed; the API does not say how many there are.",
        "Who belongs to a class of people, such as everybody with a licence, is not shown, only what the class may do.",
        "Restrictions on single pages are not shown.",
        "An account that is in no group and on no space can be missed: the user search leaves deactivated accounts out, ends at ten thousand, and is paged by number, so that it skips one where another goes away while it is read.",
    ],
    fields: &[
        Field {
            key: "domain-url",
            display_name: "Domain URL",
            description: "The site: `acme`, `https://acme.atlassian.net`, or for scoped tokens https://api.atlassian.com/ex/confluence/<cloud id>",
            kind: FieldKind::Checked(site::check),
            required: true,
            default: None,
        },
        Field {
            key: "username",
            display_name: "Username",
            description: "The e-mail address of the token's account; none for a service account, whose token is sent as it is",
            kind: FieldKind::Text,
            required: false,
            default: None,
        },
        Field {
            key: "api-key",
            display_name: "API key",
            description: "An API token",
            kind: FieldKind::Secret,
            required: true,
            default: None,
        },
        Field {
            key: "skip-personal-spaces",
            display_name: "Skip personal spaces",
            description: "Leave personal spaces out",
            kind: FieldKind::Flag,
            required: false,
            default: None,
        },
        Field {
            key: "noun",
            display_name: "Nouns",
            description: "The nouns of the permissions to show",
            kind: FieldKind::Any(NOUNS),
            required: false,
            default: Some("space"),
        },
        Field {
            key: "verb",
            display_name: "Verbs",
            description: "The verbs of the permissions to show",
            kind: FieldKind::Any(VERBS),
            required: false,
            default: Some("administer,create,delete,export,read,restrict_content"),
        },
        Field {
            key: "use-rbac",
            display_name: "Use RBAC",
            description: "Known from the public connector; has no effect here, where a site's roles are found by themselves",
            kind: FieldKind::Flag,
            required: false,
            default: None,
        },
    ],
    reports_credential_end: false,
    limit_window: None,
};

/// The connector, connected.
pub struct Confluence {
    api: Api,
    selection: Selection,
    skip_personal: bool,
    /// How the site gives access, once that is needed.
    mode: OnceCell<(Mode, Option<Warning>)>,
    /// The site's roles, weakest first, once they are needed.
    roles: OnceCell<Vec<Role>>,
}

/// The connector, for whoever knows it by name.
pub fn entry() -> Entry {
    Entry::access::<Confluence>()
}

#[async_trait]
impl Connector for Confluence {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let site = site::of(config.required("domain-url")?)?;
        let token = config.secret("api-key")?.clone();
        let credential = match (config.text("username"), &site) {
            (Some(username), _) => Credential::Token {
                username: username.to_owned(),
                token,
            },
            (None, Site::Gateway(..)) => Credential::Bearer(token),
            (None, Site::Own(_)) => return Err(no_username()),
        };
        Ok(Self {
            api: Api::new(site, credential, session)?,
            selection: Selection {
                nouns: config.any("noun", NOUNS)?,
                verbs: config.any("verb", VERBS)?,
            },
            skip_personal: config.flag("skip-personal-spaces"),
            mode: OnceCell::new(),
            roles: OnceCell::new(),
        })
    }

    async fn identify(&self) -> Result<Identity, Error> {
        let caller = self.api.current_user().await?;
        if caller.account_id.is_empty() {
            return Err(Error::new(
                ErrorType::Unauthenticated,
                Code::CredentialRejected,
                "Confluence takes us for an anonymous visitor",
                "Put a valid API token into the secret, with `username` being the e-mail address of its account.",
            ));
        }
        // The two APIs let people in, or not, each by itself.
        let sees_spaces = self.api.any_space().await?.is_some();
        let tenant = self.api.cloud_id().await?;
        let operations = caller.operations.get().into_iter().flatten();
        let administers = operations
            .map(|operation| &*operation.operation)
            .any(|operation| operation.contains("administer"));
        let mut warnings = Vec::new();
        // *Unknown*: by which operation an administrator is told from others. So this is no reason to fail.
        if !administers {
            warnings.push(Warning::new(
                Code::MayNotBeAdministrator,
                format!(
                    "nothing says that {} administers the site: what its token cannot see is not shown, and changes may be refused",
                    caller.display_name
                ),
            ));
        }
        let rights = match (administers, sees_spaces) {
            (true, _) => "administrator",
            (false, true) => "sees spaces",
            (false, false) => "sees no space",
        };
        Ok(Identity {
            tenant,
            caller: ResourceId::new(USER, &caller.account_id),
            caller_name: caller.display_name.to_string(),
            rights: rights.into(),
            // The API does not tell when a token ends.
            credential_expires_at: None,
            warnings,
        })
    }
}

impl Confluence {
    /// The site's roles, weakest first: at most fourteen, read once in a process.
    async fn roles(&self) -> Result<&[Role], Error> {
        let roles = self.roles.get_or_try_init(|| async {
            let roles = self.api.roles().await?;
            Ok::<_, Error>(access::by_strength(roles))
        });
        roles.await.map(Vec::as_slice)
    }
}

fn no_username() -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::BadConfiguration,
        "the configuration is not usable: `username` is missing",
        "Put the e-mail address of the token's account into the secret. A service account's token has no address; it needs `domain-url` to be https://api.atlassian.com/ex/confluence/<cloud id>.",
    )
}
