//! Decides: whether who is in the teams is asked of REST, a call for each team, or of GraphQL, a query for many. What
//! costs less waiting is taken, and then what takes fewer requests. The two have limits of their own.

use std::time::Duration;

use jiff::Timestamp;
use rollcall::clock::{after, between};
use rollcall::http::limit::Room;
use serde::{Deserialize, Serialize};

use crate::api::{MEMBERS, TEAMS};

/// Which way the next teams are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// All that are left, one by one.
    Rest,
    /// So many, by one query.
    GraphQl(u64),
}

/// A way, and what it was chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) way: Way,
    /// What a team takes, in points.
    pub(crate) points: u64,
    /// How long all that is left has to wait for REST.
    pub(crate) rest: Duration,
    /// The same for GraphQL.
    pub(crate) graphql: Duration,
}

/// What GraphQL has told so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub(crate) teams: u64,
    pub(crate) members: u64,
}

impl Told {
    /// The points that a team takes: four for itself, and two for each member. As long as no team is known, all are
    /// taken to be full.
    fn points(self) -> u64 {
        let members = match self.teams {
            0 => 2 * MEMBERS,
            teams => (2 * self.members).div_ceil(teams),
        };
        4 + members
    }
}

/// What is left of an API's limits, the tightest of which counts.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    rooms: Vec<Room>,
    window: Duration,
}

impl Limits {
    /// Those of REST: 50 requests a minute, of which two are left to others.
    pub(crate) fn of_rest(rooms: Vec<Room>, now: Timestamp) -> Self {
        Self::new(rooms, 48, Duration::from_secs(60), now)
    }

    /// Those of GraphQL: 5,000 points in five minutes, of which 200 are left to others.
    pub(crate) fn of_graphql(rooms: Vec<Room>, now: Timestamp) -> Self {
        Self::new(rooms, 4_800, Duration::from_secs(300), now)
    }

    /// As long as none has told of itself, the documented one of the token's user counts.
    fn new(mut rooms: Vec<Room>, documented: u64, window: Duration, now: Timestamp) -> Self {
        if rooms.is_empty() {
            rooms.push(Room {
                left: documented,
                per_window: documented,
                resets_at: after(now, window),
            });
        }
        Self { rooms, window }
    }

    fn least(&self, of: impl Fn(&Room) -> u64) -> u64 {
        self.rooms.iter().map(of).min().unwrap_or_default()
    }

    /// How long it takes until so much has been spent.
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

/// How the next of so many teams are read.
pub(crate) fn choose(
    teams: u64,
    told: Told,
    rest: &Limits,
    graphql: &Limits,
    now: Timestamp,
) -> Choice {
    let points = told.points();
    let most = teams.min(TEAMS);
    let at_once = most.min(graphql.least(|room| room.left) / points);
    let choice = Choice {
        way: Way::Rest,
        points,
        rest: rest.wait(teams, now),
        graphql: graphql.wait(teams.saturating_mul(points), now),
    };
    let way = if at_once > 1 {
        // Without waiting, and a request instead of several.
        Way::GraphQl(at_once)
    } else if choice.rest <= choice.graphql {
        Way::Rest
    } else {
        let per_window = graphql.least(|room| room.per_window);
        Way::GraphQl(most.min(per_window / points).max(1))
    };
    Choice { way, ..choice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn room(left: u64, per_window: u64, seconds: u64) -> Room {
        Room {
            left,
            per_window,
            resets_at: after(now(), Duration::from_secs(seconds)),
        }
    }

    #[test]
    fn a_team_takes_four_points_and_two_for_each_member() {
        let told = |teams, members| Told { teams, members };
        assert_eq!(told(0, 0).points(), 204, "full, as far as is known");
        assert_eq!(told(50, 0).points(), 4);
        assert_eq!(told(50, 400).points(), 20);
        assert_eq!(told(3, 10).points(), 11, "rounded up");
    }

    #[test]
    fn the_tightest_limit_says_how_long_it_takes() {
        let wait = |rooms: Vec<Room>, n| Limits::of_rest(rooms, now()).wait(n, now()).as_secs();
        for (left, n, expected) in [
            (48, 48, 0),
            (48, 49, 7),
            (0, 1, 7),
            (0, 48, 7),
            (0, 49, 67),
            (10, 10 + 96, 67),
            (10, 10 + 97, 127),
        ] {
            assert_eq!(wait(vec![room(left, 48, 7)], n), expected, "{n} of {left}");
        }
        assert_eq!(wait(Vec::new(), 48), 0, "nothing is known yet");
        assert_eq!(wait(Vec::new(), 49), 60);
        let both = vec![room(1_000, 1_000, 7), room(5, 160, 30)];
        assert_eq!(wait(both, 6), 30);
    }

    /// The waits are those of the rows: seconds for REST, and for GraphQL.
    #[test]
    fn what_waits_less_is_chosen_and_then_what_takes_fewer_requests() {
        use Way::{GraphQl, Rest};
        let small = Told {
            teams: 50,
            members: 400,
        };
        let large = Told {
            teams: 50,
            members: 2_500,
        };
        let none = Told::default();
        for (teams, told, rest, graphql, way, waits) in [
            // Nothing is known: as many as are safe if they are full.
            (
                250,
                none,
                room(40, 48, 50),
                room(4_800, 4_800, 300),
                GraphQl(23),
                (290, 3_000),
            ),
            (
                10,
                none,
                room(40, 48, 50),
                room(4_800, 4_800, 300),
                GraphQl(10),
                (0, 0),
            ),
            // One team is one request either way.
            (
                1,
                none,
                room(40, 48, 50),
                room(4_800, 4_800, 300),
                Rest,
                (0, 0),
            ),
            // What is there is spent, though both can do it without waiting.
            (
                40,
                small,
                room(48, 48, 60),
                room(4_000, 4_800, 300),
                GraphQl(40),
                (0, 0),
            ),
            (
                250,
                small,
                room(40, 48, 50),
                room(4_000, 4_800, 300),
                GraphQl(50),
                (290, 300),
            ),
            (
                250,
                small,
                room(40, 48, 50),
                room(90, 4_800, 300),
                GraphQl(4),
                (290, 600),
            ),
            // Then whichever is there sooner.
            (
                30,
                small,
                room(40, 48, 50),
                room(10, 4_800, 300),
                Rest,
                (0, 300),
            ),
            (
                200,
                small,
                room(40, 48, 50),
                room(10, 4_800, 100),
                GraphQl(50),
                (230, 100),
            ),
            (
                200,
                small,
                room(40, 48, 50),
                room(10, 4_800, 231),
                Rest,
                (230, 231),
            ),
            (
                200,
                small,
                room(40, 48, 50),
                room(10, 4_800, 230),
                Rest,
                (230, 230),
            ),
            // Large teams are dear.
            (
                500,
                large,
                room(40, 48, 50),
                room(10, 4_800, 200),
                Rest,
                (590, 3_200),
            ),
            // A window that is smaller than a team has to do.
            (
                90,
                large,
                room(0, 48, 50),
                room(0, 60, 40),
                Rest,
                (110, 46_540),
            ),
        ] {
            let what = format!("{teams} teams, {told:?}, {rest:?}, {graphql:?}");
            let (rest, graphql) = (vec![rest], vec![graphql]);
            let rest = Limits::of_rest(rest, now());
            let graphql = Limits::of_graphql(graphql, now());
            let choice = choose(teams, told, &rest, &graphql, now());
            assert_eq!(choice.way, way, "{what}");
            let found = (choice.rest.as_secs(), choice.graphql.as_secs());
            assert_eq!(found, waits, "{what}");
        }
    }
}
