//! Northflank.

use rollcall_simulators::{
    Ordering, Simulator,
    northflank::{
        self, Both, Denial, EXPIRED_TOKEN, ErrorBody, NO_MEMBERS_TOKEN, NO_ROLES_TOKEN, Northflank,
        Options, REVOKED_TOKEN, TEAM_TOKEN, TEST_TOKEN, World,
    },
};

use crate::player::{Stage, play};

pub(crate) struct Vendor;

impl Stage for Vendor {
    type Api = northflank::Vendor;

    async fn start(setup: &str) -> Simulator<Self::Api> {
        let mut options = Options::default();
        let mut world = World::worked_example();
        match setup {
            "the worked example" => {}
            "every oddity" => world = World::rich(),
            "somebody in both ways" => {
                world.assign("developer", "alice-w");
            }
            "somebody in both ways, twice" => {
                world.assign("developer", "alice-w");
                options.both = Both::TwoRows;
            }
            "somebody in both ways, implicit" => {
                world.assign("developer", "alice-w");
                options.both = Both::Implicit;
            }
            "two rows a page" => options.force_page_size = Some(2),
            "an empty page first" => options.empty_pages = 1,
            "reversed" => options.ordering = Ordering::Reversed,
            "pages of groups" => options.paged_groups = true,
            "two requests an hour" => options.rate_limit.requests = 2,
            "one request, with a time to wait" => {
                options.rate_limit.requests = 1;
                options.rate_limit.retry_after = Some(7);
                options.rate_limit.forgive_after = Some(1);
            }
            "flat errors" => options.errors = ErrorBody::Flat,
            "errors as pages" => options.errors = ErrorBody::Html,
            "no auth" => options.auth = false,
            "denied by 401" => options.no_permission = Denial::Unauthorized,
            "denied by 404" => {
                options.no_permission = Denial::NotFound;
                options.team_token = Denial::NotFound;
            }
            setup => panic!("unknown setup {setup}"),
        }
        Northflank::start(world, options).await.expect("a simulator")
    }

    fn headers(who: &str) -> Vec<(&'static str, String)> {
        let token = match who {
            "" => TEST_TOKEN,
            "EXPIRED" => EXPIRED_TOKEN,
            "REVOKED" => REVOKED_TOKEN,
            "NO-MEMBERS" => NO_MEMBERS_TOKEN,
            "NO-ROLES" => NO_ROLES_TOKEN,
            "TEAM" => TEAM_TOKEN,
            other => other,
        };
        let json = || "application/json".to_owned();
        vec![
            ("authorization", format!("Bearer {token}")),
            ("accept", json()),
            ("content-type", json()),
        ]
    }
}

#[tokio::test]
async fn northflank_answers_as_documented() {
    play::<Vendor>(include_str!("northflank.txt")).await;
}
