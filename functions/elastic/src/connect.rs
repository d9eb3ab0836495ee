//! The connector's hosts, and its identity at each of them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::future::try_join_all;
use rollcall_connector::config::{Config, Problems};
use rollcall_connector::http::Session;
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Identity};
use rollcall_model::ResourceId;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use url::Url;

use crate::access::{DEPLOYMENT, DeploymentScope, ORGANIZATION};
use crate::api::{Cloud, Deployment, Failure, Mapping, Member, Organizations, Role, User};
use crate::{ABOUT, endpoint};

/// The name in messages of a deployment that the configuration does not name.
const ONLY: &str = "the deployment";

/// The connected connector: Elastic Cloud, deployments, or both.
pub struct Elastic {
    pub(crate) cloud: Option<CloudAccess>,
    pub(crate) clusters: Vec<Cluster>,
}

/// Elastic Cloud, with the lists that were already read: each is read once in a process.
pub(crate) struct CloudAccess {
    pub(crate) api: Cloud,
    organizations: OnceCell<Organizations>,
    members: OnceCell<BTreeMap<String, Vec<Member>>>,
}

/// A deployment, with the lists that were already read.
pub(crate) struct Cluster {
    pub(crate) api: Deployment,
    /// Its name in ids; none if they are bare.
    name: Option<String>,
    /// Its address in a normal form, however its endpoint is written.
    identity: String,
    roles: OnceCell<BTreeMap<String, Role>>,
    mappings: OnceCell<BTreeMap<String, Mapping>>,
}

#[async_trait]
impl Connector for Elastic {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let mut problems = Problems::default();
        let base = config.url("base-url")?;
        let clusters = clusters(config, &session, &mut problems)?;
        if base.path() != "/" {
            problems.add(["base-url"], "`base-url` must have no path");
        }
        let organization = config.text("organization-id").map(str::to_owned);
        let key = config.secret_if_given("api-key");
        if key.is_none() && organization.is_some() {
            problems.add(
                ["organization-id", "api-key"],
                "`organization-id` is given without `api-key`",
            );
        }
        check_keys_and_hosts(config, &base, &clusters, &mut problems);
        if key.is_none() && clusters.is_empty() && problems.is_empty() {
            problems.add(
                ["api-key"],
                "`api-key` and a deployment are both missing: at least one of them is needed",
            );
        }
        if !problems.is_empty() {
            return Err(problems.into_error());
        }
        let api = key.map(|key| Cloud::new(base, key.clone(), organization, session));
        let cloud = api.transpose()?.map(|api| CloudAccess {
            api,
            organizations: OnceCell::new(),
            members: OnceCell::new(),
        });
        Ok(Self { cloud, clusters })
    }

    /// Calls every host. The answers are kept, and the sync uses them.
    async fn identify(&self) -> Result<Identity, Error> {
        let organizations = async {
            match &self.cloud {
                Some(_) => self.organizations().await.map(Some),
                None => Ok(None),
            }
        };
        let mappings = try_join_all(self.clusters.iter().map(Cluster::mappings));
        let (organizations, _) = futures::try_join!(organizations, mappings)?;
        Ok(self.identity(organizations))
    }
}

impl Elastic {
    /// The identity at these organizations and at all deployments.
    pub(crate) fn identity(&self, organizations: Option<&Organizations>) -> Identity {
        let mut tenant = Vec::new();
        let mut rights = Vec::new();
        let mut callers = Vec::new();
        if let Some(organizations) = organizations {
            let mut ids: Vec<&str> = organizations.items.iter().map(|o| o.id.as_str()).collect();
            ids.sort_unstable();
            tenant.push(format!("organization={}", ids.join("+")));
            for organization in &organizations.items {
                rights.push(format!("the organization {}", organization.name()));
                callers.push(ResourceId::new(ORGANIZATION, &organization.id));
            }
        }
        for cluster in &self.clusters {
            let place = &cluster.api.place;
            let name = cluster.name.iter().map(|name| format!("-{name}"));
            let name: String = name.collect();
            tenant.push(format!("deployment{name}={}", cluster.identity));
            rights.push(match place.as_str() {
                ONLY => ONLY.to_owned(),
                name => format!("the deployment {name}"),
            });
            callers.push(ResourceId::new(DEPLOYMENT, place));
        }
        let host = rights.first().map_or("", String::as_str);
        let unknown = || ResourceId::new(DEPLOYMENT, "");
        Identity {
            tenant: tenant.join(" "),
            caller_name: format!("an API key of {host}"),
            caller: callers.into_iter().next().unwrap_or_else(unknown),
            rights: rights.join(", "),
            credential_expires_at: organizations.and_then(|o| o.key_expires_at),
            warnings: Vec::new(),
        }
    }

