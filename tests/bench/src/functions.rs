//! The functions as Lambda starts them: size, time to the first request, and a sync of a simulated account.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rollcall_harness::process::{Process, cpu_time, lambda, peak_resident};
use rollcall_harness::runtime_api::{Answer, Deadline, RuntimeApi};
use rollcall_simulators::Server;
use rollcall_simulators::confluence::{self, Confluence, TEST_EMAIL, TEST_TOKEN};
use rollcall_simulators::elastic::{self, Elastic, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY};
use rollcall_simulators::temporalcloud::{self, TEST_KEY, TemporalCloud};
use serde_json::{Value, json};

use crate::{Failed, line, median, mib};

const FUNCTIONS: [(&str, &[&str]); 4] = [
    ("c1", &["agent"]),
    ("confluence", &["sync", "grant", "revoke"]),
    ("elastic", &["sync", "grant", "revoke"]),
    ("temporalcloud", &["sync", "grant", "revoke", "create-account", "delete-account"]),
];
const STARTS: usize = 15;
/// A binary that does not start in this time never will.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Measures the syncs of a connector, or every function and every sync.
pub(crate) fn measure(only: Option<&str>) -> Result<(), Failed> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        if only.is_none() {
            line("Functions: size, start to first request (median), resident memory then");
            for (connector, operations) in FUNCTIONS {
                for operation in operations {
                    starts(&format!("{connector}-{operation}")).await?;
                }
            }
        }
        let latency = Duration::from_millis(30);
        match only {
            None => {
                temporalcloud(Duration::ZERO).await?;
                temporalcloud(latency).await?;
                confluence(latency).await?;
                elastic(latency).await
            }
            Some("temporalcloud") => temporalcloud(latency).await,
            Some("confluence") => confluence(latency).await,
            Some("elastic") => elastic(latency).await,
            Some(other) => Err(format!("there is no measurement `{other}`").into()),
        }
    })
}

/// The binary next to this one: `cargo build --release` builds both.
fn binary(name: &str) -> Result<PathBuf, Failed> {
    let path = std::env::current_exe()?.with_file_name(name);
    let there = path.exists().then_some(path);
    there.ok_or_else(|| format!("{name} is not next to this program: run `just bench`").into())
}

async fn starts(name: &str) -> Result<(), Failed> {
    let path = binary(name)?;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let api = RuntimeApi::start().await?;
        let mut process = Process::start(&mut lambda(&path, &api.address()))?;
        let time = api.first_next(process.spawned_at(), START_LIMIT).await;
        times.push(time.ok_or("it does not start")?.as_secs_f64() * 1000.0);
        memory.push(mib(peak_resident(process.id())?));
        process.kill().await?;
    }
    let (size, time, memory) =
        (std::fs::metadata(&path)?.len() as f64 / 1e6, median(times), median(memory));
    line(&format!("  {name:<30} {size:5.1} MB   {time:5.1} ms   {memory:5.1} MiB"));
    Ok(())
}

/// A sync to measure: its function, what leads it to a simulator, and the simulator's server, which counts requests.
struct Subject<'a> {
    function: &'a str,
    variables: Vec<(&'a str, String)>,
    server: &'a Server,
}

async fn temporalcloud(latency: Duration) -> Result<(), Failed> {
    for groups in [0, 50] {
        let sizes = temporalcloud::Sizes {
            users: 1000,
            namespaces: 200,
            service_accounts: 50,
            groups,
            members_per_group: 40,
            custom_roles: 0,
            projects: 0,
            ..Default::default()
        };
        let world = temporalcloud::World::generate(&sizes, 1);
        let sim = TemporalCloud::start(world, Default::default()).await?;
        sim.set_options(|o| o.latency = latency);
        let variables =
            vec![("BATON_API_KEY", TEST_KEY.into()), ("BATON_BASE_URL", sim.base_url())];
        let subject = Subject { function: "temporalcloud-sync", variables, server: &sim };
        let tenant = "Temporal Cloud, sync of 1,000 users, 200 namespaces, 50 service accounts";
        subject.syncs(&format!("{tenant}, {groups} groups"), latency).await?;
    }
    Ok(())
}

