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

/// The budgets of an API, by the scopes that answers name: the user's and the organization's.
pub(super) type Scopes = [&'static str; 2];
pub(super) const REST: Scopes = ["rest_user", "rest"];
/// Answers do not name the second one.
pub(super) const GRAPHQL: Scopes = ["graphql_user", "graphql"];

/// What has been used of each budget, by its scope and its owner's name; nameless if nobody knows.
#[derive(Debug, Default)]
pub struct Meters(BTreeMap<(&'static str, String), Window>);

/// A budget as it is now; `reset` is in seconds from now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    scope: &'static str,
    limit: u64,
    used: u64,
    reset: u64,
}

impl Meters {
    pub(super) fn points_used(&self) -> u64 {
        let of_users = self.0.iter().filter(|((scope, _), _)| *scope == GRAPHQL[0]);
        of_users.map(|(_, window)| window.used).max().unwrap_or_default()
    }

    /// Spends so much of what the token's owner and the organization `named` have, be it there or not, and reads both
    /// budgets. *Unknown*: which organization pays for calls that name none. Taken: the first one of the token.
    pub(super) fn spend(
        &mut self,
        scopes: Scopes,
        options: &Options,
        now: Duration,
        (payer, named): (Option<&Token>, Option<&str>),
        amount: u64,
    ) -> Vec<Reading> {
        let limits = if scopes == REST { options.rest } else { options.graphql };
        let organization = payer.and_then(|token| {
            let mut granted = token.organizations.iter();
            let named = granted.find(|&slug| Some(slug.as_str()) == named);
            named.or_else(|| token.organizations.first())
        });
        let payers = [payer.map(|token| &token.owner), organization];
        let budgets = scopes.into_iter().zip(payers);
        let budgets = budgets.zip([limits.per_user, limits.per_organization]);
        let readings = budgets.map(|((scope, payer), limit)| {
            let window = self.0.entry((scope, payer.cloned().unwrap_or_default())).or_default();
            window.open(now, limits.window);
            window.used += amount;
            let reset = whole_seconds(window.left(now, limits.window));
            Reading { scope, limit, used: window.used, reset }
        });
        readings.collect()
    }
}

/// Whether a REST request that has been counted, or a query that has not, may be carried out.
///
/// *Unknown*: which limit is named if both are exceeded. Taken: the user's.
pub(super) fn check(readings: &[Reading]) -> Result<(), Refusal> {
    let next = |reading: &Reading| reading.used + u64::from(!reading.is_rest());
    let exceeded = readings.iter().find(|reading| next(reading) > reading.limit);
    exceeded.map_or(Ok(()), |reading| Err(reading.refusal()))
}

/// What an answer says of the budgets.
pub(super) fn headers(readings: &[Reading]) -> impl Iterator<Item = (String, String)> {
    readings.iter().flat_map(Reading::headers)
}

impl Reading {
    fn is_rest(&self) -> bool {
        REST.contains(&self.scope)
    }

    fn is_of_user(&self) -> bool {
        self.scope.ends_with("_user")
    }

    fn message(&self) -> String {
        let (of, reset) = (if self.is_rest() { "API" } else { "GraphQL API" }, self.reset);
        format!(
            "You have exceeded your {of} rate limit. Please wait {reset} seconds before making more requests."
        )
    }

    /// What is left goes below nothing: requests that are refused count too. *Unknown*: from when on there is a warning,
    /// and its text. Taken: as soon as nothing is left; the text of the refusal.
    fn headers(&self) -> Vec<(String, String)> {
        let prefix = if self.is_of_user() { "ratelimit-user" } else { "ratelimit" };
        let remaining = i128::from(self.limit) - i128::from(self.used);
        let headers = [
            ("scope", (self.scope != GRAPHQL[1]).then(|| self.scope.to_owned())),
            ("remaining", Some(remaining.to_string())),
            ("limit", Some(self.limit.to_string())),
            ("reset", Some(self.reset.to_string())),
            ("warning", (remaining <= 0).then(|| self.message())),
        ];
        let said = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
        said.map(|(name, value)| (format!("{prefix}-{name}"), value)).collect()
    }

    fn refusal(&self) -> Refusal {
        if self.is_rest() {
            return Refusal::new(429, self.message()).body(self.rest_body());
        }
        let (limit, reset) = (self.limit, self.reset);
        let whose = match self.is_of_user() {
            true => "You have exceeded your per-user",
            false => "Your organization has exceeded the",
        };
        let wait = format!("Please try again in {reset} seconds.");
        Refusal::new(429, format!("{whose} limit of {limit} complexity points. {wait}"))
    }

    /// The body of a refusal of REST.
    fn rest_body(&self) -> Value {
        let Self { scope, limit, used, reset } = self;
        json!({"scope": scope, "limit": limit, "current": used, "reset": reset, "message": self.message()})
    }

    /// A budget of REST of which one request too many was used.
    fn exceeded(scope: &'static str, reset: u64) -> Self {
        let limit = match scope {
            "rest_user" => Limits::REST.per_user,
            _ => Limits::REST.per_organization,
        };
        Self { scope, limit, used: limit + 1, reset }
    }
}

/// The body of a 429 that a fault asks for.
pub(super) fn usual_body() -> Value {
    Reading::exceeded("rest_user", 1).rest_body()
}

/// A refusal for too many requests, whatever has been used: of `rest` or of `rest_user`, with its headers and body.
/// Answers to other faults have no such headers.
#[must_use]
pub fn too_many_requests(scope: &'static str, reset: u64) -> FaultKind {
    let reading = Reading::exceeded(scope, reset);
    let mut headers = reading.headers();
    headers.retain(|(name, _)| !name.ends_with("warning"));
    FaultKind::Status { code: 429, headers, body: Some(reading.rest_body()) }
}
