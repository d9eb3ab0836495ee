//! The connector, connected: what its token is, and whether it may read all that a sync needs.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rollcall_connector::config::Config;
use rollcall_connector::http::Session;
use rollcall_connector::pages::EmptyPages;
use rollcall_connector::{
    About, Code, Connector, Error, ErrorType, Identity, Warning, stale_cursor,
};
use rollcall_model::ResourceId;
use tokio::sync::OnceCell;

use crate::ABOUT;
use crate::access::USER;
use crate::api::{
    Api, At, Failure, Group, MISSING, Member, Page, Role, Token, UNAVAILABLE, text, time,
};

/// The connector, connected.
pub struct Northflank {
    pub(crate) api: Api,
    /// What the probes brought: the sync goes on with it.
    probed: OnceCell<Probed>,
}

/// The beginnings of the three lists.
struct Probed {
    members: ProbedPage<Page<Member>>,
    roles: ProbedPage<Page<Role>>,
    groups: Vec<Group>,
}

/// What is used once: a list that starts over must not go on from a cursor that the vendor has lost.
struct ProbedPage<T>(Mutex<Option<T>>);

impl<T> ProbedPage<T> {
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
        let described = self.described().await?;
        let token = described.as_ref().ok();
        if token.is_some_and(|token| token.entity_type == "team") {
            return Err(Error::new(
                ErrorType::PermissionDenied,
                Code::CredentialTooWeak,
                "the API token is one of a team",
                "Make an API token of the organization: Settings > API > Tokens of the organization.",
            ));
        }
        self.probed
            .get_or_try_init(|| self.probe(token.is_some()))
            .await?;
        Ok(identity(described))
    }
}

