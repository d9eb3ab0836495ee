//! The simulator, dressed for the conformance suite.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall::function::Entry;
use rollcall_harness::conformance::{Case, Subject};
use rollcall_simulators::buildkite::{
    Buildkite, Limits, ORGANIZATION, Options, PLATFORM_ID, TEST_TOKEN, World,
};
use rollcall_simulators::{Fault, Ordering, Request};
use serde_json::{Value, json};

/// An organization.
pub(crate) struct Simulated {
    pub(crate) sim: Buildkite,
}

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        // The limits have tests of their own.
        let options = Options {
            rest: Limits::NONE,
            ..Options::default()
        };
        let sim = Buildkite::start(world, options).await.expect("a simulator");
        Self { sim }
    }
}

#[async_trait]
impl Subject for Simulated {
    async fn start() -> Self {
        Self::of(World::rich()).await
    }

    fn entry() -> Entry {
        rollcall_buildkite::entry()
    }

    fn secret(&self) -> Value {
        json!({"api-token": TEST_TOKEN, "organization": ORGANIZATION, "base-url": self.sim.base_url()})
    }

    fn tokens(&self) -> Vec<String> {
        vec![TEST_TOKEN.into()]
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
        let id = "9e0570aa-0000-4000-8000-000000000bad";
        self.sim.with_world(|w| {
            w.add_user(id, "Ghost", "ghost@example.com").add_to_team(
                ORGANIZATION,
                PLATFORM_ID,
                id,
                "member",
            );
        });
        Some(format!("user:{id}"))
    }

    fn lose_nearly_everything(&self) {
        self.sim.with_world(|w| {
            let organization = w.organizations.get_mut(ORGANIZATION).expect("there");
            organization.teams.clear();
        });
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
