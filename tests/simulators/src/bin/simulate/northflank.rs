//! Northflank.

use std::{io, time::Duration};

use rollcall_simulators::northflank::{Northflank, Options, Sizes, TEST_TOKEN, World};

use crate::until_interrupted;

/// Northflank: members, roles and directory groups of an organization.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8250)]
    port: u16,
    /// Serve a hand-made world instead of a generated one.
    #[arg(long, value_enum)]
    sample: Option<Sample>,
    /// Members of the organization.
    #[arg(long, default_value_t = 60)]
    members: usize,
    /// Roles.
    #[arg(long, default_value_t = 8)]
    roles: usize,
    /// Groups of the directory.
    #[arg(long, default_value_t = 6)]
    groups: usize,
    /// Most people who have a role by hand.
    #[arg(long, default_value_t = 5)]
    members_per_role: usize,
    /// Most people in a group.
    #[arg(long, default_value_t = 15)]
    members_per_group: usize,
    /// Most groups a role is linked to.
    #[arg(long, default_value_t = 2)]
    groups_per_role: usize,
    /// Seed of the generated world: the same seed and numbers give the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long every request takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Requests in an hour above which they are answered 429.
    #[arg(long, default_value_t = 1000)]
    requests_per_hour: usize,
    /// The API token that may read everything.
    #[arg(long, default_value = TEST_TOKEN)]
    api_token: String,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Sample {
    /// Three members, two roles, two groups.
    Small,
    /// Every oddity of the API once.
    Rich,
}

/// Serves it until Ctrl-C.
pub(crate) async fn serve(args: Args) -> io::Result<()> {
    let mut world = world(&args);
    world.edit_token(TEST_TOKEN, |token| token.value.clone_from(&args.api_token));
    let mut options = Options {
        latency: Duration::from_millis(args.latency_ms),
        ..Options::default()
    };
    options.rate_limit.requests = args.requests_per_hour;
    let simulator = Northflank::start_on(args.port, world, options).await?;
    let url = simulator.base_url();
    let exports = [
        ("BATON_NORTHFLANK_BASE_URL", url.clone()),
        ("BATON_NORTHFLANK_API_TOKEN", args.api_token),
    ];
    until_interrupted("Northflank", &url, &exports, &[], || {
        (simulator.calls(), simulator.violations())
    })
    .await
}

fn world(args: &Args) -> World {
    match args.sample {
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Rich) => World::rich(),
        None => {
            let sizes = Sizes {
                members: args.members,
                roles: args.roles,
                groups: args.groups,
                members_per_role: args.members_per_role,
                members_per_group: args.members_per_group,
                groups_per_role: args.groups_per_role,
            };
            World::generate(&sizes, args.seed)
        }
    }
}