/// Who we are. The tenant is pinned by the organization's `entityUid` alone: its other id is a name that may change.
fn identity(described: Result<Token, Failure>) -> Identity {
    let mut warnings = Vec::new();
    let (tenant, name, ends) = match &described {
        Ok(token) => {
            let fields = token.unreadable().into_iter();
            warnings.extend(fields.map(|field| Warning::unreadable("the API token", field)));
            (
                token.entity_uid.trim(),
                text(&token.name),
                time(&token.expires_at),
            )
        }
        Err(_) => ("", "", None),
    };
    if tenant.is_empty() {
        let why = match &described {
            Ok(_) => "it has no `entityUid`".to_owned(),
            Err(failure) => failure.to_string(),
        };
        warnings.push(Warning::new(
            Code::TenantUnknown,
            format!(
                "GET /v1/auth does not tell which organization the API token is of ({why}): a token of another one would not be noticed"
            ),
        ));
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
    /// What the token is, or how the API refuses to tell: that is newer than some installations, and of no documented
    /// permission. The probes show then what the token is good for.
    async fn described(&self) -> Result<Result<Token, Failure>, Error> {
        match self.api.token().await {
            Ok(token) => Ok(Ok(token)),
            Err(e) if matches!(e.status(), Some(400..=499)) && e.status() != Some(429) => {
                Ok(Err(e))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Why a list was refused. *Unknown*: whether Northflank says 401 or 403 where a permission is missing. So after a 401
    /// the call that takes no permission is asked whether the token is still good.
    pub(crate) async fn explained(&self, failure: Failure) -> Error {
        if failure.status() != Some(401) {
            return failure.into();
        }
        match self.api.token().await {
            Ok(_) => failure.denied(),
            Err(e) if e.status() == Some(401) => rejected(&failure),
            Err(_) => failure.into(),
        }
    }

    async fn probed(&self) -> Result<&Probed, Error> {
        // Whoever runs steps has been identified before.
        self.probed.get_or_try_init(|| self.probe(false)).await
    }

    /// Reads the beginning of every list, so that all that is missing is said at once.
    async fn probe(&self, token_is_good: bool) -> Result<Probed, Error> {
        let beginning = At::beginning();
        let (members, roles, groups) = tokio::join!(
            self.api.members(&beginning),
            self.api.roles(&beginning),
            self.api.groups(&beginning),
        );
        let failures = [
            members.as_ref().err(),
            roles.as_ref().err(),
            groups.as_ref().err(),
        ];
        if let Some(refused) = refused(&failures, token_is_good) {
            return Err(refused);
        }
        let members = members?;
        if members.items.is_empty() && members.next.is_none() {
            return Err(no_members());
        }
        Ok(Probed {
            members: ProbedPage::new(members),
            roles: ProbedPage::new(roles?),
            groups: self.to_the_end(groups?).await?,
        })
    }

    /// The groups of this page and of those after it.
    async fn to_the_end(&self, first: Page<Group>) -> Result<Vec<Group>, Error> {
        let (mut groups, mut at) = (first.items, first.next);
        let (mut pages, mut rows) = (EmptyPages::of("directory groups"), groups.len());
        while let Some(here) = at {
            pages.count(rows)?;
            let page = self.groups_at(&here).await?;
            rows = page.items.len();
            groups.extend(page.items);
            at = page.next;
        }
        Ok(groups)
    }

    async fn groups_at(&self, at: &At) -> Result<Page<Group>, Error> {
        match self.api.groups(at).await {
            Ok(page) => Ok(page),
            Err(e) => Err(self.explained(e).await),
        }
    }

    /// All groups that there are now.
    pub(crate) async fn groups_again(&self) -> Result<Vec<Group>, Error> {
        let first = self.groups_at(&At::beginning()).await?;
        self.to_the_end(first).await
    }

    /// A page of members; the first was read already.
    pub(crate) async fn members(&self, at: &At) -> Result<Page<Member>, Error> {
        let probed = match at.is_beginning() {
            true => self.probed().await?.members.take(),
            false => None,
        };
        match probed {
            Some(page) => Ok(page),
            None => self.listed(at, self.api.members(at).await).await,
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
            None => self.listed(at, self.api.roles(at).await).await,
        }
    }

    /// All groups.
    pub(crate) async fn groups(&self) -> Result<&[Group], Error> {
        Ok(&self.probed().await?.groups)
    }

    /// A page, or why not. *Unknown*: what the API answers to a cursor that it no longer knows; a 400 to a request that had
    /// one is taken for that, and the list starts over.
    pub(crate) async fn listed<T>(
        &self,
        at: &At,
        answer: Result<Page<T>, Failure>,
    ) -> Result<Page<T>, Error> {
        match answer {
            Ok(page) => Ok(page),
            Err(e) if at.has_cursor() && e.status() == Some(400) => Err(stale_cursor(e)),
            Err(e) => Err(self.explained(e).await),
        }
    }

    /// The ids of all groups.
    pub(crate) async fn known_groups(&self) -> Result<BTreeSet<String>, Error> {
        let groups = self.groups().await?.iter();
        Ok(groups.map(|group| group.id.clone()).collect())
    }
}

/// There is one member at least.
pub(crate) fn no_members() -> Error {
    Error::new(
        ErrorType::PermissionDenied,
        Code::EmptyList,
        "the API shows no member of the organization, and there is one at least: its owner",
        MISSING,
    )
}

fn rejected(failure: &Failure) -> Error {
    Error::new(
        ErrorType::Unauthenticated,
        Code::CredentialRejected,
        "Northflank does not accept the API token: it is wrong, has ended or was revoked",
        MISSING,
    )
    .with_source(failure.to_string())
}

/// All that the token may not read, in one error. *Unknown*: whether a missing permission is a 401, a 403 or a 404. Where
/// nothing can be read at all, it is the token that is refused, unless the API has just told what it is.
fn refused(failures: &[Option<&Failure>], token_is_good: bool) -> Option<Error> {
    let refused: Vec<&Failure> = failures
        .iter()
        .copied()
        .flatten()
        .filter(|e| e.is_refusal() || e.is_unavailable())
        .collect();
    let first = refused.first()?;
    let is_whole = refused.len() == failures.len();
    if !token_is_good && is_whole && refused.iter().all(|e| e.status() == Some(401)) {
        return Some(rejected(first));
    }
    let parts: Vec<&str> = refused.iter().map(|e| e.part.needs()).collect();
    let parts = parts.join("; ");
    let error = match refused.iter().any(|e| e.is_refusal()) {
        true => Error::new(
            ErrorType::PermissionDenied,
            Code::CredentialTooWeak,
            format!("the API token may not read {parts}"),
            MISSING,
        ),
        false => Error::new(
            ErrorType::Misconfigured,
            Code::NotAvailable,
            format!("{parts} cannot be read with this token"),
            UNAVAILABLE,
        ),
    };
    Some(error.with_source(first.to_string()))
}