async fn confluence(latency: Duration) -> Result<(), Failed> {
    let sizes = confluence::Sizes {
        users: 1000,
        groups: 300,
        members_per_group: 20,
        spaces: 1900,
        personal_spaces: 100,
        principals_per_space: 6,
        ..Default::default()
    };
    let sim = Confluence::start(confluence::World::generate(&sizes, 1), Default::default()).await?;
    sim.set_options(|o| o.latency = latency);
    let variables = vec![
        ("BATON_DOMAIN_URL", sim.base_url()),
        ("BATON_USERNAME", TEST_EMAIL.into()),
        ("BATON_API_KEY", TEST_TOKEN.into()),
    ];
    let subject = Subject { function: "confluence-sync", variables, server: &sim };
    let tenant = "Confluence, sync of 1,000 users, 300 groups, 2,000 spaces";
    subject.syncs(tenant, latency).await?;
    subject.sync("in slices with a deadline of 3 s", 0, Duration::from_secs(3)).await
}

async fn elastic(latency: Duration) -> Result<(), Failed> {
    let sizes =
        elastic::Sizes { members: 500, users: 500, roles: 200, mappings: 50, ..Default::default() };
    let sim = Elastic::start(elastic::World::generate(&sizes, 1), Default::default()).await?;
    sim.set_options(|o| o.latency = latency);
    let variables = vec![
        ("BATON_BASE_URL", sim.cloud_url()),
        ("BATON_API_KEY", TEST_CLOUD_KEY.into()),
        ("BATON_DEPLOYMENT_ENDPOINT", sim.deployment_url("main")),
        ("BATON_DEPLOYMENT_API_KEY", TEST_DEPLOYMENT_KEY.into()),
    ];
    let subject = Subject { function: "elastic-sync", variables, server: &sim };
    let tenant = "Elastic, sync of 500 members, 500 users, 200 roles, 50 role mappings";
    subject.syncs(tenant, latency).await
}

impl Subject<'_> {
    async fn syncs(&self, tenant: &str, latency: Duration) -> Result<(), Failed> {
        line(&format!("\n{tenant}; {} ms latency", latency.as_millis()));
        let limit = Duration::from_secs(120);
        self.sync("first in a process", 0, limit).await?;
        self.sync("second", 1, limit).await
    }

    /// Measures a sync in a process that has done so many before it.
    async fn sync(&self, run: &str, before: usize, limit: Duration) -> Result<(), Failed> {
        let folder = tempfile::tempdir()?;
        let api = RuntimeApi::start().await?;
        let mut process = Process::start(
            lambda(binary(self.function)?, &api.address())
                .env("ROLLCALL_STORE", folder.path().join("store"))
                .env("ROLLCALL_SECRETS", "env")
                .envs(self.variables.iter().map(|(name, value)| (name, value)))
                .env("RUST_LOG", "warn"),
        )?;
        let first = api.first_next(process.spawned_at(), START_LIMIT).await;
        for _ in 0..before {
            invoke(&api, limit).await?;
        }
        let (cpu, began) = (cpu_time(process.id())?, Instant::now());
        self.server.clear_requests();
        let (answer, slices) = invoke(&api, limit).await?;
        let (wall, cpu) = (began.elapsed(), cpu_time(process.id())? - cpu);
        let (wall, cpu) = (wall.as_secs_f64(), cpu.as_secs_f64());
        let (calls, resident) = (self.server.calls(), mib(peak_resident(process.id())?));
        let first = first.ok_or("it does not start")?.as_secs_f64() * 1000.0;
        let [grants, derived] = ["grants", "expanded"].map(|what| &answer["counts"][what]);
        line(&format!(
            "  {run}: {calls} calls, {wall:.2} s, {cpu:.2} s CPU, {resident:.0} MiB resident, {first:.1} ms to the first request; {grants} grants + {derived} derived, slices: {slices}"
        ));
        process.kill().await?;
        Ok(())
    }
}

/// A sync to its end, in as many slices as a deadline makes of it.
async fn invoke(api: &RuntimeApi, limit: Duration) -> Result<(Value, usize), Failed> {
    let mut event = json!({});
    for slices in 1..100 {
        match api.invoke(event, Deadline::In(limit.as_millis().try_into()?)).await {
            Ok(Answer::Response(done)) if done["status"] == "complete" => {
                return Ok((done, slices));
            }
            Ok(Answer::Response(answer)) if answer["status"] == "continue" => {
                event = json!({"sync_id": answer["sync_id"]});
            }
            other => return Err(format!("the sync did not complete: {other:?}").into()),
        }
    }
    Err("the sync does not end".into())
}
