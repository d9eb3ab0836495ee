//! Chooses the API from which the members of teams are read: REST, a call for each team, or GraphQL, a query for many.
//! Each has its own limits. The one that waits less is chosen, or else the one that takes fewer requests.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{after, between};
use rollcall_connector::http::limit::RemainingBudget;
use serde::{Deserialize, Serialize};

use crate::api::{MEMBERS, TEAMS};

/// The points that a query costs in addition to its teams.
const QUERY: u64 = 4;
/// The points that a team costs in addition to its members, who cost two each.
const TEAM: u64 = 4;
/// The points of the largest team that a query returns completely.
const FULL: u64 = TEAM + 2 * MEMBERS;

/// The API from which the members of the next teams are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MembersFrom {
    /// REST: all remaining teams, one by one.
    Rest,
    /// GraphQL: this many teams, by one query.
    GraphQl(u64),
    /// GraphQL, as soon as points are available again.
    GraphQlAfter(Timestamp),
}

/// A choice, and the numbers that led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SourceChoice {
    pub(super) from: MembersFrom,
    /// The estimated points of a team.
    pub(super) points: u64,
    /// How long the remaining teams would wait with REST.
    pub(super) rest: Duration,
    /// How long the remaining teams would wait with GraphQL.
    pub(super) graphql: Duration,
}

/// What GraphQL has returned so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphQlStats {
    pub(super) teams: u64,
    /// The teams that were returned completely.
    pub(super) whole: u64,
    pub(super) members: u64,
    /// Empty pages in a row.
    pub(super) empty: u64,
}

impl GraphQlStats {
    /// The known estimate of a team's points.
    fn points(self) -> u64 {
        match self.teams {
            0 => FULL,
            teams => TEAM + (2 * self.members).div_ceil(teams),
        }
    }
}

/// The remaining budget of an API's limits, of which the tightest counts.
#[derive(Debug, Clone)]
pub(super) struct ApiLimits {
    rooms: Vec<RemainingBudget>,
    window: Duration,
}

impl ApiLimits {
    /// Those of REST: 200 requests a minute for the organization and 50 for the user, of which 40 and two are left to
    /// others.
    pub(super) fn of_rest(rooms: Vec<Option<RemainingBudget>>, now: Timestamp) -> Self {
        Self::new(rooms, [160, 48], Duration::from_secs(60), now)
    }

    /// Those of GraphQL: 20,000 and 5,000 points in five minutes, of which 4,000 and 200 are left to others.
    pub(super) fn of_graphql(rooms: Vec<Option<RemainingBudget>>, now: Timestamp) -> Self {
        Self::new(rooms, [16_000, 4_800], Duration::from_secs(300), now)
    }

    /// If a limit is unknown, or its window has expired, the documented one begins now.
    fn new(
        rooms: Vec<Option<RemainingBudget>>,
        documented: [u64; 2],
        window: Duration,
        now: Timestamp,
    ) -> Self {
        let whole = |n| RemainingBudget { left: n, per_window: n, resets_at: after(now, window) };
        let known = rooms.into_iter().chain([None, None]);
        let rooms = known.zip(documented).map(|(room, n)| room.unwrap_or(whole(n)));
        Self { rooms: rooms.collect(), window }
    }

    fn least(&self, of: impl Fn(&RemainingBudget) -> u64) -> u64 {
        self.rooms.iter().map(of).min().unwrap_or_default()
    }

    /// How long it takes until this much has been spent.
    fn wait(&self, n: u64, now: Timestamp) -> Duration {
        let waits = self.rooms.iter().map(|room| {
            let Some(more) = n.checked_sub(room.left + 1) else {
                return Duration::ZERO;
            };
            let windows = u32::try_from(more / room.per_window.max(1)).unwrap_or(u32::MAX);
            between(now, room.resets_at).saturating_add(self.window.saturating_mul(windows))
        });
        waits.max().unwrap_or_default()
    }
}

