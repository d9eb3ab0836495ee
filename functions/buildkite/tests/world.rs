//! The simulator, dressed for the suites, and what the tests share.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
pub(crate) use rollcall_harness::answers::{at, entries, said, sync_fails};
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_simulators::buildkite::{
    ADA_ID, Buildkite, GRAPHQL_TOKEN, LARGE_TEAM_ID, Limits, ORGANIZATION, Options, Sizes,
    TEST_TOKEN, World,
};
use rollcall_simulators::{FaultKind, Ordering, Server};
use serde_json::{Value, json};

pub(crate) const ORGANIZATIONS: &str = "/v2/organizations";
pub(crate) const MEMBERS: &str = "/v2/organizations/acme-inc/members";
pub(crate) const TEAMS: &str = "/v2/organizations/acme-inc/teams";

/// An organization, and a token for REST alone or for GraphQL as well.
pub(crate) struct Simulated<const GRAPHQL: bool = false> {
    pub(crate) sim: Buildkite,
}

/// With a token for GraphQL.
pub(crate) type WithGraphQl = Simulated<true>;

/// A workbench whose token is for REST alone.
pub(crate) type Desk = Bench<Simulated>;

impl<const GRAPHQL: bool> Simulated<GRAPHQL> {
    pub(crate) async fn of(world: World) -> Self {
        Self::at(world, |_| {}).await
    }

    /// At a vendor that behaves like this. The limits have tests of their own.
    pub(crate) async fn at(world: World, change: impl FnOnce(&mut Options)) -> Self {
        let mut options =
            Options { rest: Limits::NONE, graphql: Limits::NONE, ..Options::default() };
        change(&mut options);
        Self { sim: Buildkite::start(world, options).await.expect("a simulator") }
    }
}

#[async_trait]
impl<const GRAPHQL: bool> Subject for Simulated<GRAPHQL> {
    const TOKENS: &'static [&'static str] = &["bkua_", "hunter2"];

    async fn start() -> Self {
        let mut world = World::rich();
        // A large team of five will do: that lists have pages, the suite sees to.
        let view = world.access_view();
        let large = &view["organizations"][ORGANIZATION]["teams"][LARGE_TEAM_ID];
        for (user, _) in entries(large).skip(5) {
            let world = world.remove_member(ORGANIZATION, user);
            world.remove_from_team(ORGANIZATION, LARGE_TEAM_ID, user);
        }
        // Of the teams with odd names, dates and creators, one.
        for n in [4, 5, 6, 8, 9, 0x21, 0x22, 0x23, 0x24] {
            let team = format!("f0000000-0000-4000-8000-{n:012x}");
            world.remove_team(ORGANIZATION, &team);
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
        rollcall_buildkite::entry()
    }

    fn secret(&self) -> Value {
        json!({
            "api-token": self.tokens()[0], "organization": ORGANIZATION,
            "base-url": self.sim.base_url(), "graphql-url": self.sim.graphql_url(),
        })
    }

    fn tokens(&self) -> Vec<String> {
        vec![if GRAPHQL { GRAPHQL_TOKEN } else { TEST_TOKEN }.into()]
    }

    fn split_pages(&self, size: usize, _: bool) {
        self.sim.set_options(|o| o.force_page_size = Some(size));
    }

    fn shuffle(&self, seed: u64) {
        self.sim.set_options(|o| o.ordering = Ordering::Shuffled(seed));
    }

    fn view(&self) -> Value {
        self.sim.with_world(|w| w.access_view())
    }

    fn become_another_tenant(&self) {
        let id = "99999999-9999-4999-8999-999999999999";
        self.sim.with_world(|w| {
            let world = w.add_organization(id, ORGANIZATION, "Acme Inc");
            world.add_member(ORGANIZATION, ADA_ID, "admin");
        });
    }

    fn minimum_calls(&self) -> usize {
        let view = &self.view()["organizations"][ORGANIZATION];
        let (members, teams) = (&view["members"], &view["teams"]);
        let pages = |list: &Value| entries(list).count().div_ceil(100).max(1);
        let in_teams = || entries(teams).map(|(_, members)| members);
        let in_a_team: BTreeSet<_> = in_teams().flat_map(entries).map(|(id, _)| id).collect();
        let not_listed = in_a_team.iter().filter(|id| members.get(id).is_none());
        // One query for the teams that are not full, if somebody is in them.
        let of_teams: usize = match GRAPHQL {
            true => 1 + in_teams().filter(|team| entries(team).count() == 0).count(),
            false => in_teams().map(pages).sum(),
        };
        // The token and its organizations; members, teams and their members; and each user who is in a team only.
        2 + pages(members) + pages(teams) + of_teams + not_listed.count()
    }
}

pub(crate) fn of_team(id: &str) -> String {
    format!("{TEAMS}/{id}/members")
}

/// An organization of so many members, with so many teams of so many. Everybody is in the first team.
pub(crate) fn generated([users, teams, members]: [usize; 3]) -> World {
    let mut sizes = Sizes::default();
    (sizes.users, sizes.teams, sizes.members_per_team) = (users, teams, members);
    World::generate(&sizes, 5)
}

/// A workbench before this organization, at a vendor that behaves like this.
pub(crate) async fn desk_of(world: World, change: impl FnOnce(&mut Options)) -> Desk {
    Desk::around(Simulated::at(world, change).await)
}

/// The same, where this path is answered like this.
pub(crate) async fn answered(path: &str, kind: FaultKind) -> Desk {
    let desk = Desk::small().await;
    desk.vendor.set_faults([at(path, kind)]);
    desk
}

/// The digest of what a sync of this organization shows, when all goes well.
pub(crate) async fn digest_of(world: World) -> Value {
    desk_of(world, |_| {}).await.complete().await["content_digest"].clone()
}
