//! An environment of Lambda: a function's real binary in front of a Runtime API.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use rollcall::function::Operation;
use rollcall_harness::process::{Launch, Process};
use rollcall_harness::runtime_api::{Answer, Deadline, RuntimeApi};
use rollcall_simulators::temporalcloud::{Options, TEST_KEY, TemporalCloud, World};
use serde_json::{Value, json};
use tempfile::TempDir;

/// As much time as anything here takes.
pub(crate) const PLENTY: Deadline = Deadline::In(60_000);

/// The binary of an operation.
pub(crate) fn binary(operation: Operation) -> &'static str {
    match operation {
        Operation::Sync => env!("CARGO_BIN_EXE_temporalcloud-sync"),
        Operation::Grant => env!("CARGO_BIN_EXE_temporalcloud-grant"),
        Operation::Revoke => env!("CARGO_BIN_EXE_temporalcloud-revoke"),
        Operation::CreateAccount => env!("CARGO_BIN_EXE_temporalcloud-create-account"),
        Operation::DeleteAccount => env!("CARGO_BIN_EXE_temporalcloud-delete-account"),
    }
}

/// A simulator whose operations are finished at once: these tests run in real time.
pub(crate) async fn simulator(world: World) -> TemporalCloud {
    let mut options = Options::default();
    options.operations.polls = 0;
    TemporalCloud::start(world, options)
        .await
        .expect("a simulator")
}

/// A running function.
pub(crate) struct Environment {
    api: RuntimeApi,
    process: Process,
}

/// A failure, as whoever called the function sees it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: String,
    /// What `errorMessage` holds.
    pub(crate) message: Value,
}

/// What a function wrote, line by line.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
}

impl Environment {
    /// Starts the binary of an operation with these variables.
    pub(crate) async fn start<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        operation: Operation,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let api = RuntimeApi::start().await.expect("a Runtime API");
        let launch = Launch::lambda(binary(operation), &api.address()).envs(variables);
        let process = launch.spawn().expect("a process");
        Self { api, process }
    }

    /// Hands an event to the function.
    pub(crate) async fn ask(&self, event: Value, deadline: Deadline) -> Answer {
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
    pub(crate) async fn answer(&self, event: Value) -> Value {
        self.answer_by(event, PLENTY).await
    }

    /// The same, with another deadline.
    pub(crate) async fn answer_by(&self, event: Value, deadline: Deadline) -> Value {
        match self.ask(event, deadline).await {
            Answer::Response(answer) => answer,
            Answer::Error { body, .. } => panic!("failed: {body:#}"),
        }
    }

    /// The failure of an event that must fail.
    pub(crate) async fn refusal(&self, event: Value) -> Refusal {
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
    pub(crate) async fn end(mut self) -> Output {
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
    pub(crate) fn text(&self, key: &str) -> &str {
        self.message[key].as_str().unwrap_or_default()
    }
}

impl Output {
    /// Whether a text is anywhere in it.
    pub(crate) fn holds(&self, text: &str) -> bool {
        self.stdout
            .iter()
            .chain(&self.stderr)
            .any(|line| line.contains(text))
    }

    /// The log on standard output: every line is a JSON object.
    pub(crate) fn log(&self) -> Vec<Value> {
        let parse = |line: &String| match serde_json::from_str::<Value>(line) {
            Ok(value) if value.is_object() => value,
            _ => panic!("not a JSON object: {line}"),
        };
        self.stdout.iter().map(parse).collect()
    }
}

/// A store and secrets in a folder of this machine.
pub(crate) struct Local {
    folder: TempDir,
}

impl Local {
    /// An empty store, and a secret for the connection `default` to the simulator.
    pub(crate) fn beside(simulator: &TemporalCloud) -> Self {
        let local = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let secret = json!({"api-key": TEST_KEY, "base-url": simulator.base_url()});
        local.write_secret("default", &secret);
        local
    }

    /// Gives a connection its secret.
    pub(crate) fn write_secret(&self, connection: &str, secret: &Value) {
        let secrets = self.folder.path().join("secrets/temporalcloud");
        std::fs::create_dir_all(&secrets).expect("a folder");
        let file = secrets.join(format!("{connection}.json"));
        std::fs::write(file, secret.to_string()).expect("written");
    }

    /// The folder of the store.
    pub(crate) fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    /// An object of the store that is JSON.
    pub(crate) fn json(&self, key: impl AsRef<Path>) -> Value {
        let bytes = std::fs::read(self.store().join(key)).expect("an object");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// The variables that lead a function here.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        vec![
            ("ROLLCALL_STORE".into(), path("store")),
            (
                "ROLLCALL_SECRETS".into(),
                format!("file:{}", path("secrets")),
            ),
        ]
    }

    /// Starts a function that is led here.
    pub(crate) async fn start(&self, operation: Operation) -> Environment {
        Environment::start(operation, self.variables()).await
    }
}
