//! Elastic: the API of Elastic Cloud and the security API of Elasticsearch deployments, limited to people, roles and
//! access. The first is one host, every deployment another, with keys and errors of their own.
//!
//! Written from the vendor's public API specifications (Elastic Cloud API and `elasticsearch-specification`), its
//! documentation, the public source of the server, and public issues of its official clients. Where those are silent, a
//! comment says *unknown* and what is assumed; what a client might guess wrongly is a switch in [`Options`].

mod assignments;
mod calls;
mod cloud;
mod cluster;
mod options;
mod samples;
mod users;
mod world;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use options::*;
pub use samples::*;
pub use world::*;

use crate::{
    Configuration, Simulator,
    clock::Window,
    kit::{Api, Tenant},
    paging::Place,
    random::Random,
    refusal::Refusal,
    routes,
    server::{Answer, Call, Request, Server},
};
pub use crate::{paging::Ordering, refusal::html_page};

/// The vendor.
pub struct Vendor;

/// A running simulator; it stops when dropped. Its log has the requests to all hosts, and its faults apply to all of them
/// and count all requests. The paths of the Cloud API begin with `/api/v1`, those of deployments with `/_security`.
pub type Elastic = Simulator<Vendor>;

/// The counters.
#[derive(Debug, Default)]
pub struct Meters {
    quota: Window,
    /// Requests that deployments have answered.
    answered: u64,
}

/// The name of the Cloud API's host; the others are those of deployments.
const CLOUD: &str = "";

impl Elastic {
    /// The Cloud API, which is below `/api/v1` there: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn cloud_url(&self) -> String {
        self.url()
    }

    /// The Elasticsearch endpoint of a deployment: `http://127.0.0.1:PORT`; empty if it was not there at the start.
    #[must_use]
    pub fn deployment_url(&self, name: &str) -> String {
        self.host(name).map(Server::url).unwrap_or_default()
    }

    /// The requests to the Cloud API, in order of arrival.
    #[must_use]
    pub fn cloud_requests(&self) -> Vec<Request> {
        self.own_requests()
    }

    /// The requests to a deployment, in order of arrival.
    #[must_use]
    pub fn deployment_requests(&self, name: &str) -> Vec<Request> {
        let host = self.host(name);
        host.map(Server::own_requests).unwrap_or_default()
    }
}

impl Api for Vendor {
    type World = World;
    type Options = Options;
    type Meters = Meters;

    fn hosts(world: &World) -> Vec<String> {
        let deployments = world.deployments.keys().cloned();
        [CLOUD.to_owned()].into_iter().chain(deployments).collect()
    }

    fn started(world: &mut World, urls: &BTreeMap<String, String>) {
        world.urls.clone_from(urls);
    }

    fn configuration(simulator: &Simulator<Self>) -> Configuration {
        Configuration::new([
            ("base-url", simulator.cloud_url()),
            ("api-key", TEST_CLOUD_KEY.to_owned()),
            ("deployment-endpoint", simulator.deployment_url("main")),
            ("deployment-api-key", TEST_DEPLOYMENT_KEY.to_owned()),
        ])
    }

    fn answer(tenant: &mut Tenant<Self>, call: &Call) -> Answer {
        if call.host == CLOUD {
            // *Unknown*: whether a request with a bad key counts. Taken: all do.
            let (passed, headers) = cloud::count(tenant);
            let mut answer = routes::answer(tenant, call, passed);
            answer.headers.extend(headers);
            answer.headers.extend(cloud::key_expiration(tenant, call));
            if let Some(code) = answer.body.pointer("/errors/0/code").and_then(Value::as_str) {
                let code = ("x-cloud-error-codes".to_owned(), code.to_owned());
                answer.headers.push(code);
            }
            return answer;
        }
        tenant.meters.answered += 1;
        let id = Random::new(tenant.meters.answered).hex32();
        let cluster = tenant.world.deployments.get(&call.host);
        let Some(cluster) = cluster.filter(|cluster| !cluster.gone) else {
            // The proxy's own: it does not know the cluster.
            let mut answer = tenant.refuse(call, &Refusal::new(404, "").body(unknown_resource()));
            answer.headers.push(("x-cloud-request-id".to_owned(), id));
            return answer;
        };
        let cluster = cluster.id.clone();
        let mut answer = routes::answer(tenant, call, Ok(()));
        for (name, value) in [
            ("x-cloud-request-id", &*id),
            ("x-elastic-product", "Elasticsearch"),
            ("x-found-handling-cluster", &*cluster),
            ("x-found-handling-instance", "instance-0000000000"),
        ] {
            answer.headers.push((name.to_owned(), value.to_owned()));
        }
        answer
    }

    fn envelope(_options: &Options, call: &Call, refusal: &Refusal) -> Value {
        match call.host == CLOUD {
            true => cloud::envelope(refusal),
            false => cluster::envelope(call, refusal),
        }
    }

    fn cursor(call: &Call) -> Option<String> {
        let is_search = call.path.ends_with("/deployments/_search");
        let body = call.body.as_ref().filter(|_| is_search)?;
        body["cursor"].as_str().map(str::to_owned)
    }

    /// *Unknown*: status and code. Taken: 400 and a code like the others.
    fn stale_cursor() -> Refusal {
        Refusal::new(400, "The cursor is invalid")
            .code("deployments.invalid_cursor")
            .detail(json!(["cursor"]))
    }

    fn repeat_cursor(_options: &Options, call: &Call, answer: &mut Answer) {
        if answer.body.get("deployments").is_some() {
            let first = || Place::beginning(cloud::SEARCH.to_owned()).write();
            answer.body["cursor"] = json!(Self::cursor(call).unwrap_or_else(first));
        }
    }
}

/// The proxy's answer for an unknown cluster.
fn unknown_resource() -> Value {
    json!({"ok": false, "message": "Unknown resource."})
}
