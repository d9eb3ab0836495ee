//! The connector, connected: which hosts it talks to, and who it is at each of them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::future::try_join_all;
use rollcall_connector::config::Config;
use rollcall_connector::http::Session;
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Identity, config};
use rollcall_model::ResourceId;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use crate::access::{DEPLOYMENT, DeploymentScope, ORGANIZATION};
use crate::api::{Cloud, Deployment, Failure, Mapping, Member, Organizations, Role, User};
use crate::{ABOUT, endpoint};

/// What messages call the deployment that has no name.
const ONLY: &str = "the deployment";

/// The connector, connected.
pub struct Elastic {
    cloud: Option<CloudAccess>,
    deployments: Vec<Cluster>,
}

/// Elastic Cloud, and what was read of it already: each list is read once in a process.
struct CloudAccess {
    api: Cloud,
    organizations: OnceCell<Organizations>,
    members: OnceCell<BTreeMap<String, Vec<Member>>>,
}

/// A deployment, and what was read of it already.
pub(crate) struct Cluster {
    pub(crate) api: Deployment,
    /// Its name in ids; none if they are bare.
    name: Option<String>,
    /// What tells it from other clusters.
    identity: String,
    roles: OnceCell<BTreeMap<String, Role>>,
    mappings: OnceCell<BTreeMap<String, Mapping>>,
}

#[async_trait]
impl Connector for Elastic {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, session: Session) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let clusters = clusters(config, &session, &mut problems)?;
        let cloud = cloud(config, &session, &mut problems)?;
        kept_apart(config, &clusters, &mut problems)?;
        if cloud.is_none() && clusters.is_empty() && problems.is_empty() {
            problems.push(
                "`api-key` is missing, or a deployment: at least one of them is needed".into(),
            );
        }
        if !problems.is_empty() {
            return Err(config::bad(&problems));
        }
        Ok(Self {
            cloud,
            deployments: clusters,
        })
    }

    /// Asks every host: what it answers here is what the sync goes on with.
    async fn identify(&self) -> Result<Identity, Error> {
        let organizations = async {
            match &self.cloud {
                Some(_) => self.organizations().await.map(Some),
                None => Ok(None),
            }
        };
        let mappings = try_join_all(self.deployments.iter().map(Cluster::mappings));
        let (organizations, _) = futures::try_join!(organizations, mappings)?;
        Ok(self.identity(organizations, &self.deployments))
    }
}

