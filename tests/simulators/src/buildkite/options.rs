//! Switches: everything the vendor leaves open, and everything a test wants to vary.

use std::{sync::Arc, time::Duration};

use super::limits::Limits;

crate::options! {
    /// How the simulator behaves. [`Options::default`] is the most likely real behaviour, or the least forgiving one
    /// where nothing is known. The documented order of lists is that in which things came into the world.
    /// Of GraphQL's lists only that of teams has empty pages.
    #[derive(Clone)]
    Options {
        /// How lists are split.
        paging: Paging = Paging::Links,
        /// Whether links repeat a token as `api_key`, as the vendor's samples do: it is [`ECHOED_KEY`].
        links_echo_key: bool = false,
        /// The change of a list when its second page is read.
        shift: Shift = Shift::None,
        /// How many REST requests are carried out in a time.
        rest: Limits = Limits::REST,
        /// How many points of complexity GraphQL spends in a time.
        graphql: Limits = Limits::GRAPHQL,
        /// What the limits take for the time, besides the simulator's `advance`; `None` is the time that passes.
        clock: Option<Clock> = None,
        /// Whether members have no `role`, as before July 2026.
        omit_role: bool = false,
        /// Who sees `sso_mode`.
        sso_mode: SsoMode = SsoMode::AdminsAndOwn,
        /// Whether teams show what they allow their members, which official clients read but the samples do not show.
        team_permissions: bool = false,
        /// The answer to a secret team that the caller does not see. *Unknown*. Taken: as if there were none.
        invisible_team: InvisibleTeam = InvisibleTeam::NotFound,
        /// Whether the organization has teams at all.
        teams: Teams = Teams::On,
        /// How the dates of a token are written.
        token_dates: TokenDates = TokenDates::Spaced,
        /// The team with this id is deleted as soon as a list has shown it.
        team_vanishes: Option<String> = None,
    }
}

/// The `api_key` in links, if they echo one.
pub const ECHOED_KEY: &str = "bkua_echoed-key";

/// The time since some moment.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

crate::choices! {
    /// How lists are split: as requested, with a `Link` header or without any sign of further pages; or not at all, so
    /// that every page contains everything.
    Paging { Links, NoLinks, Ignored }
    /// What has changed in a list when its second page is read: nothing; one more row before it, so that the page
    /// begins with the last row of the first one; or one less, so that the row it would have begun with is on no page.
    Shift { None, Repeats, Skips }
    /// Who sees `sso_mode`: admins, and everybody their own; everybody; or nobody, as before 2026.
    SsoMode { AdminsAndOwn, Everybody, Nobody }
    /// The answer to a secret team that the caller does not see: 404 or 403.
    InvisibleTeam { NotFound, Forbidden }
    /// Whether the organization has teams; if not, requests about them get an empty list, 403 or 404. *Unknown*: which.
    Teams { On, Empty, Forbidden, NotFound }
    /// How the dates of a token are written: `2026-08-01 06:07:42 UTC`, as in the documentation, or
    /// `2026-08-01T06:07:42.000Z`, as in the official client's samples.
    TokenDates { Spaced, Rfc3339 }
}
