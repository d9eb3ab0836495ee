//! The Amazon States Language (<https://states-language.net/spec.html>), as far as our workflows use it. Anything else
//! in a definition is an error when it is read. Executions run in virtual time.

mod check;
mod executions;
mod expression;
mod rule;
mod schedules;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
pub use executions::{Executions, Started};
use expression::{evaluate, fill};
use jiff::{SignedDuration, Timestamp};
pub use schedules::{Scheduled, Schedules};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub error: String,
    pub cause: String,
}

impl Failure {
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        let (error, cause) = (error.into(), cause.into());
        Self { error, cause }
    }
}

#[async_trait]
pub trait Services: Sync {
    /// Performs the task's `Resource` with its evaluated `Parameters`. Virtual time stands still in the meantime.
    async fn call(&self, resource: &str, with: Value, now: Timestamp) -> Result<Value, Failure>;
}

#[derive(Debug)]
pub struct Execution {
    pub result: Result<Value, Failure>,
    pub entered: Vec<String>,
    /// Items of a Map wait side by side.
    pub waits: Vec<(String, i64)>,
    pub seconds: i64,
}

/// A workflow whose definition was read without finding a mistake.
pub struct Machine(Value);

impl Machine {
    /// Reads a definition, with each `${Name}` in its text replaced. A substitution that is missing or not used is an error.
    pub fn parse(text: &str, substitutions: &[(&str, &str)]) -> Result<Self, String> {
        let mut text = text.to_owned();
        for (name, value) in substitutions {
            let changed = text.replace(&format!("${{{name}}}"), value);
            if std::mem::replace(&mut text, changed) == text {
                return Err(format!("{name} is not used"));
            }
        }
        if text.contains("${") {
            return Err("a substitution is missing".into());
        }
        let definition = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        check::check("workflow", &definition)?;
        Ok(Self(definition))
    }

    pub async fn run(&self, input: Value, services: &dyn Services, start: Timestamp) -> Execution {
        let deadline = start + SignedDuration::from_secs(number(&self.0["TimeoutSeconds"]));
        let (entered, waits, is_over) = (Vec::new(), Vec::new(), false);
        let mut run = Run { services, now: start, deadline, is_over, entered, waits };
        let context = json!({"Execution": {"Input": input}});
        let result = run.execute(&self.0, input, context).await;
        let seconds = run.now.duration_since(start).as_secs();
        Execution { result, entered: run.entered, waits: run.waits, seconds }
    }
}

struct Run<'a> {
    services: &'a dyn Services,
    now: Timestamp,
    deadline: Timestamp,
    is_over: bool,
    entered: Vec<String>,
    waits: Vec<(String, i64)>,
}

