//! The connected connector: its token's properties, and whether it may read all that a sync needs.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rollcall_connector::config::Config;
use rollcall_connector::http::Session;
use rollcall_connector::{
    About, Code, Connector, Error, ErrorType, Identity, Warning, is_stale_cursor, pages,
};
use rollcall_model::ResourceId;
use tokio::sync::OnceCell;

use crate::ABOUT;
use crate::access::USER;
use crate::api::{
    Answer, Api, CallFailure, Group, ListPlace, MISSING, Member, Page, Role, Token, denied,
    not_available,
};

/// The connected connector.
pub struct Northflank {
    pub(crate) api: Api,
    /// What [`Connector::identify`] read, so that a sync does not read it again.
    probed: OnceCell<Probed>,
}

/// The first pages of members and roles, and all groups. A page is used once: a list that is read again must not
/// continue at a cursor that the vendor has lost.
struct Probed {
    members: Mutex<Option<Page<Member>>>,
    roles: Mutex<Option<Page<Role>>>,
    groups: Vec<Group>,
}

fn take<T>(page: &Mutex<Option<T>>) -> Option<T> {
    page.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[async_trait]
impl Connector for Northflank {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let token = config.secret("northflank-api-token")?.clone();
        let base = config.url("northflank-base-url")?;
        Ok(Self { api: Api::new(base, token, session)?, probed: OnceCell::new() })
    }

    async fn identify(&self) -> Result<Identity, Error> {
        let described = self.described().await?;
        let token = described.as_ref().ok();
        if token.is_some_and(|token| token.entity_type == "team") {
            return Err(Error::new(
                ErrorType::PermissionDenied,
                Code::CredentialTooWeak,
                "the API token belongs to a team, not to the organization",
                "Create an API token of the organization, in the organization's Settings > API > Tokens.",
            ));
        }
        self.probed.get_or_try_init(|| self.probe(token.is_some())).await?;
        Ok(identity(described))
    }
}

/// The caller. Only the organization's `entityUid` pins the tenant: its other id is a name that may change.
fn identity(described: Answer<Token>) -> Identity {
    let mut warnings = Vec::new();
    let (tenant, name, ends) = match &described {
        Ok(token) => {
            let fields = token.unreadable().into_iter();
            warnings.extend(fields.map(|field| Warning::unreadable("the API token", field)));
            let name = token.name.text();
            (token.entity_uid.trim(), name, token.expires_at.time())
        }
        Err(_) => ("", "", None),
    };
    if tenant.is_empty() {
        let why = match &described {
            Ok(_) => "it has no `entityUid`".to_owned(),
            Err(failure) => failure.to_string(),
        };
        let what = format!(
            "GET /v1/auth does not say which organization the API token belongs to ({why}): a token of another organization would go unnoticed"
        );
        warnings.push(Warning::new(Code::TenantUnknown, what));
    }
    Identity {
        tenant: tenant.to_owned(),
        caller: ResourceId::new(USER, name),
        caller_name: format!("the API token {name}").trim_end().to_owned(),
        rights: "reads members, roles and directory groups".into(),
        credential_expires_at: ends,
        warnings,
    }
}

impl Northflank {
    /// The token's properties, or the API's refusal to return them: the call is newer than some installations, and its
    /// permission is not documented. Then the probes show what the token can read.
    async fn described(&self) -> Result<Answer<Token>, Error> {
        match self.api.token().await {
            Ok(token) => Ok(Ok(token)),
            Err(e) if matches!(e.status(), Some(400..=428 | 430..=499)) => Ok(Err(e)),
            Err(e) => Err(e.into()),
        }
    }

    async fn probed(&self) -> Result<&Probed, Error> {
        // Steps run only after `identify`.
        self.probed.get_or_try_init(|| self.probe(false)).await
    }

