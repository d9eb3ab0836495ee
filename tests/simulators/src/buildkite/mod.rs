//! Buildkite: the REST API, version 2, limited to people, teams and access, and the GraphQL query for the members of an
//! organization's teams. One server plays both hosts: `/v2/…` is REST and `/v1` is GraphQL.
//!
//! Written from the vendor's public documentation (<https://buildkite.com/docs/apis>), its GraphQL schema and public
//! issues of its official clients. Where those are silent, a comment says *unknown* and what is assumed; what a client
//! might guess wrongly is a switch in [`Options`].

mod graphql;
mod limits;
mod options;
mod rest;
mod samples;
mod world;

use std::time::Duration;

use serde_json::{Value, json};

pub use limits::{Limits, Meters, too_many_requests};
pub use options::*;
pub use samples::*;
pub use world::*;

use crate::{
    Configuration, Simulator, head,
    kit::{Api, Tenant},
    refusal::Refusal,
    server::{Answer, Call},
};
pub use crate::{paging::Ordering, refusal::html_page};

/// The vendor.
pub struct Vendor;

/// A running simulator; it stops when dropped.
pub type Buildkite = Simulator<Vendor>;

impl Buildkite {
    /// The REST API: `http://127.0.0.1:PORT/v2`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v2", self.url())
    }

    /// The GraphQL API: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn graphql_url(&self) -> String {
        format!("{}/v1", self.url())
    }

    /// The points of GraphQL that have been used of the fullest window of a user.
    #[must_use]
    pub fn points_used(&self) -> u64 {
        self.with_meters(|meters| meters.points_used())
    }
}

/// Whether a request is one of GraphQL.
fn is_graphql(call: &Call) -> bool {
    call.path == "/v1"
}

impl Api for Vendor {
    type World = World;
    type Options = Options;
    type Meters = Meters;

    fn configuration(simulator: &Simulator<Self>) -> Configuration {
        Configuration::new([
            ("base-url", simulator.base_url()),
            ("graphql-url", simulator.graphql_url()),
            ("api-token", TEST_TOKEN.to_owned()),
            ("organization", ORGANIZATION.to_owned()),
        ])
    }

    fn answer(tenant: &mut Tenant<Self>, call: &Call) -> Answer {
        match is_graphql(call) {
            true => graphql::answer(tenant, call),
            false => rest::answer(tenant, call),
        }
    }

    /// `{"message": "…"}` of REST, `{"errors": [{"message": "…"}]}` of GraphQL. *Unknown*: the text for teams and members
    /// that are not found, `Not Found` or `No team found`. Taken: the first.
    fn envelope(_options: &Options, call: &Call, refusal: &Refusal) -> Value {
        let page = if is_graphql(call) { "graphql-api" } else { "rest-api" };
        let usual = Refusal::usual(refusal.status).reason == refusal.reason;
        let message = match refusal.status {
            401 => format!(
                "Authentication required. Please supply a valid API Access Token: https://buildkite.com/docs/apis/{page}#authentication"
            ),
            403 if usual => "Forbidden".to_owned(),
            404 if usual => "Not Found".to_owned(),
            429 if usual => return limits::usual_body(),
            _ => refusal.reason.clone(),
        };
        match is_graphql(call) {
            true => json!({"errors": [{"message": message}]}),
            false => json!({"message": message}),
        }
    }

    fn cursor(call: &Call) -> Option<String> {
        is_graphql(call).then(|| graphql::cursor(call)).flatten()
    }

    /// *Unknown*: the vendor's text.
    fn stale_cursor() -> Refusal {
        Refusal::new(200, "The cursor is invalid")
    }

    fn repeat_cursor(options: &Options, call: &Call, answer: &mut Answer) {
        match is_graphql(call) {
            true => graphql::repeat_cursor(call, answer),
            false => rest::repeat_page(options, call, answer),
        }
    }
}

/// The time for the limits.
fn now(tenant: &Tenant<Vendor>) -> Duration {
    let given = tenant.options.clock.as_ref().map(|read| read() + tenant.clock.advanced());
    given.unwrap_or_else(|| tenant.clock.running())
}

/// The token that a request came with.
fn identify(tenant: &Tenant<Vendor>, call: &Call) -> Result<Token, Refusal> {
    let sent = head::bearer(call).ok_or_else(|| Refusal::usual(401).wrong())?;
    let now = tenant.clock.now();
    let token = tenant.world.tokens.iter().find(|token| token.secret == sent);
    let token = token.filter(|token| token.expires_at.is_none_or(|end| end > now));
    token.cloned().ok_or_else(|| Refusal::usual(401))
}

impl Token {
    /// Refuses a token that lacks a scope. *Unknown*: the body when GraphQL is refused. Taken: the text of REST.
    fn scope(&self, scope: &str) -> Result<(), Refusal> {
        match self.scopes.contains(scope) {
            true => Ok(()),
            false => {
                let message = format!("Your access token doesn't have the {scope} scope");
                Err(Refusal::new(403, message))
            }
        }
    }

    /// The organization, if there is one that the token is good for; who leaves it has no access any more. *Unknown*:
    /// whether letters may be of another case. Taken: they may not.
    fn organization<'w>(&self, world: &'w World, slug: &str) -> Option<&'w Organization> {
        let found = world.organizations.get(slug);
        found.filter(|org| {
            self.organizations.contains(&org.slug) && org.member(&self.owner).is_some()
        })
    }

    /// The teams that its owner sees: admins see all, others the visible ones and their own.
    fn teams<'o>(&self, org: &'o Organization, options: &Options) -> Vec<&'o Team> {
        let sees = |team: &&Team| {
            let is_visible = team.row["privacy"] == "visible" || org.is_admin(&self.owner);
            options.teams == Teams::On && (is_visible || team.member(&self.owner).is_some())
        };
        org.teams.iter().filter(sees).collect()
    }
}
