//! The simulator, dressed for the conformance suite: a site on the way to roles, with one of everything.

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::{Case, Subject};
use rollcall_simulators::confluence::{
    BEARER_TOKEN, Confluence, EmptyPage, Options, RoleMode, SCOPED_TOKEN, TEST_EMAIL, TEST_TOKEN,
    World,
};
use rollcall_simulators::{Ordering, Request, Server};
use serde_json::{Value, json};

pub(crate) struct Simulated {
    pub(crate) sim: Confluence,
}

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        let sim = Confluence::start(world, Options::default()).await;
        Self { sim: sim.expect("a simulator") }
    }
}

/// The small site with another space, on which roles are held, and of what else is odd about groups and principals one each:
/// the suite makes every call of a sync fail in every way, and reads lists in pages of one.
fn site() -> World {
    let rita = "712020:reader";
    let mut world = World::worked_example();
    world
        .set_mode(RoleMode::Transition)
        .add_role("r1", "SYSTEM", "Admin", &["read/space", "administer/space"])
        .add_role("r2", "SYSTEM", "Viewer", &["read/space"])
        .add_space(98320, "OPS", "Operations", "global")
        .set_role(98320, "user", "712020:a1", "r1")
        .set_role(98320, "access-class", "all-licensed-users", "r2")
        .add_user(rita, "Rita Reader", "reader@acme.io")
        .add_group("34-open", "open door", &["712020:c3"])
        .add_group("38/odd id", "odd: id & name", &[rita, "712020:never-was"])
        .grant(98310, "user", rita, "read/space")
        .grant(98310, "group", "38/odd id", "read/space")
        .grant(98310, "group", "99-never-was", "read/space");
    world
}

#[async_trait]
impl Subject for Simulated {
    const TOKENS: &'static [&'static str] = &[TEST_TOKEN, SCOPED_TOKEN, BEARER_TOKEN, "hunter2"];

    async fn start() -> Self {
        Self::of(site()).await
    }

    async fn small() -> Self {
        Self::of(World::worked_example()).await
    }

    fn server(&self) -> &Server {
        &self.sim
    }

    fn entry() -> Entry {
        rollcall_confluence::entry()
    }

    fn secret(&self) -> Value {
        json!({"domain-url": self.sim.base_url(), "username": TEST_EMAIL, "api-key": TEST_TOKEN})
    }

    fn tokens(&self) -> Vec<String> {
        // The header that it is sent in, too.
        vec![TEST_TOKEN.into(), "YWRhQGFjbWUuaW86".into()]
    }

    fn split_pages(&self, size: usize, hollow: bool) {
        self.sim.set_options(|o| {
            o.force_page_size = Some(size);
            (o.v1_empty_page, o.v2_empty_page) = match hollow {
                true => (EmptyPage::Last, EmptyPage::First),
                false => (EmptyPage::Never, EmptyPage::Never),
            };
        });
    }

    fn shuffle(&self, seed: u64) {
        self.sim.set_options(|o| o.ordering = Ordering::Shuffled(seed));
    }

    fn only_reads(request: &Request) -> bool {
        // One list of ids is posted.
        request.method == "GET" || request.path.ends_with("/users-bulk")
    }

    fn view(&self) -> Value {
        self.sim.with_world(|w| w.access_view())
    }

    fn hide_principal(&self) -> Option<String> {
        self.sim.with_world(|w| {
            w.grant(98310, "user", "712020:ghost", "export/space");
        });
        Some("user:712020:ghost".into())
    }

    fn become_another_tenant(&self) {
        self.sim.with_world(|w| w.cloud_id = "00000000-0000-4000-8000-000000000bad".into());
    }

    fn minimum_calls(&self) -> usize {
        // Who we are (three), the mode, the search until nobody comes (two), the groups and their members (four), roles,
        // spaces; rows and assignments of the three spaces; whoever was only met, and a group that was.
        3 + 1 + 2 + 1 + 4 + 1 + 1 + 2 * 3 + 1 + 1
    }

    fn cases() -> Vec<Case> {
        vec![
            Case::new("group:34-open:member", "user:712020:reader"),
            Case::new("space:98310:export-space", "group:38/odd id"),
            Case::new("space_role_assignment:98320:r2:assigned", "group:34-open"),
        ]
    }
}
