//! Elastic: the API of Elastic Cloud and the security API of Elasticsearch deployments, as far as people, roles and
//! access go. The first is one host, every deployment another, with keys and errors of their own.
//!
//! Written from the vendor's public API specifications (Elastic Cloud API and `elasticsearch-specification`), its
//! documentation, the public source of the server, and public issues of its official clients. Where those are silent a
//! comment says *unknown* and which side is taken; what a client might get wrong by guessing is a switch in [`Options`].

mod builder;
mod builtin;
mod cloud;
mod cluster;
mod keys;
mod options;
mod race;
mod rich;
mod rich_mappings;
mod samples;
mod seed;
mod view;
mod world;

use std::{
    collections::BTreeMap,
    io,
    ops::Deref,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

pub use builder::SINCE;
pub use keys::{
    BARE_DEPLOYMENT_KEY, CloudKey, DeploymentKey, EXPIRED_CLOUD_KEY, EXPIRED_DEPLOYMENT_KEY,
    READ_DEPLOYMENT_KEY, SCOPED_CLOUD_KEY, SECOND_DEPLOYMENT_KEY, Scope, TEST_CLOUD_KEY,
    TEST_DEPLOYMENT_KEY, WIDE_CLOUD_KEY,
};
pub use options::{Numbers, Options, Quota, RepeatedAssignment};
pub use race::{Change, Race};
pub use samples::{MAIN_ID, ORGANIZATION_ID, SECOND_ID, SECOND_ORGANIZATION_ID};
pub use seed::Sizes;
pub use world::{Cluster, Invitation, Member, Organization, Project, User, World};

pub use crate::lists::Ordering;
use crate::{
    fault::FaultKind,
    server::{Request, Server, Vendor, lock},
};

/// Everything behind the APIs.
pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) options: Options,
    pub(crate) meter: cloud::Meter,
    /// Where each deployment is.
    pub(crate) urls: BTreeMap<String, String>,
    /// Requests that deployments have answered.
    pub(crate) answered: u64,
}

/// A running simulator; it stops when dropped. As a [`Server`] it is all hosts in one: its log has the requests to all
/// of them, and its faults apply to all of them and count all requests. The paths of the Cloud API begin with `/api/v1`,
/// those of deployments with `/_security`.
pub struct Elastic {
    cloud: Server,
    deployments: BTreeMap<String, Server>,
    inner: Arc<Mutex<Inner>>,
}

impl Elastic {
    /// Starts all hosts on free ports.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(world: World, options: Options) -> io::Result<Self> {
        Self::start_on(0, world, options).await
    }

    /// Starts the Cloud API on a given port and the deployments, in order of name, on those after it.
    ///
    /// # Errors
    /// If a port cannot be bound.
    pub async fn start_on(cloud_port: u16, world: World, options: Options) -> io::Result<Self> {
        let names: Vec<String> = world.deployments.keys().cloned().collect();
        let inner = Arc::new(Mutex::new(Inner {
            world,
            options,
            meter: cloud::Meter::default(),
            urls: BTreeMap::new(),
            answered: 0,
        }));
        let vendor = Arc::new(cloud::Cloud(Arc::clone(&inner))) as Arc<dyn Vendor>;
        let cloud = Server::start(vendor, cloud_port).await?;
        let mut deployments = BTreeMap::new();
        let mut port = cloud_port;
        for name in names {
            if cloud_port != 0 {
                port = port.checked_add(1).ok_or(io::ErrorKind::AddrNotAvailable)?;
            }
            let vendor = Arc::new(cluster::Host::new(Arc::clone(&inner), &name));
            let server = cloud.start_beside(vendor, port).await?;
            lock(&inner).urls.insert(name.clone(), server.url());
            deployments.insert(name, server);
        }
        Ok(Self {
            cloud,
            deployments,
            inner,
        })
    }

    /// The Cloud API, which is below `/api/v1` there: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn cloud_url(&self) -> String {
        self.cloud.url()
    }

    /// The Elasticsearch endpoint of a deployment: `http://127.0.0.1:PORT`. Empty if there was no such deployment at
    /// the start.
    #[must_use]
    pub fn deployment_url(&self, name: &str) -> String {
        let server = self.deployments.get(name);
        server.map(Server::url).unwrap_or_default()
    }

    /// The requests to the Cloud API, in order of arrival.
    #[must_use]
    pub fn cloud_requests(&self) -> Vec<Request> {
        self.cloud.own_requests()
    }

    /// The requests to a deployment, in order of arrival.
    #[must_use]
    pub fn deployment_requests(&self, name: &str) -> Vec<Request> {
        let server = self.deployments.get(name);
        server.map(Server::own_requests).unwrap_or_default()
    }

    /// Looks at the world or changes it. A deployment that is added has no host.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.inner).world)
    }

    /// Who has what: [`World::access_view`].
    #[must_use]
    pub fn access_view(&self) -> Value {
        self.with_world(|world| world.access_view())
    }

    /// Looks at the switches or changes them. A quota begins anew.
    pub fn set_options<T>(&self, change: impl FnOnce(&mut Options) -> T) -> T {
        let inner = &mut *lock(&self.inner);
        inner.meter = cloud::Meter::default();
        change(&mut inner.options)
    }
}

/// The log and the faults.
impl Deref for Elastic {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.cloud
    }
}

/// What the proxy in front of all hosts says when what is behind it does not answer: a page for people.
#[must_use]
pub fn html_page(status: u16) -> FaultKind {
    FaultKind::Status {
        code: status,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: Some(json!(format!(
            "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
        ))),
    }
}
