//! How much is left of what an organization and a user may do in a time, which every answer says:
//! <https://buildkite.com/docs/apis/rest-api/rate-limits>,
//! <https://buildkite.com/docs/apis/graphql/graphql-resource-limits>.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{Options, Token};
use crate::{
    FaultKind,
    clock::{Window, whole_seconds},
    refusal::Refusal,
};

/// How much is carried out in a fixed window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For all tokens of an organization together.
    pub per_organization: u64,
    /// For all tokens of a user together.
    pub per_user: u64,
    /// The window. *Unknown*: when it begins. Taken: with the first request after the last one.
    pub window: Duration,
}

impl Limits {
    /// Those of the REST API.
    pub const REST: Self =
        Self { per_organization: 200, per_user: 50, window: Duration::from_secs(60) };
    /// Those of GraphQL.
    pub const GRAPHQL: Self =
        Self { per_organization: 20_000, per_user: 5_000, window: Duration::from_secs(300) };
    /// More than anybody needs.
    pub const NONE: Self = Self {
        per_organization: 1_000_000_000,
        per_user: 1_000_000_000,
        window: Duration::from_secs(60),
    };
}

/// The counters.
#[derive(Debug, Default)]
pub struct Meters {
    /// Requests since the switches were last changed.
    pub(super) answered: usize,
    rest: Used,
    graphql: Used,
}

/// The used budgets of one API, of organizations and of users, by name; both nameless if unknown.
#[derive(Debug, Default)]
struct Used {
    organizations: BTreeMap<String, Window>,
    users: BTreeMap<String, Window>,
    refused: usize,
}

/// One of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Rest,
    GraphQl,
}

/// A budget as it is now; `reset` is in seconds from now.
#[derive(Clone, Copy, Debug)]
struct Reading {
    limit: u64,
    used: u64,
    reset: u64,
}

/// Both budgets as they are now.
pub(super) struct Readings {
    which: Which,
    organization: Reading,
    user: Reading,
}

impl Meters {
    pub(super) fn points_used(&self) -> u64 {
        let windows = self.graphql.users.values().map(|window| window.used);
        windows.max().unwrap_or_default()
    }

    /// Spends so much of what the token's owner and the organization `named` have, be it there or not, and reads both
    /// budgets. *Unknown*: which organization pays for calls that name none. Taken: the first one of the token.
    pub(super) fn spend(
        &mut self,
        which: Which,
        options: &Options,
        now: Duration,
        (payer, named): (Option<&Token>, Option<&str>),
        amount: u64,
    ) -> Readings {
        let (used, limits) = match which {
            Which::Rest => (&mut self.rest, options.rest),
            Which::GraphQl => (&mut self.graphql, options.graphql),
        };
        if options.forgive_after.is_some_and(|most| used.refused >= most) {
            *used = Used::default();
        }
        let granted = payer.map(|token| &token.organizations);
        let organization = granted.and_then(|granted| {
            let named = granted.iter().find(|&slug| Some(slug.as_str()) == named);
            named.or_else(|| granted.first())
        });
        let user = payer.map(|token| &token.owner);
        let read = |windows: &mut BTreeMap<String, Window>, name: Option<&String>, limit| {
            let window = windows.entry(name.cloned().unwrap_or_default()).or_default();
            window.open(now, limits.window, None);
            window.used += amount;
            let reset = whole_seconds(window.left(now, limits.window));
            Reading { limit, used: window.used, reset }
        };
        Readings {
            which,
            organization: read(&mut used.organizations, organization, limits.per_organization),
            user: read(&mut used.users, user, limits.per_user),
        }
    }

