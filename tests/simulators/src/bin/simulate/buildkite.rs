//! Buildkite.

use rollcall_simulators::buildkite::{
    Buildkite, GRAPHQL_TOKEN, Limits, MEMBER_TOKEN, Options, Sizes, TEST_TOKEN, World,
};

use crate::serve::{Common, Sample, Simulated};

/// Buildkite: the REST API and the GraphQL query for team members.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8240)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    sizes: Sizes,
    /// REST requests a minute for a user, and for the organization if higher than its 200.
    #[arg(long, default_value_t = Limits::REST.per_user)]
    requests_per_minute: u64,
    /// The admin's token.
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
    world.edit_token(TEST_TOKEN, |token| token.secret.clone_from(&args.api_token));
    let mut options = Options::default();
    options.common.latency = args.common.latency();
    options.rest.per_user = args.requests_per_minute;
    options.rest.per_organization = options.rest.per_organization.max(args.requests_per_minute);
    let simulator = Buildkite::start_on(args.port, world, options).await?;
    let configuration = simulator.configuration().with("api-token", &args.api_token);
    Ok(Simulated::new("Buildkite", simulator, configuration)
        .note(format!("the token of a member who is not an administrator: {MEMBER_TOKEN}"))
        .note(format!("a token with the GraphQL scope: {GRAPHQL_TOKEN}")))
}
