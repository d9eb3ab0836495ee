//! Buildkite.

use std::{sync::Arc, time::Duration};

use rollcall_simulators::{
    Ordering, Simulator,
    buildkite::{
        self, ADA_ID, Buildkite, EVERYONE_ID, EXPIRED_TOKEN, GRAPHQL_TOKEN, InvisibleTeam,
        MEMBER_TOKEN, ORGANIZATION, Options, Paging, SECOND_ORGANIZATION, Shift, SsoMode,
        TEST_TOKEN, TOKEN_WITHOUT_ORGANIZATION, TOKEN_WITHOUT_READ_ORGANIZATIONS,
        TOKEN_WITHOUT_READ_TEAMS, TOKEN_WITHOUT_READ_USER, TOKEN_WITHOUT_SCOPES, Teams, TokenDates,
        WIDE_TOKEN, World,
    },
};

use crate::player::{Stage, play};

struct Vendor;

impl Stage for Vendor {
    type Api = buildkite::Vendor;

    async fn start(setup: &str) -> Simulator<Self::Api> {
        let stopped = Arc::new(|| Duration::ZERO);
        let mut options = Options { clock: Some(stopped), ..Options::default() };
        let mut world = World::worked_example();
        match setup {
            "the worked example" => {}
            "every oddity" => {
                world = World::rich();
                world.remove_member(SECOND_ORGANIZATION, ADA_ID);
            }
            "no link" => options.paging = Paging::NoLinks,
            "no pages" => options.paging = Paging::Ignored,
            "links with a key" => options.links_echo_key = true,
            "two rows a page" => options.force_page_size = Some(2),
            "two rows a page, a row repeats" => {
                options.force_page_size = Some(2);
                options.shift = Shift::Repeats;
            }
            "two rows a page, a row is skipped" => {
                options.force_page_size = Some(2);
                options.shift = Shift::Skips;
            }
            "an empty page first" => options.empty_pages = 1,
            "reversed" => options.ordering = Ordering::Reversed,
            "two requests a minute" => {
                options.rest.per_user = 2;
                options.graphql.per_user = 2;
            }
            "one request of the organization" => options.rest.per_organization = 1,
            "another time" => {
                options.omit_role = true;
                options.sso_mode = SsoMode::Nobody;
                options.team_permissions = true;
                options.token_dates = TokenDates::Rfc3339;
                options.invisible_team = InvisibleTeam::Forbidden;
            }
            "everybody sees modes" => options.sso_mode = SsoMode::Everybody,
            "no teams" => options.teams = Teams::Empty,
            "teams forbidden" => options.teams = Teams::Forbidden,
            "teams not found" => options.teams = Teams::NotFound,
            "a team vanishes" => options.team_vanishes = Some(EVERYONE_ID.to_owned()),
            "Ada has left" => {
                world.remove_member(ORGANIZATION, ADA_ID);
            }
            setup => panic!("unknown setup {setup}"),
        }
        Buildkite::start(world, options).await.expect("a simulator")
    }

    fn headers(who: &str) -> Vec<(&'static str, String)> {
        let token = match who {
            "" => TEST_TOKEN,
            "CLEO" => MEMBER_TOKEN,
            "GRAPHQL" => GRAPHQL_TOKEN,
            "EXPIRED" => EXPIRED_TOKEN,
            "NO-ORGANIZATIONS" => TOKEN_WITHOUT_READ_ORGANIZATIONS,
            "NO-TEAMS" => TOKEN_WITHOUT_READ_TEAMS,
            "NO-USER" => TOKEN_WITHOUT_READ_USER,
            "NO-SCOPES" => TOKEN_WITHOUT_SCOPES,
            "NO-ORGANIZATION" => TOKEN_WITHOUT_ORGANIZATION,
            "WIDE" => WIDE_TOKEN,
            other => other,
        };
        vec![
            ("authorization", format!("Bearer {token}")),
            ("accept", "application/json".to_owned()),
        ]
    }
}

#[tokio::test]
async fn buildkite_answers_as_documented() {
    play::<Vendor>(include_str!("buildkite.txt")).await;
}
