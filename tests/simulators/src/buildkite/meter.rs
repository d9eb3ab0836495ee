//! How much is left of what an organization and a user may do in a time, which every answer says:
//! <https://buildkite.com/docs/apis/rest-api/rate-limits>.

use std::{collections::BTreeMap, time::Duration};

use super::{
    options::{Limits, Options},
    refusal::{Api, Refusal},
};

/// Headers that tell how much is left.
pub(crate) type Headers = Vec<(String, String)>;

/// Who pays for a request: an organization and a user, both empty if nobody knows.
///
/// *Unknown*: which organization pays for calls that name none. Taken: the first one of the token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payer {
    pub(crate) organization: String,
    pub(crate) user: String,
}

/// What has been used of the budgets of one API.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    organizations: BTreeMap<String, Window>,
    users: BTreeMap<String, Window>,
    refused: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    began: Option<Duration>,
    used: u64,
}

/// A budget as it is now.
#[derive(Clone, Copy, Debug)]
struct Reading {
    limit: u64,
    used: u64,
    /// Seconds from now.
    reset: u64,
}

/// Both budgets as they are now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readings {
    api: Api,
    organization: Reading,
    user: Reading,
}

impl Window {
    fn spend(&mut self, limit: u64, window: Duration, now: Duration, amount: u64) -> Reading {
        let over = |began: Duration| now.saturating_sub(began) >= window;
        if self.began.is_none_or(over) {
            *self = Self {
                began: Some(now),
                used: 0,
            };
        }
        self.used += amount;
        let end = self.began.unwrap_or(now) + window;
        let left = end.saturating_sub(now);
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Reading {
            limit,
            used: self.used,
            reset,
        }
    }
}

impl Meter {
    /// Spends so much, be it there or not, and reads both budgets.
    pub(crate) fn spend(
        &mut self,
        api: Api,
        options: &Options,
        now: Duration,
        payer: &Payer,
        amount: u64,
    ) -> Readings {
        let forgiven = options
            .forgive_after
            .is_some_and(|most| self.refused >= most);
        if forgiven {
            *self = Self::default();
        }
        let limits = match api {
            Api::Rest => options.rest,
            Api::GraphQl => options.graphql,
        };
        let Limits { window, .. } = limits;
        let organization = self
            .organizations
            .entry(payer.organization.clone())
            .or_default();
        let organization = organization.spend(limits.per_organization, window, now, amount);
        let user = self.users.entry(payer.user.clone()).or_default();
        let user = user.spend(limits.per_user, window, now, amount);
        Readings {
            api,
            organization,
            user,
        }
    }

    /// What has been used of the fullest window of a user.
    pub(crate) fn used_by_users(&self) -> u64 {
        let used = self.users.values().map(|window| window.used);
        used.max().unwrap_or_default()
    }

    /// Counts a refusal.
    pub(crate) fn refuse(&mut self) {
        self.refused += 1;
    }
}

impl Readings {
    /// Whether a REST request that has been counted, or a query that has not, may be carried out.
    ///
    /// *Unknown*: which limit is named if both are exceeded. Taken: the user's.
    pub(crate) fn check(&self, options: &Options) -> Result<(), Refusal> {
        let exceeded = |reading: &Reading| match self.api {
            Api::Rest => reading.used > reading.limit,
            Api::GraphQl => reading.used >= reading.limit,
        };
        let (reading, users) = if exceeded(&self.user) {
            (self.user, true)
        } else if exceeded(&self.organization) {
            (self.organization, false)
        } else {
            return Ok(());
        };
        let Reading { limit, used, reset } = reading;
        Err(match self.api {
            Api::Rest => {
                let refusal = Refusal::new(429, message(Api::Rest, reset))
                    .field("scope", if users { "rest_user" } else { "rest" })
                    .field("limit", limit)
                    .field("current", used)
                    .field("reset", reset);
                if options.retry_after {
                    refusal.header("retry-after", reset)
                } else {
                    refusal
                }
            }
            Api::GraphQl if users => Refusal::new(
                429,
                format!(
                    "You have exceeded your per-user limit of {limit} complexity points. Please try again in {reset} seconds."
                ),
            ),
            Api::GraphQl => Refusal::new(
                429,
                format!(
                    "Your organization has exceeded the limit of {limit} complexity points. Please try again in {reset} seconds."
                ),
            ),
        })
    }

    /// What an answer says of them.
    pub(crate) fn headers(&self) -> Headers {
        let mut headers = Headers::new();
        let (scope, user_scope) = match self.api {
            Api::Rest => (Some("rest"), "rest_user"),
            // The organization's headers of GraphQL have no scope.
            Api::GraphQl => (None, "graphql_user"),
        };
        self.organization
            .write("ratelimit", self.api, scope, &mut headers);
        self.user
            .write("ratelimit-user", self.api, Some(user_scope), &mut headers);
        headers
    }
}

impl Reading {
    /// What is left goes below nothing: requests that are refused count too.
    fn remaining(&self) -> i128 {
        i128::from(self.limit) - i128::from(self.used)
    }

    fn write(&self, prefix: &str, api: Api, scope: Option<&str>, headers: &mut Headers) {
        let mut put = |name: &str, value: String| headers.push((format!("{prefix}-{name}"), value));
        if let Some(scope) = scope {
            put("scope", scope.to_owned());
        }
        put("remaining", self.remaining().to_string());
        put("limit", self.limit.to_string());
        put("reset", self.reset.to_string());
        // *Unknown*: from when on, and the text. Taken: as soon as nothing is left; the text of the refusal.
        if self.remaining() <= 0 {
            put("warning", message(api, self.reset));
        }
    }
}

/// The text of a refusal.
pub(crate) fn message(api: Api, reset: u64) -> String {
    let of = match api {
        Api::Rest => "API",
        Api::GraphQl => "GraphQL API",
    };
    format!(
        "You have exceeded your {of} rate limit. Please wait {reset} seconds before making more requests."
    )
}
