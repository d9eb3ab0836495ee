//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

use crate::lists::Ordering;

/// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one where
/// nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long every request takes.
    pub latency: Duration,
    /// The order of lists. *Unknown*: any. Taken as documented: that of ids, people without one last.
    pub ordering: Ordering,
    /// Header names (lower case) allowed besides the ordinary ones.
    pub extra_headers: Vec<String>,
    /// Whether every request must say `Content-Type: application/json`, body or none, as the documentation asks.
    /// *Unknown*: whether the vendor insists. Taken: it does.
    pub content_type_required: bool,
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

    /// What is done with a `per_page` outside 1 to 100. *Unknown*. Taken: it is refused.
    pub page_sizes: PageSizes,
    /// Pages of this size, whatever `per_page` says.
    pub force_page_size: Option<usize>,
    /// So many pages at the beginning of every list have no rows, although there are more pages.
    pub empty_pages: usize,
    /// How long a cursor is good. *Unknown*. Taken: for ever.
    pub cursor_life: Option<Duration>,
    /// Whether the list of groups is cut into pages like all others, which the documentation does not say.
    pub paged_groups: bool,
    /// How somebody is listed who was given a role by hand and holds it through a group too. *Unknown*. Taken: once, as
    /// explicit.
    pub both: Both,
}

/// How many requests are carried out in a time. *Unknown*: whether the count is that of the organization, and whether
/// requests with a bad token count. Taken: it is, and all count but those that are refused for being too many.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    /// `x-ratelimit-limit`.
    pub requests: usize,
    /// How long from the first request until the count begins anew.
    pub window: Duration,
    /// `Retry-After` of a refusal, in seconds. The vendor documents none.
    pub retry_after: Option<u64>,
    /// After so many refusals the count begins anew, whatever the time: for clients that only pretend to wait.
    pub forgive_after: Option<usize>,
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
    /// `{"error": {"status", "message", "id", "details"?}}`.
    Nested,
    /// `{"code", "message", "status", "data"}`, as an old client of the vendor's has it.
    Flat,
    /// A page for people, as proxies have it.
    Html,
}

/// What is done with a `per_page` outside 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSizes {
    /// 400.
    Refused,
    /// The nearest size that is good.
    Clamped,
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
            latency: Duration::ZERO,
            ordering: Ordering::Documented,
            extra_headers: Vec::new(),
            content_type_required: true,
            rate_limit: RateLimit::default(),
            no_permission: Denial::Forbidden,
            team_token: Denial::Forbidden,
            errors: ErrorBody::Nested,
            auth: true,
            page_sizes: PageSizes::Refused,
            force_page_size: None,
            empty_pages: 0,
            cursor_life: None,
            paged_groups: false,
            both: Both::Explicit,
        }
    }
}