    /// Reads the beginning of every list, so that one error names all missing permissions.
    async fn probe(&self, token_is_good: bool) -> Result<Probed, Error> {
        let start = ListPlace::default();
        let (members, roles, groups) = tokio::join!(
            self.api.members(&start),
            self.api.roles(&start),
            self.api.groups(&start),
        );
        let (m, r, g) = (members.as_ref(), roles.as_ref(), groups.as_ref());
        if let Some(refused) = refused([m.err(), r.err(), g.err()], token_is_good) {
            return Err(refused);
        }
        let members = members?;
        if members.items.is_empty() && members.next.is_none() {
            return Err(no_members());
        }
        let first = &Mutex::new(Some(groups?));
        let read = |at: ListPlace| async move {
            match take(first) {
                Some(page) => Ok(page),
                None => self.groups_page(at).await,
            }
        };
        Ok(Probed {
            members: Mutex::new(Some(members)),
            roles: Mutex::new(Some(roles?)),
            groups: pages::all("directory groups", read, is_stale_cursor).await?,
        })
    }

    /// A page of members; the first was already read.
    pub(crate) async fn members(&self, at: &ListPlace) -> Result<Page<Member>, Error> {
        if at.is_beginning()
            && let Some(page) = take(&self.probed().await?.members)
        {
            return Ok(page);
        }
        self.listed(at, self.api.members(at).await).await
    }

    /// A page of roles; the first was already read.
    pub(crate) async fn roles(&self, at: &ListPlace) -> Result<Page<Role>, Error> {
        if at.is_beginning()
            && let Some(page) = take(&self.probed().await?.roles)
        {
            return Ok(page);
        }
        self.roles_page(at.clone()).await
    }

    /// A page of roles as it is now.
    pub(crate) async fn roles_page(&self, at: ListPlace) -> Result<Page<Role>, Error> {
        self.listed(&at, self.api.roles(&at).await).await
    }

    /// A page of groups as it is now.
    pub(crate) async fn groups_page(&self, at: ListPlace) -> Result<Page<Group>, Error> {
        self.listed(&at, self.api.groups(&at).await).await
    }

    /// All groups.
    pub(crate) async fn groups(&self) -> Result<&[Group], Error> {
        Ok(&self.probed().await?.groups)
    }

    /// A page, or why not. *Unknown*: what the API answers to a cursor that it no longer knows, and whether it says 401
    /// or 403 where a permission is missing. So after a 401, the call without a permission shows whether the token is
    /// valid.
    pub(crate) async fn listed<T>(&self, at: &ListPlace, answer: Answer<T>) -> Result<T, Error> {
        match answer {
            Err(failure) if failure.status() == Some(401) => Err(match self.api.token().await {
                Ok(_) => failure.denied(),
                Err(e) if e.status() == Some(401) => rejected(&failure),
                Err(_) => failure.into(),
            }),
            answer => pages::listed(at.has_cursor(), CallFailure::status, answer),
        }
    }
}

/// Every organization has a member.
pub(crate) fn no_members() -> Error {
    Error::new(
        ErrorType::PermissionDenied,
        Code::EmptyList,
        "the API returns no members of the organization, which has at least one: its owner",
        MISSING,
    )
}

fn rejected(failure: &CallFailure) -> Error {
    Error::new(
        ErrorType::Unauthenticated,
        Code::CredentialRejected,
        "Northflank does not accept the API token: it is wrong, has expired or was revoked",
        MISSING,
    )
    .with_source(failure.to_string())
}

/// One error for all that the token may not read. *Unknown*: whether a missing permission is a 401, a 403 or a 404. If
/// nothing can be read at all, the token itself is refused, unless the API has just returned its properties.
fn refused(failures: [Option<&CallFailure>; 3], token_is_good: bool) -> Option<Error> {
    let is_401 =
        |failure: &Option<&CallFailure>| failure.and_then(CallFailure::status) == Some(401);
    let all_are_401 = failures.iter().all(is_401);
    let refused = failures.into_iter().flatten();
    let refused = refused.filter(|e| e.is_refusal() || e.is_unavailable());
    let refused: Vec<&CallFailure> = refused.collect();
    let first = refused.first()?;
    if all_are_401 && !token_is_good {
        return Some(rejected(first));
    }
    let parts: Vec<&str> = refused.iter().map(|e| e.part.needs()).collect();
    let error = match refused.iter().any(|e| e.is_refusal()) {
        true => denied,
        false => not_available,
    };
    Some(error(&parts.join("; "), first.to_string()))
}
