//! The work of an agent while it has the lease: introduces the connector, polls for tasks, and works on a few at a time.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use rollcall_connector::clock::{after, between};
use rollcall_connector::event::SyncAnswer;
use rollcall_connector::{Chain, Error};

use crate::agent::{Agent, Lifetime, TICK};
use crate::client::CallError;
use crate::desk::Desk;
use crate::event::TaskReport;
use crate::proto::{GetTaskResponse, Task, TaskKind};
use crate::state::OpenTask;

/// How many tasks are worked on at once.
const CONCURRENCY: usize = 3;

/// The limits of the time between two polls.
const SHORTEST_POLL: Duration = Duration::from_secs(1);
const LONGEST_POLL: Duration = Duration::from_secs(300);

/// The longest wait before a process repeats a Hello or a poll that failed.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// How many tasks an answer reports at most: what Step Functions passes on is limited to 256 KiB.
const MAX_REPORTS: usize = 30;

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
    Polled(Result<Box<GetTaskResponse>, CallError>),
    Worked(Box<OpenTask>, Option<TaskReport>),
}

/// The work of one agent, from the lease to its end.
pub(crate) struct Shift<'s> {
    agent: &'s Agent<'s>,
    desk: &'s Desk<'s>,
    running: FuturesUnordered<BoxFuture<'s, Happened>>,
    /// How many tasks are open.
    tasks: usize,
    /// The tasks that were finished.
    pub(crate) reports: Vec<TaskReport>,
    /// The answers to their syncs that published a snapshot.
    pub(crate) published: Vec<SyncAnswer>,
    polls: Polls,
    /// The failure after which an invocation only finishes the tasks that it has.
    pub(crate) failure: Option<Error>,
}

impl<'s> Shift<'s> {
    pub(crate) fn new(agent: &'s Agent<'s>, desk: &'s Desk<'s>) -> Self {
        let (running, polls) = (FuturesUnordered::new(), Polls::Due);
        let (reports, published) = (Vec::new(), Vec::new());
        Self { agent, desk, running, tasks: 0, reports, published, polls, failure: None }
    }

    /// Works until nothing is left to do now, or, in a process, until it is to stop.
    pub(crate) async fn run(&mut self) -> Result<(), Error> {
        self.introduce().await?;
        // A process that may not introduce itself ends.
        if self.failure.is_none() || self.agent.lifetime == Lifetime::Invocation {
            for task in self.desk.state().await.open {
                self.start(task);
            }
        }
        let mut failures = 0;
        loop {
            self.poll_if_due();
            if self.running.is_empty() && self.is_over() {
                return Ok(());
            }
            let tick = self.tick();
            tokio::select! {
                biased;
                Some(happened) = self.running.next() => match happened {
                    Happened::Polled(Ok(answer)) => {
                        failures = 0;
                        self.take(*answer).await?;
                    }
                    Happened::Polled(Err(e)) => {
                        failures += 1;
                        self.failed(e, failures);
                    }
                    Happened::Worked(task, report) => self.worked(*task, report).await?,
                },
                () = tick => {}
            }
            self.desk.renew().await?;
        }
    }