impl Run<'_> {
    async fn execute(
        &mut self,
        graph: &Value,
        mut data: Value,
        mut context: Value,
    ) -> Result<Value, Failure> {
        let mut name = text(&graph["StartAt"]);
        loop {
            self.entered.push(name.to_owned());
            context["State"] = json!({"EnteredTime": self.now});
            let state = &graph["States"][name];
            let mut next = &state["Next"];
            match text(&state["Type"]) {
                "Pass" => {
                    let result = fill(&state["Parameters"], &data, &context)?;
                    put(&mut data, state, result);
                }
                "Choice" => {
                    next = &state["Default"];
                    for rule in list(&state["Choices"]) {
                        if rule::holds(rule, &data, &context)? {
                            next = &rule["Next"];
                            break;
                        }
                    }
                }
                "Wait" if state["Seconds"].is_u64() => {
                    self.wait(name, number(&state["Seconds"]))?;
                }
                "Wait" => {
                    let until = evaluate(&state["TimestampPath"], &data, &context)?;
                    let failed = |e: jiff::Error| Failure::new("States.Runtime", e.to_string());
                    let until: Timestamp = text(&until).parse().map_err(failed)?;
                    // AWS cuts the fraction of a second.
                    self.wait(name, until.as_second() - self.now.as_second())?;
                }
                kind @ ("Task" | "Map") => {
                    let done = match kind {
                        "Task" => {
                            let with = fill(&state["Parameters"], &data, &context)?;
                            self.call(name, state, with).await
                        }
                        _ => self.each(state, &data, &context).await,
                    };
                    match done {
                        Ok(result) => {
                            let result = match state.get("ResultSelector") {
                                Some(selector) => fill(selector, &result, &context)?,
                                None => result,
                            };
                            put(&mut data, state, result);
                        }
                        Err(failure) => {
                            let mut catchers = list(&state["Catch"]).iter();
                            let is_for = |one: &&Value| !self.is_over && catches(one, &failure);
                            let catcher = catchers.find(is_for).ok_or(failure.clone())?;
                            let error = json!({"Error": failure.error, "Cause": failure.cause});
                            put(&mut data, catcher, error);
                            next = &catcher["Next"];
                        }
                    }
                }
                "Fail" => {
                    let path = state.get("ErrorPath");
                    let named = path.map(|path| evaluate(path, &data, &context));
                    let error = named.unwrap_or_else(|| Ok(state["Error"].clone()))?;
                    let cause = evaluate(&state["CausePath"], &data, &context)?;
                    return Err(Failure::new(text(&error), text(&cause)));
                }
                _ => return Ok(data),
            }
            name = text(next);
        }
    }

    /// Runs the items of a Map side by side, and gives their outputs.
    async fn each(
        &mut self,
        state: &Value,
        data: &Value,
        context: &Value,
    ) -> Result<Value, Failure> {
        let items = evaluate(&state["ItemsPath"], data, context)?;
        let (began, mut end, mut context) = (self.now, self.now, context.clone());
        let mut outputs = Vec::new();
        let no_list = || Failure::new("States.Runtime", "ItemsPath is not a list");
        for item in items.as_array().ok_or_else(no_list)? {
            context["Map"] = json!({"Item": {"Value": item}});
            let input = fill(&state["ItemSelector"], data, &context)?;
            self.now = began;
            let processor = &state["ItemProcessor"];
            let inner = match text(&processor["ProcessorConfig"]["Mode"]) {
                "INLINE" => context.clone(),
                // Each item is an execution of its own.
                _ => json!({"Execution": {"Input": input}}),
            };
            outputs.push(Box::pin(self.execute(processor, input, inner)).await?);
            end = end.max(self.now);
        }
        self.now = end;
        Ok(outputs.into())
    }

    async fn call(&mut self, name: &str, state: &Value, with: Value) -> Result<Value, Failure> {
        let (resource, retriers) = (text(&state["Resource"]), list(&state["Retry"]));
        let mut attempts = vec![0; retriers.len()];
        loop {
            let failure = match self.services.call(resource, with.clone(), self.now).await {
                Ok(result) => return Ok(result),
                Err(failure) => failure,
            };
            let mut both = retriers.iter().zip(&mut attempts);
            let which = both.find(|(one, _)| catches(one, &failure));
            let (retrier, attempt) = which.ok_or(failure.clone())?;
            if i64::from(*attempt) == number(&retrier["MaxAttempts"]) {
                return Err(failure);
            }
            let growth = number(&retrier["BackoffRate"]).pow(*attempt);
            *attempt += 1;
            // Full jitter makes it shorter: the longest wait counts.
            let longest = retrier["MaxDelaySeconds"].as_i64().unwrap_or(i64::MAX);
            self.wait(name, longest.min(number(&retrier["IntervalSeconds"]) * growth))?;
        }
    }

    fn wait(&mut self, name: &str, seconds: i64) -> Result<(), Failure> {
        let until = self.now + SignedDuration::from_secs(seconds.max(0));
        if until > self.deadline {
            (self.now, self.is_over) = (self.deadline, true);
            return Err(Failure::new("States.Timeout", "the execution took too long"));
        }
        self.now = until;
        self.waits.push((name.to_owned(), seconds.max(0)));
        Ok(())
    }
}

fn catches(one: &Value, failure: &Failure) -> bool {
    let mut names = list(&one["ErrorEquals"]).iter();
    names.any(|name| match text(name) {
        "States.ALL" => true,
        "States.TaskFailed" => failure.error != "States.Timeout",
        name => name == failure.error,
    })
}

/// Puts a result where a state or catcher wants it: in place of all data, or into a field of it.
fn put(data: &mut Value, state: &Value, result: Value) {
    match text(&state["ResultPath"]).strip_prefix("$.") {
        Some(name) => data[name] = result,
        None => *data = result,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
