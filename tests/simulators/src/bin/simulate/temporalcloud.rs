//! Temporal Cloud.

use std::{io, time::Duration};

use rollcall_simulators::temporalcloud::{Options, Sizes, TEST_KEY, TemporalCloud, World};

use crate::serve::until_interrupted;

/// Temporal Cloud: the Cloud Ops API over HTTP/JSON.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8233)]
    port: u16,
    /// Serve a hand-made world instead of a generated one.
    #[arg(long, value_enum)]
    sample: Option<Sample>,
    /// Users, the owner included.
    #[arg(long, default_value_t = 50)]
    users: usize,
    /// Namespaces.
    #[arg(long, default_value_t = 10)]
    namespaces: usize,
    /// Service accounts, besides the one the key belongs to.
    #[arg(long, default_value_t = 10)]
    service_accounts: usize,
    /// Groups.
    #[arg(long, default_value_t = 5)]
    groups: usize,
    /// Most members of a group.
    #[arg(long, default_value_t = 10)]
    members_per_group: usize,
    /// Most explicit namespace entries of a principal.
    #[arg(long, default_value_t = 4)]
    namespaces_per_principal: usize,
    /// Custom roles.
    #[arg(long, default_value_t = 3)]
    custom_roles: usize,
    /// Projects.
    #[arg(long, default_value_t = 2)]
    projects: usize,
    /// Seed of the generated world: the same seed and numbers give the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long every request takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Polls after which an operation is finished.
    #[arg(long, default_value_t = 1)]
    operation_polls: usize,
    /// The key of the admin service account.
    #[arg(long, default_value = TEST_KEY)]
    api_key: String,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Sample {
    /// Two users, one service account, one namespace.
    Small,
    /// Every oddity of the API once.
    Rich,
}

/// Serves it until Ctrl-C.
pub(crate) async fn serve(args: Args) -> io::Result<()> {
    let mut world = match args.sample {
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Rich) => World::rich(),
        None => {
            let sizes = Sizes {
                users: args.users,
                namespaces: args.namespaces,
                service_accounts: args.service_accounts,
                groups: args.groups,
                members_per_group: args.members_per_group,
                namespaces_per_principal: args.namespaces_per_principal,
                custom_roles: args.custom_roles,
                projects: args.projects,
            };
            World::generate(&sizes, args.seed)
        }
    };
    for key in world
        .api_keys
        .iter_mut()
        .filter(|key| key.secret == TEST_KEY)
    {
        key.secret.clone_from(&args.api_key);
    }
    let mut options = Options {
        latency: Duration::from_millis(args.latency_ms),
        ..Options::default()
    };
    options.operations.polls = args.operation_polls;
    let simulator = TemporalCloud::start_on(args.port, world, options).await?;
    let exports = [
        ("BATON_API_KEY", args.api_key),
        ("BATON_BASE_URL", simulator.base_url()),
    ];
    until_interrupted("Temporal Cloud", &simulator, &exports, &[]).await
}
