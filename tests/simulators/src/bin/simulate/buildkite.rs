//! Buildkite: an organization, its members and its teams.

use std::{io, time::Duration};

use rollcall_simulators::buildkite::{
    Buildkite, GRAPHQL_TOKEN, Limits, MEMBER_TOKEN, ORGANIZATION, Options, Sizes, TEST_TOKEN, World,
};

use crate::serve::until_interrupted;

/// Buildkite: the REST API and the GraphQL queries of the same.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8240)]
    port: u16,
    /// Serve a hand-made world instead of a generated one.
    #[arg(long, value_enum)]
    sample: Option<Sample>,
    /// Members of the organization.
    #[arg(long, default_value_t = 40)]
    users: usize,
    /// Teams; everybody is in the first one.
    #[arg(long, default_value_t = 8)]
    teams: usize,
    /// Members of a team, on average.
    #[arg(long, default_value_t = 6)]
    members_per_team: usize,
    /// How many in a hundred teams are secret.
    #[arg(long, default_value_t = 20)]
    secret_percent: usize,
    /// Seed of the generated world: the same seed and numbers give the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long every request takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// REST requests a minute for a user, and for the organization if that is more than its 200.
    #[arg(long, default_value_t = Limits::REST.per_user)]
    requests_per_minute: u64,
    /// The admin's token.
    #[arg(long, default_value = TEST_TOKEN)]
    api_token: String,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Sample {
    /// Three users, two teams.
    Small,
    /// Every oddity of the API once, and a second organization.
    Rich,
}

/// Serves it until Ctrl-C.
pub(crate) async fn serve(args: Args) -> io::Result<()> {
    let mut world = world(&args);
    world.edit_token(TEST_TOKEN, |token| token.secret.clone_from(&args.api_token));
    let options = Options {
        latency: Duration::from_millis(args.latency_ms),
        rest: Limits {
            per_organization: Limits::REST.per_organization.max(args.requests_per_minute),
            per_user: args.requests_per_minute,
            ..Limits::REST
        },
        ..Options::default()
    };
    let simulator = Buildkite::start_on(args.port, world, options).await?;
    let exports = [
        ("BATON_BASE_URL", simulator.base_url()),
        ("BATON_GRAPHQL_URL", simulator.graphql_url()),
        ("BATON_API_TOKEN", args.api_token),
        ("BATON_ORGANIZATION", ORGANIZATION.to_owned()),
    ];
    let notes = [
        format!("a member's token, who is no admin: {MEMBER_TOKEN}"),
        format!("a token that is good for GraphQL as well: {GRAPHQL_TOKEN}"),
    ];
    until_interrupted("Buildkite", &simulator, &exports, &notes).await
}

fn world(args: &Args) -> World {
    match args.sample {
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Rich) => World::rich(),
        None => {
            let sizes = Sizes {
                users: args.users,
                teams: args.teams,
                members_per_team: args.members_per_team,
                secret_percent: args.secret_percent,
                ..Sizes::default()
            };
            World::generate(&sizes, args.seed)
        }
    }
}