/// Chooses for the next of this many teams. A query reads as many as the points allow if all are full, so the reserve
/// stays untouched.
pub(super) fn choose(
    teams: u64,
    stats: GraphQlStats,
    rest: &ApiLimits,
    graphql: &ApiLimits,
    now: Timestamp,
) -> SourceChoice {
    // A query for a single team would save nothing.
    let short = |points: u64| points < QUERY + 2 * FULL;
    let until = graphql.rooms.iter().filter(|room| short(room.left));
    let until = until.map(|room| room.resets_at).max();
    let points = stats.points();
    let patience = until.map_or(Duration::ZERO, |until| between(now, until));
    let choice = SourceChoice {
        from: MembersFrom::Rest,
        points,
        rest: rest.wait(teams, now),
        graphql: graphql.wait(teams.saturating_mul(points), now).max(patience),
    };
    // If most teams are larger than a query reads, REST has to read them anyway.
    let in_vain = stats.whole * 2 < stats.teams;
    let never = in_vain || teams < 2 || short(graphql.least(|room| room.per_window));
    let from = match until {
        _ if never => MembersFrom::Rest,
        // Without waiting, and with one request instead of several.
        None => {
            let left = graphql.least(|room| room.left);
            MembersFrom::GraphQl(teams.min(TEAMS).min((left - QUERY) / FULL))
        }
        Some(until) if choice.graphql < choice.rest => MembersFrom::GraphQlAfter(until),
        Some(_) => MembersFrom::Rest,
    };
    SourceChoice { from, ..choice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn room(left: u64, per_window: u64, seconds: u64) -> RemainingBudget {
        RemainingBudget { left, per_window, resets_at: after(now(), Duration::from_secs(seconds)) }
    }

    #[test]
    fn a_team_takes_four_points_and_two_for_each_member() {
        let told = |teams, members| GraphQlStats { teams, whole: teams, members, empty: 0 };
        assert_eq!(told(0, 0).points(), 54, "full, as far as is known");
        assert_eq!(told(50, 0).points(), 4);
        assert_eq!(told(50, 400).points(), 20);
        assert_eq!(told(3, 10).points(), 11, "rounded up");
    }

    #[test]
    fn the_tightest_limit_says_how_long_it_takes() {
        let wait = |rooms: [Option<RemainingBudget>; 2], n| {
            let limits = ApiLimits::of_rest(rooms.into(), now());
            limits.wait(n, now()).as_secs()
        };
        for (left, n, expected) in [
            (48, 48, 0),
            (48, 49, 7),
            (0, 1, 7),
            (0, 48, 7),
            (0, 49, 67),
            (10, 10 + 96, 67),
            (10, 10 + 97, 127),
        ] {
            let rooms = [None, Some(room(left, 48, 7))];
            assert_eq!(wait(rooms, n), expected, "{n} of {left}");
        }
        assert_eq!(wait([None, None], 48), 0, "nothing is known yet");
        assert_eq!(wait([None, None], 49), 60);
        // One limit says nothing about the other.
        let plenty = Some(room(1_000, 1_000, 7));
        assert_eq!(wait([plenty, None], 49), 60);
        assert_eq!(wait([Some(room(5, 160, 30)), plenty], 6), 30);
    }

    /// The remaining budget of each of the user's limits and for how many seconds, of REST and of GraphQL; and the
    /// estimated seconds that both take.
    #[test]
    fn what_waits_less_is_chosen_and_then_what_takes_fewer_requests() {
        use MembersFrom::{GraphQl, GraphQlAfter, Rest};
        let none = GraphQlStats::default();
        let [small, large, half] = [(50, 400), (24, 1_000), (25, 1_000)]
            .map(|(whole, members)| GraphQlStats { teams: 50, whole, members, empty: 0 });
        let wait = |seconds| GraphQlAfter(after(now(), Duration::from_secs(seconds)));
        for (teams, told, rest, graphql, way, waits) in [
            // As many as are safe if they are full, even if they are known to be smaller.
            (250, none, (40, 50), (4_800, 300), GraphQl(50), (290, 600)),
            (250, small, (40, 50), (4_800, 300), GraphQl(50), (290, 300)),
            (250, small, (40, 50), (500, 300), GraphQl(9), (290, 300)),
            (250, small, (40, 50), (112, 300), GraphQl(2), (290, 600)),
            (10, none, (40, 50), (4_800, 300), GraphQl(10), (0, 0)),
            // One team is one request either way.
            (1, none, (40, 50), (4_800, 300), Rest, (0, 0)),
            (1, none, (0, 50), (4_800, 300), Rest, (50, 0)),
            // With too small a budget, whichever is available sooner.
            (30, small, (40, 50), (111, 300), Rest, (0, 300)),
            (200, small, (40, 50), (10, 100), wait(100), (230, 100)),
            (200, small, (40, 50), (10, 229), wait(229), (230, 229)),
            (200, small, (40, 50), (10, 230), Rest, (230, 230)),
            // It would suffice if all are small, which is not known.
            (3, small, (0, 50), (100, 100), Rest, (50, 100)),
            (3, small, (0, 50), (100, 20), wait(20), (50, 20)),
            // If most are larger than a query reads, GraphQL would be of no use.
            (500, large, (40, 50), (4_800, 300), Rest, (590, 1_200)),
            (500, half, (40, 50), (4_800, 300), GraphQl(50), (590, 1_200)),
        ] {
            let what = format!("{teams} teams, {told:?}, {rest:?}, {graphql:?}");
            let rest = [None, Some(room(rest.0, 48, rest.1))].into();
            let graphql = [None, Some(room(graphql.0, 4_800, graphql.1))].into();
            let rest = ApiLimits::of_rest(rest, now());
            let graphql = ApiLimits::of_graphql(graphql, now());
            let choice = choose(teams, told, &rest, &graphql, now());
            assert_eq!(choice.from, way, "{what}");
            let found = (choice.rest.as_secs(), choice.graphql.as_secs());
            assert_eq!(found, waits, "{what}");
        }
    }

    /// Whether the limit is the user's or the organization's, and however small it is.
    #[test]
    fn a_query_leaves_to_others_what_is_theirs_even_if_every_team_is_full() {
        let spent = |left, per_window| Some(room(left, per_window, 300));
        for left in [0, 1, 57, 58, 111, 112, 166, 5_000, 1_000_000] {
            for rooms in [[None, spent(left, 4_800)], [spent(left, 16_000), None]] {
                let graphql = ApiLimits::of_graphql(rooms.into(), now());
                let rest = ApiLimits::of_rest(Vec::new(), now());
                let way = choose(500, GraphQlStats::default(), &rest, &graphql, now()).from;
                if let MembersFrom::GraphQl(first) = way {
                    let most = QUERY + first * FULL;
                    assert!(most <= left && (2..=TEAMS).contains(&first), "{first} of {left}");
                } else {
                    assert!(left < 112, "{left}: {way:?}");
                }
            }
        }
        // A limit that is never sufficient is not waited for.
        let tiny = ApiLimits::of_graphql(vec![None, spent(0, 111)], now());
        let rest = ApiLimits::of_rest(vec![None, Some(room(0, 1, 3_600))], now());
        assert_eq!(choose(9, GraphQlStats::default(), &rest, &tiny, now()).from, MembersFrom::Rest);
    }
}