    /// Whether no poll will follow.
    fn is_over(&self) -> bool {
        let agent = self.agent;
        agent.lifetime == Lifetime::Invocation || self.polls == Polls::Ended || agent.is_stopping()
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
            self.desk.renew().await?;
            wait = (wait * 2).min(LONGEST_RETRY);
        }
        agent.listener.note(&format!("connected to ConductorOne as {}", agent.client.host_id()));
        self.desk.save(|state| state.hello = Some(agent.hello.clone())).await
    }

    /// Ends when a process has something to do beside its tasks.
    fn tick(&self) -> impl Future<Output = ()> + use<'s> {
        let (agent, polls, has_room) = (self.agent, self.polls, self.tasks < CONCURRENCY);
        async move {
            let (clock, interrupt) = (&*agent.cx.clock, &agent.cx.interrupt);
            let wait = match polls {
                _ if agent.lifetime == Lifetime::Invocation => return std::future::pending().await,
                _ if interrupt.is_raised() => return clock.sleep(TICK).await,
                Polls::At(at) if has_room => between(clock.now(), at).min(TICK),
                _ => TICK,
            };
            interrupt.sleep(clock, wait).await;
        }
    }

    fn poll_if_due(&mut self) {
        let agent = self.agent;
        let is_due = match self.polls {
            Polls::Due => true,
            Polls::At(at) => at <= agent.cx.clock.now(),
            Polls::Sent | Polls::Ended => false,
        };
        if is_due && self.tasks < CONCURRENCY && !agent.is_stopping() {
            self.polls = Polls::Sent;
            let poll = async { Happened::Polled(agent.client.get_task().await.map(Box::new)) };
            self.running.push(Box::pin(poll));
        }
    }

    /// Takes the task of an answer, if it has one that is new.
    async fn take(&mut self, answer: GetTaskResponse) -> Result<(), Error> {
        let now = self.agent.cx.clock.now();
        let next = answer.next_poll.and_then(|d| Duration::try_from(d).ok()).unwrap_or_default();
        let next = next.clamp(SHORTEST_POLL, LONGEST_POLL);
        let has_task =
            |task: &Task| !task.id.is_empty() && !matches!(task.kind, Some(TaskKind::None(_)));
        let task = answer.task.filter(has_task);
        self.polls = match (self.agent.lifetime, &task) {
            (Lifetime::Process, _) => Polls::At(after(now, next)),
            (Lifetime::Invocation, Some(_)) => Polls::Due,
            (Lifetime::Invocation, None) => Polls::Ended,
        };
        let Some(task) = task else { return Ok(()) };
        let task = OpenTask::new(&task, now);
        if self.desk.state().await.open.iter().any(|open| open.id == task.id) {
            // The service gives a task again that it heard nothing of: another poll would give it once more.
            self.polls = match self.polls {
                Polls::Due => Polls::Ended,
                other => other,
            };
            return Ok(());
        }
        // Stored first: if the agent is killed, the next one knows of the task.
        self.desk.save(|state| state.open.push(task.clone())).await?;
        self.agent.listener.note(&format!("task {} ({}): begun", task.id, task.kind));
        self.start(task);
        Ok(())
    }

    fn failed(&mut self, e: CallError, failures: u32) {
        let (agent, now) = (self.agent, self.agent.cx.clock.now());
        let requested = e.retry_delay();
        // Since Hello the credentials are known to be right.
        let is_temporary = e.is_temporary() || e.is_unauthenticated();
        let e = Error::from(e);
        if agent.lifetime == Lifetime::Invocation || !is_temporary {
            self.polls = Polls::Ended;
            self.failure = Some(e);
            return;
        }
        let wait = requested
            .unwrap_or_else(|| Duration::from_secs(u64::from(failures).pow(2)).min(LONGEST_RETRY));
        agent.listener.note(&format!("{}; polling again in {} s", Chain(&e), wait.as_secs()));
        self.polls = Polls::At(after(now, wait));
    }

    fn start(&mut self, task: OpenTask) {
        self.tasks += 1;
        let agent = self.agent;
        self.running.push(Box::pin(async move {
            let (task, report) = agent.work(task).await;
            Happened::Worked(Box::new(task), report)
        }));
    }

    /// Stores what became of a task.
    async fn worked(&mut self, task: OpenTask, report: Option<TaskReport>) -> Result<(), Error> {
        let is_finished = report.is_some();
        self.tasks -= usize::from(is_finished || self.agent.lifetime == Lifetime::Process);
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
        // Whoever runs the agent as a process gets no answer.
        if self.agent.lifetime == Lifetime::Invocation {
            self.published.extend(task.published);
        }
        self.agent
            .listener
            .note(&format!("task {} ({}): {}", report.id, report.kind, report.outcome));
        if self.reports.len() < MAX_REPORTS {
            self.reports.push(report);
        }
        // There is room for another one.
        if self.polls == Polls::Ended && self.failure.is_none() {
            self.polls = Polls::Due;
        }
        Ok(())
    }
}
