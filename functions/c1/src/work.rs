//! The work on one task: calls the function, waits, beats, and reports the result until it is taken.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{after, backoff, between};
use rollcall_connector::event::{
    ChangeAnswer, Outcome as Did, Reason, SyncAnswer, SyncEvent, SyncStatus,
};
use rollcall_connector::{Chain, Code, Error};
use rollcall_engine::operation::Operation;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tonic::Code as GrpcCode;

use crate::agent::{Agent, LEASE_CHECK, Lifetime};
use crate::client::CallError;
use crate::event::TaskReport;
use crate::functions::FunctionFailure;
use crate::outcome::TaskOutcome;
use crate::proto::{FinishTaskRequest, SyncFull};
use crate::state::{Beats, OpenTask};
use crate::task::{self, ChangeTask, Offer, TaskWork};

/// The longest wait within an invocation: a longer one is left to the caller.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How often in a row a function is called again after it was cut off, or was unavailable.
const MAX_CUTS: u32 = 4;

/// The wait before the first of these calls.
const FIRST_RETRY: Duration = Duration::from_secs(15);

/// How long an account's creation may take before the task ends as in progress.
const ACCOUNT_PATIENCE: Duration = Duration::from_secs(900);

/// How long a result is reported before it is dropped.
const FINISH_PATIENCE: Duration = Duration::from_secs(86400);

/// The shortest time between two invocations that report a result.
const FINISH_PAUSE: Duration = Duration::from_secs(60);

/// Why work ends without a result.
pub(crate) enum Stop {
    /// ConductorOne cancelled the task.
    Cancelled,
    /// The time is over, or the operator asks to stop, or there is nothing to do for a while.
    Suspended,
}

