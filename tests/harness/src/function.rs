//! An environment of Lambda: a function's real binary in front of a Runtime API, with a store and secrets in a folder.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Launch, Process};
use crate::runtime_api::{Answer, Deadline, RuntimeApi};

/// As much time as anything here takes.
pub const PLENTY: Deadline = Deadline::In(60_000);

/// A running function.
#[derive(Debug)]
pub struct Environment {
    api: RuntimeApi,
    process: Process,
}

/// A failure, as whoever called the function sees it.
#[derive(Debug)]
pub struct Refusal {
    /// `errorType`.
    pub kind: String,
    /// What `errorMessage` holds.
    pub message: Value,
}

/// What a function wrote, line by line.
#[derive(Debug)]
pub struct Output {
    /// On standard output: its log.
    pub stdout: Vec<String>,
    /// On standard error: nothing, if all is well.
    pub stderr: Vec<String>,
}

impl Environment {
    /// Starts a binary with these variables.
    pub async fn start<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        binary: &str,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let api = RuntimeApi::start().await.expect("a Runtime API");
        let launch = Launch::lambda(binary, &api.address()).envs(variables);
        let process = launch.spawn().expect("a process");
        Self { api, process }
    }

    /// Hands an event to the function.
    pub async fn ask(&self, event: Value, deadline: Deadline) -> Answer {
        match self.api.invoke(event, deadline).await {
            Ok(answer) => answer,
            Err(e) => panic!(
                "{e}: {:#?} {:#?}",
                self.process.stdout(),
                self.process.stderr()
            ),
        }
    }

    /// The answer to an event that must succeed.
    pub async fn answer(&self, event: Value) -> Value {
        self.answer_by(event, PLENTY).await
    }

    /// The same, with another deadline.
    pub async fn answer_by(&self, event: Value, deadline: Deadline) -> Value {
        match self.ask(event, deadline).await {
            Answer::Response(answer) => answer,
            Answer::Error { body, .. } => panic!("failed: {body:#}"),
        }
    }

    /// The failure of an event that must fail.
    pub async fn refusal(&self, event: Value) -> Refusal {
        match self.ask(event, PLENTY).await {
            Answer::Response(answer) => panic!("succeeded: {answer:#}"),
            Answer::Error {
                error_type,
                error_message,
                ..
            } => Refusal {
                kind: error_type,
                message: serde_json::from_str(&error_message).expect("errorMessage is JSON"),
            },
        }
    }

    /// Ends the process, which must have kept to the protocol, and gives all that it wrote.
    pub async fn end(mut self) -> Output {
        assert!(
            self.process.is_running(),
            "an invocation ended the environment"
        );
        self.process.kill().await.expect("killed");
        self.process
            .wait(Duration::from_secs(10))
            .await
            .expect("ended");
        assert_eq!(self.api.faults(), Vec::<String>::new());
        Output {
            stdout: self.process.stdout(),
            stderr: self.process.stderr(),
        }
    }
}

impl Refusal {
    /// One of the texts in `errorMessage`.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.message[key].as_str().unwrap_or_default()
    }
}

impl Output {
    /// Whether a text is anywhere in it.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        self.stdout
            .iter()
            .chain(&self.stderr)
            .any(|line| line.contains(text))
    }

    /// The log on standard output: every line is a JSON object.
    #[must_use]
    pub fn log(&self) -> Vec<Value> {
        let parse = |line: &String| match serde_json::from_str::<Value>(line) {
            Ok(value) if value.is_object() => value,
            _ => panic!("not a JSON object: {line}"),
        };
        self.stdout.iter().map(parse).collect()
    }

    /// The lines that sum an invocation up.
    #[must_use]
    pub fn summaries(&self) -> Vec<Value> {
        let mut log = self.log();
        log.retain(|line| matches!(line["message"].as_str(), Some("done" | "failed")));
        log
    }

    /// The lines of numbers, of which CloudWatch makes metrics where alarms use them.
    #[must_use]
    pub fn numbers(&self) -> Vec<Value> {
        let mut log = self.log();
        log.retain(|line| line.get("Failures").is_some());
        log
    }
}

/// A store and secrets in a folder of this machine.
#[derive(Debug)]
pub struct Local {
    connector: &'static str,
    folder: TempDir,
}

impl Local {
    /// An empty store, and a secret for the connection `default`.
    #[must_use]
    pub fn new(connector: &'static str, secret: &Value) -> Self {
        let local = Self {
            connector,
            folder: tempfile::tempdir().expect("a folder"),
        };
        local.write_secret("default", secret);
        local
    }

    /// Gives a connection its secret.
    pub fn write_secret(&self, connection: &str, secret: &Value) {
        let secrets = self.folder.path().join("secrets").join(self.connector);
        std::fs::create_dir_all(&secrets).expect("a folder");
        let file = secrets.join(format!("{connection}.json"));
        std::fs::write(file, secret.to_string()).expect("written");
    }

    /// The folder of the store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// An object of the store that is JSON.
    #[must_use]
    pub fn json(&self, key: impl AsRef<Path>) -> Value {
        let bytes = std::fs::read(self.store().join(key)).expect("an object");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// The variables that lead a function here.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        vec![
            ("ROLLCALL_STORE".into(), path("store")),
            (
                "ROLLCALL_SECRETS".into(),
                format!("file:{}", path("secrets")),
            ),
        ]
    }
}
