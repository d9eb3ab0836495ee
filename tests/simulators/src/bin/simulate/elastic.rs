//! Elastic: the Cloud API and one or two deployments.

use std::{io, time::Duration};

use rollcall_simulators::elastic::{
    Elastic, Options, SECOND_DEPLOYMENT_KEY, Sizes, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};

use crate::serve::until_interrupted;

/// Elastic: the Cloud API, and the security API of deployments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port of the Cloud API on 127.0.0.1, the deployments being on those after it; 0 takes free ones.
    #[arg(long, default_value_t = 8235)]
    port: u16,
    /// Serve a hand-made world instead of a generated one.
    #[arg(long, value_enum)]
    sample: Option<Sample>,
    /// Members of the organization.
    #[arg(long, default_value_t = 40)]
    members: usize,
    /// Invitations.
    #[arg(long, default_value_t = 4)]
    invitations: usize,
    /// Deployments; only `main` has anything in it.
    #[arg(long, default_value_t = 1)]
    deployments: usize,
    /// Serverless projects.
    #[arg(long, default_value_t = 3)]
    projects: usize,
    /// Users of the deployment, besides the reserved ones.
    #[arg(long, default_value_t = 60)]
    users: usize,
    /// Roles of the deployment, besides the built-in ones.
    #[arg(long, default_value_t = 12)]
    roles: usize,
    /// Most roles of a user.
    #[arg(long, default_value_t = 4)]
    roles_per_user: usize,
    /// Role mappings of the deployment.
    #[arg(long, default_value_t = 8)]
    mappings: usize,
    /// Seed of the generated world: the same seed and numbers give the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long every request takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// The owner's key of the Cloud API.
    #[arg(long, default_value = TEST_CLOUD_KEY)]
    api_key: String,
    /// The key of the deployment: base64 of `id:secret`.
    #[arg(long, default_value = TEST_DEPLOYMENT_KEY)]
    deployment_api_key: String,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Sample {
    /// Two members, three users, three roles, one role mapping.
    Small,
    /// Every oddity of the APIs once, and a second deployment.
    Rich,
}

/// Serves it until Ctrl-C.
pub(crate) async fn serve(args: Args) -> io::Result<()> {
    let mut world = world(&args);
    world.edit_cloud_key(TEST_CLOUD_KEY, |key| key.secret.clone_from(&args.api_key));
    world.edit_deployment_key("main", TEST_DEPLOYMENT_KEY, |key| {
        key.encoded.clone_from(&args.deployment_api_key);
    });
    let others: Vec<String> = world.deployments.keys().cloned().collect();
    let options = Options {
        latency: Duration::from_millis(args.latency_ms),
        ..Options::default()
    };
    let simulator = Elastic::start_on(args.port, world, options).await?;
    let exports = [
        ("BATON_BASE_URL", simulator.cloud_url()),
        ("BATON_API_KEY", args.api_key),
        (
            "BATON_DEPLOYMENT_ENDPOINT",
            simulator.deployment_url("main"),
        ),
        ("BATON_DEPLOYMENT_API_KEY", args.deployment_api_key),
    ];
    let others = others.iter().filter(|name| *name != "main");
    let notes: Vec<String> = others
        .map(|name| {
            let key = if name == "second" {
                format!(" with key {SECOND_DEPLOYMENT_KEY}")
            } else {
                String::new()
            };
            format!(
                "deployment {name} at {}{key}",
                simulator.deployment_url(name)
            )
        })
        .collect();
    until_interrupted("Elastic", &simulator, &exports, &notes).await
}

fn world(args: &Args) -> World {
    match args.sample {
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Rich) => World::rich(),
        None => {
            let sizes = Sizes {
                members: args.members,
                invitations: args.invitations,
                deployments: args.deployments,
                projects: args.projects,
                users: args.users,
                roles: args.roles,
                roles_per_user: args.roles_per_user,
                mappings: args.mappings,
            };
            World::generate(&sizes, args.seed)
        }
    }
}
