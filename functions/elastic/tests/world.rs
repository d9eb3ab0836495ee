//! The simulator, dressed for the conformance suite: an organization, and one deployment of it or two.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::{Case, Leaves, Subject};
use rollcall_simulators::elastic::{
    Elastic, Options, SECOND_DEPLOYMENT_KEY, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};
use rollcall_simulators::{Fault, Ordering, Request};
use serde_json::{Value, json};

/// An organization and its deployment `main`; with `SEVERAL`, `second` beside it, which lists its ids by its name.
pub(crate) struct Simulated<const SEVERAL: bool = false> {
    pub(crate) sim: Elastic,
    /// The secret leads to another deployment than it did.
    elsewhere: AtomicBool,
}

/// The same with two deployments in one connection.
pub(crate) type Several = Simulated<true>;

impl<const SEVERAL: bool> Simulated<SEVERAL> {
    pub(crate) async fn of(world: World) -> Self {
        let sim = Elastic::start(world, Options::default())
            .await
            .expect("a simulator");
        Self {
            sim,
            elsewhere: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl<const SEVERAL: bool> Subject for Simulated<SEVERAL> {
    const HAS_PAGES: bool = false;

    async fn start() -> Self {
        Self::of(World::rich()).await
    }

    fn entry() -> Entry {
        rollcall_elastic::entry()
    }

    fn secret(&self) -> Value {
        let (main, second) = match self.elsewhere.load(Relaxed) {
            false => (
                ("main", TEST_DEPLOYMENT_KEY),
                ("second", SECOND_DEPLOYMENT_KEY),
            ),
            true => (
                ("second", SECOND_DEPLOYMENT_KEY),
                ("main", TEST_DEPLOYMENT_KEY),
            ),
        };
        let mut secret = json!({"api-key": TEST_CLOUD_KEY, "base-url": self.sim.cloud_url()});
        if SEVERAL {
            secret["deployments"] = json!([
                {"name": "second", "endpoint": self.sim.deployment_url(second.0), "api-key": second.1},
                {"name": "main", "endpoint": self.sim.deployment_url(main.0), "api-key": main.1, "bare-ids": true},
            ]);
        } else {
            secret["deployment-endpoint"] = self.sim.deployment_url(main.0).into();
            secret["deployment-api-key"] = main.1.into();
        }
        secret
    }

    fn tokens(&self) -> Vec<String> {
        let mut tokens = vec![
            TEST_CLOUD_KEY.into(),
            TEST_DEPLOYMENT_KEY.into(),
            SECOND_DEPLOYMENT_KEY.into(),
        ];
        // What the vendor sees of the first one when it decodes it.
        tokens.push("ui2lp2axTNmsyakw9tvNnw".into());
        // Whoever has one can join.
        tokens.extend(["t0k\"", "exp1red", "acc3pted"].map(String::from));
        tokens
    }

    fn split_pages(&self, _: usize, _: bool) {
        // No list has pages.
    }

    fn shuffle(&self, seed: u64) {
        self.sim
            .set_options(|o| o.ordering = Ordering::Shuffled(seed));
    }

    fn set_faults(&self, faults: Vec<Fault>) {
        self.sim.set_faults(faults);
    }

    fn requests(&self) -> Vec<Request> {
        self.sim.requests()
    }

    fn clear_requests(&self) {
        self.sim.clear_requests();
    }

    fn violations(&self) -> Vec<String> {
        self.sim.violations()
    }

    fn view(&self) -> Value {
        self.sim.access_view()
    }

    fn hide_principal(&self) -> Option<String> {
        // Whoever has something is in the list that says so.
        None
    }

    fn become_another_tenant(&self) {
        self.elsewhere.store(true, Relaxed);
    }

    fn minimum_calls(&self) -> usize {
        // The organization, its members and invitations; users, roles and mappings of each deployment.
        3 + if SEVERAL { 6 } else { 3 }
    }

    fn cases() -> Vec<Case> {
        let case = |entitlement, principal| Case {
            entitlement,
            principal,
            leaves: Leaves::AsBefore,
        };
        if SEVERAL {
            return vec![
                case("role:second›only-here:member", "deploymentUser:second›svc"),
                case("role:admin:member", "deploymentUser:svc"),
            ];
        }
        vec![
            case("role:admin:member", "deploymentUser:numbers"),
            case("role:r:w:member", "deploymentUser:a:b"),
            case("role:one,two:member", "deploymentUser:one,two"),
            case("role:a/b:member", "deploymentUser:100%"),
            case("role:admin:member", "deploymentUser:olduser"),
            // What is there twice, and what is not defined, stays so.
            case("role:admin:member", "deploymentUser:dangling"),
        ]
    }
}