    /// The deployment of this name, or the one with bare ids.
    pub(crate) fn cluster(&self, name: Option<&str>) -> Option<&Cluster> {
        let mut clusters = self.clusters.iter();
        clusters.find(|cluster| cluster.name.as_deref() == name)
    }

    pub(crate) fn cloud(&self) -> Result<&CloudAccess, Error> {
        self.cloud.as_ref().ok_or_else(|| {
            Error::new(
                ErrorType::Misconfigured,
                Code::ConfigurationChanged,
                "the run began with an Elastic Cloud key, which is no longer configured",
                "Put `api-key` back into the secret, or start a new run after this one has ended.",
            )
        })
    }

    /// All organizations that the key can access, or the configured one: never none, and never only some of them.
    pub(crate) async fn organizations(&self) -> Result<&Organizations, Error> {
        let cloud = self.cloud()?;
        let read = || async {
            let found = cloud.api.organizations().await?;
            if found.is_partial {
                return Err(Error::new(
                    ErrorType::Misconfigured,
                    Code::SeveralOrganizations,
                    "the key has access to more organizations than Elastic Cloud lists at once, and it is not documented how to request the others",
                    "Set `organization-id` to the one that this connection is for.",
                ));
            }
            if found.items.is_empty() {
                return Err(Error::new(
                    ErrorType::PermissionDenied,
                    Code::NoOrganization,
                    "the key does not have access to any organization",
                    "Have an organization owner create a key in the Elastic Cloud console (Organization > API keys) and store it as `api-key`.",
                ));
            }
            Ok(found)
        };
        cloud.organizations.get_or_try_init(read).await
    }

    /// The members of every organization, by its id.
    pub(crate) async fn members(&self) -> Result<&BTreeMap<String, Vec<Member>>, Error> {
        let cloud = self.cloud()?;
        let organizations = &self.organizations().await?.items;
        let read = || async {
            let each = organizations.iter().map(|organization| async {
                let members = cloud.api.members(&organization.id).await?;
                Ok::<_, Error>((organization.id.clone(), members))
            });
            Ok(try_join_all(each).await?.into_iter().collect())
        };
        cloud.members.get_or_try_init(read).await
    }
}

impl Cluster {
    fn new(
        place: &str,
        name: Option<String>,
        endpoint: &str,
        key: &SecretString,
        session: &Session,
    ) -> Result<Self, Error> {
        let url = endpoint::parse(endpoint).map_err(|problem| {
            let mut problems = Problems::default();
            problems.add([endpoint_key(place)], format!("the endpoint of {place} {problem}"));
            problems.into_error()
        })?;
        Ok(Self {
            identity: endpoint::identity(&url),
            api: Deployment::new(place.to_owned(), url, key.clone(), session.clone())?,
            name,
            roles: OnceCell::new(),
            mappings: OnceCell::new(),
        })
    }

