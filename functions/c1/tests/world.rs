//! A connection of a connector to a simulated ConductorOne, with a store in a folder and a clock that tests move.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rollcall_c1::{
    Agent, AgentAnswer, AgentEvent, AgentStatus, FunctionFailure, Functions, InProcess, Lifetime,
    Listener, TaskReport, no_credentials,
};
use rollcall_connector::Error;
use rollcall_connector::clock::{Clock, Manual, between};
use rollcall_connector::http::Transport;
use rollcall_engine::context::Context;
use rollcall_engine::operation::Operation;
use rollcall_engine::runtime::capabilities::metadata;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::surroundings;
use rollcall_simulators::Configuration;
use rollcall_simulators::c1::{C1, Options, Rpc};
use rollcall_simulators::temporalcloud::{TemporalCloud, World};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const HEARTBEAT: Duration = Duration::from_secs(30);

/// The connection `default` of a connector, which ConductorOne knows.
pub(crate) struct Desk {
    pub(crate) c1: C1,
    pub(crate) cx: Context,
    pub(crate) clock: Arc<Manual>,
    pub(crate) entry: Entry,
    pub(crate) event: AgentEvent,
    pub(crate) notes: Notes,
    pub(crate) folder: TempDir,
}

#[derive(Default)]
pub(crate) struct Notes(Mutex<Vec<String>>);

impl Listener for Notes {
    fn note(&self, text: &str) {
        self.0.lock().expect("a lock").push(text.to_owned());
    }
}

impl Notes {
    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("a lock").join("\n")
    }
}

impl Desk {
    /// The connection with these keys of the vendor.
    pub(crate) async fn of(entry: Entry, mut secret: Value) -> Self {
        let c1 = C1::start(Options::default()).await.expect("a service");
        let credential = c1.credential();
        secret["client-id"] = credential.client_id.into();
        secret["client-secret"] = credential.client_secret.into();
        secret["provisioning"] = true.into();
        let transport = Transport::new(None).expect("TLS");
        let (mut cx, clock, folder) = surroundings(entry.about.name, &secret, transport);
        cx.clock = Arc::new(Patient(clock.clone()));
        let present = clock.clone();
        c1.set_options(|options| options.clock = Arc::new(move || present.now()));
        let event = AgentEvent { connection: "default".into(), metadata: metadata(&entry) };
        Self { c1, cx, clock, entry, event, notes: Notes::default(), folder }
    }

    /// A connection to Temporal Cloud whose functions are never called, or scripted.
    pub(crate) async fn scripted() -> Self {
        Self::of(entry("temporalcloud"), json!({"api-key": "none"})).await
    }

    /// A connection to the small world of Temporal Cloud.
    pub(crate) async fn temporal_cloud() -> (Self, TemporalCloud) {
        let vendor = TemporalCloud::start(World::worked_example(), Default::default()).await;
        let vendor = vendor.expect("a vendor");
        vendor.set_options(|options| options.operations.polls = 0);
        let secret = secret(&vendor.configuration());
        (Self::of(entry("temporalcloud"), secret).await, vendor)
    }

