//! Buildkite.

use rollcall_simulators::buildkite::{
    Buildkite, GRAPHQL_TOKEN, Limits, MEMBER_TOKEN, ORGANIZATION, Options, Sizes, TEST_TOKEN, World,
};

use crate::serve::{Common, Sample, until_interrupted};

/// Buildkite: the REST API and the GraphQL query for team members.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8240)]
    port: u16,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    sizes: Sizes,
    /// REST requests a minute for a user, and for the organization if higher than its 200.
    #[arg(long, default_value_t = Limits::REST.per_user)]
    requests_per_minute: u64,
    /// The admin's token.
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
    world.edit_token(TEST_TOKEN, |token| token.secret.clone_from(&args.api_token));
    let mut options = Options::default();
    options.common.latency = args.common.latency();
    options.rest.per_user = args.requests_per_minute;
    options.rest.per_organization = options.rest.per_organization.max(args.requests_per_minute);
    let simulator = Buildkite::start_on(args.port, world, options).await?;
    let exports = [
        ("BATON_BASE_URL", simulator.base_url()),
        ("BATON_GRAPHQL_URL", simulator.graphql_url()),
        ("BATON_API_TOKEN", args.api_token),
        ("BATON_ORGANIZATION", ORGANIZATION.to_owned()),
    ];
    let notes = [
        format!("the token of a member who is not an administrator: {MEMBER_TOKEN}"),
        format!("a token with the GraphQL scope: {GRAPHQL_TOKEN}"),
    ];
    until_interrupted("Buildkite", &simulator, &exports, &notes).await
}