impl Agent<'_> {
    /// Works on a task. The report says how it ended; without one, it is not finished.
    pub(crate) async fn work(&self, mut task: OpenTask) -> (OpenTask, Option<TaskReport>) {
        let report = match task.unsent() {
            Ok(Some(request)) => self.deliver(&mut task, request, "the result was kept").await,
            Ok(None) => self.begin(&mut task).await,
            Err(e) => {
                self.report(
                    &mut task,
                    TaskOutcome::of_failure(&e.into(), self.cx.clock.now(), true),
                )
                .await
            }
        };
        (task, report)
    }

    async fn begin(&self, task: &mut OpenTask) -> Option<TaskReport> {
        let offer = Offer {
            metadata: &self.metadata,
            provisioning: self.provisioning,
            connection: self.connection,
        };
        let work = match task.task() {
            Ok(message) => task::plan(message, &offer),
            Err(e) => {
                TaskWork::Report(TaskOutcome::of_failure(&e.into(), self.cx.clock.now(), true))
            }
        };
        let is_sync = matches!(work, TaskWork::Sync(_));
        let ended = match work {
            TaskWork::Hello => return self.answer_hello(task).await,
            TaskWork::Sync(options) => self.sync(task, &options).await,
            TaskWork::Change(change) => self.change(task, *change).await,
            TaskWork::Report(outcome) => Ok(outcome),
        };
        let outcome = match ended {
            Ok(outcome) => outcome,
            Err(Stop::Suspended) if self.lifetime == Lifetime::Invocation => return None,
            Err(stop) => {
                if is_sync {
                    self.cancel_run(task).await;
                }
                stopped(stop)
            }
        };
        self.report(task, outcome).await
    }

    /// A Hello with the task's id ends the task: no other result is due.
    async fn answer_hello(&self, task: &mut OpenTask) -> Option<TaskReport> {
        let answered = self.client.hello(self.introduction(&task.id)).await;
        let outcome = match answered {
            Ok(()) => "introduced again".to_owned(),
            // Whatever the reason: ConductorOne asks again.
            Err(e) => format!("not introduced: {}", Chain(&e)),
        };
        Some(TaskReport { id: task.id.clone(), kind: task.kind.clone(), outcome })
    }

    /// Ends the run of a task for good, so that it does not keep others away.
    async fn cancel_run(&self, task: &OpenTask) {
        let event = SyncEvent { cancel: Some(task.id.clone()), ..self.sync_event() };
        let ended = match serde_json::to_value(&event) {
            Ok(event) => self.functions.call(Operation::Sync, &event).await.map(drop),
            Err(e) => Err(Error::not_json(e).into()),
        };
        if let Err(e) = ended
            && e.code != Code::UnknownRun.as_str()
        {
            self.listener.note(&format!(
                "task {}: its run could not be ended, and will expire: {e}",
                task.id
            ));
        }
    }

    fn sync_event(&self) -> SyncEvent {
        SyncEvent {
            connection: self.connection.to_owned(),
            sync_id: None,
            accept: None,
            start_as: None,
            cancel: None,
        }
    }

    async fn sync(&self, task: &mut OpenTask, options: &SyncFull) -> Result<TaskOutcome, Stop> {
        if task.beats.is_none() {
            task.beats = Some(Beats::first(self.cx.clock.now()));
        }
        let event = SyncEvent { start_as: Some(task.id.clone()), ..self.sync_event() };
        loop {
            self.wait(task).await?;
            let answer: SyncAnswer = match self.call(task, Operation::Sync, &event).await? {
                Called::Answered(answer) => answer,
                Called::Again => continue,
                Called::Failed(failure) => {
                    return Ok(TaskOutcome::of_failure(&failure, self.cx.clock.now(), false));
                }
            };
            match answer.status {
                SyncStatus::Complete => {
                    task.published = Some(SyncAnswer { warnings: Vec::new(), ..answer.clone() });
                    return self.upload(task, &answer, options).await;
                }
                SyncStatus::Held => return Ok(self.quarantined(&answer)),
                SyncStatus::Cancelled => return Err(Stop::Cancelled),
                SyncStatus::Continue | SyncStatus::Busy => {
                    self.resume(task, answer.resume_at, answer.reason);
                }
            }
        }
    }

    fn quarantined(&self, answer: &SyncAnswer) -> TaskOutcome {
        let losses = answer.warnings.iter().filter(|w| w.code == Code::SuddenLoss.as_str());
        let losses: Vec<_> = losses.map(|w| w.message.as_str()).collect();
        let (connector, connection) = (self.connector, self.connection);
        let id = answer.sync_id.as_deref().unwrap_or_default();
        let command = format!("rollcall sync {connector} --connection {connection} --accept {id}");
        let event = format!("{{\"connection\":\"{connection}\",\"accept\":\"{id}\"}}");
        let text = format!(
            "SuddenLoss: the snapshot is held back because it lost much more than usual ({}). If that is right, accept it by `{command}` or by the sync event `{event}`, then sync again.",
            losses.join("; ")
        );
        TaskOutcome::error(GrpcCode::FailedPrecondition, text, true)
    }

    async fn change(&self, task: &mut OpenTask, change: ChangeTask) -> Result<TaskOutcome, Stop> {
        loop {
            self.wait(task).await?;
            let answer: ChangeAnswer =
                match self.call(task, change.operation, &change.event).await? {
                    Called::Answered(answer) => answer,
                    Called::Again => continue,
                    Called::Failed(failure) => {
                        return Ok(TaskOutcome::of_failure(&failure, self.cx.clock.now(), true));
                    }
                };
            let is_slow = between(task.taken_at, self.cx.clock.now()) >= ACCOUNT_PATIENCE;
            let may_stay_open = change.operation == Operation::CreateAccount && is_slow;
            if answer.outcome != Did::InProgress || may_stay_open {
                return Ok(change.outcome(&answer));
            }
            self.resume(task, answer.resume_at, answer.reason);
        }
    }

    /// Plans the next call of a function that is not done.
    fn resume(&self, task: &mut OpenTask, at: Option<Timestamp>, reason: Option<Reason>) {
        let now = self.cx.clock.now();
        let at = at.unwrap_or(now);
        let at = match reason {
            Some(Reason::Lease) => at.min(after(now, LEASE_CHECK)),
            _ => at,
        };
        task.resume_at = Some(at);
        if between(now, at) > LONGEST_WAIT {
            let why = reason.map(|reason| format!(" ({reason:?})")).unwrap_or_default();
            self.listener
                .note(&format!("task {} ({}): waits until {at:.0}{why}", task.id, task.kind));
        }
    }

    /// Calls a function, with heartbeats if the task has them.
    async fn call<T: DeserializeOwned>(
        &self,
        task: &mut OpenTask,
        operation: Operation,
        event: &impl serde::Serialize,
    ) -> Result<Called<T>, Stop> {
        let event = match serde_json::to_value(event) {
            Ok(event) => event,
            Err(e) => return Ok(Called::Failed(Error::not_json(e).into())),
        };
        // If the work on it stops here, the same call is made again.
        task.resume_at = Some(self.cx.clock.now());
        let answer = self.beating(task, self.functions.call(operation, &event)).await?;
        let failure = match answer.and_then(|answer| read(&answer)) {
            Ok(answer) => {
                task.cuts = 0;
                return Ok(Called::Answered(answer));
            }
            Err(failure) => failure,
        };
        if task.cuts >= MAX_CUTS || !(failure.was_cut || failure.kind.is_retryable()) {
            return Ok(Called::Failed(failure));
        }
        task.cuts += 1;
        let (clock, now) = (&*self.cx.clock, self.cx.clock.now());
        let retry_at = after(now, backoff(clock, FIRST_RETRY, task.cuts));
        task.resume_at = Some(failure.retry_at.map_or(retry_at, |at| at.max(retry_at)));
        self.listener.note(&format!("task {} ({}): {failure}; trying again", task.id, task.kind));
        Ok(Called::Again)
    }

    /// Waits until the task is to be resumed, and sends its heartbeats meanwhile.
    async fn wait(&self, task: &mut OpenTask) -> Result<(), Stop> {
        loop {
            self.beat_if_due(task).await?;
            let now = self.cx.clock.now();
            let Some(until) = task.resume_at.filter(|at| *at > now) else {
                return if self.is_stopping() { Err(Stop::Suspended) } else { Ok(()) };
            };
            let next = task.next_at().unwrap_or(until);
            let wait = between(now, next);
            let is_long = self.lifetime == Lifetime::Invocation && wait > LONGEST_WAIT;
            if is_long
                || self.is_stopping()
                || !self.cx.interrupt.sleep(&*self.cx.clock, wait).await
            {
                return Err(Stop::Suspended);
            }
        }
    }

    /// Does something that takes its time, and beats meanwhile.
    pub(crate) async fn beating<T>(
        &self,
        task: &mut OpenTask,
        work: impl Future<Output = T>,
    ) -> Result<T, Stop> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            stop = self.beat_until_stopped(task) => Err(stop),
        }
    }

    async fn beat_until_stopped(&self, task: &mut OpenTask) -> Stop {
        loop {
            if let Err(stop) = self.beat_if_due(task).await {
                return stop;
            }
            let now = self.cx.clock.now();
            if now >= self.stop_at {
                return Stop::Suspended;
            }
            let next = task.beats.map_or(self.stop_at, |beats| beats.at().min(self.stop_at));
            if next == Timestamp::MAX {
                std::future::pending().await
            }
            self.cx.clock.sleep(between(now, next)).await;
        }
    }

    async fn beat_if_due(&self, task: &mut OpenTask) -> Result<(), Stop> {
        let now = self.cx.clock.now();
        let Some(beats) = task.beats.filter(|beats| beats.at() <= now) else { return Ok(()) };
        let answer = match self.client.heartbeat(&task.id).await {
            Ok(answer) => answer,
            Err(CallError::Call { status, .. }) if status.code() == GrpcCode::NotFound => {
                return Err(Stop::Cancelled);
            }
            Err(e) => {
                self.listener.note(&format!("task {}: no heartbeat: {}", task.id, Chain(&e)));
                let soon = Duration::from_secs((beats.interval / 4).max(1));
                task.beats = Some(Beats { due_at: after(now, soon), ..beats });
                return Ok(());
            }
        };
        task.beats = Some(Beats::next(now, answer.next_heartbeat));
        if answer.cancelled { Err(Stop::Cancelled) } else { Ok(()) }
    }

    async fn report(&self, task: &mut OpenTask, outcome: TaskOutcome) -> Option<TaskReport> {
        let summary = outcome.summary.clone();
        let request = outcome.request(self.client.host_id(), &task.id);
        self.deliver(task, request, &summary).await
    }

    /// Reports a result until it is taken. `None`: it is kept, for the next time.
    async fn deliver(
        &self,
        task: &mut OpenTask,
        request: FinishTaskRequest,
        summary: &str,
    ) -> Option<TaskReport> {
        let taken =
            |outcome| Some(TaskReport { id: task.id.clone(), kind: task.kind.clone(), outcome });
        let mut n = 0;
        loop {
            let e = match self.client.finish(request.clone()).await {
                Ok(()) => return taken(summary.to_owned()),
                Err(e) => e,
            };
            let now = self.cx.clock.now();
            let is_abandoned = between(task.taken_at, now) >= FINISH_PATIENCE;
            // What is wrong with the credentials says nothing about the task.
            if is_abandoned || !(e.is_temporary() || e.is_unauthenticated()) {
                return taken(format!(
                    "{summary}; ConductorOne does not take the result: {}",
                    Chain(&e)
                ));
            }
            n += 1;
            let wait = e.retry_delay().unwrap_or_else(|| Duration::from_secs(1 << n.min(6)));
            self.listener.note(&format!(
                "task {}: the result was not taken ({}); trying again in {} s",
                task.id,
                Chain(&e),
                wait.as_secs()
            ));
            let is_long = self.lifetime == Lifetime::Invocation && wait > LONGEST_WAIT;
            if is_long
                || self.is_stopping()
                || !self.cx.interrupt.sleep(&*self.cx.clock, wait).await
            {
                task.resume_at = Some(after(now, wait.max(FINISH_PAUSE)));
                task.keep(&request);
                return None;
            }
        }
    }
}

/// The result of a task that is not continued. A process that ends hands its task back, since nobody may resume it.
fn stopped(stop: Stop) -> TaskOutcome {
    let (code, text) = match stop {
        Stop::Cancelled => (GrpcCode::Cancelled, "the task was cancelled"),
        Stop::Suspended => (
            GrpcCode::Unavailable,
            "the agent was stopped before the task was done; it can be repeated",
        ),
    };
    TaskOutcome::error(code, text, false)
}

/// What came of calling a function.
enum Called<T> {
    Answered(T),
    /// It is to be called again, from the task's `resume_at` on.
    Again,
    Failed(FunctionFailure),
}

fn read<T: DeserializeOwned>(answer: &Value) -> Result<T, FunctionFailure> {
    T::deserialize(answer).map_err(|e| {
        let message = "the answer of a function does not have the documented form";
        Error::internal(Code::UnreadableAnswer, message).with_source(e).into()
    })
}
