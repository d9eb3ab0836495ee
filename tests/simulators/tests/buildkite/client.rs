//! Proper requests.

use rollcall_simulators::buildkite::{Buildkite, GRAPHQL_TOKEN, Options, TEST_TOKEN, World};
use serde_json::{Value, json};

pub(crate) use crate::wire::Reply;
use crate::wire::exchange;

pub(crate) const ORG: &str = "/organizations/acme-inc";

impl Reply {
    /// The message of a REST error.
    pub(crate) fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }

    /// The message of a GraphQL error.
    pub(crate) fn error(&self) -> &str {
        self.json["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
    }

    /// The rows of a list.
    pub(crate) fn rows(&self) -> &[Value] {
        self.json.as_array().unwrap()
    }

    /// A field of all rows of a list.
    pub(crate) fn column(&self, field: &str) -> Vec<&str> {
        self.rows()
            .iter()
            .map(|row| row[field].as_str().unwrap_or_default())
            .collect()
    }

    /// The address of another page.
    pub(crate) fn link(&self, rel: &str) -> Option<&str> {
        let links = self.headers.get("link")?.split(", ");
        let suffix = format!("; rel=\"{rel}\"");
        let mut found = links.filter_map(|link| link.strip_suffix(suffix.as_str()));
        found.next().map(|url| url.trim_matches(['<', '>']))
    }
}

pub(crate) async fn sim(world: World) -> Buildkite {
    Buildkite::start(world, Options::default()).await.unwrap()
}

/// A proper `GET /v2…` by the admin.
pub(crate) async fn get(sim: &Buildkite, path: &str) -> Reply {
    get_as(sim, TEST_TOKEN, path).await
}

pub(crate) async fn get_as(sim: &Buildkite, token: &str, path: &str) -> Reply {
    let path = format!("/v2{path}");
    send(sim, token, "GET", &path, None).await
}

pub(crate) async fn send(
    sim: &Buildkite,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Reply {
    let token = format!("Bearer {token}");
    let mut headers = vec![
        ("authorization", token.as_str()),
        ("accept", "application/json"),
    ];
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    exchange(&sim.url(), method, path, &headers, &body)
        .await
        .unwrap()
}

/// A query with the token that is for GraphQL too.
pub(crate) async fn query(sim: &Buildkite, text: &str, variables: Value) -> Reply {
    query_as(sim, GRAPHQL_TOKEN, text, variables).await
}

pub(crate) async fn query_as(sim: &Buildkite, token: &str, text: &str, variables: Value) -> Reply {
    let body = json!({"query": text, "variables": variables});
    send(sim, token, "POST", "/v1", Some(&body)).await
}

/// The query for teams with their members.
pub(crate) const TEAMS: &str =
    "query Teams($slug: ID!, $teams: Int, $after: String, $members: Int) {
  organization(slug: $slug) {
    teams(first: $teams, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node {
        uuid name slug description privacy isDefaultTeam defaultMemberRole createdAt
        members(first: $members) {
          pageInfo { hasNextPage endCursor }
          edges { node { role createdAt user { uuid } } }
        }
      } }
    }
  }
}";

/// The query for more members of a team.
pub(crate) const MORE: &str = "query More($team: ID!, $after: String) {
  team(slug: $team) {
    members(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node { role createdAt user { uuid } } }
    }
  }
}";

/// The query for members of the organization.
pub(crate) const MEMBERS: &str = "query Members($slug: ID!, $after: String) {
  organization(slug: $slug) {
    members(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node {
        role createdAt lastSeenAt complimentary security { twoFactorEnabled } sso { mode }
        user { uuid name email bot machineUser }
      } }
    }
  }
}";
