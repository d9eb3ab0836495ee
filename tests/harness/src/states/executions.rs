//! Executions that a workflow starts.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::Failure;

/// An execution that a workflow has started.
#[derive(Debug, Clone, PartialEq)]
pub struct Started {
    pub machine: String,
    pub name: String,
    pub input: Value,
    pub is_running: bool,
}

/// What `states:startExecution` has started
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
#[derive(Debug, Default)]
pub struct Executions(Mutex<Vec<Started>>);

impl Executions {
    /// Performs a task with these evaluated `Parameters`. A name is used once; while its execution is running, the same call
    /// gets the same answer.
    pub fn start(&self, with: &Value) -> Result<Value, Failure> {
        let [machine, name] = ["StateMachineArn", "Name"].map(|field| super::text(&with[field]));
        let is_good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 80 || !name.chars().all(is_good) {
            return Err(Failure::new("StepFunctions.InvalidNameException", name));
        }
        let answer = json!({"ExecutionArn": format!("{machine}:{name}").replace("stateMachine", "execution")});
        let input = with["Input"].clone();
        let (machine, name) = (machine.to_owned(), name.to_owned());
        let started = Started { machine, name, input, is_running: true };
        let mut all = self.0.lock().expect("executions");
        let same_name = |one: &&Started| one.machine == started.machine && one.name == started.name;
        match all.iter().find(same_name) {
            None => all.push(started),
            Some(one) if *one == started => {}
            Some(_) => {
                let error = "StepFunctions.ExecutionAlreadyExistsException";
                return Err(Failure::new(error, answer.to_string()));
            }
        }
        Ok(answer)
    }

    /// All that were started, in order.
    pub fn all(&self) -> Vec<Started> {
        self.0.lock().expect("executions").clone()
    }

    /// Ends all that are running, and gives them: a test runs their workflow.
    pub fn end(&self) -> Vec<Started> {
        let mut all = self.0.lock().expect("executions");
        let running: Vec<_> = all.iter().filter(|one| one.is_running).cloned().collect();
        all.iter_mut().for_each(|one| one.is_running = false);
        running
    }
}
