//! The connected connector: an organization, and what its token can see.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_connector::config::{Config, vendor_url};
use rollcall_connector::http::Session;
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Identity, Warning, pages};
use rollcall_model::ResourceId;
use tokio::sync::OnceCell;
use url::Url;

use crate::ABOUT;
use crate::access::USER;
use crate::api::{Api, GRAPHQL, GraphQl, Organization, PagePosition, REST, SCOPES, Token, label};

/// The connector, connected to an organization.
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
        let unreadable = token.unreadable().into_iter();
        Ok(Identity {
            tenant: organization.id.clone(),
            // The API returns the owner's name and address; their id would take another call.
            caller: ResourceId::new(USER, token.owner_email()),
            caller_name: token.owner_name().to_owned(),
            rights: token.scopes.join(", "),
            credential_expires_at: token.expires_at.time(),
            warnings: unreadable.map(|field| Warning::unreadable("the API token", field)).collect(),
        })
    }
}

impl Buildkite {
    /// Our token's properties: read once in a process.
    pub(crate) async fn token(&self) -> Result<&Token, Error> {
        let read = || async { Ok(self.api.token().await?) };
        self.token.get_or_try_init(read).await
    }

    /// The GraphQL API, if the token has its scope and its address is known.
    pub(crate) async fn graphql(&self) -> Result<Option<&GraphQl>, Error> {
        let token = self.token().await?;
        let has_scope = token.scopes.iter().any(|scope| scope == "graphql");
        Ok(self.graphql.as_ref().filter(|_| has_scope))
    }

    /// The organization that this connection is for: read once in a process.
    pub(crate) async fn organization(&self) -> Result<&Organization, Error> {
        let find = || self.find_organization();
        self.organization.get_or_try_init(find).await
    }

    async fn find_organization(&self) -> Result<Organization, Error> {
        let read = |at: PagePosition| async move {
            Ok::<_, Error>(self.api.organizations(&at).await?.into())
        };
        let mut all = pages::all("organizations", read, |_| false).await?;
        let mut ids = BTreeSet::new();
        all.retain(|organization: &Organization| ids.insert(organization.id.clone()));
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
                "the API token does not have access to any organization",
                "Select the organization under Organization Access on the token's page.",
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
                    "Set `organization` to one that the token can access ({slugs}), or select the right one on the token's page."
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

/// The URL of the GraphQL API. With another REST API than Buildkite's own, such as a proxy, it must be configured: the
/// token is sent only to hosts that the operator named.
fn graphql_url(config: &Config) -> Result<Option<Url>, Error> {
    if config.text("graphql-url").is_some() {
        return config.url("graphql-url").map(Some);
    }
    if config.url("base-url")?.as_str().trim_end_matches('/') != REST {
        return Ok(None);
    }
    let bad = |e| Error::internal(Code::BadUrl, format!("{GRAPHQL} is not a URL: {e}"));
    vendor_url(GRAPHQL).map(Some).map_err(bad)
}

/// Names all scopes that are missing at once, as the token's page names them.
fn check_scopes(token: &Token) -> Result<(), Error> {
    let has = |scope: &str| token.scopes.iter().any(|has| has == scope);
    let missing = SCOPES.iter().filter(|(scope, _)| !has(scope));
    let missing: Vec<String> = missing.map(|(scope, _)| label(scope)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorType::PermissionDenied,
        Code::CredentialTooWeak,
        format!("the API token lacks {}", missing.join(" and ")),
        "Select what is missing on the token's page: https://buildkite.com/user/api-access-tokens.",
    ))
}
