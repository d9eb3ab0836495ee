//! The connector, connected: what its token is, and whether it may read all that a sync needs.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rollcall::config::Config;
use rollcall::connector::{About, Connector, Identity};
use rollcall::http::Session;
use rollcall::model::ResourceId;
use rollcall::{Error, ErrorType};
use tokio::sync::OnceCell;

use crate::ABOUT;
use crate::access::USER;
use crate::api::{Api, At, Failure, Group, MISSING, Member, Page, Role, Token, UNAVAILABLE};

/// The connector, connected.
pub struct Northflank {
    pub(crate) api: Api,
    /// What the probes brought: the sync goes on with it.
    probed: OnceCell<Probed>,
}

/// The beginnings of the three lists.
struct Probed {
    members: Once<Page<Member>>,
    roles: Once<Page<Role>>,
    groups: Vec<Group>,
}

/// What is used once: a list that starts over must not go on from a cursor that the vendor has lost.
struct Once<T>(Mutex<Option<T>>);

impl<T> Once<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Connector for Northflank {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let token = config.secret("northflank-api-token")?.clone();
        let base = config.url("northflank-base-url")?;
        Ok(Self {
            api: Api::new(base, token, session)?,
            probed: OnceCell::new(),
        })
    }

    async fn identify(&self) -> Result<Identity, Error> {
        let token = self.token().await?;
        if token
            .as_ref()
            .is_some_and(|token| token.entity_type == "team")
        {
            return Err(Error::new(
                ErrorType::PermissionDenied,
                "TeamToken",
                "the API token is one of a team",
                "Make an API token of the organization: Settings > API > Tokens of the organization.",
            ));
        }
        self.probed().await?;
        Ok(self.identity(token))
    }
}

impl Northflank {
    fn identity(&self, token: Option<Token>) -> Identity {
        let ends = token.as_ref().and_then(|token| token.expires_at);
        let name = token.as_ref().map_or("", |token| &token.name);
        // Where the API does not describe the token, nothing names the organization.
        let tenant = token.as_ref().map(|token| match token.entity_uid.as_str() {
            "" => token.entity_id.clone(),
            uid => uid.to_owned(),
        });
        Identity {
            tenant: tenant.unwrap_or_default(),
            caller: ResourceId::new(USER, name),
            caller_name: format!("the API token {name}").trim_end().to_owned(),
            rights: "reads members, roles and directory groups".into(),
            credential_expires_at: ends,
            warnings: Vec::new(),
        }
    }

    /// What the token is, where the API tells.
    async fn token(&self) -> Result<Option<Token>, Error> {
        match self.api.token().await {
            Ok(token) => Ok(Some(token)),
            // Newer than some installations, and of no documented permission: the probes will say.
            Err(e) if matches!(e.status(), Some(400..=499)) && e.status() != Some(429) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    async fn probed(&self) -> Result<&Probed, Error> {
        self.probed.get_or_try_init(|| self.probe()).await
    }

    /// Reads the beginning of every list, so that all that is missing is said at once.
    async fn probe(&self) -> Result<Probed, Error> {
        let beginning = At::beginning();
        let (members, roles, groups) = tokio::join!(
            self.api.members(&beginning),
            self.api.roles(&beginning),
            self.api.groups(),
        );
        let failures = [
            members.as_ref().err(),
            roles.as_ref().err(),
            groups.as_ref().err(),
        ];
        if let Some(refused) = refused(&failures) {
            return Err(refused);
        }
        let members = members?;
        if members.items.is_empty() && members.next.is_none() {
            return Err(Error::new(
                ErrorType::PermissionDenied,
                "NoMembers",
                "the API shows no member of the organization, and there is one at least: its owner",
                MISSING,
            ));
        }
        Ok(Probed {
            members: Once::new(members),
            roles: Once::new(roles?),
            groups: groups?,
        })
    }

    /// A page of members; the first was read already.
    pub(crate) async fn members(&self, at: &At) -> Result<Page<Member>, Error> {
        let probed = match at.is_beginning() {
            true => self.probed().await?.members.take(),
            false => None,
        };
        match probed {
            Some(page) => Ok(page),
            None => listed(at, self.api.members(at).await),
        }
    }

    /// A page of roles; the first was read already.
    pub(crate) async fn roles(&self, at: &At) -> Result<Page<Role>, Error> {
        let probed = match at.is_beginning() {
            true => self.probed().await?.roles.take(),
            false => None,
        };
        match probed {
            Some(page) => Ok(page),
            None => listed(at, self.api.roles(at).await),
        }
    }

    /// All groups.
    pub(crate) async fn groups(&self) -> Result<&[Group], Error> {
        Ok(&self.probed().await?.groups)
    }

    /// The ids of all groups.
    pub(crate) async fn known_groups(&self) -> Result<BTreeSet<String>, Error> {
        let groups = self.groups().await?.iter();
        Ok(groups.map(|group| group.id.clone()).collect())
    }
}

/// A page, or why not. *Unknown*: what the API answers to a cursor that it no longer knows; a 400 to a request that had one
/// is taken for that, and the list starts over.
pub(crate) fn listed<T>(at: &At, answer: Result<Page<T>, Failure>) -> Result<Page<T>, Error> {
    match answer {
        Ok(page) => Ok(page),
        Err(e) if at.has_cursor() && e.status() == Some(400) => {
            Err(rollcall::connector::stale_cursor(e))
        }
        Err(e) => Err(e.into()),
    }
}

/// All that the token may not read, in one error. *Unknown*: whether a missing permission is a 401, a 403 or a 404; where
/// nothing can be read at all, it is the token that is refused.
fn refused(failures: &[Option<&Failure>]) -> Option<Error> {
    let refused: Vec<&Failure> = failures
        .iter()
        .copied()
        .flatten()
        .filter(|e| e.is_refusal() || e.is_unavailable())
        .collect();
    let first = refused.first()?;
    if refused.len() == failures.len() && refused.iter().all(|e| e.status() == Some(401)) {
        return Some(
            Error::new(
                ErrorType::Unauthenticated,
                "TokenRejected",
                "Northflank does not accept the API token: it is wrong, has ended or was revoked",
                MISSING,
            )
            .with_source(first.to_string()),
        );
    }
    let parts: Vec<&str> = refused.iter().map(|e| e.part.needs()).collect();
    let parts = parts.join("; ");
    let error = match refused.iter().any(|e| e.is_refusal()) {
        true => Error::new(
            ErrorType::PermissionDenied,
            "TokenTooWeak",
            format!("the API token may not read {parts}"),
            MISSING,
        ),
        false => Error::new(
            ErrorType::Misconfigured,
            "NotAvailable",
            format!("{parts} cannot be read with this token"),
            UNAVAILABLE,
        ),
    };
    Some(error.with_source(first.to_string()))
}
