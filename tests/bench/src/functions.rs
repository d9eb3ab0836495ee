//! The functions as Lambda starts them: size, time to the first request, and a sync of a simulated account.

use std::path::PathBuf;
use std::time::Duration;

use rollcall_harness::process::Launch;
use rollcall_harness::runtime_api::{Answer, Deadline, RuntimeApi};
use rollcall_simulators::confluence::{self, Confluence, TEST_EMAIL, TEST_TOKEN};
use rollcall_simulators::elastic::{self, Elastic, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY};
use rollcall_simulators::temporalcloud::{Options, Sizes, TEST_KEY, TemporalCloud, World};
use serde_json::{Value, json};

use crate::{Failed, line, median, mib};

const FUNCTIONS: [&str; 11] = [
    "confluence-sync",
    "confluence-grant",
    "confluence-revoke",
    "elastic-sync",
    "elastic-grant",
    "elastic-revoke",
    "temporalcloud-sync",
    "temporalcloud-grant",
    "temporalcloud-revoke",
    "temporalcloud-create-account",
    "temporalcloud-delete-account",
];
/// How often a start is measured.
const STARTS: usize = 15;
/// A binary that does not start in this time never will.
const RESUME_GRACE: Duration = Duration::from_secs(10);

fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

/// Confluence alone.
pub(crate) fn measure_confluence() -> Result<(), Failed> {
    runtime()?.block_on(confluence(Duration::from_millis(30)))
}

/// Elastic alone.
pub(crate) fn measure_elastic() -> Result<(), Failed> {
    runtime()?.block_on(elastic(Duration::from_millis(30)))
}

