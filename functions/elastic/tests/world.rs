//! The simulator for the suites, and abbreviations in tables: an organization with one or two deployments.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use rollcall_connector::Error;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_harness::answers::said;
use rollcall_harness::conformance::{Bench, Case, Subject};
use rollcall_simulators::elastic::{
    BARE_DEPLOYMENT_KEY, EXPIRED_CLOUD_KEY, EXPIRED_DEPLOYMENT_KEY, Elastic, ORGANIZATION_ID,
    Options, READ_DEPLOYMENT_KEY, SCOPED_CLOUD_KEY, SECOND_DEPLOYMENT_KEY, SECOND_ID,
    SECOND_ORGANIZATION_ID, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, WIDE_CLOUD_KEY, World, html_page,
};
use rollcall_simulators::{FaultKind, Ordering, Request, Server};
use serde_json::{Value, json};

use crate::rows;

/// An organization and its deployment `main`; with `SEVERAL`, `second` beside it, which lists its ids by its name.
pub(crate) struct Simulated<const SEVERAL: bool = false> {
    pub(crate) sim: Elastic,
    /// The secret leads to another deployment than before.
    elsewhere: AtomicBool,
}

/// The same with two deployments in one connection.
pub(crate) type Several = Simulated<true>;

pub(crate) const ADMIN: &str = "role:admin:member";
pub(crate) const SVC: &str = "deploymentUser:svc";

pub(crate) fn small_world(change: impl FnOnce(&mut World)) -> World {
    let mut world = World::worked_example();
    change(&mut world);
    world
}

/// The small world, with a deployment `second` next to `main`.
pub(crate) fn small_pair() -> World {
    small_world(|world| {
        world
            .add_roles("main", &["editor"])
            .add_reserved_user("main", "elastic", &["superuser"])
            .add_cluster("second", ORGANIZATION_ID, SECOND_ID)
            .add_deployment_key("second", SECOND_DEPLOYMENT_KEY, &["all"])
            .add_roles("second", &["editor", "viewer"])
            .add_user("second", "svc", &["viewer"]);
    })
}

/// Starts again with this world, an empty store and no faults. A deployment has a host only if it was there at the
/// start.
pub(crate) fn begin_again<const S: bool>(desk: &mut Bench<Simulated<S>>, world: World) {
    let sim = &desk.vendor.sim;
    sim.with_world(|old| *old = world);
    sim.set_options(|options| *options = Options::default());
    sim.set_faults(Vec::new());
    desk.afresh();
}

pub(crate) async fn change<S: Subject>(
    desk: &Bench<S>,
    operation: &str,
    request: &str,
    (entitlement, principal): (&str, &str),
) -> Result<Value, Error> {
    let operation = if operation == "grant" { Operation::Grant } else { Operation::Revoke };
    let event = json!({"request_id": request, "entitlement": entitlement, "principal": principal});
    desk.invoke(operation, event).await
}