    pub(crate) fn functions(&self) -> InProcess<'_> {
        InProcess { entry: &self.entry, cx: &self.cx }
    }

    pub(crate) async fn run(&self, functions: &dyn Functions) -> Result<AgentAnswer, Error> {
        self.run_for(Lifetime::Invocation, functions).await
    }

    pub(crate) async fn run_for(
        &self,
        lifetime: Lifetime,
        functions: &dyn Functions,
    ) -> Result<AgentAnswer, Error> {
        let name = self.entry.about.name;
        let agent = Agent::connect(&self.cx, functions, name, &self.event, &self.notes).await?;
        let agent = agent.ok_or_else(|| no_credentials(&self.cx, name, &self.event.connection))?;
        agent.run(lifetime).await
    }

    /// Invokes the agent again whenever it asks for that, until no task is open.
    pub(crate) async fn until_idle(&self, functions: &dyn Functions) -> Vec<TaskReport> {
        let mut reports = Vec::new();
        for _ in 0..1000 {
            let answer = self.run(functions).await.expect("an answer");
            reports.extend(answer.tasks);
            if answer.status == AgentStatus::Idle {
                assert_eq!(self.c1.violations(), Vec::<String>::new());
                return reports;
            }
            self.wait_until(answer.resume_at.expect("a time"));
        }
        panic!("it does not end: {}", self.notes.text());
    }

    pub(crate) fn wait_until(&self, at: Timestamp) {
        self.clock.advance(between(self.clock.now(), at));
    }

    /// The longest time between two heartbeats of a task, from when it was taken to its upload or end.
    pub(crate) fn longest_gap(&self, task: &str) -> Duration {
        let calls = self.c1.calls().into_iter().filter(|call| call.task_id == task);
        let is_told =
            |rpc| matches!(rpc, Some(Rpc::Heartbeat | Rpc::UploadAsset | Rpc::FinishTask));
        let times: Vec<_> = calls.filter(|call| is_told(call.rpc)).map(|call| call.at).collect();
        times.windows(2).map(|pair| between(pair[0], pair[1])).max().expect("two calls")
    }
}

/// The secret of a connection to a simulated vendor, in the spelling of a pod's.
pub(crate) fn secret(vendor: &Configuration) -> Value {
    vendor.variables().map(|(key, value)| (key, Value::from(value))).collect()
}

/// A clock on which calls take no time: what is waited for beside them never comes before their end.
struct Patient(Arc<Manual>);

#[async_trait]
impl Clock for Patient {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, time: Duration) {
        match time > Duration::from_secs(5) {
            true => std::future::pending().await,
            false => self.0.sleep(time).await,
        }
    }

    fn unique(&self) -> [u8; 16] {
        self.0.unique()
    }
}

pub(crate) fn entry(name: &str) -> Entry {
    let all = rollcall_functions::all().into_iter();
    all.into_iter().find(|entry| entry.about.name == name).expect("a connector")
}

/// Functions that a test plays: each call gets the next answer of its script, and the last one for ever.
pub(crate) struct Script<'a> {
    answers: Mutex<Vec<Result<Value, FunctionFailure>>>,
    /// Answers when the script is over.
    then: Option<InProcess<'a>>,
    pub(crate) calls: Mutex<Vec<(Operation, Value)>>,
}

impl<'a> Script<'a> {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<Value, FunctionFailure>>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self { answers: Mutex::new(answers), then: None, calls: Mutex::default() }
    }

    pub(crate) fn then(mut self, functions: InProcess<'a>) -> Self {
        self.then = Some(functions);
        self
    }

    pub(crate) fn calls(&self) -> Vec<(Operation, Value)> {
        self.calls.lock().expect("a lock").clone()
    }
}

#[async_trait]
impl Functions for Script<'_> {
    async fn call(&self, operation: Operation, event: &Value) -> Result<Value, FunctionFailure> {
        self.calls.lock().expect("a lock").push((operation, event.clone()));
        let next = self.answers.lock().expect("a lock").pop();
        match (next, &self.then) {
            (Some(answer), _) => answer,
            (None, Some(functions)) => functions.call(operation, event).await,
            (None, None) => panic!("{} was not expected: {event}", operation.as_str()),
        }
    }
}

/// The answer of a sync with this status.
pub(crate) fn sync_answer(
    status: &str,
    resume_at: Option<Timestamp>,
    reason: Option<&str>,
) -> Value {
    json!({
        "status": status, "connection": "default", "sync_id": "0ujtsYcgvSTl8PAuAdqWYSMnLOv",
        "resume_at": resume_at, "reason": reason, "snapshot": null, "content_digest": null,
        "counts": {"resources": 0, "entitlements": 0, "grants": 0, "expanded": 0}, "calls": 0, "warnings": [],
    })
}

/// The answer of a change with this outcome.
pub(crate) fn change_answer(outcome: &str, resume_at: Option<Timestamp>) -> Value {
    json!({
        "outcome": outcome, "request_id": "r", "dry_run": false, "grants": [], "replaced": [], "removed": [],
        "resource": null, "vendor_request_id": null, "resume_at": resume_at, "reason": null, "audit": null,
    })
}
