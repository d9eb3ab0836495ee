//! The simulator, adapted to the conformance suite: a world with one of everything.

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::{Case, Subject};
use rollcall_simulators::Server;
use rollcall_simulators::temporalcloud::{Options, Ordering, TEST_KEY, TemporalCloud, World};
use serde_json::{Value, json};

pub(crate) struct Simulated {
    pub(crate) sim: TemporalCloud,
}

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        let sim = TemporalCloud::start(world, Options::default()).await;
        Self { sim: sim.expect("a simulator") }
    }
}

#[async_trait]
impl Subject for Simulated {
    const TOKENS: &'static [&'static str] =
        &[TEST_KEY, "owner-key", "read-key", "expired-key", "hunter2"];

    async fn start() -> Self {
        Self::of(World::rich()).await
    }

    /// Operations are finished at once: where this is used, time is real.
    async fn small() -> Self {
        let vendor = Self::of(World::worked_example()).await;
        vendor.sim.set_options(|options| options.operations.polls = 0);
        vendor
    }

    fn server(&self) -> &Server {
        &self.sim
    }

    fn entry() -> Entry {
        rollcall_temporalcloud::entry()
    }

    fn secret(&self) -> Value {
        json!({"api-key": TEST_KEY, "base-url": self.sim.base_url()})
    }

    fn tokens(&self) -> Vec<String> {
        vec![TEST_KEY.into()]
    }

    fn split_pages(&self, size: usize, hollow: bool) {
        self.sim.set_options(|o| {
            o.force_page_size = Some(size);
            o.empty_pages = usize::from(hollow);
        });
    }

    fn shuffle(&self, seed: u64) {
        self.sim.set_options(|o| o.ordering = Ordering::Shuffled(seed));
    }

    fn view(&self) -> Value {
        self.sim.with_world(|w| w.access_view())
    }

    fn hide_principal(&self) -> Option<String> {
        // A member whose account was deleted between the two lists.
        self.sim.with_world(|w| {
            w.add_member("g-cloud", "u-ghost");
        });
        Some("user:u-ghost".into())
    }

    fn become_another_tenant(&self) {
        self.sim.with_world(|w| w.account_id = "zz999".into());
    }

    fn minimum_calls(&self) -> usize {
        let (groups, projects) = self.sim.with_world(|w| (w.groups.len(), w.projects.len()));
        // Account, identity, six lists, the members of each group, the service accounts of each project, and the one
        // namespace that somebody has an entry for although no list shows it.
        2 + 6 + groups + projects + 1
    }

    fn cases() -> Vec<Case> {
        let read = "namespace:demo.a1b23:read";
        let write = "namespace:demo.a1b23:write";
        let billing = "namespace:billing.a1b23:admin";
        let developer = "account-role:a1b23-developer:member";
        let admin = "account-role:a1b23-admin:member";
        let lowest = "account-role:a1b23-read:member";
        // Read replaces write; revoking read leaves nothing.
        let no_write = |view: &mut Value| remove(&mut view["users"]["u2"], "namespaceAccesses");
        // Admin replaces read; revoking admin leaves developer.
        let raised = |view: &mut Value| {
            view["users"]["u-read"]["access"]["accountAccess"]["role"] = "ROLE_DEVELOPER".into();
        };
        // A group keeps no role.
        let no_role = |view: &mut Value| remove(&mut view["groups"]["g-cloud"], "accountAccess");
        vec![
            Case::new(read, "user:u-read"),
            Case::new(billing, "service-account:sa-deploy"),
            Case::new(write, "group:g-cloud"),
            Case { leaves: Some(no_write), ..Case::new(read, "user:u2") },
            Case::new(developer, "user:u-read"),
            Case { leaves: Some(raised), ..Case::new(admin, "user:u-read") },
            Case { leaves: Some(no_role), ..Case::new(lowest, "group:g-cloud") },
        ]
    }
}

fn remove(holder: &mut Value, field: &str) {
    let access = holder["access"].as_object_mut().expect("access");
    access.remove(field).expect("the field");
}
