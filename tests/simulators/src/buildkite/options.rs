//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::{fmt, sync::Arc, time::Duration};

use super::limits::Limits;
use crate::kit::Common;

/// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one
/// where nothing is known. The documented order of lists is that in which things came into the world.
#[derive(Clone, Debug)]
pub struct Options {
    /// What all vendors have. Of GraphQL's lists only that of teams has empty pages.
    pub common: Common,
    /// What links and addresses in answers begin with. By default a host that does not exist, so that a client that
    /// follows a link as it is, with its token, is found out.
    pub public_url: String,
    /// How lists are split.
    pub paging: Paging,
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
}

crate::has_common_options!(Options);

/// What links carry as `api_key` if they echo one.
pub const ECHOED_KEY: &str = "bkua_echoed-key";

/// The clock that the windows of the limits go by; the simulator's `advance` puts any of them forward.
#[derive(Clone, Default)]
pub enum Clock {
    /// The time that passes.
    #[default]
    Real,
    /// Stands still unless it is put forward.
    Manual,
    /// Whatever this says: the time since some moment.
    Given(Arc<dyn Fn() -> Duration + Send + Sync>),
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
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

impl Default for Options {
    fn default() -> Self {
        Self {
            common: Common::default(),
            public_url: "https://api.buildkite.invalid/v2".to_owned(),
            paging: Paging::Links,
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
        }
    }
}
