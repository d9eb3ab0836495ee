//! The GraphQL API, used only for the members of many teams at once.
//!
//! Source: <https://buildkite.com/docs/apis/graphql-api>; costs of a query:
//! <https://buildkite.com/docs/apis/graphql/graphql-resource-limits>.

use jiff::Timestamp;
use rollcall_connector::Error;
use rollcall_connector::http::error::Error as Http;
use rollcall_connector::http::lenient::{Lenient, or_default};
use rollcall_connector::http::limit::RemainingBudget;
use rollcall_connector::http::{Call, Session};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{Answer, Failure, Membership, client};

/// The maximum number of members that a query reads of a team. A larger team takes one REST call, which costs less time
/// than the points for its members: 50 calls take a minute, as do 1,000 points.
pub(crate) const MEMBERS: u64 = 25;
/// The maximum number of teams that a query reads: at most 2,704 points of 50,000 allowed.
pub(crate) const TEAMS: u64 = 50;

const QUERY: &str = "query($slug: ID!, $first: Int!, $after: String, $members: Int!) {
  organization(slug: $slug) {
    teams(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node { uuid members(first: $members) {
        pageInfo { hasNextPage }
        edges { node { role user { uuid name } } }
      } } }
    }
  }
}";

/// The GraphQL API with a person's token.
pub(crate) struct GraphQl(rollcall_connector::http::Http);

/// A page of teams, and the cursor of the next page, if any.
#[derive(Debug)]
pub(crate) struct TeamPage {
    pub(crate) teams: Vec<TeamMembers>,
    pub(crate) next: Option<String>,
}

/// The members of a team.
#[derive(Debug)]
pub(crate) struct TeamMembers {
    pub(crate) team: String,
    pub(crate) members: Vec<Membership>,
    /// Whether these are all members, each complete.
    pub(crate) is_whole: bool,
}

impl GraphQl {
    pub(crate) fn new(base: Url, token: SecretString, session: Session) -> Result<Self, Error> {
        client(base, token, session).map(Self)
    }

    /// The remaining points of the organization, and of the token's user.
    pub(crate) fn remaining_budgets(&self) -> Vec<Option<RemainingBudget>> {
        self.0.remaining_budgets()
    }

    /// The failure of a query for which no points remain until then.
    pub(crate) fn put_off(until: Timestamp) -> Failure {
        Failure(Http::RateLimited { call: Call::graphql(QUERY, json!({})).name(), retry_at: until })
    }

    /// `organization.teams` with their members: the next `first` teams after the cursor `after`.
    pub(crate) async fn team_members(
        &self,
        organization: &str,
        first: u64,
        after: Option<&str>,
    ) -> Answer<TeamPage> {
        let variables =
            json!({"slug": organization, "first": first, "after": after, "members": MEMBERS});
        let call = Call::graphql(QUERY, variables);
        let reply: Reply = self.0.send(&call).await.map_err(Failure)?;
        // Errors also come with 200; data next to them is not trusted.
        let error = reply.errors.first().map(|error| error.message.as_str());
        match (error, reply.data.organization) {
            (None, Some(organization)) => Ok(organization.teams.into()),
            (error, _) => Err(Failure(Http::Status {
                call: call.name(),
                status: 200,
                message: self.0.quote(error.unwrap_or("the organization was not found")),
                is_json: true,
                retry_after: None,
                request_id: None,
            })),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Reply {
    #[serde(default, deserialize_with = "or_default")]
    data: Data,
    #[serde(default, deserialize_with = "or_default")]
    errors: Vec<QueryError>,
}

#[derive(Debug, Deserialize)]
struct QueryError {
    #[serde(default, deserialize_with = "or_default")]
    message: String,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    organization: Option<Organization>,
}

#[derive(Debug, Deserialize)]
struct Organization {
    teams: Connection<Option<Team>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection<T> {
    page_info: PageInfo,
    edges: Vec<Edge<T>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Edge<T> {
    node: T,
}

#[derive(Debug, Deserialize)]
struct Team {
    uuid: String,
    members: Option<Connection<Option<Member>>>,
}

#[derive(Debug, Deserialize)]
struct Member {
    role: Option<String>,
    user: Option<User>,
}

#[derive(Debug, Deserialize)]
struct User {
    uuid: String,
    name: Lenient<String>,
}

impl<T> Connection<Option<T>> {
    fn nodes(self) -> impl Iterator<Item = T> {
        self.edges.into_iter().filter_map(|edge| edge.node)
    }
}

impl From<Connection<Option<Team>>> for TeamPage {
    fn from(mut teams: Connection<Option<Team>>) -> Self {
        let has_next = teams.page_info.has_next_page;
        Self {
            next: teams.page_info.end_cursor.take().filter(|_| has_next),
            teams: teams.nodes().map(TeamMembers::from).collect(),
        }
    }
}

impl From<Team> for TeamMembers {
    fn from(team: Team) -> Self {
        let (mut members, mut is_whole) = (Vec::new(), false);
        if let Some(list) = team.members {
            let (rows, has_next) = (list.edges.len(), list.page_info.has_next_page);
            members = list.nodes().filter_map(Member::membership).collect();
            // *Unknown*: whether a list that our token may not see is an empty one.
            is_whole = rows > 0 && rows == members.len() && !has_next;
        }
        Self { team: team.uuid, members, is_whole }
    }
}

impl Member {
    /// The membership in the form of the REST API, with roles in lower case; `None` if the user or the role is missing.
    fn membership(self) -> Option<Membership> {
        let user = self.user?;
        Some(Membership {
            user_id: user.uuid,
            user_name: user.name,
            role: self.role?.to_ascii_lowercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members_of(members: serde_json::Value) -> TeamMembers {
        let team: Team =
            serde_json::from_value(json!({"uuid": "t", "members": members})).expect("a team");
        team.into()
    }

    #[test]
    fn a_team_of_which_anything_is_left_out_is_not_whole() {
        let page = |more: bool, rows: serde_json::Value| json!({"pageInfo": {"hasNextPage": more}, "edges": rows});
        let row = json!({"node": {"role": "MAINTAINER", "user": {"uuid": "u", "name": null}}});
        let whole = members_of(page(false, json!([row])));
        assert!(whole.is_whole);
        assert_eq!(
            (whole.members[0].role.as_str(), whole.members[0].user_name.text()),
            ("maintainer", "")
        );
        for members in [
            json!(null),
            page(false, json!([])),
            page(true, json!([row])),
            page(false, json!([row, {"node": null}])),
            page(false, json!([row, {"node": {"role": "MEMBER", "user": null}}])),
            page(false, json!([row, {"node": {"role": null, "user": {"uuid": "v"}}}])),
        ] {
            assert!(!members_of(members.clone()).is_whole, "{members}");
        }
    }
}
