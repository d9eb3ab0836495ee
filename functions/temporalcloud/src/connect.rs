//! The connected connector: its key's owner, and whether the key can see all that a sync must show.

use async_trait::async_trait;
use rollcall_connector::config::Config;
use rollcall_connector::http::Session;
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Identity, Warning};
use rollcall_model::ResourceId;
use tokio::sync::OnceCell;

use crate::ABOUT;
use crate::access::{SERVICE_ACCOUNT, USER};
use crate::api::{AccessHolder, Api, ApiEnum, ApiObject, Role};

/// The fix for a key that cannot see enough.
pub(crate) const ADMIN_KEY: &str =
    "Use an API key of a service account with the account role Global Admin (ROLE_ADMIN).";

/// The connected connector.
pub struct TemporalCloud {
    pub(crate) api: Api,
    pub(crate) session: Session,
    /// The role of new accounts.
    pub(crate) default_role: Role,
    /// Whether the account has projects, once that was needed.
    pub(crate) projects: OnceCell<bool>,
}

#[async_trait]
impl Connector for TemporalCloud {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let key = config.secret("api-key")?.clone();
        let role = config.required("default-account-role")?;
        Ok(Self {
            api: Api::new(config.url("base-url")?, key, session.clone())?,
            session,
            default_role: Role::of(&role.to_uppercase()),
            projects: OnceCell::new(),
        })
    }

    async fn identify(&self) -> Result<Identity, Error> {
        let tenant = self.api.account_id().await?;
        if !is_account_id(&tenant) {
            return Err(Error::new(
                ErrorType::Internal,
                Code::UnexpectedAnswer,
                format!(
                    "the vendor returns `{tenant}` as the account id, which is not a word of a-z and 0-9"
                ),
                "Report this to the vendor: every id in the snapshot would be wrong.",
            ));
        }
        let identity = self.api.current_identity().await?;
        let (caller, caller_name, access) = match (&identity.user, &identity.service_account) {
            (Some(user), _) => (ResourceId::new(USER, user.id()), user.name(), user.access()),
            (None, Some(sa)) => {
                let caller = ResourceId::new(SERVICE_ACCOUNT, sa.id());
                (caller, sa.name(), sa.access())
            }
            (None, None) => {
                return Err(incomplete("the vendor does not say whose key this is"));
            }
        };
        let rights = match access.and_then(|access| access.role()) {
            Some(Role::Owner) => "Account Owner",
            Some(Role::Admin) => "Global Admin",
            other => {
                let has = other.map_or_else(|| "no account role".into(), |role| role.api_name());
                let what = format!("the key belongs to `{caller_name}`, which has {has}");
                return Err(weak_key(&what));
            }
        };
        let key_ends = identity.key_ends();
        let unreadable = key_ends.is_unreadable().then(|| {
            Warning::new(
                Code::UnreadableField,
                "`expiryTime` of the key is not in the documented form: there will be no warning before the key expires",
            )
        });
        Ok(Identity {
            tenant,
            caller,
            caller_name: caller_name.to_owned(),
            rights: rights.into(),
            credential_expires_at: key_ends.time(),
            warnings: unreadable.into_iter().collect(),
        })
    }
}

/// A short word of lower-case letters and digits. Anything else would make role ids ambiguous.
fn is_account_id(id: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    !id.is_empty() && id.bytes().all(is_plain)
}

/// The API hides other users' access from lesser roles and still answers 200: such a sync would look healthy and show
/// nobody with access.
pub(crate) fn weak_key(what: &str) -> Error {
    Error::new(
        ErrorType::PermissionDenied,
        Code::CredentialTooWeak,
        format!("{what} and therefore cannot see other users' access"),
        ADMIN_KEY,
    )
}

/// The error of an answer that lacks required data, and may lack more.
pub(crate) fn incomplete(what: impl Into<String>) -> Error {
    unbelievable(Code::IncompleteAnswer, what)
}

/// The error of two contradictory answers, of which neither is used.
pub(crate) fn contradiction(what: impl Into<String>) -> Error {
    unbelievable(Code::ContradictoryAnswers, what)
}

fn unbelievable(code: Code, what: impl Into<String>) -> Error {
    let fix = "Run again; if it persists, report it to the vendor.";
    Error::new(ErrorType::Unavailable, code, what, fix)
}
