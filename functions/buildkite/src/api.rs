//! Talks: Buildkite's APIs as typed calls. Nothing here decides anything.
//!
//! Source: <https://buildkite.com/docs/apis/rest-api>.

mod failure;
mod graphql;
mod link;
mod objects;
mod paging;

use rollcall_connector::http::limit::{BudgetHeaders, Room};
use rollcall_connector::http::{Call, Header, Http, Session, Vendor};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

pub(crate) use failure::{Failure, SCOPES, label};
pub(crate) use graphql::{GraphQl, MEMBERS, TEAMS, TeamPage};
pub(crate) use objects::*;
pub use paging::At;
pub(crate) use paging::{Page, Taken};

/// The largest page of any list.
const PAGE: u32 = 100;

/// Two limits hold at once (<https://buildkite.com/docs/apis/rest-api/limits>): 200 requests a minute for the
/// organization, which its own automation shares, and 50 for the token's user. GraphQL has two of its own, in points and
/// five minutes (20,000 and 5,000), and tells of them by the same headers.
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

/// Where the API tells what a token is: the one call that takes no scope.
const TOKEN: [&str; 1] = ["access-token"];

type Answer<T> = Result<T, Failure>;

fn client(
    base: Url,
    token: SecretString,
    session: Session,
) -> Result<Http, rollcall_connector::Error> {
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
    pub(crate) fn new(
        base: Url,
        token: SecretString,
        session: Session,
    ) -> Result<Self, rollcall_connector::Error> {
        Ok(Self(client(base, token, session)?))
    }

    /// What is left of the requests of the organization, and of the token's user.
    pub(crate) fn rooms(&self) -> Vec<Option<Room>> {
        self.0.rooms()
    }

    /// `GET /v2/access-token`: what the token is. It takes no scope.
    pub(crate) async fn token(&self) -> Answer<Token> {
        self.0.send(&Call::get(&TOKEN)).await.map_err(Failure)
    }

    /// `GET /v2/organizations`: those that the token reaches.
    pub(crate) async fn organizations(&self, at: &At) -> Answer<Page<Organization>> {
        self.page(&["organizations"], at).await
    }

    /// `GET /v2/organizations/{slug}/members`
    pub(crate) async fn members(&self, organization: &str, at: &At) -> Answer<Page<Member>> {
        self.page(&["organizations", organization, "members"], at)
            .await
    }

    /// `GET /v2/organizations/{slug}/members/{id}`
    pub(crate) async fn member(&self, organization: &str, id: &str) -> Answer<Member> {
        let call = Call::get(&["organizations", organization, "members", id]);
        self.0.send(&call).await.map_err(Failure)
    }

    /// `GET /v2/organizations/{slug}/teams`: those that the token's user may see.
    pub(crate) async fn teams(&self, organization: &str, at: &At) -> Answer<Page<Team>> {
        self.page(&["organizations", organization, "teams"], at)
            .await
    }

    /// `GET /v2/organizations/{slug}/teams/{id}/members`
    pub(crate) async fn team_members(
        &self,
        organization: &str,
        team: &str,
        at: &At,
    ) -> Answer<Page<Membership>> {
        let path = ["organizations", organization, "teams", team, "members"];
        self.page(&path, at).await
    }

    async fn page<T: DeserializeOwned>(&self, path: &[&str], at: &At) -> Answer<Page<T>> {
        let call = at.ask(Call::get(path));
        let answer = self.0.ask::<Vec<T>>(&call).await.map_err(Failure)?;
        let next = at.next(answer.header("link"), answer.body.len());
        let next = next.map_err(|wrong| Failure(wrong.of(call.name())))?;
        Ok(Page {
            call: call.name(),
            items: answer.body,
            next,
        })
    }
}
