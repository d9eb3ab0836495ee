//! The simulator, adapted to the suites, and what the tests share.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
pub(crate) use rollcall_harness::answers::{at, entries, said, sync_fails, texts};
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_simulators::northflank::{
    Northflank, Options, Sizes, TEST_TOKEN, World, directory_group_id,
};
use rollcall_simulators::{Ordering, Server};
use serde_json::{Value, json};

pub(crate) const AUTH: &str = "/v1/auth";
pub(crate) const MEMBERS: &str = "/v1/org-members";
pub(crate) const ROLES: &str = "/v1/org-roles";
pub(crate) const GROUPS: &str = "/v1/directory-groups";
pub(crate) const DEVELOPERS: &str = "/v1/org-roles/developer/members";
pub(crate) const ENGINEERS: &str =
    "/v1/directory-groups/directory_group_01ENG00000000000000000000A/members";

pub(crate) struct Simulated {
    pub(crate) sim: Northflank,
}

pub(crate) type Desk = Bench<Simulated>;

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        // The limit has its own tests.
        let mut options = Options::default();
        options.rate_limit.requests = 1_000_000;
        let sim = Northflank::start(world, options).await;
        Self { sim: sim.expect("a simulator") }
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Options)) {
        self.sim.set_options(change);
    }
}

#[async_trait]
impl Subject for Simulated {
    /// Northflank does not document the status for a missing permission.
    const REFUSALS: &'static [&'static str] = &["Unauthenticated", "PermissionDenied"];
    const TOKENS: &'static [&'static str] = &["nf-eyJhbGci", "hunter2"];

    async fn start() -> Self {
        let mut world = World::rich();
        // One of each is enough: the suite takes care of pages.
        let crowd = (0..105).map(|n| format!("crowd-{n:03}"));
        let plain = "bare one-word case no-addresses nobody many-addresses".split(' ');
        for member in crowd.chain(plain.map(str::to_owned)) {
            world.remove_member(&member);
        }
        for role in "bare restricted reaches-nothing crowd crowd-by-group".split(' ') {
            world.remove_role(role);
        }
        for group in ["01FUTURE", "01CROWD"] {
            world.remove_group(&directory_group_id(group));
        }
        Self::of(world).await
    }

    async fn small() -> Self {
        Self::of(World::worked_example()).await
    }

    fn server(&self) -> &Server {
        &self.sim
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
        self.set(|o| {
            o.force_page_size = Some(size);
            o.empty_pages = usize::from(hollow);
            // The documentation says that this list has no pages. If it has, all of it is read.
            o.paged_groups = true;
        });
    }

    fn shuffle(&self, seed: u64) {
        self.set(|o| o.ordering = Ordering::Shuffled(seed));
    }

    fn view(&self) -> Value {
        self.sim.with_world(|w| w.access_view())
    }

    fn hide_principal(&self) -> Option<String> {
        self.sim.with_world(|w| {
            w.assign("developer", "ghost");
        });
        Some("user:ghost".into())
    }

    fn become_another_tenant(&self) {
        self.sim.with_world(|w| w.organization_uid = "64b0c0ffee64b0c0ffee0bad".into());
    }

    fn minimum_calls(&self) -> usize {
        self.sim.with_world(|w| calls(w)).values().sum()
    }
}

/// The calls that a sync of a world takes, by path: a page has a hundred rows, and empty lists take one call as well.
/// The first page of each list checks the token's permissions.
pub(crate) fn calls(world: &World) -> BTreeMap<String, usize> {
    let view = world.access_view();
    let listed: BTreeSet<&str> = texts(&view["members"]).collect();
    let (mut calls, mut times) = (BTreeMap::new(), 1);
    let mut list = |path: &str, people: BTreeSet<&str>, others: usize| {
        // For people with access who are on no list, the members once more.
        times += usize::from(times == 1 && !people.is_subset(&listed));
        let pages = (people.len() + others).div_ceil(100).max(1);
        calls.insert(path.to_owned(), pages);
    };
    let (roles, people) = (entries(&view["roles"]).count(), listed.len());
    for (path, rows) in [(AUTH, 1), (GROUPS, 1), (ROLES, roles), (MEMBERS, people)] {
        list(path, BTreeSet::new(), rows);
    }
    for (id, role) in entries(&view["roles"]) {
        let people = entries(&role["members"]).map(|(user, _)| user.as_str());
        list(&format!("{ROLES}/{id}/members"), people.collect(), 0);
    }
    for (id, group) in entries(&view["groups"]).filter(|(id, _)| is_listed(world, id)) {
        let others = group["without_account"].as_u64().expect("a number") as usize;
        list(&format!("{GROUPS}/{id}/members"), texts(&group["members"]).collect(), others);
    }
    calls.entry(MEMBERS.to_owned()).and_modify(|n| *n *= times);
    calls
}

/// Whether a list shows a group.
pub(crate) fn is_listed(world: &World, group: &str) -> bool {
    world.listed_group(group).is_some()
}

/// Takes a group out of the list; roles still have its members.
pub(crate) fn hide(world: &mut World, group: &str) {
    world.edit_group(group, |group| group.listed = false);
}

pub(crate) async fn desk_of(world: World) -> Desk {
    Desk::around(Simulated::of(world).await)
}

/// An organization without people, roles and groups.
pub(crate) fn nobody() -> World {
    let mut sizes = Sizes::default();
    (sizes.members, sizes.roles, sizes.groups) = (0, 0, 0);
    World::generate(&sizes, 1)
}

pub(crate) async fn digest(desk: &Desk) -> Value {
    desk.complete().await["content_digest"].clone()
}

/// How often this path was asked for.
pub(crate) fn asked(desk: &Desk, path: &str) -> usize {
    desk.vendor.requests().iter().filter(|r| r.path == path).count()
}
