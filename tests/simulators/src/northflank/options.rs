//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

use crate::clock::Quota;

crate::options! {
    /// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one where
    /// nothing is known. The documented order of lists is that of ids, people without one last.
    #[derive(Clone, Debug, PartialEq)]
    Options {
        /// How many requests are carried out in a time. *Unknown*: whether the count is that of the organization, whether
        /// requests with a bad token count, and whether refusals have a `Retry-After`. Taken: it is; all count but those that
        /// are refused for being too many; they have none.
        rate_limit: Quota = Quota::new(1000, Duration::from_secs(3600)),
        /// The answer to a token without the permission. *Unknown*. Taken: 403.
        no_permission: Denial = Denial::Forbidden,
        /// The answer to a team's token. *Unknown*. Taken: 403.
        team_token: Denial = Denial::Forbidden,
        /// How errors are written.
        errors: ErrorBody = ErrorBody::Nested,
        /// Whether there is `GET /v1/auth`, which only the newest documentation has.
        auth: bool = true,
        /// Whether the list of groups is cut into pages like all others, which the documentation does not say.
        paged_groups: bool = false,
        /// How somebody is listed who has a role directly and through a group. *Unknown*. Taken: once, as explicit.
        both: Both = Both::Explicit,
    }
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
