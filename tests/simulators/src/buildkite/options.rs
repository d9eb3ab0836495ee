//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::time::Duration;

use super::clock::Clock;
use crate::lists::Ordering;

/// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one
/// where nothing is known.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long every request takes.
    pub latency: Duration,
    /// The order of lists. *Unknown*. Taken as documented: the order in which things came into the world.
    pub ordering: Ordering,
    /// Header names (lower case) allowed besides the ordinary ones.
    pub extra_headers: Vec<String>,

    /// What links and addresses in answers begin with. By default a host that does not exist, so that a client that
    /// follows a link as it is, with its token, is found out.
    pub public_url: String,
    /// How lists are split.
    pub paging: Paging,
    /// Splits lists like this, whatever `per_page` and `first` say.
    pub force_page_size: Option<usize>,
    /// So many pages at the beginning of every list (of GraphQL, of the teams) have no rows, although there are more pages.
    pub empty_pages: usize,
    /// Whether links repeat a token as `api_key`, as the vendor's samples do: it is [`ECHOED_KEY`].
    pub links_echo_key: bool,
    /// What has changed in a list when its second page is read.
    pub shift: Shift,

    /// How many REST requests are carried out in a time.
    pub rest: Limits,
    /// How many points of complexity GraphQL spends in a time.
    pub graphql: Limits,
    /// Whether a REST refusal says `Retry-After` too, which is not documented.
    pub retry_after: bool,
    /// After so many refusals everything is let through again, whatever the time: for clients that only pretend to
    /// wait.
    pub forgive_after: Option<usize>,
    /// What the limits take for the time.
    pub clock: Clock,

    /// Whether members have no `role`, as before July 2026.
    pub omit_role: bool,
    /// Who sees `sso_mode`.
    pub sso_mode: SsoMode,
    /// Whether teams say what they allow their members, as official clients read it and the samples do not show it.
    pub team_permissions: bool,
    /// Whether those who are no admins may view teams, without which they see no members either.
    pub members_may_view_teams: bool,
    /// The answer to a secret team that the caller does not see. *Unknown*. Taken: as if there were none.
    pub invisible_team: InvisibleTeam,
    /// Whether the organization has teams at all.
    pub teams: Teams,
    /// How the dates of a token are written.
    pub token_dates: TokenDates,

    /// The team with this id is deleted as soon as a list has shown it.
    pub team_vanishes: Option<String>,
    /// No token is good any more after so many requests.
    pub revoke_after: Option<usize>,

    /// The answer of GraphQL to an organization that is not there.
    pub missing_organization: MissingOrganization,
    /// The most complexity a query may ask for.
    pub max_complexity: u64,
    /// The most levels a query may have.
    pub max_depth: usize,
}

/// What links carry as `api_key` if they echo one.
pub const ECHOED_KEY: &str = "bkua_echoed-key";

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

/// How lists are split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// As they are asked for, with a `Link` header.
    Links,
    /// As they are asked for, and nothing says that there is more.
    NoLinks,
    /// Not at all: every page is everything.
    Ignored,
}

/// What has changed in a list when its second page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Nothing.
    None,
    /// There is a row more before it: the page begins with the row the first one ended with.
    Repeats,
    /// There is a row less before it: the row it would have begun with is on no page.
    Skips,
}

/// Who sees `sso_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SsoMode {
    /// Admins, and everybody their own.
    AdminsAndOwn,
    /// Everybody.
    Everybody,
    /// Nobody, as before 2026.
    Nobody,
}

/// The answer to a secret team that the caller does not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvisibleTeam {
    /// 404.
    NotFound,
    /// 403.
    Forbidden,
}

/// Whether the organization has teams, and what becomes of requests about them if not. *Unknown*: which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teams {
    /// It has.
    On,
    /// An empty list.
    Empty,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
}

/// How the dates of a token are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenDates {
    /// `2026-08-01 06:07:42 UTC`, as in the documentation.
    Spaced,
    /// `2026-08-01T06:07:42.000Z`, as in the official client's samples.
    Rfc3339,
}

/// The answer of GraphQL to an organization that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingOrganization {
    /// 200 with an error and no data.
    Error,
    /// 200 with null for data.
    Null,
}

impl Limits {
    /// Those of the REST API: <https://buildkite.com/docs/apis/rest-api/rate-limits>.
    pub const REST: Self = Self {
        per_organization: 200,
        per_user: 50,
        window: Duration::from_secs(60),
    };
    /// Those of GraphQL: <https://buildkite.com/docs/apis/graphql/graphql-resource-limits>.
    pub const GRAPHQL: Self = Self {
        per_organization: 20_000,
        per_user: 5_000,
        window: Duration::from_secs(300),
    };
    /// More than anybody needs.
    pub const NONE: Self = Self {
        per_organization: 1_000_000_000,
        per_user: 1_000_000_000,
        window: Duration::from_secs(60),
    };
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            ordering: Ordering::Documented,
            extra_headers: Vec::new(),
            public_url: "https://api.buildkite.invalid/v2".to_owned(),
            paging: Paging::Links,
            force_page_size: None,
            empty_pages: 0,
            links_echo_key: false,
            shift: Shift::None,
            rest: Limits::REST,
            graphql: Limits::GRAPHQL,
            retry_after: false,
            forgive_after: None,
            clock: Clock::Real,
            omit_role: false,
            sso_mode: SsoMode::AdminsAndOwn,
            team_permissions: false,
            members_may_view_teams: true,
            invisible_team: InvisibleTeam::NotFound,
            teams: Teams::On,
            token_dates: TokenDates::Spaced,
            team_vanishes: None,
            revoke_after: None,
            missing_organization: MissingOrganization::Error,
            max_complexity: 50_000,
            max_depth: 15,
        }
    }
}
