//! Temporal Cloud.

use rollcall_simulators::{
    Ordering, Simulator,
    temporalcloud::{
        self, Casing, Defaults, EmailFilter, End, Feature, Options, StaleVersion, TemporalCloud,
        World,
    },
};

use crate::player::{Stage, play};

struct Vendor;

fn with_user(mut world: World, n: u8) -> World {
    world.add_user(&format!("u-{n}"), &format!("{n}@example.com"), "ROLE_READ");
    world
}

impl Stage for Vendor {
    type Api = temporalcloud::Vendor;

    /// Writes are carried out at once, except in setups that differ.
    async fn start(setup: &str) -> Simulator<Self::Api> {
        let (mut options, mut world) = (Options::default(), World::rich());
        options.operations.polls = 0;
        match setup {
            "every oddity" => {}
            "the worked example" => world = World::worked_example(),
            "a large account" => world = (0..228).fold(World::worked_example(), with_user),
            "snake case" => options.casing = Casing::Snake,
            "defaults" => options.defaults = Defaults::Emitted,
            "nulls" => options.defaults = Defaults::Null,
            "two rows a page" => options.force_page_size = Some(2),
            "an empty page first" => options.empty_pages = 1,
            "reversed" => options.ordering = Ordering::Reversed,
            "no scoped accounts on the main list" => options.scoped_on_main_list = false,
            "addresses letter for letter" => options.email_filter = EmailFilter::Exact,
            "parts of addresses" => options.email_filter = EmailFilter::Contains,
            "no projects" => options.projects = Feature::Unimplemented,
            "no custom roles" => options.custom_roles = Feature::Forbidden,
            "no groups" => options.groups = Feature::NotFound,
            "stale is a precondition" => options.stale_version = StaleVersion::FailedPrecondition,
            "stale is an argument" => options.stale_version = StaleVersion::InvalidArgument,
            "three polls" => options.operations.polls = 3,
            "two at a time, for ever" => {
                (options.operations.polls, options.max_running) = (usize::MAX, 2);
            }
            "failed" => options.operations.end = End::Failed,
            "cancelled" => options.operations.end = End::Cancelled,
            "rejected" => options.operations.end = End::Rejected,
            "unknown" => options.operations.end = End::Unknown,
            "no delay" => options.operations.check_duration = None,
            setup => panic!("unknown setup {setup}"),
        }
        let sim = TemporalCloud::start(world, options).await;
        sim.expect("a simulator")
    }

    fn headers(who: &str) -> Vec<(&'static str, String)> {
        let who = if who.is_empty() { "test" } else { who };
        let key = format!("{}-key", who.to_lowercase());
        vec![
            ("authorization", format!("Bearer {key}")),
            ("temporal-cloud-api-version", "v0.19.1".to_owned()),
        ]
    }
}

#[tokio::test]
async fn temporal_cloud_answers_as_documented() {
    play::<Vendor>(include_str!("temporalcloud.txt")).await;
}