    /// Whether a REST request that has been counted, or a query that has not, may be carried out.
    ///
    /// *Unknown*: which limit is named if both are exceeded. Taken: the user's.
    pub(super) fn check(&mut self, readings: &Readings, options: &Options) -> Result<(), Refusal> {
        let exceeded = |reading: &Reading| match readings.which {
            Which::Rest => reading.used > reading.limit,
            Which::GraphQl => reading.used >= reading.limit,
        };
        let (reading, users) = match (exceeded(&readings.user), exceeded(&readings.organization)) {
            (true, _) => (readings.user, true),
            (false, true) => (readings.organization, false),
            (false, false) => return Ok(()),
        };
        let Reading { limit, used, reset } = reading;
        if readings.which == Which::Rest {
            self.rest.refused += 1;
            let refusal = rest_refusal(users, limit, used, reset);
            return Err(match options.retry_after {
                true => refusal.header("retry-after", reset),
                false => refusal,
            });
        }
        self.graphql.refused += 1;
        let message = match users {
            true => format!("You have exceeded your per-user limit of {limit} complexity points."),
            false => {
                format!("Your organization has exceeded the limit of {limit} complexity points.")
            }
        };
        Err(Refusal::new(429, format!("{message} Please try again in {reset} seconds.")))
    }
}

fn rest_refusal(users: bool, limit: u64, used: u64, reset: u64) -> Refusal {
    let scope = if users { "rest_user" } else { "rest" };
    let detail = json!({"scope": scope, "limit": limit, "current": used, "reset": reset});
    Refusal::new(429, message(Which::Rest, reset)).detail(detail)
}

/// The body of a 429 that a fault asks for.
pub(super) fn usual_body() -> Value {
    let mut body = json!({"scope": "rest_user", "limit": 50, "current": 51, "reset": 1});
    body["message"] = json!(message(Which::Rest, 1));
    body
}

impl Readings {
    /// An answer's headers about them. The organization's headers of GraphQL have no scope.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let (scope, user_scope) = match self.which {
            Which::Rest => (Some("rest"), "rest_user"),
            Which::GraphQl => (None, "graphql_user"),
        };
        let mut headers = write("ratelimit", scope, self.organization, self.which);
        headers.extend(write("ratelimit-user", Some(user_scope), self.user, self.which));
        headers
    }
}

/// The remainder becomes negative: refused requests count too. *Unknown*: when a warning begins, and its text. Taken:
/// as soon as nothing is left; the text of the refusal.
fn write(
    prefix: &str,
    scope: Option<&str>,
    reading: Reading,
    which: Which,
) -> Vec<(String, String)> {
    let remaining = i128::from(reading.limit) - i128::from(reading.used);
    let warning = (remaining <= 0).then(|| message(which, reading.reset));
    [
        ("scope", scope.map(str::to_owned)),
        ("remaining", Some(remaining.to_string())),
        ("limit", Some(reading.limit.to_string())),
        ("reset", Some(reading.reset.to_string())),
        ("warning", warning),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((format!("{prefix}-{name}"), value?)))
    .collect()
}

fn message(which: Which, reset: u64) -> String {
    let of = match which {
        Which::Rest => "API",
        Which::GraphQl => "GraphQL API",
    };
    format!(
        "You have exceeded your {of} rate limit. Please wait {reset} seconds before making more requests."
    )
}

/// A refusal for too many requests, whatever has been used: of `rest` or of `rest_user`, with its headers and body.
/// Answers to other faults have no such headers.
#[must_use]
pub fn too_many_requests(scope: &str, reset: u64) -> FaultKind {
    let (users, prefix, limit) = match scope {
        "rest_user" => (true, "ratelimit-user", Limits::REST.per_user),
        _ => (false, "ratelimit", Limits::REST.per_organization),
    };
    let used = limit + 1;
    let reading = Reading { limit, used, reset };
    let mut headers = write(prefix, Some(scope), reading, Which::Rest);
    headers.retain(|(name, _)| !name.ends_with("warning"));
    let refusal = rest_refusal(users, limit, used, reset);
    let mut body = refusal.detail.unwrap_or_default();
    body["message"] = json!(refusal.reason);
    FaultKind::Status { code: 429, headers, body: Some(body) }
}