pub(crate) fn measure() -> Result<(), Failed> {
    runtime()?.block_on(async {
        line("Functions: size, start to first request (median), resident memory then");
        for name in FUNCTIONS {
            starts(name).await?;
        }
        for latency in [0, 30] {
            temporalcloud(Duration::from_millis(latency)).await?;
        }
        confluence(Duration::from_millis(30)).await?;
        elastic(Duration::from_millis(30)).await
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
            .first_next(process.spawned_at(), RESUME_GRACE)
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

/// A sync to measure: its function, what leads it to a simulator, and what the simulator counts.
struct Subject<'a> {
    function: &'a str,
    variables: Vec<(&'a str, String)>,
    calls: &'a (dyn Fn() -> usize + Sync),
    clear: &'a (dyn Fn() + Sync),
}

/// An account of 1,000 users, 200 namespaces and 50 service accounts, and one with 50 groups on top.
async fn temporalcloud(latency: Duration) -> Result<(), Failed> {
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
        let mut options = Options::default();
        options.common.latency = latency;
        let sim = TemporalCloud::start(World::generate(&sizes, 1), options).await?;
        line(&format!(
            "\nTemporal Cloud, sync of 1,000 users, 200 namespaces, 50 service accounts, {groups} groups; {} ms latency",
            latency.as_millis()
        ));
        let subject = Subject {
            function: "temporalcloud-sync",
            variables: vec![
                ("BATON_API_KEY", TEST_KEY.into()),
                ("BATON_BASE_URL", sim.base_url()),
            ],
            calls: &|| sim.calls(),
            clear: &|| sim.clear_requests(),
        };
        for run in ["first in its process", "second"] {
            one_sync(&subject, run, None).await?;
        }
    }
    Ok(())
}

/// A site of 1,000 users, 300 groups and 2,000 spaces; then the same cut three times.
async fn confluence(latency: Duration) -> Result<(), Failed> {
    let sizes = confluence::Sizes {
        users: 1000,
        groups: 300,
        members_per_group: 20,
        spaces: 1900,
        personal_spaces: 100,
        principals_per_space: 6,
        ..confluence::Sizes::default()
    };
    let options = confluence::Options {
        latency,
        ..confluence::Options::default()
    };
    let world = confluence::World::generate(&sizes, 1);
    let sim = Confluence::start(world, options).await?;
    line(&format!(
        "\nConfluence, sync of 1,000 users, 300 groups, 2,000 spaces; {} ms latency",
        latency.as_millis()
    ));
    let subject = Subject {
        function: "confluence-sync",
        variables: vec![
            ("BATON_DOMAIN_URL", sim.base_url()),
            ("BATON_USERNAME", TEST_EMAIL.into()),
            ("BATON_API_KEY", TEST_TOKEN.into()),
        ],
        calls: &|| sim.calls(),
        clear: &|| sim.clear_requests(),
    };
    for run in ["first in its process", "second"] {
        one_sync(&subject, run, None).await?;
    }
    one_sync(
        &subject,
        "cut by a deadline of 3 s, again and again",
        Some(3_000),
    )
    .await
}

/// An organization of 500 members, and a deployment of 500 users, 200 roles and 50 role mappings.
async fn elastic(latency: Duration) -> Result<(), Failed> {
    let sizes = elastic::Sizes {
        members: 500,
        users: 500,
        roles: 200,
        mappings: 50,
        ..elastic::Sizes::default()
    };
    let options = elastic::Options {
        latency,
        ..elastic::Options::default()
    };
    let world = elastic::World::generate(&sizes, 1);
    let sim = Elastic::start(world, options).await?;
    line(&format!(
        "\nElastic, sync of 500 members, 500 users, 200 roles, 50 role mappings; {} ms latency",
        latency.as_millis()
    ));
    let subject = Subject {
        function: "elastic-sync",
        variables: vec![
            ("BATON_BASE_URL", sim.cloud_url()),
            ("BATON_API_KEY", TEST_CLOUD_KEY.into()),
            ("BATON_DEPLOYMENT_ENDPOINT", sim.deployment_url("main")),
            ("BATON_DEPLOYMENT_API_KEY", TEST_DEPLOYMENT_KEY.into()),
        ],
        calls: &|| sim.calls(),
        clear: &|| sim.clear_requests(),
    };
    for run in ["first in its process", "second"] {
        one_sync(&subject, run, None).await?;
    }
    Ok(())
}

async fn one_sync(subject: &Subject<'_>, run: &str, cut: Option<u64>) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let api = RuntimeApi::start().await?;
    let mut process = Launch::lambda(binary(subject.function)?, &api.address())
        .env("ROLLCALL_STORE", folder.path().join("store"))
        .env("ROLLCALL_SECRETS", "env")
        .envs(subject.variables.iter().map(|(name, value)| (name, value)))
        .env("RUST_LOG", "warn")
        .spawn()?;
    let first = api
        .first_next(process.spawned_at(), RESUME_GRACE)
        .await
        .ok_or("it does not start")?;
    if run == "second" {
        invoke(&api, None).await?;
    }
    let (cpu, began) = (process.cpu_time()?, std::time::Instant::now());
    (subject.clear)();
    let (answer, slices) = invoke(&api, cut).await?;
    let (wall, cpu) = (began.elapsed(), process.cpu_time()? - cpu);
    line(&format!(
        "  {run}: {} calls, {:.2} s, {:.2} s CPU, {:.0} MiB resident, {:.1} ms to the first request; {} grants + {} derived{}",
        (subject.calls)(),
        wall.as_secs_f64(),
        cpu.as_secs_f64(),
        mib(process.peak_resident()?),
        first.as_secs_f64() * 1000.0,
        answer["counts"]["grants"],
        answer["counts"]["expanded"],
        if slices > 1 {
            format!(", in {slices} slices")
        } else {
            String::new()
        },
    ));
    process.kill().await?;
    Ok(())
}

/// A sync to its end, in as many slices as a deadline makes of it.
async fn invoke(api: &RuntimeApi, cut: Option<u64>) -> Result<(Value, usize), Failed> {
    let mut event = json!({});
    for slices in 1..100 {
        let deadline = Deadline::In(cut.unwrap_or(120_000));
        match api.invoke(event, deadline).await {
            Ok(Answer::Response(answer)) if answer["status"] == "complete" => {
                return Ok((answer, slices));
            }
            Ok(Answer::Response(answer)) if answer["status"] == "continue" => {
                event = json!({"sync_id": answer["sync_id"]});
            }
            other => return Err(format!("the sync did not complete: {other:?}").into()),
        }
    }
    Err("the sync does not end".into())
}