/// Answers and breakdowns as tables name them: a status, with a body or without; `page` of a status, for people;
/// `elasticsearch`, 200 with a body from something that says that it is Elasticsearch; `429` with the seconds to wait.
pub(crate) fn fault(text: &str) -> FaultKind {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let headers = [("content-type", "application/json"), ("x-elastic-product", "Elasticsearch")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    match word {
        "page" => html_page(rest.parse().expect("a status")),
        "429" => FaultKind::too_many_requests(rest.parse().ok()),
        "cut" => FaultKind::CutBody,
        "lost" => FaultKind::LoseAnswer,
        "disconnect" => FaultKind::Disconnect,
        "redirect" => FaultKind::Redirect { to: rest.into() },
        "elasticsearch" => FaultKind::Status { code: 200, headers, body: Some(rest.into()) },
        code if rest.is_empty() => FaultKind::status(code.parse().expect("a status")),
        code => said(code.parse().expect("a status"), rest.parse().expect("JSON")),
    }
}

impl<const SEVERAL: bool> Simulated<SEVERAL> {
    pub(crate) async fn of(world: World) -> Self {
        let sim = Elastic::start(world, Options::default()).await;
        Self { sim: sim.expect("a simulator"), elsewhere: AtomicBool::new(false) }
    }

    /// A row of `deployments`, called so, with the host and the key of a deployment.
    pub(crate) fn row(&self, name: &str, of: &str, bare: bool) -> Value {
        let key = match of {
            "main" => TEST_DEPLOYMENT_KEY,
            _ => SECOND_DEPLOYMENT_KEY,
        };
        json!({"name": name, "endpoint": self.sim.deployment_url(of), "api-key": key, "bare-ids": bare})
    }

    /// A table with everything that it abbreviates written out. The text is leaked: a test is short.
    pub(crate) fn written_out(&self, table: &str) -> &'static str {
        let row = |name, of, bare| self.row(name, of, bare).to_string();
        let only = r#""deployment-endpoint": null, "deployment-api-key": null"#;
        let mut text = table.replace("$ONLY_LISTED", &format!(r#"{only}, "deployments""#));
        for (short, long) in [
            ("$NO_DEPLOYMENT", only),
            ("$MAIN_BARE", &row("main", "main", true)),
            ("$SECOND_BARE", &row("second", "second", true)),
            ("$MAIN", &row("main", "main", false)),
            ("$SECOND_IS_MAIN", &row("second", "main", false)),
            ("$SECOND", &row("second", "second", false)),
            ("$main_url", &self.sim.deployment_url("main")),
            ("$cloud_url", &self.sim.cloud_url()),
            ("$cloud_key", TEST_CLOUD_KEY),
            ("$wide_key", WIDE_CLOUD_KEY),
            ("$scoped_key", SCOPED_CLOUD_KEY),
            ("$ended_cloud_key", EXPIRED_CLOUD_KEY),
            ("$main_key", TEST_DEPLOYMENT_KEY),
            ("$second_key", SECOND_DEPLOYMENT_KEY),
            ("$reading_key", READ_DEPLOYMENT_KEY),
            ("$bare_key", BARE_DEPLOYMENT_KEY),
            ("$ended_key", EXPIRED_DEPLOYMENT_KEY),
            ("$other_organization", SECOND_ORGANIZATION_ID),
        ] {
            text = text.replace(short, long);
        }
        text.leak()
    }

    /// Each host has seen only its own key.
    pub(crate) fn each_host_saw_its_own_key(&self, what: &str) {
        let requests = |name| (name, self.sim.deployment_requests(name));
        let [main, second] = ["main", "second"].map(requests);
        for ((host, requests), key) in [
            (("cloud", self.sim.cloud_requests()), TEST_CLOUD_KEY),
            (main, TEST_DEPLOYMENT_KEY),
            (second, SECOND_DEPLOYMENT_KEY),
        ] {
            let expected = format!("ApiKey {key}");
            let own = |r: &Request| r.header("authorization") == Some(&expected);
            assert!(requests.iter().all(own), "{host}: {what}");
        }
        assert_eq!(self.violations(), Vec::<String>::new(), "{what}");
    }
}

#[async_trait]
impl<const SEVERAL: bool> Subject for Simulated<SEVERAL> {
    const HAS_PAGES: bool = false;
    const TOKENS: &'static [&'static str] = &[
        SCOPED_CLOUD_KEY,
        EXPIRED_CLOUD_KEY,
        WIDE_CLOUD_KEY,
        READ_DEPLOYMENT_KEY,
        BARE_DEPLOYMENT_KEY,
        EXPIRED_DEPLOYMENT_KEY,
        "hunter2",
        "aHVudGVyMg",
    ];

    async fn start() -> Self {
        Self::of(World::rich()).await
    }

    async fn small() -> Self {
        Self::of(World::worked_example()).await
    }

    fn server(&self) -> &Server {
        &self.sim
    }

    fn entry() -> Entry {
        rollcall_elastic::entry()
    }

    fn secret(&self) -> Value {
        let (main, second) = match self.elsewhere.load(Relaxed) {
            false => ("main", "second"),
            true => ("second", "main"),
        };
        let mut secret = json!({"api-key": TEST_CLOUD_KEY, "base-url": self.sim.cloud_url()});
        let main = self.row("main", main, true);
        if SEVERAL {
            secret["deployments"] = json!([self.row("second", second, false), main]);
        } else {
            secret["deployment-endpoint"] = main["endpoint"].clone();
            secret["deployment-api-key"] = main["api-key"].clone();
        }
        secret
    }

    fn tokens(&self) -> Vec<String> {
        let mut tokens = vec![TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, SECOND_DEPLOYMENT_KEY];
        // What the vendor sees of the second one when it decodes it; and whoever has one of the others can join.
        tokens.extend(["ui2lp2axTNmsyakw9tvNnw", "t0k\"", "exp1red", "acc3pted"]);
        tokens.into_iter().map(str::to_owned).collect()
    }

    fn split_pages(&self, _: usize, _: bool) {
        // No list has pages.
    }

    fn shuffle(&self, seed: u64) {
        self.sim.set_options(|o| o.ordering = Ordering::Shuffled(seed));
    }

    fn view(&self) -> Value {
        self.sim.with_world(|w| w.access_view())
    }

    fn become_another_tenant(&self) {
        self.elsewhere.store(true, Relaxed);
    }

    fn minimum_calls(&self) -> usize {
        // The organization, its members and invitations; users, roles and mappings of each deployment.
        3 + if SEVERAL { 6 } else { 3 }
    }

    fn cases() -> Vec<Case> {
        // Duplicates and undefined roles stay.
        let table = match SEVERAL {
            false => {
                "role:admin:member | deploymentUser:numbers
                 role:one,two:member | deploymentUser:one,two
                 role:admin:member | deploymentUser:dangling"
            }
            true => {
                "role:second›only-here:member | deploymentUser:second›svc
                 role:admin:member | deploymentUser:svc"
            }
        };
        rows(table).map(|[entitlement, principal]| Case::new(entitlement, principal)).collect()
    }
}