impl Elastic {
    /// Who we are at these hosts.
    fn identity<'a>(
        &self,
        organizations: Option<&Organizations>,
        clusters: impl IntoIterator<Item = &'a Cluster>,
    ) -> Identity {
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
        for cluster in clusters {
            let part = match &cluster.name {
                None => "deployment".to_owned(),
                Some(name) => format!("deployment-{name}"),
            };
            tenant.push(format!("{part}={}", cluster.identity));
            rights.push(match cluster.api.place() {
                ONLY => ONLY.to_owned(),
                name => format!("the deployment {name}"),
            });
            callers.push(ResourceId::new(DEPLOYMENT, cluster.api.place()));
        }
        let unknown = || ResourceId::new(DEPLOYMENT, "");
        let caller = callers.into_iter().next().unwrap_or_else(unknown);
        Identity {
            tenant: tenant.join(" "),
            caller_name: format!(
                "an API key of {}",
                rights.first().map_or("", String::as_str)
            ),
            caller,
            rights: rights.join(", "),
            credential_expires_at: organizations.and_then(|o| o.key_expires_at),
            warnings: Vec::new(),
        }
    }

    /// Who we are at the deployments, without asking: their own answers will say whether they take the keys.
    pub(crate) fn identity_at_deployments(&self) -> Identity {
        self.identity(None, &self.deployments)
    }

    pub(crate) fn has_cloud(&self) -> bool {
        self.cloud.is_some()
    }

    pub(crate) fn clusters(&self) -> &[Cluster] {
        &self.deployments
    }

    /// The deployment of a name, or the one with bare ids.
    pub(crate) fn cluster(&self, name: Option<&str>) -> Option<&Cluster> {
        let mut clusters = self.deployments.iter();
        clusters.find(|cluster| cluster.name.as_deref() == name)
    }

    /// The Cloud API, where there is a key for it.
    fn organized(&self) -> Result<&CloudAccess, Error> {
        self.cloud.as_ref().ok_or_else(|| {
            Error::new(
                ErrorType::Misconfigured,
                Code::ConfigurationChanged,
                "the run began with a key of Elastic Cloud, and now there is none",
                "Put `api-key` back into the secret, or start a new run when this one has ended.",
            )
        })
    }

    pub(crate) fn cloud_api(&self) -> Result<&Cloud, Error> {
        Ok(&self.organized()?.api)
    }

    /// The organizations to look at: all that the key reaches, or the one that is configured. Never none, and never a
    /// part of them.
    pub(crate) async fn organizations(&self) -> Result<&Organizations, Error> {
        let cloud = self.organized()?;
        let read = || async {
            let found = cloud.api.organizations().await?;
            if found.goes_on {
                return Err(Error::new(
                    ErrorType::Misconfigured,
                    Code::SeveralOrganizations,
                    "the key reaches more organizations than Elastic Cloud lists at once, and how to ask for the others is not documented",
                    "Set `organization-id` to the one that this connection is for.",
                ));
            }
            if found.items.is_empty() {
                return Err(Error::new(
                    ErrorType::PermissionDenied,
                    Code::NoOrganization,
                    "the key reaches no organization",
                    "An organization owner makes a key in the Elastic Cloud console, under Organization, API keys: store that as `api-key`.",
                ));
            }
            Ok(found)
        };
        cloud.organizations.get_or_try_init(read).await
    }

    /// The members of every organization.
    pub(crate) async fn members(&self) -> Result<&BTreeMap<String, Vec<Member>>, Error> {
        let cloud = self.organized()?;
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
    pub(crate) fn within(&self) -> DeploymentScope<'_> {
        DeploymentScope(self.name.as_deref())
    }

    /// A user, if there is one. A shard that is late looks like a user that is not there, and so does whatever else
    /// answers 404 or with nothing. The list fails where it cannot tell.
    pub(crate) async fn user(&self, name: &str) -> Result<Option<User>, Failure> {
        match self.api.user(name).await? {
            Some(user) => Ok(Some(user)),
            None => Ok(self.api.users().await?.remove(name)),
        }
    }

    /// Whether a role is defined. As with a user, one answer that it is not is not enough.
    pub(crate) async fn has_role(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.api.role(name).await?.is_some() || self.api.roles().await?.contains_key(name))
    }

    /// All roles.
    pub(crate) async fn roles(&self) -> Result<&BTreeMap<String, Role>, Error> {
        let read = || async { Ok(self.api.roles().await?) };
        self.roles.get_or_try_init(read).await
    }

    /// All role mappings. There may be none.
    pub(crate) async fn mappings(&self) -> Result<&BTreeMap<String, Mapping>, Error> {
        let read = || async { Ok(self.api.mappings().await?) };
        self.mappings.get_or_try_init(read).await
    }
}

fn cloud(
    config: &Config,
    session: &Session,
    problems: &mut Vec<String>,
) -> Result<Option<CloudAccess>, Error> {
    let organization = config.text("organization-id").map(str::to_owned);
    let base = config.url("base-url")?;
    if base.path() != "/" {
        problems.push("`base-url` must have no path".into());
    }
    let Some(key) = config.secret_if_given("api-key") else {
        if organization.is_some() {
            problems.push("`organization-id` is given without `api-key`".into());
        }
        return Ok(None);
    };
    Ok(Some(CloudAccess {
        api: Cloud::new(base, key.clone(), organization, session.clone())?,
        organizations: OnceCell::new(),
        members: OnceCell::new(),
    }))
}

