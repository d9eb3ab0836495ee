//! Confluence Cloud.

use rollcall_simulators::confluence::{
    Confluence, Options, RoleMode, Sizes, TEST_EMAIL, TEST_TOKEN, World,
};

use crate::serve::{Common, Sample, until_interrupted};

/// Confluence Cloud: the REST API, v1 and v2.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common<8234>,
    #[command(flatten)]
    sizes: Sizes,
    /// How far the site has come from permissions to roles; samples then have roles.
    #[arg(long, value_enum, default_value_t = RoleMode::PreRoles)]
    mode: RoleMode,
}

/// Serves it until Ctrl-C.
pub(crate) async fn serve(args: Args) -> std::io::Result<()> {
    let pre_roles = args.mode == RoleMode::PreRoles;
    let mut world = match args.common.sample {
        Some(Sample::Small) if pre_roles => World::worked_example(),
        Some(Sample::Small) => World::with_roles(),
        Some(Sample::Rich) if pre_roles => World::rich(),
        Some(Sample::Rich) => World::rich_with_roles(),
        None => World::generate(&args.sizes, args.common.seed),
    };
    world.set_mode(args.mode);
    let mut options = Options::default();
    options.latency = args.common.latency();
    let simulator = Confluence::start_on(args.common.port, world, options).await?;
    let exports = [
        ("BATON_DOMAIN_URL", simulator.base_url()),
        ("BATON_USERNAME", TEST_EMAIL.to_owned()),
        ("BATON_API_KEY", TEST_TOKEN.to_owned()),
    ];
    until_interrupted("Confluence", &simulator, &exports, &[]).await
}
