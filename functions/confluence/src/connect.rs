//! The connected connector: a site, the account of its token, and how the site gives access.

mod mode;

use async_trait::async_trait;
use rollcall_connector::config::Config;
use rollcall_connector::http::{Header, Session};
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Identity, Warning};
use rollcall_model::ResourceId;
use tokio::sync::OnceCell;

use crate::ABOUT;
use crate::access::{self, AccessMode, NOUNS, Selection, USER, VERBS};
use crate::api::{Api, Role, Site, Space, site_roles};

/// The connector, connected to a site.
pub struct Confluence {
    pub(crate) api: Api,
    pub(crate) selection: Selection,
    skip_personal: bool,
    mode: OnceCell<(AccessMode, Option<Warning>)>,
    roles: OnceCell<Vec<Role>>,
}

#[async_trait]
impl Connector for Confluence {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let site = Site::parse(config.required("domain-url")?).map_err(bad_domain)?;
        let token = config.secret("api-key")?.clone();
        let authorization = match (config.text("username"), &site) {
            (Some(user), _) => Header::Basic { user: user.to_owned(), password: token },
            // The token of a service account, which only the gateway accepts.
            (None, Site::Gateway(..)) => Header::Secret("Bearer ", token),
            (None, Site::Own(_)) => return Err(no_username()),
        };
        Ok(Self {
            api: Api::new(site, authorization, session)?,
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
                "Confluence treats the caller as an anonymous visitor",
                "Store a valid API token in the secret, with the e-mail address of its account as `username`.",
            ));
        }
        // Each of the two APIs accepts or rejects a token by itself.
        let sees_spaces = self.api.any_space().await?.is_some();
        let tenant = self.api.cloud_id().await?;
        let mut operations = caller.operations.get().into_iter().flatten();
        let administers = operations.any(|o| o.operation.contains("administer"));
        // *Unknown*: the operation that identifies an administrator. So a missing one is only a warning.
        let warning = (!administers).then(|| {
            Warning::new(
                Code::MayNotBeAdministrator,
                format!(
                    "nothing shows that {} administers the site: what its token cannot see is missing, and changes may be refused",
                    caller.display_name
                ),
            )
        });
        let rights = match (administers, sees_spaces) {
            (true, _) => "administrator",
            (false, true) => "sees spaces",
            (false, false) => "cannot see any space",
        };
        Ok(Identity {
            tenant,
            caller: ResourceId::new(USER, &caller.account_id),
            caller_name: caller.display_name.to_string(),
            rights: rights.into(),
            // The API does not report when a token expires.
            credential_expires_at: None,
            warnings: warning.into_iter().collect(),
        })
    }
}

impl Confluence {
    /// The site's roles, weakest first: at most fourteen, read once in a process.
    pub(crate) async fn roles(&self) -> Result<&[Role], Error> {
        let read = || async { Ok(access::by_strength(self.api.whole(&site_roles()).await?)) };
        self.roles.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// Whether the configuration excludes a space.
    pub(crate) fn skips(&self, space: &Space) -> bool {
        self.skip_personal && &*space.kind == "personal"
    }
}

fn bad_domain(problem: String) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::BadConfiguration,
        format!("`domain-url` {problem}"),
        "Correct the connection's secret.",
    )
    .with_keys(["domain-url"])
}

fn no_username() -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::BadConfiguration,
        "the configuration is not usable: `username` is missing",
        "Store the e-mail address of the token's account in the secret. A service account's token has no address; it needs `domain-url` to be https://api.atlassian.com/ex/confluence/<cloud id>.",
    )
    .with_keys(["username"])
}
