//! Buildkite's APIs as typed calls, without any decisions.
//!
//! Source: <https://buildkite.com/docs/apis/rest-api>.

mod failure;
mod graphql;
mod link;
mod objects;
mod paging;

use rollcall_connector::Error;
use rollcall_connector::http::limit::{BudgetHeaders, RemainingBudget};
use rollcall_connector::http::{Call, Header, Http, Session, Vendor};
use secrecy::SecretString;
use url::Url;

pub(crate) use failure::{Failure, SCOPES, label};
pub(crate) use graphql::{GraphQl, MEMBERS, TEAMS, TeamPage};
pub(crate) use objects::*;
pub(crate) use paging::NewRows;
pub use paging::PagePosition;

/// The addresses of Buildkite's own APIs.
pub(crate) const REST: &str = "https://api.buildkite.com/v2";
pub(crate) const GRAPHQL: &str = "https://graphql.buildkite.com/v1";

/// Two limits hold at once (<https://buildkite.com/docs/apis/rest-api/limits>): 200 requests a minute for the
/// organization, which its own automation shares, and 50 for the token's user. GraphQL has two of its own, in points and
/// five minutes (20,000 and 5,000), and reports them in the same headers.
const LIMITS: [BudgetHeaders; 2] = [
    BudgetHeaders {
        limit: "ratelimit-limit",
        remaining: "ratelimit-remaining",
        reset: "ratelimit-reset",
        reserve_percent: 20,
    },
    BudgetHeaders {
        limit: "ratelimit-user-limit",
        remaining: "ratelimit-user-remaining",
        reset: "ratelimit-user-reset",
        reserve_percent: 4,
    },
];

/// The path of the only call that needs no scope.
const TOKEN: [&str; 1] = ["access-token"];

type Answer<T> = Result<T, Failure>;

fn client(base: Url, token: SecretString, session: Session) -> Result<Http, Error> {
    let vendor = Vendor {
        base,
        headers: vec![("authorization", Header::Secret("Bearer ", token))],
        pace: None,
        budgets: LIMITS.to_vec(),
        concurrency: None,
    };
    Http::new(session, vendor)
}

/// The REST API with a person's token.
pub(crate) struct Api(Http);

impl Api {
    pub(crate) fn new(base: Url, token: SecretString, session: Session) -> Result<Self, Error> {
        client(base, token, session).map(Self)
    }

    /// The remaining requests of the organization, and of the token's user.
    pub(crate) fn remaining_budgets(&self) -> Vec<Option<RemainingBudget>> {
        self.0.remaining_budgets()
    }

    /// `GET /v2/access-token`: the token's properties. Needs no scope.
    pub(crate) async fn token(&self) -> Answer<Token> {
        self.0.send(&Call::get(&TOKEN)).await.map_err(Failure)
    }

    /// `GET /v2/organizations`: those that the token can access.
    pub(crate) async fn organizations(&self, at: &PagePosition) -> Answer<NewRows<Organization>> {
        self.page(&["organizations"], at).await
    }

    /// `GET /v2/organizations/{slug}/members`
    pub(crate) async fn members(&self, slug: &str, at: &PagePosition) -> Answer<NewRows<Member>> {
        self.page(&["organizations", slug, "members"], at).await
    }

    /// `GET /v2/organizations/{slug}/members/{id}`
    pub(crate) async fn member(&self, slug: &str, id: &str) -> Answer<Member> {
        let call = Call::get(&["organizations", slug, "members", id]);
        self.0.send(&call).await.map_err(Failure)
    }

    /// `GET /v2/organizations/{slug}/teams`: those that the token's user can see.
    pub(crate) async fn teams(&self, slug: &str, at: &PagePosition) -> Answer<NewRows<Team>> {
        self.page(&["organizations", slug, "teams"], at).await
    }

    /// `GET /v2/organizations/{slug}/teams/{id}/members`
    pub(crate) async fn team_members(
        &self,
        slug: &str,
        team: &str,
        at: &PagePosition,
    ) -> Answer<NewRows<Membership>> {
        let path = ["organizations", slug, "teams", team, "members"];
        self.page(&path, at).await
    }

    async fn page<T: ListRow>(&self, path: &[&str], at: &PagePosition) -> Answer<NewRows<T>> {
        let call = at.request(Call::get(path));
        let answer = self.0.ask::<Vec<T>>(&call).await.map_err(Failure)?;
        let next = at.next(&call.name(), answer.header("link"), answer.body.len())?;
        at.take(call.name(), answer.body, next)
    }
}
