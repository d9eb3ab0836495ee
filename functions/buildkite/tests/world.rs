//! The simulator, dressed for the conformance suite.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::{Case, Subject};
use rollcall_simulators::buildkite::{
    Buildkite, GRAPHQL_TOKEN, LARGE_TEAM_ID, Limits, ORGANIZATION, Options, TEST_TOKEN, World,
};
use rollcall_simulators::{Fault, Ordering, Request};
use serde_json::{Value, json};

/// An organization, and a token for REST alone or for GraphQL as well.
pub(crate) struct Simulated<const GRAPHQL: bool = false> {
    pub(crate) sim: Buildkite,
}

/// With a token for GraphQL.
pub(crate) type WithGraphQl = Simulated<true>;

impl<const GRAPHQL: bool> Simulated<GRAPHQL> {
    pub(crate) async fn of(world: World) -> Self {
        // The limits have tests of their own.
        let options = Options {
            rest: Limits::NONE,
            graphql: Limits::NONE,
            ..Options::default()
        };
        let sim = Buildkite::start(world, options).await.expect("a simulator");
        Self { sim }
    }
}

#[async_trait]
impl<const GRAPHQL: bool> Subject for Simulated<GRAPHQL> {
    async fn start() -> Self {
        let mut world = World::rich();
        // A large team of five will do: that lists have pages, the suite sees to.
        let team = world.organizations[ORGANIZATION].teams.iter();
        let team = team.clone().find(|team| team.id == LARGE_TEAM_ID);
        let crowd = team.expect("the large team").members.iter().skip(5);
        for user in crowd.map(|m| m.user.clone()).collect::<Vec<_>>() {
            world.remove_member(ORGANIZATION, &user).remove_from_team(
                ORGANIZATION,
                LARGE_TEAM_ID,
                &user,
            );
        }
        Self::of(world).await
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
        // Whoever is in a team is there with a name: nobody is a mere id.
        None
    }

    fn become_another_tenant(&self) {
        self.sim.with_world(|w| {
            w.edit_organization(ORGANIZATION, |o| {
                o.id = "99999999-9999-4999-8999-999999999999".into();
            });
        });
    }

    fn minimum_calls(&self) -> usize {
        self.sim.with_world(|w| {
            let pages = |rows: usize| rows.div_ceil(100).max(1);
            let organization = &w.organizations[ORGANIZATION];
            let teams = &organization.teams;
            let in_teams: usize = teams.iter().map(|team| pages(team.members.len())).sum();
            let listed = |user: &String| organization.members.iter().any(|m| m.user == *user);
            let strangers: BTreeSet<&String> = teams
                .iter()
                .flat_map(|team| team.members.iter().map(|m| &m.user))
                .filter(|user| !listed(user))
                .collect();
            // One query for the teams that are not full, if somebody is in them.
            let empty = teams.iter().filter(|team| team.members.is_empty()).count();
            let in_teams = if GRAPHQL { 1 + empty } else { in_teams };
            // What the token is, and what it reaches; members, teams and who is in them; and whoever is in a team only.
            2 + pages(organization.members.len())
                + pages(organization.teams.len())
                + in_teams
                + strangers.len()
        })
    }

    fn cases() -> Vec<Case> {
        Vec::new()
    }
}
