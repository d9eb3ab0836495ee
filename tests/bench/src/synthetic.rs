//! A made-up tenant of any size, to see what writing and expanding a large snapshot takes.
//!
//! Groups of a thousand members each; four in ten groups hold one entitlement more, which their members get by expansion:
//! 1,000,000 grants become 1,370,370.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use rollcall_connector::clock::System;
use rollcall_connector::config::Config;
use rollcall_connector::http::{Session, Transport};
use rollcall_connector::{About, Connector, Error, Identity, StepOutput, Syncer};
use rollcall_engine::context::Context;
use rollcall_engine::context::secrets::Environment;
use rollcall_engine::runtime::function;
use rollcall_engine::store::folder::Folder;
use rollcall_harness::planned::{about, entitlement, us};
use rollcall_harness::process::{cpu_time, peak_resident};
use rollcall_model::{
    AccountType, EntitlementId, Grant, Resource, ResourceId, ResourceTrait, ResourceType, TraitKind,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Failed, line, mib};

const USERS: usize = 100_000;
const MEMBERS: usize = 1_000;
/// Of a thousand groups, so many hold one entitlement more.
const HOLDERS: usize = 370;

static ABOUT: About = about(
    "synthetic",
    &[
        ResourceType::account("user", "user", ""),
        ResourceType::new("group", "group", "", TraitKind::Group),
        ResourceType::new("space", "space", "", TraitKind::None),
    ],
    &[],
);

struct Synthetic {
    groups: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Step {
    Users(usize),
    Group(usize),
}

#[async_trait]
impl Connector for Synthetic {
    const ABOUT: &'static About = &ABOUT;

    fn connect(_: &Config, _: Session) -> Result<Self, Error> {
        let grants = std::env::var("BENCH_GRANTS").ok().and_then(|n| n.parse::<usize>().ok());
        Ok(Self { groups: grants.unwrap_or(1_000_000) / MEMBERS })
    }

    async fn identify(&self) -> Result<Identity, Error> {
        Ok(us("synthetic"))
    }
}

#[async_trait]
impl Syncer for Synthetic {
    type Step = Step;
    const CONCURRENCY: usize = 4;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let users = (0..USERS).step_by(MEMBERS).map(Step::Users);
        users.chain((0..self.groups).map(Step::Group)).collect()
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        let mut out = StepOutput::default();
        match *step {
            Step::Users(from) => {
                let users = (from..from + MEMBERS).map(|n| {
                    let email = Some(format!("user{n}@example.com"));
                    let account = ResourceTrait::account(AccountType::Human, email);
                    Resource::new(user(n), format!("User {n}"), account)
                });
                out.records.resources.extend(users);
            }
            Step::Group(n) => {
                let mut own = |kind: &'static str, name: &str, what, slug: &str| {
                    let resource = ResourceId::new(kind, id(n));
                    let own = EntitlementId::new(resource.clone(), slug);
                    let named = Resource::new(resource.clone(), format!("{name} {n}"), what);
                    out.records.resources.push(named);
                    out.records.entitlements.push(entitlement(own.clone()));
                    (resource, own)
                };
                let (group, member) = own("group", "Group", ResourceTrait::Group, "member");
                let (_, viewer) = own("space", "Space", ResourceTrait::None, "viewer");
                let members = (0..MEMBERS).map(|m| user((n * 7919 + m * 97) % USERS));
                let grants = members.map(|user| Grant::new(member.clone(), user));
                out.records.grants.extend(grants);
                if n % 1000 < HOLDERS {
                    out.records.grants.push(Grant::new(viewer, group).through(member));
                }
            }
        }
        Ok(out)
    }
}

/// Ids of 26 characters, about as long as vendors' are.
fn id(n: usize) -> String {
    format!("01hx{n:022}")
}

fn user(n: usize) -> ResourceId {
    ResourceId::new("user", id(n))
}

/// Measures a large sync, in a process of its own.
pub(crate) fn measure() -> Result<(), Failed> {
    line("\nWriting a snapshot (no vendor in between)");
    for grants in ["100000", "1000000"] {
        let store = tempfile::tempdir()?;
        in_process(&["write", grants, &store.path().to_string_lossy()])?;
    }
    Ok(())
}

/// Runs this program again with these arguments, so that its memory is that of one task.
pub(crate) fn in_process(arguments: &[&str]) -> Result<(), Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    if let ["write", grants, _] = arguments {
        command.env("BENCH_GRANTS", grants);
    }
    let status = command.args(arguments).status()?;
    status.success().then_some(()).ok_or_else(|| format!("failed: {}", arguments.join(" ")).into())
}

/// The environment of a connector with this store.
pub(crate) fn context(store: &str) -> Result<Context, Failed> {
    let (store, secrets) = (Arc::new(Folder::new(store)), Arc::new(Environment::default()));
    Ok(Context::new(store, secrets, Arc::new(System), Transport::new(None)?))
}

pub(crate) fn write(grants: &str, store: &str) -> Result<(), Failed> {
    let cx = context(store)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let answer = runtime.block_on(function::sync::<Synthetic>(&cx, &json!({})))?;
    let wall = began.elapsed().as_secs_f64();
    let count = |what: &str| answer["counts"][what].as_u64().unwrap_or_default();
    let rows = count("grants") + count("expanded");
    let key = answer["snapshot"].as_str().ok_or("no snapshot")?;
    let size = std::fs::metadata(Path::new(store).join(key))?.len();
    let (speed, size) = (rows as f64 / wall, mib(size));
    let resources = resources()?;
    line(&format!(
        "  {grants} grants, {rows} with derived ones: {wall:.1} s, {speed:.0} rows/s, {resources}, file {size:.1} MiB"
    ));
    Ok(())
}

/// The processor time and the largest memory of this process.
pub(crate) fn resources() -> Result<String, Failed> {
    let id = std::process::id();
    let (cpu, peak) = (cpu_time(id)?.as_secs_f64(), mib(peak_resident(id)?));
    Ok(format!("{cpu:.1} s CPU, {peak:.0} MiB resident at most"))
}
