//! Confluence Cloud.

use rollcall_simulators::confluence::{Confluence, Options, Sizes, TEST_EMAIL, TEST_TOKEN, World};

use crate::serve::{Common, Sample, until_interrupted};

/// Confluence Cloud: the REST API, v1 and v2.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8234)]
    port: u16,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    sizes: Sizes,
    /// Serve a sample that is in transition to roles.
    #[arg(long, requires = "sample")]
    roles: bool,
}

/// Serves the API until Ctrl-C.
pub(crate) async fn serve(args: Args) -> std::io::Result<()> {
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
    let exports = [
        ("BATON_DOMAIN_URL", simulator.base_url()),
        ("BATON_USERNAME", TEST_EMAIL.to_owned()),
        ("BATON_API_KEY", TEST_TOKEN.to_owned()),
    ];
    until_interrupted("Confluence", &simulator, &exports, &[]).await
}
