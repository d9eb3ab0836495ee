//! Northflank.

use rollcall_simulators::northflank::{Northflank, Options, Sizes, TEST_TOKEN, World};

use crate::serve::{Common, Sample, Simulated};

/// Northflank: members, roles and directory groups of an organization.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8250)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    sizes: Sizes,
    /// Requests an hour; further ones are answered with 429.
    #[arg(long, default_value_t = 1000)]
    requests_per_hour: u64,
    /// The API token with all read permissions.
    #[arg(long, default_value = TEST_TOKEN)]
    api_token: String,
}

/// Starts the simulator.
pub(crate) async fn start(args: Args) -> std::io::Result<Simulated> {
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
    let configuration = simulator.configuration().with("northflank-api-token", &args.api_token);
    Ok(Simulated::new("Northflank", simulator, configuration))
}
