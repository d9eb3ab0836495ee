//! An environment of Lambda: a function's real binary in front of a Runtime API.

use std::time::Duration;

use serde_json::Value;

use crate::lambda_api::{Failed, killed, timed_out};
use crate::process::{Process, lambda};
use crate::runtime_api::{Answer, Deadline, RuntimeApi};

pub const PLENTY: Deadline = Deadline::In(60_000);

pub struct Environment {
    api: RuntimeApi,
    process: Process,
}

/// A failure, as the caller of the function sees it: `errorType`, and the content of `errorMessage`.
#[derive(Debug)]
pub struct Refusal {
    pub kind: String,
    pub message: Value,
}

/// A function's standard output, line by line.
#[derive(Debug)]
pub struct Output(pub Vec<String>);

impl Environment {
    pub async fn start(binary: &str, variables: Vec<(String, String)>) -> Self {
        let api = RuntimeApi::start().await.expect("a Runtime API");
        let process = Process::start(lambda(binary, &api.address()).envs(variables));
        let process = process.expect("a process");
        Self { api, process }
    }

    pub async fn ask(&self, event: Value, deadline: Deadline) -> Answer {
        let answer = self.api.invoke(event, deadline).await;
        let (out, err) = (self.process.stdout(), self.process.stderr());
        answer.unwrap_or_else(|e| panic!("{e}: {out:#?} {err:#?}"))
    }

    /// The answer by the function's timeout. After a failure, Lambda uses the environment no more.
    pub async fn invoke(&mut self, event: Value, timeout: Duration) -> Result<Answer, Failed> {
        let deadline = Deadline::In(u64::try_from(timeout.as_millis()).expect("a timeout"));
        let answer = tokio::time::timeout(timeout, self.api.invoke(event, deadline));
        tokio::select! {
            answered = answer => match answered {
                Ok(answer) => Ok(answer.expect("an answer")),
                Err(_) => Err(timed_out(timeout)),
            },
            () = self.process.ended() => Err(killed()),
        }
    }

    pub async fn answer(&self, event: Value) -> Value {
        self.answer_by(event, PLENTY).await
    }

    pub async fn answer_by(&self, event: Value, deadline: Deadline) -> Value {
        match self.ask(event, deadline).await {
            Answer::Response(answer) => answer,
            Answer::Error(body) => panic!("failed: {body:#}"),
        }
    }

    pub async fn refusal(&self, event: Value) -> Refusal {
        let body = match self.ask(event, PLENTY).await {
            Answer::Response(answer) => panic!("succeeded: {answer:#}"),
            Answer::Error(body) => body,
        };
        let text = |field: &str| body[field].as_str().expect("text");
        let message = serde_json::from_str(text("errorMessage")).expect("JSON");
        Refusal { kind: text("errorType").to_owned(), message }
    }

    /// Ends the process, and gives all that it wrote. It must have kept to the protocol, and shown none of these tokens.
    pub async fn end(mut self, tokens: &[impl AsRef<str>]) -> Output {
        assert!(self.process.is_running(), "an invocation ended the environment");
        self.process.kill().await.expect("killed");
        assert_eq!((self.api.faults(), self.process.stderr()), (vec![], vec![]));
        let output = Output(self.process.stdout());
        for token in tokens {
            assert!(!output.holds(token.as_ref()), "a token is in the log");
        }
        output
    }
}

impl Refusal {
    pub fn text(&self, key: &str) -> &str {
        self.message[key].as_str().unwrap_or_default()
    }
}

impl Output {
    pub fn holds(&self, text: &str) -> bool {
        self.0.iter().any(|line| line.contains(text))
    }

    pub fn log(&self) -> Vec<Value> {
        let parse = |line: &String| match serde_json::from_str::<Value>(line) {
            Ok(value) if value.is_object() => value,
            _ => panic!("not a JSON object: {line}"),
        };
        self.0.iter().map(parse).collect()
    }

    pub fn summaries(&self) -> Vec<Value> {
        let is_one = |line: &Value| line["message"] == "done" || line["message"] == "failed";
        self.log().into_iter().filter(is_one).collect()
    }

    /// The lines of numbers, of which CloudWatch makes metrics where alarms use them.
    pub fn numbers(&self) -> Vec<Value> {
        self.log().into_iter().filter(|line| line.get("Failures").is_some()).collect()
    }
}
