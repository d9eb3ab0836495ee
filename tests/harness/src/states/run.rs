//! Running a machine: from state to state, with retries and catchers, in virtual time.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::clock::Clock;
use super::definition::{Graph, Items, State, Work};
use super::execution::{Execution, Failure, Status};
use super::expression::Scope;
use super::flow::{put, within_limit};
use super::log::Log;
use super::policy::{TIMEOUT, Used};
use super::random::Random;
use super::time::{later, written};
use super::work::{choose, inputs, moment, say};
use super::{Machine, Services};

/// One execution.
struct Run<'a> {
    services: &'a dyn Services,
    clock: Clock,
    log: Log,
    /// One call after another: which comes first is not left to the machine that the test runs on.
    turn: tokio::sync::Mutex<()>,
    /// What the context object says in every state.
    context: Value,
}

/// A sequence of states: the machine's own, or that of an item of a Map state.
struct Course {
    items: Vec<usize>,
    random: Random,
}

/// The state that is next, if any, and what it is given.
type Step<'a> = (Option<&'a str>, Value);

pub(super) async fn execute(
    machine: &Machine,
    input: Value,
    services: &dyn Services,
    start: Timestamp,
    seed: u64,
) -> Execution {
    let mut random = Random::new(seed);
    let run = Run {
        services,
        clock: Clock::new(start),
        log: Log::default(),
        turn: tokio::sync::Mutex::default(),
        context: execution_context(&random.uuid(), &input, start),
    };
    let items = Vec::new();
    let branch = run.clock.branch();
    let deadline = machine.timeout.map(|timeout| later(start, timeout));
    let work = run.course(&machine.graph, input, Course { items, random });
    let status = match run.clock.drive(deadline, work).await {
        Some(Ok(output)) => Status::Succeeded(output),
        Some(Err(failure)) => Status::Failed(failure),
        None => Status::TimedOut,
    };
    drop(branch);
    Execution {
        status,
        started: start,
        ended: run.clock.now(),
        visits: run.log.visits(),
    }
}

fn execution_context(name: &str, input: &Value, start: Timestamp) -> Value {
    json!({
        "Execution": {
            "Id": format!("arn:aws:states:us-east-1:123456789012:execution:rollcall:{name}"),
            "Name": name,
            "Input": input,
            "StartTime": written(start),
        },
        "StateMachine": {
            "Id": "arn:aws:states:us-east-1:123456789012:stateMachine:rollcall",
            "Name": "rollcall",
        },
    })
}

