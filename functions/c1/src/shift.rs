//! The work of an agent while it has the lease: introduces the connector, polls for tasks, and works on a few at a time.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use rollcall_connector::clock::{after, between};
use rollcall_connector::{Chain, Error};

use crate::agent::{Agent, Lifetime, TICK};
use crate::client::CallError;
use crate::desk::Desk;
use crate::event::TaskReport;
use crate::proto::{GetTaskResponse, Kind, Task};
use crate::state::OpenTask;

/// How many tasks are worked on at once.
const CONCURRENCY: usize = 3;

/// The longest time between two polls.
const LONGEST_POLL: Duration = Duration::from_secs(300);

/// When the next poll is due.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Polls {
    Due,
    At(Timestamp),
    /// One is under way.
    Sent,
    /// There is nothing to ask for in this invocation any more.
    Ended,
}

enum Happened {
    Ticked,
    Polled(Result<Box<GetTaskResponse>, CallError>),
    Worked(OpenTask, Option<TaskReport>),
}

/// The work of one agent, from the lease to its end.
pub(crate) struct Shift<'s> {
    agent: &'s Agent<'s>,
    desk: &'s Desk<'s>,
    running: FuturesUnordered<BoxFuture<'s, Happened>>,
    /// The tasks that were finished.
    pub(crate) reports: Vec<TaskReport>,
    polls: Polls,
    /// The failure after which an invocation only finishes the tasks that it has.
    pub(crate) failure: Option<Error>,
}

impl<'s> Shift<'s> {
    pub(crate) fn new(agent: &'s Agent<'s>, desk: &'s Desk<'s>) -> Self {
        let (running, reports) = (FuturesUnordered::new(), Vec::new());
        Self { agent, desk, running, reports, polls: Polls::Due, failure: None }
    }

    /// Works until nothing is left to do now, or, in a process, until it is to stop.
    pub(crate) async fn run(&mut self) -> Result<(), Error> {
        let open = self.desk.state().await.open;
        let mut tasks = open.len();
        for task in open {
            self.start(task);
        }
        self.introduce().await?;
        self.tick();
        let mut failures = 0;
        while let Some(happened) = {
            self.poll_if_due(tasks);
            self.running.next().await
        } {
            match happened {
                Happened::Ticked => {
                    self.desk.renew().await?;
                    self.tick();
                }
                Happened::Polled(Ok(answer)) => {
                    failures = 0;
                    tasks += usize::from(self.take(*answer).await?);
                }
                Happened::Polled(Err(e)) => {
                    failures += 1;
                    self.failed(e, failures);
                }
                Happened::Worked(task, report) => {
                    tasks -=
                        usize::from(report.is_some() || self.agent.lifetime == Lifetime::Process);
                    self.worked(task, report).await?;
                }
            }
        }
        Ok(())
    }

    /// Says Hello, unless ConductorOne knows this host, version and configuration.
    async fn introduce(&mut self) -> Result<(), Error> {
        let agent = self.agent;
        let is_known = self.desk.state().await.hello.as_deref() == Some(&*agent.hello);
        if is_known && agent.lifetime == Lifetime::Invocation {
            return Ok(());
        }
        let mut wait = Duration::from_secs(1);
        while let Err(e) = agent.client.hello(agent.introduction("")).await {
            let is_hopeless = !e.is_temporary() || agent.lifetime == Lifetime::Invocation;
            let e = Error::from(e);
            if is_hopeless {
                self.polls = Polls::Ended;
                self.failure = Some(e);
                return Ok(());
            }
            let text = Chain(&e).to_string();
            agent.listener.note(&format!("{text}; trying again in {} s", wait.as_secs()));
            if !agent.cx.interrupt.sleep(&*agent.cx.clock, wait).await {
                return Ok(());
            }
            wait = (wait * 2).min(LONGEST_POLL);
        }
        agent.listener.note(&format!("connected to ConductorOne as {}", agent.client.host_id()));
        self.desk.save(|state| state.hello = Some(agent.hello.clone())).await
    }

