//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

use crate::kit::Common;

/// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one where
/// nothing is known. The documented order of lists is that of ids, people without one last.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// What all vendors have.
    pub common: Common,
    /// How many requests are carried out in a time.
    pub rate_limit: RateLimit,
    /// The answer to a token without the permission. *Unknown*. Taken: 403.
    pub no_permission: Denial,
    /// The answer to a team's token. *Unknown*. Taken: 403.
    pub team_token: Denial,
    /// How errors are written.
    pub errors: ErrorBody,
    /// Whether there is `GET /v1/auth`, which only the newest documentation has.
    pub auth: bool,
    /// How long a cursor is good. *Unknown*. Taken: for ever.
    pub cursor_life: Option<Duration>,
    /// Whether the list of groups is cut into pages like all others, which the documentation does not say.
    pub paged_groups: bool,
    /// How somebody is listed who was given a role by hand and holds it through a group too. *Unknown*. Taken: once, as
    /// explicit.
    pub both: Both,
}

crate::has_common_options!(Options);

/// How many requests are carried out in a time. *Unknown*: whether the count is that of the organization, and whether
/// requests with a bad token count. Taken: it is, and all count but those that are refused for being too many.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    /// `x-ratelimit-limit`.
    pub requests: u64,
    /// How long from the first request until the count begins anew.
    pub window: Duration,
    /// `Retry-After` of refusals, in seconds. *Unknown* whether there is one. Taken: none.
    pub retry_after: Option<u64>,
    /// The count begins anew after so many refusals, for clients that do not really wait.
    pub forgive_after: Option<u64>,
}

/// How a request is denied that the token is not good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// 403.
    Forbidden,
    /// 401, as if the token were bad.
    Unauthorized,
    /// 404, as if there were nothing.
    NotFound,
}

/// How errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorBody {
    /// `{"error": {"status", "message", "id"}}`.
    Nested,
    /// `{"code", "message", "status", "data"}`, as an old client of the vendor's has it.
    Flat,
    /// A page for people, as proxies have it.
    Html,
}

/// How somebody is listed who holds a role in both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Both {
    /// Once, `explicit`.
    Explicit,
    /// Once, `implicit`.
    Implicit,
    /// Twice.
    TwoRows,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            requests: 1000,
            window: Duration::from_secs(3600),
            retry_after: None,
            forgive_after: None,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            common: Common::default(),
            rate_limit: RateLimit::default(),
            no_permission: Denial::Forbidden,
            team_token: Denial::Forbidden,
            errors: ErrorBody::Nested,
            auth: true,
            cursor_life: None,
            paged_groups: false,
            both: Both::Explicit,
        }
    }
}