    pub(crate) fn scope(&self) -> DeploymentScope<'_> {
        DeploymentScope(self.name.as_deref())
    }

    /// A user, if it exists. A late shard, or another server that answers 404 or an empty object, looks like a missing
    /// user, so the list decides.
    pub(crate) async fn user(&self, name: &str) -> Result<Option<User>, Failure> {
        match self.api.user(name).await? {
            Some(user) => Ok(Some(user)),
            None => Ok(self.api.users().await?.remove(name)),
        }
    }

    /// Whether a role is defined. As with a user, the list decides if it seems not to be.
    pub(crate) async fn has_role(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.api.role(name).await?.is_some() || self.api.roles().await?.contains_key(name))
    }

    pub(crate) async fn roles(&self) -> Result<&BTreeMap<String, Role>, Error> {
        let read = || async { Ok(self.api.roles().await?) };
        self.roles.get_or_try_init(read).await
    }

    pub(crate) async fn mappings(&self) -> Result<&BTreeMap<String, Mapping>, Error> {
        let read = || async { Ok(self.api.mappings().await?) };
        self.mappings.get_or_try_init(read).await
    }
}

/// The key of the configuration that has the endpoint of a deployment.
fn endpoint_key(place: &str) -> &'static str {
    if place == ONLY { "deployment-endpoint" } else { "deployments" }
}

fn clusters(
    config: &Config,
    session: &Session,
    problems: &mut Problems,
) -> Result<Vec<Cluster>, Error> {
    let both_keys = ["deployment-endpoint", "deployment-api-key"];
    let endpoint = config.text("deployment-endpoint");
    let key = config.secret_if_given("deployment-api-key");
    let rows = config.table("deployments");
    let mut clusters = Vec::new();
    match (endpoint, key) {
        (Some(endpoint), Some(key)) => {
            clusters.push(Cluster::new(ONLY, None, endpoint, key, session)?);
        }
        (Some(_), None) => {
            problems.add(both_keys, "`deployment-endpoint` is given without `deployment-api-key`");
        }
        (None, Some(_)) => {
            problems.add(both_keys, "`deployment-api-key` is given without `deployment-endpoint`");
        }
        (None, None) => {}
    }
    let both = !clusters.is_empty() && !rows.is_empty();
    for row in rows {
        let place = row.required("name")?;
        let name = (!row.flag("bare-ids")).then(|| place.to_owned());
        let (endpoint, key) = (row.required("endpoint")?, row.secret("api-key")?);
        clusters.push(Cluster::new(place, name, endpoint, key, session)?);
    }
    match both {
        true => problems.add(["deployments", "deployment-endpoint"], "`deployments` is given together with `deployment-endpoint`: move that deployment into the list, with `bare-ids` to keep its ids"),
        false => check_distinct(&clusters, problems),
    }
    Ok(clusters)
}

/// No two deployments may share ids, and none may be listed twice.
fn check_distinct(clusters: &[Cluster], problems: &mut Problems) {
    for (n, cluster) in clusters.iter().enumerate() {
        let before = &clusters[..n];
        let place = &cluster.api.place;
        if before.iter().any(|other| other.api.place == *place) {
            problems.add(["deployments"], format!("`deployments` has the name `{place}` twice"));
        } else if before.iter().any(|other| other.name == cluster.name) {
            problems.add(
                ["deployments"],
                "`deployments` has `bare-ids` twice: only one deployment can have it",
            );
        }
        if let Some(other) = before.iter().find(|o| o.identity == cluster.identity) {
            let other = &other.api.place;
            problems
                .add(["deployments"], format!("`{other}` and `{place}` are the same deployment"));
        }
    }
}

/// Each key is sent only to its own host.
fn check_keys_and_hosts(
    config: &Config,
    base: &Url,
    clusters: &[Cluster],
    problems: &mut Problems,
) {
    for api in clusters.iter().map(|cluster| &cluster.api) {
        if endpoint::is_same_host(&api.endpoint, base) {
            problems.add([endpoint_key(&api.place)], format!(
                "the endpoint of {} is the address of the Elastic Cloud API: copy the deployment's Elasticsearch endpoint",
                api.place
            ));
        }
    }
    let single = config.secret_if_given("deployment-api-key");
    let rows = config.table("deployments").iter();
    let keys = rows.filter_map(|row| row.secret_if_given("api-key"));
    if let Some(cloud) = config.secret_if_given("api-key")
        && keys.chain(single).any(|key| key.expose_secret() == cloud.expose_secret())
    {
        problems.add(
            ["api-key"],
            "`api-key` is also the key of a deployment: use one that was created in Elastic Cloud",
        );
    }
}
