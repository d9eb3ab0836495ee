//! The simulator, dressed for the conformance suite.

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::{Case, Subject};
use rollcall_simulators::northflank::{Northflank, Options, TEST_TOKEN, World};
use rollcall_simulators::{Fault, Ordering, Request};
use serde_json::{Value, json};

/// An organization.
pub(crate) struct Simulated {
    pub(crate) sim: Northflank,
}

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        // The limit has tests of its own.
        let mut options = Options::default();
        options.rate_limit.requests = 1_000_000;
        let sim = Northflank::start(world, options)
            .await
            .expect("a simulator");
        Self { sim }
    }
}

#[async_trait]
impl Subject for Simulated {
    /// Northflank does not document by which status a permission is missing.
    const REFUSALS: &'static [&'static str] = &["Unauthenticated", "PermissionDenied"];

    async fn start() -> Self {
        let mut world = World::rich();
        // A crowd of five will do: that lists have pages, the suite sees to.
        for i in 5..105 {
            world.remove_member(&format!("crowd-{i:03}"));
        }
        Self::of(world).await
    }

    fn entry() -> Entry {
        rollcall_northflank::entry()
    }

    fn secret(&self) -> Value {
        json!({"northflank-api-token": TEST_TOKEN, "northflank-base-url": self.sim.base_url()})
    }

    fn tokens(&self) -> Vec<String> {
        vec![TEST_TOKEN.into()]
    }

    fn split_pages(&self, size: usize, hollow: bool) {
        self.sim.set_options(|o| {
            o.force_page_size = Some(size);
            o.empty_pages = usize::from(hollow);
        });
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
        self.sim.with_world(|w| {
            w.add_member("ghost", "Ghost", "ghost@acme.test");
            w.assign("developer", "ghost");
            w.members.remove("ghost");
        });
        Some("user:ghost".into())
    }

    fn become_another_tenant(&self) {
        self.sim
            .with_world(|w| w.organization_uid = "64b0c0ffee64b0c0ffee0bad".into());
    }

    fn minimum_calls(&self) -> usize {
        self.sim.with_world(|w| {
            let pages = |rows: usize| rows.div_ceil(100).max(1);
            let view = w.access_view();
            let of_groups: usize = w
                .groups
                .values()
                .filter(|g| g.listed)
                .map(|g| pages(g.members.len()))
                .sum();
            let of_roles: usize = w
                .roles
                .keys()
                .map(|id| {
                    let members = view["roles"][id]["members"].as_object().expect("members");
                    pages(members.len())
                })
                .sum();
            // What the token is; members, roles and groups, each begun by who asks whether it may; and, for whoever has
            // something and is in no list, the members once more.
            1 + 2 * pages(w.members.len()) + pages(w.roles.len()) + 1 + of_groups + of_roles
        })
    }

    fn cases() -> Vec<Case> {
        Vec::new()
    }
}
