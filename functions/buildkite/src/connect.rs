//! The connector, connected: which organization it looks at, and what its token may see.

use async_trait::async_trait;
use rollcall_connector::config::{Config, vendor_url};
use rollcall_connector::http::Session;
use rollcall_connector::pages::EmptyPages;
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Identity, Warning};
use rollcall_model::ResourceId;
use tokio::sync::OnceCell;
use url::Url;

use crate::access::USER;
use crate::api::{Api, At, GraphQl, Organization, SCOPES, Taken, Token, label, time};
use crate::{ABOUT, GRAPHQL, REST};

/// The connector, connected.
pub struct Buildkite {
    pub(crate) api: Api,
    graphql: Option<GraphQl>,
    pub(crate) session: Session,
    /// The slug that is configured.
    slug: Option<String>,
    pub(crate) token: OnceCell<Token>,
    organization: OnceCell<Organization>,
}

#[async_trait]
impl Connector for Buildkite {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let token = config.secret("api-token")?.clone();
        let graphql = graphql_url(config)?
            .map(|url| GraphQl::new(url, token.clone(), session.clone()))
            .transpose()?;
        Ok(Self {
            api: Api::new(config.url("base-url")?, token, session.clone())?,
            graphql,
            session,
            slug: config.text("organization").map(str::to_owned),
            token: OnceCell::new(),
            organization: OnceCell::new(),
        })
    }

    async fn identify(&self) -> Result<Identity, Error> {
        let token = self.token().await?;
        check_scopes(token)?;
        let organization = self.organization().await?;
        Ok(Identity {
            tenant: organization.id.clone(),
            // Whose it is, the API tells by name and address; the id of that person would be a call more.
            caller: ResourceId::new(USER, token.owner_email()),
            caller_name: token.owner_name().to_owned(),
            rights: token.scopes.join(", "),
            credential_expires_at: time(&token.expires_at),
            warnings: unreadable(token),
        })
    }
}

impl Buildkite {
    /// What our token is: asked once in a process.
    pub(crate) async fn token(&self) -> Result<&Token, Error> {
        let read = || async { Ok(self.api.token().await?) };
        self.token.get_or_try_init(read).await
    }

    /// The GraphQL API, if the token is good for it and it is known where it is.
    pub(crate) async fn graphql(&self) -> Result<Option<&GraphQl>, Error> {
        let token = self.token().await?;
        let is_good = token.scopes.iter().any(|scope| scope == "graphql");
        Ok(self.graphql.as_ref().filter(|_| is_good))
    }

    /// The organization that this connection is for: read once in a process.
    pub(crate) async fn organization(&self) -> Result<&Organization, Error> {
        self.organization
            .get_or_try_init(|| self.find_organization())
            .await
    }

    async fn find_organization(&self) -> Result<Organization, Error> {
        let mut all: Vec<Organization> = Vec::new();
        let (mut at, mut pages) = (Some(At::beginning()), EmptyPages::of("organizations"));
        while let Some(here) = at {
            let page = self.api.organizations(&here).await?;
            let Taken { rows, next, .. } = here.take(page, |organization| &organization.id)?;
            if next.is_some() {
                pages.count(rows.len())?;
            }
            for organization in rows {
                if all.iter().all(|known| known.id != organization.id) {
                    all.push(organization);
                }
            }
            at = next;
        }
        let wanted = |o: &&Organization| match &self.slug {
            Some(slug) => o.slug.eq_ignore_ascii_case(slug),
            None => all.len() == 1,
        };
        match all.iter().find(wanted) {
            Some(found) => Ok(found.clone()),
            None => Err(self.not_among(&all)),
        }
    }

    fn not_among(&self, all: &[Organization]) -> Error {
        if all.is_empty() {
            return Error::new(
                ErrorType::PermissionDenied,
                Code::NoOrganization,
                "the API token has access to no organization",
                "Tick the organization under Organization Access on the token's page.",
            );
        }
        let slugs: Vec<&str> = all.iter().map(|o| o.slug.as_str()).collect();
        let slugs = slugs.join(", ");
        match &self.slug {
            Some(slug) => Error::new(
                ErrorType::NotFound,
                Code::UnknownOrganization,
                format!("the API token has no access to the organization `{slug}`"),
                format!(
                    "Set `organization` to one that the token reaches ({slugs}), or tick the right one on the token's page."
                ),
            ),
            None => Error::new(
                ErrorType::Misconfigured,
                Code::SeveralOrganizations,
                format!("the API token has access to several organizations: {slugs}"),
                "Set `organization` to one of them.",
            ),
        }
    }
}

/// Where the REST API is another one than Buildkite's own, such as a proxy, the token is not sent to Buildkite's GraphQL
/// behind its back.
fn graphql_url(config: &Config) -> Result<Option<Url>, Error> {
    if config.text("graphql-url").is_some() {
        return config.url("graphql-url").map(Some);
    }
    let is_default = config.url("base-url")?.as_str().trim_end_matches('/') == REST;
    if !is_default {
        return Ok(None);
    }
    let bad = |e| Error::internal(Code::BadUrl, format!("{GRAPHQL} is no URL: {e}"));
    vendor_url(GRAPHQL).map(Some).map_err(bad)
}

fn unreadable(token: &Token) -> Vec<Warning> {
    let fields = token.unreadable().into_iter();
    fields
        .map(|field| Warning::unreadable("the API token", field))
        .collect()
}

/// All that is missing is said at once, in the words of the token's page.
fn check_scopes(token: &Token) -> Result<(), Error> {
    let missing: Vec<String> = SCOPES
        .iter()
        .filter(|(scope, _)| !token.scopes.iter().any(|has| has == scope))
        .map(|(scope, _)| label(scope))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorType::PermissionDenied,
        Code::CredentialTooWeak,
        format!("the API token lacks {}", missing.join(" and ")),
        "Tick what is missing on the token's page: https://buildkite.com/user/api-access-tokens.",
    ))
}
