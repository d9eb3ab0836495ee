//! Northflank.

use rollcall_simulators::northflank::{Northflank, Options, Sizes, TEST_TOKEN, World};

use crate::serve::{Common, Sample, until_interrupted};

/// Northflank: members, roles and directory groups of an organization.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8250)]
    port: u16,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    sizes: Sizes,
    /// Requests an hour; further ones are answered with 429.
    #[arg(long, default_value_t = 1000)]
    requests_per_hour: u64,
    /// The API token with all read permissions.
    #[arg(long, default_value = TEST_TOKEN)]
    api_token: String,
}

/// Serves the API until Ctrl-C.
pub(crate) async fn serve(args: Args) -> std::io::Result<()> {
    let mut world = match args.common.sample {
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Rich) => World::rich(),
        None => World::generate(&args.sizes, args.common.seed),
    };
    world.edit_token(TEST_TOKEN, |token| token.value.clone_from(&args.api_token));
    let mut options = Options::default();
    options.common.latency = args.common.latency();
    options.rate_limit.requests = args.requests_per_hour;
    let simulator = Northflank::start_on(args.port, world, options).await?;
    let exports = [
        ("BATON_NORTHFLANK_BASE_URL", simulator.base_url()),
        ("BATON_NORTHFLANK_API_TOKEN", args.api_token),
    ];
    until_interrupted("Northflank", &simulator, &exports, &[]).await
}