impl Run<'_> {
    fn course<'s>(
        &'s self,
        graph: &'s Graph,
        input: Value,
        mut course: Course,
    ) -> BoxFuture<'s, Result<Value, Failure>> {
        async move {
            let (mut next, mut value) = (Some(graph.start.as_str()), input);
            while let Some(state) = next.and_then(|name| graph.states.get(name)) {
                (next, value) = self.visit(state, value, &mut course).await?;
            }
            Ok(value)
        }
        .boxed()
    }

    /// A state with its retries and catchers.
    async fn visit<'s>(
        &self,
        state: &'s State,
        raw: Value,
        course: &mut Course,
    ) -> Result<Step<'s>, Failure> {
        let entered = self.clock.now();
        let mut used = Used::default();
        let mut retry = 0;
        loop {
            let now = self.clock.now();
            let visit = self.log.enter(state, retry, &course.items, now)?;
            let context = self.context(state, entered, retry);
            let outcome = self.attempt(state, &raw, &context, course).await;
            self.log.leave(visit, self.clock.now());
            let failure = match outcome {
                Ok(step) => return Ok(step),
                Err(failure) => failure,
            };
            match state.policy.retry(&failure, &mut used, &mut course.random) {
                None => return caught(state, &raw, failure),
                Some(delay) => self.sleep(delay).await,
            }
            retry += 1;
        }
    }

    fn context(&self, state: &State, entered: Timestamp, retry: u32) -> Value {
        let mut context = self.context.clone();
        context["State"] = json!({
            "Name": state.name,
            "EnteredTime": written(entered),
            "RetryCount": retry,
        });
        context
    }

    async fn attempt<'s>(
        &self,
        state: &'s State,
        raw: &Value,
        context: &Value,
        course: &mut Course,
    ) -> Result<Step<'s>, Failure> {
        let here = |failure: Failure| failure.within(&state.name);
        let effective = state.flow.effective(raw, context, &mut course.random);
        let effective = effective.map_err(here)?;
        let mut next = state.next.as_deref();
        let mut scope = Scope {
            input: &effective,
            context,
            random: &mut course.random,
        };
        let result = match &state.work {
            Work::Task { resource, timeout } => self.task(resource, *timeout, effective).await?,
            Work::Map { items, processor } => {
                let inputs = inputs(items, &effective, context, &mut course.random);
                self.map(items, processor, inputs.map_err(here)?, course)
                    .await?
            }
            Work::Pass(Some(result)) => result.clone(),
            Work::Pass(None) | Work::Succeed => effective,
            Work::Wait(until) => {
                let moment = moment(until, self.clock.now(), &scope).map_err(here)?;
                self.clock.sleep(moment).await;
                effective
            }
            Work::Choice { rules, default } => {
                next = Some(choose(rules, default.as_deref(), &scope).map_err(here)?);
                effective
            }
            Work::Fail { error, cause } => {
                let error = say(error, &mut scope).map_err(here)?;
                let cause = say(cause, &mut scope).map_err(here)?;
                return Err(Failure::new(error, cause));
            }
        };
        let random = &mut course.random;
        let output = state.flow.finish(raw, result, context, random);
        Ok((next, output.map_err(here)?))
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(later(self.clock.now(), duration)).await;
    }

    async fn task(
        &self,
        resource: &str,
        timeout: Option<Duration>,
        parameters: Value,
    ) -> Result<Value, Failure> {
        let turn = self.turn.lock().await;
        let now = self.clock.now();
        let reply = self.services.call(resource, parameters, now).await;
        drop(turn);
        if let Some(timeout) = timeout.filter(|timeout| reply.took > *timeout) {
            self.sleep(timeout).await;
            return Err(Failure::new(TIMEOUT, ""));
        }
        self.sleep(reply.took).await;
        reply.outcome.and_then(within_limit)
    }

    /// As many items at once as there are lanes; the first that fails ends the others.
    async fn map(
        &self,
        items: &Items,
        processor: &Graph,
        inputs: Vec<Value>,
        course: &mut Course,
    ) -> Result<Value, Failure> {
        self.log.items(inputs.len())?;
        let begun: Vec<_> = (0..)
            .zip(inputs)
            .map(|(index, input)| (index, input, course.item(index)))
            .collect();
        let _rest = self.clock.rest();
        let mut outputs: Vec<(usize, Value)> = stream::iter(begun)
            .map(|(index, input, course)| self.item(processor, index, input, course))
            .buffer_unordered(items.lanes)
            .try_collect()
            .await?;
        outputs.sort_by_key(|(index, _)| *index);
        Ok(outputs.into_iter().map(|(_, output)| output).collect())
    }

    /// Not `async`: the branch begins now, not when it is first looked at.
    fn item<'s>(
        &'s self,
        processor: &'s Graph,
        index: usize,
        input: Value,
        course: Course,
    ) -> BoxFuture<'s, Result<(usize, Value), Failure>> {
        let branch = self.clock.branch();
        let work = self.course(processor, input, course);
        async move {
            let output = work.await;
            drop(branch);
            output.map(|output| (index, output))
        }
        .boxed()
    }
}

/// Where an error leads that is not retried.
fn caught<'s>(state: &'s State, raw: &Value, failure: Failure) -> Result<Step<'s>, Failure> {
    let Some(catcher) = state.policy.catcher(&failure) else {
        return Err(failure);
    };
    let told = json!({"Error": failure.error, "Cause": failure.cause});
    let output = put(&catcher.result, raw, told).map_err(|failure| failure.within(&state.name))?;
    Ok((Some(&catcher.next), output))
}

impl Course {
    /// The course of an item, with its own chance: which item draws first does not matter.
    fn item(&mut self, index: usize) -> Self {
        let mut items = self.items.clone();
        items.push(index);
        Self {
            items,
            random: Random::new(self.random.next()),
        }
    }
}
