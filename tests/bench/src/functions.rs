//! The functions as Lambda starts them: size, time to the first request, and a sync of a simulated account.

use std::path::PathBuf;
use std::time::Duration;

use rollcall_harness::process::Launch;
use rollcall_harness::runtime_api::{Answer, Deadline, RuntimeApi};
use rollcall_simulators::temporalcloud::{Options, Sizes, TEST_KEY, TemporalCloud, World};
use serde_json::{Value, json};

use crate::{Failed, line, median, mib};

const FUNCTIONS: [&str; 5] = [
    "temporalcloud-sync",
    "temporalcloud-grant",
    "temporalcloud-revoke",
    "temporalcloud-create-account",
    "temporalcloud-delete-account",
];
/// How often a start is measured.
const STARTS: usize = 15;
/// A binary that does not start in this time never will.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn measure() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        line("Functions: size, start to first request (median), resident memory then");
        for name in FUNCTIONS {
            starts(name).await?;
        }
        for latency in [0, 30] {
            sync(Duration::from_millis(latency)).await?;
        }
        Ok(())
    })
}

/// The binary beside this one: `cargo build --release` makes both.
fn binary(name: &str) -> Result<PathBuf, Failed> {
    let path = std::env::current_exe()?.with_file_name(name);
    match path.exists() {
        true => Ok(path),
        false => Err(format!(
            "{} is missing: run `just bench`, which builds it",
            path.display()
        )
        .into()),
    }
}

async fn starts(name: &str) -> Result<(), Failed> {
    let path = binary(name)?;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let api = RuntimeApi::start().await?;
        let mut process = Launch::lambda(&path, &api.address()).spawn()?;
        let time = api
            .first_next(process.spawned_at(), PATIENCE)
            .await
            .ok_or("it does not start")?;
        times.push(time.as_secs_f64() * 1000.0);
        memory.push(mib(process.peak_resident()?));
        process.kill().await?;
    }
    line(&format!(
        "  {name:<30} {:5.1} MB   {:5.1} ms   {:5.1} MiB",
        std::fs::metadata(&path)?.len() as f64 / 1e6,
        median(times),
        median(memory),
    ));
    Ok(())
}

/// An account of 1,000 users, 200 namespaces and 50 service accounts, and one with 50 groups on top.
async fn sync(latency: Duration) -> Result<(), Failed> {
    for groups in [0, 50] {
        let sizes = Sizes {
            users: 1000,
            namespaces: 200,
            service_accounts: 50,
            groups,
            members_per_group: 40,
            custom_roles: 0,
            projects: 0,
            ..Sizes::default()
        };
        let options = Options {
            latency,
            ..Options::default()
        };
        let sim = TemporalCloud::start(World::generate(&sizes, 1), options).await?;
        line(&format!(
            "\nSync of 1,000 users, 200 namespaces, 50 service accounts, {groups} groups; {} ms latency",
            latency.as_millis()
        ));
        for run in ["first in its process", "second"] {
            one_sync(&sim, run).await?;
        }
    }
    Ok(())
}

async fn one_sync(sim: &TemporalCloud, run: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let api = RuntimeApi::start().await?;
    let mut process = Launch::lambda(binary("temporalcloud-sync")?, &api.address())
        .env("ROLLCALL_STORE", folder.path().join("store"))
        .env("ROLLCALL_SECRETS", "env")
        .env("BATON_API_KEY", TEST_KEY)
        .env("BATON_BASE_URL", sim.base_url())
        .env("RUST_LOG", "warn")
        .spawn()?;
    let first = api
        .first_next(process.spawned_at(), PATIENCE)
        .await
        .ok_or("it does not start")?;
    if run == "second" {
        invoke(&api).await?;
    }
    let (cpu, began) = (process.cpu_time()?, std::time::Instant::now());
    sim.clear_requests();
    let answer = invoke(&api).await?;
    let (wall, cpu) = (began.elapsed(), process.cpu_time()? - cpu);
    line(&format!(
        "  {run}: {} calls, {:.2} s, {:.2} s CPU, {:.0} MiB resident, {:.1} ms to the first request; {} grants + {} derived",
        sim.calls(),
        wall.as_secs_f64(),
        cpu.as_secs_f64(),
        mib(process.peak_resident()?),
        first.as_secs_f64() * 1000.0,
        answer["counts"]["grants"],
        answer["counts"]["expanded"],
    ));
    process.kill().await?;
    Ok(())
}

async fn invoke(api: &RuntimeApi) -> Result<Value, Failed> {
    match api.invoke(json!({}), Deadline::In(120_000)).await {
        Ok(Answer::Response(answer)) if answer["status"] == "complete" => Ok(answer),
        other => Err(format!("the sync did not complete: {other:?}").into()),
    }
}
