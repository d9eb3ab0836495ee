//! `rollcall serve`: works off ConductorOne's tasks until it is stopped, in place of a connector's pod.

use std::sync::Arc;

use rollcall_c1::{Agent, AgentEvent, AgentStatus, InProcess, Lifetime, Listener, no_credentials};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::capabilities::metadata;

use crate::args::Target;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::progress::Display;
use crate::{connectors, signals};

/// Prints what the agent does.
struct Notes;

impl Listener for Notes {
    fn note(&self, text: &str) {
        output::note(text);
    }
}

/// Runs the command.
pub(crate) async fn run(target: &Target) -> Result<Exit, Failure> {
    let entry = connectors::find(&target.connector)?;
    let mut cx = Context::from_environment_with_store(target.place.store.clone())?;
    let display = Arc::new(Display::spinner());
    cx.retries = Some(display.clone());
    let what_happens = "tasks are finished, or handed back to ConductorOne";
    signals::watch(&cx.interrupt, display.clone(), what_happens)?;
    let event =
        AgentEvent { connection: target.connection().to_owned(), metadata: metadata(&entry) };
    let functions = InProcess { entry: &entry, cx: &cx };
    let name = entry.about.name;
    let agent = Agent::connect(&cx, &functions, name, &event, &Notes).await?;
    let agent = agent.ok_or_else(|| no_credentials(&cx, name, &event.connection))?;
    if !agent.provisioning() {
        output::note("provisioning is not enabled: tasks that change access are refused");
    }
    let answer = agent.run(Lifetime::Process).await?;
    display.end();
    Ok(match answer.status {
        // Busy: stopped while another agent was serving.
        AgentStatus::Idle | AgentStatus::Busy => Exit::Done,
        // A result that was not taken is kept for the next start.
        AgentStatus::Continue => Exit::NotFinished,
    })
}
