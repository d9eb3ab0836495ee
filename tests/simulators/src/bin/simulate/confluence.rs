//! Confluence Cloud.

use std::{io, time::Duration};

use rollcall_simulators::confluence::{
    Confluence, Options, RateLimit, RoleMode, Sizes, TEST_EMAIL, TEST_TOKEN, World,
};

use crate::serve::until_interrupted;

/// Confluence Cloud: the REST API, v1 and v2.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8234)]
    port: u16,
    /// Serve a hand-made world instead of a generated one.
    #[arg(long, value_enum)]
    sample: Option<Sample>,
    /// How far the site has come from permissions to roles, if it is to be other than the world says.
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// People, the administrator included.
    #[arg(long, default_value_t = 50)]
    users: usize,
    /// Apps.
    #[arg(long, default_value_t = 3)]
    apps: usize,
    /// Groups.
    #[arg(long, default_value_t = 8)]
    groups: usize,
    /// Most members of a group.
    #[arg(long, default_value_t = 12)]
    members_per_group: usize,
    /// Spaces.
    #[arg(long, default_value_t = 15)]
    spaces: usize,
    /// Personal spaces, besides.
    #[arg(long, default_value_t = 5)]
    personal_spaces: usize,
    /// Most principals with permissions in a space.
    #[arg(long, default_value_t = 6)]
    principals_per_space: usize,
    /// Seed of the generated world: the same seed and numbers give the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long every request takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Requests at the same time above which they are answered 429.
    #[arg(long)]
    most_at_once: Option<usize>,
    /// The administrator's API token.
    #[arg(long, default_value = TEST_TOKEN)]
    api_key: String,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Sample {
    /// Three accounts, two groups, two spaces.
    Small,
    /// The same with roles.
    Roles,
    /// Every oddity of the API once.
    Rich,
    /// The same with roles.
    RichRoles,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Mode {
    /// Permissions only.
    PreRoles,
    /// Permissions or roles.
    Transition,
    /// Roles only.
    Roles,
}

/// Serves it until Ctrl-C.
pub(crate) async fn serve(args: Args) -> io::Result<()> {
    let mut world = match args.sample {
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Roles) => World::with_roles(),
        Some(Sample::Rich) => World::rich(),
        Some(Sample::RichRoles) => World::rich_with_roles(),
        None => {
            let sizes = Sizes {
                users: args.users,
                apps: args.apps,
                groups: args.groups,
                members_per_group: args.members_per_group,
                spaces: args.spaces,
                personal_spaces: args.personal_spaces,
                principals_per_space: args.principals_per_space,
            };
            World::generate(&sizes, args.seed)
        }
    };
    match args.mode {
        Some(Mode::PreRoles) => world.mode = RoleMode::PreRoles,
        Some(Mode::Transition) => world.mode = RoleMode::Transition,
        Some(Mode::Roles) => world.mode = RoleMode::Roles,
        None => {}
    }
    for token in &mut world.tokens {
        if token.secret == TEST_TOKEN {
            token.secret.clone_from(&args.api_key);
        }
    }
    let options = Options {
        latency: Duration::from_millis(args.latency_ms),
        rate_limit: args.most_at_once.map(|most| RateLimit::Concurrency {
            most,
            retry_after: 1,
        }),
        ..Options::default()
    };
    let simulator = Confluence::start_on(args.port, world, options).await?;
    let exports = [
        ("BATON_DOMAIN_URL", simulator.base_url()),
        ("BATON_USERNAME", TEST_EMAIL.to_owned()),
        ("BATON_API_KEY", args.api_key),
    ];
    until_interrupted("Confluence", &simulator, &exports, &[]).await
}
