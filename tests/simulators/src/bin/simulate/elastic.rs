//! Elastic.

use rollcall_simulators::elastic::{
    Elastic, Options, SECOND_DEPLOYMENT_KEY, Sizes, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};

use crate::serve::{Common, Sample, Simulated};

/// Elastic: the Cloud API, and the security API of deployments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one. The deployments use the following ports.
    #[arg(long, default_value_t = 8235)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    sizes: Sizes,
    /// The owner's key of the Cloud API.
    #[arg(long, default_value = TEST_CLOUD_KEY)]
    api_key: String,
    /// The key of the deployment: base64 of `id:secret`.
    #[arg(long, default_value = TEST_DEPLOYMENT_KEY)]
    deployment_api_key: String,
}

/// Starts the simulator.
pub(crate) async fn start(args: Args) -> std::io::Result<Simulated> {
    let mut world = match args.common.sample {
        Some(Sample::Small) => World::worked_example(),
        Some(Sample::Rich) => World::rich(),
        None => World::generate(&args.sizes, args.common.seed),
    };
    world
        .edit_cloud_key(TEST_CLOUD_KEY, |key| key.secret.clone_from(&args.api_key))
        .edit_deployment_key("main", TEST_DEPLOYMENT_KEY, |key| {
            key.encoded.clone_from(&args.deployment_api_key);
        });
    let others: Vec<String> = world.deployments.keys().cloned().collect();
    let mut options = Options::default();
    options.common.latency = args.common.latency();
    let simulator = Elastic::start_on(args.port, world, options).await?;
    let configuration = simulator
        .configuration()
        .with("api-key", &args.api_key)
        .with("deployment-api-key", &args.deployment_api_key);
    let others = others.iter().filter(|name| *name != "main");
    let note = |name: &String| {
        let key = match name.as_str() {
            "second" => format!(" with key {SECOND_DEPLOYMENT_KEY}"),
            _ => String::new(),
        };
        format!("deployment {name} at {}{key}", simulator.deployment_url(name))
    };
    let notes: Vec<String> = others.map(note).collect();
    let simulated = Simulated::new("Elastic", simulator, configuration);
    Ok(notes.into_iter().fold(simulated, Simulated::note))
}