fn clusters(
    config: &Config,
    session: &Session,
    problems: &mut Vec<String>,
) -> Result<Vec<Cluster>, Error> {
    let endpoint = config.text("deployment-endpoint");
    let key = config.secret_if_given("deployment-api-key");
    let rows = config.table("deployments");
    let mut clusters = Vec::new();
    match (endpoint, key) {
        (Some(endpoint), Some(key)) => {
            clusters.push(cluster(ONLY.to_owned(), None, endpoint, key, session)?);
        }
        (Some(_), None) => {
            problems.push("`deployment-endpoint` is given without `deployment-api-key`".into());
        }
        (None, Some(_)) => {
            problems.push("`deployment-api-key` is given without `deployment-endpoint`".into());
        }
        (None, None) => {}
    }
    let both = !clusters.is_empty() && !rows.is_empty();
    if both {
        problems.push("`deployments` is given beside `deployment-endpoint`: put that one into the list, with `bare-ids` if its ids are to stay".into());
    }
    for row in rows {
        let place = row.required("name")?;
        let name = (!row.flag("bare-ids")).then(|| place.to_owned());
        let (endpoint, key) = (row.required("endpoint")?, row.secret("api-key")?);
        clusters.push(cluster(place.to_owned(), name, endpoint, key, session)?);
    }
    // What is said there is said of one list.
    if !both {
        told_apart(&clusters, problems);
    }
    Ok(clusters)
}

/// No two deployments may share ids, and none may be there twice.
fn told_apart(clusters: &[Cluster], problems: &mut Vec<String>) {
    for (n, cluster) in clusters.iter().enumerate() {
        let before = &clusters[..n];
        let place = cluster.api.place();
        if before.iter().any(|other| other.api.place() == place) {
            problems.push(format!("`deployments` has the name `{place}` twice"));
        } else if before.iter().any(|other| other.name == cluster.name) {
            problems.push("`deployments` has `bare-ids` twice: only one can keep them".into());
        }
        if let Some(other) = before.iter().find(|o| o.identity == cluster.identity) {
            let other = other.api.place();
            problems.push(format!("`{other}` and `{place}` are the same deployment"));
        }
    }
}

/// No key goes to a host that it is not for.
fn kept_apart(
    config: &Config,
    clusters: &[Cluster],
    problems: &mut Vec<String>,
) -> Result<(), Error> {
    let base = config.url("base-url")?;
    let same_host = |cluster: &&Cluster| endpoint::is_same_host(cluster.api.endpoint(), &base);
    for cluster in clusters.iter().filter(same_host) {
        problems.push(format!(
            "the endpoint of {} is the address of the Elastic Cloud API: copy the deployment's Elasticsearch endpoint",
            cluster.api.place()
        ));
    }
    let single = config.secret_if_given("deployment-api-key");
    let rows = config.table("deployments").iter();
    let mut keys = single
        .into_iter()
        .chain(rows.filter_map(|row| row.secret_if_given("api-key")));
    if let Some(cloud) = config.secret_if_given("api-key")
        && keys.any(|key| key.expose_secret() == cloud.expose_secret())
    {
        problems.push(
            "`api-key` is the key of a deployment as well: one that is made in Elastic Cloud belongs there".into(),
        );
    }
    Ok(())
}

fn cluster(
    place: String,
    name: Option<String>,
    text: &str,
    key: &SecretString,
    session: &Session,
) -> Result<Cluster, Error> {
    let url = endpoint::parse(text)
        .map_err(|problem| config::bad(&[format!("the endpoint of {place} {problem}")]))?;
    Ok(Cluster {
        identity: endpoint::identity(&url),
        api: Deployment::new(place, url, key.clone(), session.clone())?,
        name,
        roles: OnceCell::new(),
        mappings: OnceCell::new(),
    })
}

/// For the configuration: what is wrong with the name of a deployment.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let good = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    match !name.is_empty() && name.len() <= 63 && !name.starts_with('-') && name.bytes().all(good) {
        true => Ok(()),
        false => {
            Err("must be of a-z, 0-9 and `-`, at most 63 of them, and not begin with `-`".into())
        }
    }
}
