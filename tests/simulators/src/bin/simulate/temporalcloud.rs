//! Temporal Cloud.

use rollcall_simulators::temporalcloud::{Options, Sizes, TEST_KEY, TemporalCloud, World};

use crate::serve::{Common, Sample, Simulated};

/// Temporal Cloud: the Cloud Ops API over HTTP/JSON.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8233)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    sizes: Sizes,
    /// Number of polls after which an operation is finished.
    #[arg(long, default_value_t = 1)]
    operation_polls: usize,
    /// The key of the admin service account.
    #[arg(long, default_value = TEST_KEY)]
    api_key: String,
}

/// Starts the simulator.
pub(crate) async fn start(args: Args) -> std::io::Result<Simulated> {
    let mut world = match args.common.sample {
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Rich) => World::rich(),
        None => World::generate(&args.sizes, args.common.seed),
    };
    if let Some(key) = world.api_keys.remove(TEST_KEY) {
        world.api_keys.insert(args.api_key.clone(), key);
    }
    let mut options = Options::default();
    options.common.latency = args.common.latency();
    options.operations.polls = args.operation_polls;
    let simulator = TemporalCloud::start_on(args.port, world, options).await?;
    let configuration = simulator.configuration().with("api-key", &args.api_key);
    Ok(Simulated::new("Temporal Cloud", simulator, configuration))
}
