//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

crate::options! {
    /// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one where
    /// nothing is known. The documented order of lists is that of ids, people without one last.
    #[derive(Clone, Debug, PartialEq)]
    Options {
        /// How many requests are carried out in a time.
        rate_limit: RateLimit = RateLimit {
            requests: 1000, window: Duration::from_secs(3600), retry_after: None, forgive_after: None,
        },
        /// The answer to a token without the permission. *Unknown*. Taken: 403.
        no_permission: Denial = Denial::Forbidden,
        /// The answer to a team's token. *Unknown*. Taken: 403.
        team_token: Denial = Denial::Forbidden,
        /// How errors are written.
        errors: ErrorBody = ErrorBody::Nested,
        /// Whether there is `GET /v1/auth`, which only the newest documentation has.
        auth: bool = true,
        /// How long a cursor is good. *Unknown*. Taken: for ever.
        cursor_life: Option<Duration> = None,
        /// Whether the list of groups is cut into pages like all others, which the documentation does not say.
        paged_groups: bool = false,
        /// How somebody is listed who has a role directly and through a group. *Unknown*. Taken: once, as explicit.
        both: Both = Both::Explicit,
    }
}

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

crate::choices! {
    /// How a request is denied that the token is not good for: by 403; 401, as if the token were bad; or 404.
    Denial { Forbidden, Unauthorized, NotFound }
    /// How errors are written: `{"error": {"status", "message", "id"}}`; `{"code", "message", "status", "data"}`, as an old
    /// client of the vendor's has it; or a page for people, as proxies have it.
    ErrorBody { Nested, Flat, Html }
    /// How somebody is listed who has a role in both ways: once, with one type or the other, or twice.
    Both { Explicit, Implicit, TwoRows }
}
