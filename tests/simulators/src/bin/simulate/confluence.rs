//! Confluence Cloud.

use rollcall_simulators::confluence::{Confluence, Options, Sizes, World};

use crate::serve::{Common, Sample, Simulated};

/// Confluence Cloud: the REST API, v1 and v2.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8234)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    sizes: Sizes,
    /// Serve a sample that is in transition to roles.
    #[arg(long, requires = "sample")]
    roles: bool,
}

/// Starts the simulator.
pub(crate) async fn start(args: Args) -> std::io::Result<Simulated> {
    let world = match args.common.sample {
        Some(Sample::Small) if args.roles => World::with_roles(),
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Rich) if args.roles => World::rich_with_roles(),
        Some(Sample::Rich) => World::rich(),
        None => World::generate(&args.sizes, args.common.seed),
    };
    let mut options = Options::default();
    options.common.latency = args.common.latency();
    let simulator = Confluence::start_on(args.port, world, options).await?;
    let configuration = simulator.configuration();
    Ok(Simulated::new("Confluence", simulator, configuration))
}
