//! A workbench: a connector, its simulator, a store in a folder, and a clock that tests move.
#![expect(
    clippy::expect_used,
    reason = "test equipment: a panic is a failed test"
)]

use std::path::Path;
use std::sync::Arc;

use rollcall::clock::Manual;
use rollcall::context::Context;
use rollcall::function::Operation;
use rollcall::http::Transport;
use rollcall::secrets::Files;
use rollcall::store::folder::Folder;
use rollcall::{Chain, Error};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Subject;

/// When every test begins.
const BEGINNING: &str = "2026-06-01T12:00:00Z";

/// A connector, its simulator and everything around it.
pub struct Bench<S> {
    /// The simulator.
    pub vendor: S,
    /// What surrounds the functions.
    pub cx: Context,
    /// The clock in it.
    pub clock: Arc<Manual>,
    folder: TempDir,
}

impl<S: Subject> Bench<S> {
    /// A fresh one.
    pub async fn new() -> Self {
        Self::around(S::start().await)
    }

    /// One around a simulator that is there already.
    pub fn around(vendor: S) -> Self {
        let bench = Self::beside(vendor, tempfile::tempdir().expect("a folder"));
        bench.write_secret(&bench.vendor.secret());
        bench
    }

    fn beside(vendor: S, folder: TempDir) -> Self {
        let clock = Arc::new(Manual::at(BEGINNING.parse().expect("a time")));
        let cx = Context::new(
            Arc::new(Folder::new(folder.path().join("store"))),
            Arc::new(Files::new(folder.path().join("secrets"))),
            clock.clone(),
            Transport::new(None).expect("TLS"),
        );
        Self {
            vendor,
            cx,
            clock,
            folder,
        }
    }

    /// Begins again with an empty store and the clock at the beginning.
    pub fn afresh(&mut self) {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(Manual::at(BEGINNING.parse().expect("a time")));
        self.cx.store = Arc::new(Folder::new(folder.path().join("store")));
        self.cx.secrets = Arc::new(Files::new(folder.path().join("secrets")));
        self.cx.clock = clock.clone();
        self.clock = clock;
        self.folder = folder;
        self.write_secret(&self.vendor.secret());
        self.vendor.clear_requests();
    }

    /// Stores the secret of the connection `default`.
    pub fn write_secret(&self, secret: &Value) {
        let folder = self
            .folder
            .path()
            .join("secrets")
            .join(S::entry().about.name);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("default.json"), secret.to_string()).expect("written");
    }

    /// Where the store is.
    pub fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    /// A file of the store.
    pub fn file(&self, key: &str) -> std::path::PathBuf {
        self.store().join(key)
    }

    /// Runs an operation.
    pub async fn invoke(&self, operation: Operation, event: Value) -> Result<Value, Error> {
        S::entry().invoke(&self.cx, operation, &event).await
    }

    /// Runs a sync to its end, however many slices that takes.
    pub async fn sync(&self) -> Result<Value, Error> {
        self.finish(json!({})).await
    }

    /// Goes on with a sync to its end.
    pub async fn finish(&self, mut event: Value) -> Result<Value, Error> {
        for _ in 0..10_000 {
            let answer = self.invoke(Operation::Sync, event).await?;
            if answer["status"] != "continue" {
                return Ok(answer);
            }
            let at = answer["resume_at"]
                .as_str()
                .expect("a time")
                .parse()
                .expect("a time");
            self.clock.advance(rollcall::clock::between(
                rollcall::clock::Clock::now(&*self.clock),
                at,
            ));
            event = json!({"sync_id": answer["sync_id"]});
        }
        panic!("the sync never ends");
    }

    /// Runs a sync that must be complete.
    pub async fn complete(&self) -> Value {
        let answer = answer_of(self.sync().await);
        assert_eq!(answer["status"], "complete", "{answer}");
        answer
    }

    /// Whether anything was published.
    pub fn is_published(&self) -> bool {
        let latest = self.store().join("latest");
        latest.exists()
            && files(&latest)
                .iter()
                .any(|f| f.extension().is_some_and(|e| e == "json"))
    }

    /// The bytes of an answer's snapshot.
    pub fn snapshot(&self, answer: &Value) -> Vec<u8> {
        let key = answer["snapshot"].as_str().expect("a snapshot");
        std::fs::read(self.file(key)).expect("the snapshot")
    }

    /// Every file that was written.
    pub fn written(&self) -> Vec<std::path::PathBuf> {
        files(&self.store())
    }
}

/// The answer, or a readable panic.
pub fn answer_of(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|e| panic!("{}: {} ({})", e.kind(), Chain(&e), e.code()))
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