    /// A process looks up from time to time.
    fn tick(&self) {
        let agent = self.agent;
        let has_ended = self.polls == Polls::Ended || agent.is_stopping();
        if agent.lifetime == Lifetime::Invocation || has_ended {
            return;
        }
        let now = agent.cx.clock.now();
        let until = match self.polls {
            Polls::At(at) => at.min(after(now, TICK)),
            _ => after(now, TICK),
        };
        self.running.push(Box::pin(async move {
            agent.cx.interrupt.sleep(&*agent.cx.clock, between(now, until)).await;
            Happened::Ticked
        }));
    }

    fn poll_if_due(&mut self, tasks: usize) {
        let agent = self.agent;
        let is_due = match self.polls {
            Polls::Due => true,
            Polls::At(at) => at <= agent.cx.clock.now(),
            Polls::Sent | Polls::Ended => false,
        };
        if is_due && tasks < CONCURRENCY && !agent.is_stopping() {
            self.polls = Polls::Sent;
            let poll = async { Happened::Polled(agent.client.get_task().await.map(Box::new)) };
            self.running.push(Box::pin(poll));
        }
    }

    /// Takes the task of an answer, if it has one that is new.
    async fn take(&mut self, answer: GetTaskResponse) -> Result<bool, Error> {
        let now = self.agent.cx.clock.now();
        let next = answer.next_poll.and_then(|d| Duration::try_from(d).ok()).unwrap_or_default();
        let has_task =
            |task: &Task| !task.id.is_empty() && !matches!(task.kind, Some(Kind::None(_)));
        let task = answer.task.filter(has_task);
        self.polls = match (self.agent.lifetime, &task) {
            (Lifetime::Process, _) => Polls::At(after(now, next.min(LONGEST_POLL))),
            (Lifetime::Invocation, Some(_)) => Polls::Due,
            (Lifetime::Invocation, None) => Polls::Ended,
        };
        let Some(task) = task else { return Ok(false) };
        let task = OpenTask::new(&task, now);
        if self.desk.state().await.open.iter().any(|open| open.id == task.id) {
            // The service gives a task again that it heard nothing of: another poll would give it once more.
            self.polls = match self.polls {
                Polls::Due => Polls::Ended,
                other => other,
            };
            return Ok(false);
        }
        // Stored first: if the agent is killed, the next one knows of the task.
        self.desk.save(|state| state.open.push(task.clone())).await?;
        self.agent.listener.note(&format!("task {} ({}): begun", task.id, task.kind));
        self.start(task);
        Ok(true)
    }

    fn failed(&mut self, e: CallError, failures: u32) {
        let (agent, now) = (self.agent, self.agent.cx.clock.now());
        let told = e.retry_delay();
        let is_temporary = e.is_temporary();
        let e = Error::from(e);
        if agent.lifetime == Lifetime::Invocation || !is_temporary {
            self.polls = Polls::Ended;
            self.failure = Some(e);
            return;
        }
        let wait = told.unwrap_or_else(|| {
            Duration::from_secs(u64::from(failures).pow(2)).min(Duration::from_secs(60))
        });
        agent.listener.note(&format!("{}; polling again in {} s", Chain(&e), wait.as_secs()));
        self.polls = Polls::At(after(now, wait));
    }

    fn start(&self, task: OpenTask) {
        let agent = self.agent;
        self.running.push(Box::pin(async move {
            let (task, report) = agent.work(task).await;
            Happened::Worked(task, report)
        }));
    }

    /// Stores what became of a task.
    async fn worked(&mut self, task: OpenTask, report: Option<TaskReport>) -> Result<(), Error> {
        let is_finished = report.is_some();
        self.desk
            .save(|state| match is_finished {
                true => state.open.retain(|open| open.id != task.id),
                false => state
                    .open
                    .iter_mut()
                    .filter(|open| open.id == task.id)
                    .for_each(|open| *open = task.clone()),
            })
            .await?;
        let Some(report) = report else { return Ok(()) };
        self.agent
            .listener
            .note(&format!("task {} ({}): {}", report.id, report.kind, report.outcome));
        self.reports.push(report);
        // There is room for another one.
        if self.polls == Polls::Ended && self.failure.is_none() {
            self.polls = Polls::Due;
        }
        Ok(())
    }
}
