//! A workbench: a connector, its simulator, a store in a folder, and a clock that tests move.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollcall_connector::clock::{Clock, Manual, between};
use rollcall_connector::http::Transport;
use rollcall_connector::{Chain, Error};
use rollcall_engine::context::Context;
use rollcall_engine::context::secrets::Files;
use rollcall_engine::runtime::function::Operation;
use rollcall_engine::store::folder::Folder;
use rollcall_simulators::Request;
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
        Self::with(vendor, Transport::new(None).expect("TLS"))
    }

    /// Everything anew, the simulated world included. Only the client stays: to read its roots takes longer than a change
    /// of access.
    pub async fn renewed(self) -> Self {
        Self::with(S::start().await, self.cx.transport)
    }

    fn with(vendor: S, transport: Transport) -> Self {
        let (name, secret) = (S::entry().about.name, vendor.secret());
        let (mut cx, clock, folder) = surroundings(name, &secret, transport);
        // What a connector makes of an outage shows at the first failure. Attempts are the engine's own.
        cx.settings.retries = 0;
        Self { vendor, cx, clock, folder }
    }

    /// Begins again with an empty store and the clock at the beginning.
    pub fn afresh(&mut self) {
        let (name, secret) = (S::entry().about.name, self.vendor.secret());
        let (fresh, clock, folder) = surroundings(name, &secret, self.cx.transport.clone());
        self.cx.settings.scratch = fresh.settings.scratch;
        (self.cx.store, self.cx.audit) = (fresh.store, fresh.audit);
        (self.cx.secrets, self.cx.clock) = (fresh.secrets, fresh.clock);
        (self.clock, self.folder) = (clock, folder);
        self.vendor.clear_requests();
    }

    /// Stores the secret of the connection `default`.
    pub fn write_secret(&self, secret: &Value) {
        write_secret(&self.folder, S::entry().about.name, secret);
    }

    /// Stores the secret with these keys set, and all others as they should be.
    pub fn set_keys(&self, keys: &Value) {
        let mut secret = self.vendor.secret();
        for (key, value) in keys.as_object().expect("keys") {
            secret[key] = value.clone();
        }
        self.write_secret(&secret);
    }

    /// Where the store is.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// A file of the store.
    pub fn file(&self, key: &str) -> PathBuf {
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

    /// Resumes a sync as its answers say, to its end.
    pub async fn finish(&self, mut event: Value) -> Result<Value, Error> {
        for _ in 0..10_000 {
            let answer = self.invoke(Operation::Sync, event).await?;
            if answer["status"] != "continue" {
                return Ok(answer);
            }
            self.wait_for(&answer);
            event = json!({"sync_id": answer["sync_id"]});
        }
        panic!("the sync never ends");
    }

    /// Carries out a change, and sends its event again as its answers say, to its end.
    pub async fn change(&self, operation: Operation, event: Value) -> Result<Value, Error> {
        for _ in 0..10_000 {
            let answer = self.invoke(operation, event.clone()).await?;
            if answer["outcome"] != "in_progress" {
                return Ok(answer);
            }
            self.wait_for(&answer);
        }
        panic!("the change never ends");
    }

    fn wait_for(&self, answer: &Value) {
        let at = answer["resume_at"].as_str().expect("a time");
        let at = at.parse().expect("a time");
        self.clock.advance(between(self.clock.now(), at));
    }

    /// Runs a sync that must be complete.
    pub async fn complete(&self) -> Value {
        let answer = answer_of(self.sync().await);
        assert_eq!(answer["status"], "complete", "{answer}");
        answer
    }

    /// Whether anything was published.
    pub fn is_published(&self) -> bool {
        let found = files(&self.file("latest"));
        let mut found = found.iter();
        found.any(|file| file.extension().is_some_and(|e| e == "json"))
    }

    /// The pointer to the newest snapshot.
    pub fn latest(&self) -> Value {
        let key = format!("latest/{}/default.json", S::entry().about.name);
        let text = std::fs::read(self.file(&key)).expect("the pointer");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// The bytes of an answer's snapshot.
    pub fn snapshot(&self, answer: &Value) -> Vec<u8> {
        let key = answer["snapshot"].as_str().expect("a snapshot");
        std::fs::read(self.file(key)).expect("the snapshot")
    }

    /// Every file that was written.
    pub fn written(&self) -> Vec<PathBuf> {
        files(&self.store())
    }

    /// Where the manifest of an answer's snapshot lies.
    pub fn manifest_file(&self, answer: &Value) -> PathBuf {
        let (connector, id) = (S::entry().about.name, &answer["sync_id"]);
        let id = id.as_str().expect("an id");
        self.file(&format!("snapshots/{connector}/default/{id}.json"))
    }

    /// The manifest of an answer's snapshot.
    pub fn manifest(&self, answer: &Value) -> Value {
        let text = std::fs::read(self.manifest_file(answer)).expect("the manifest");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// What readers of a store go by: pointers, snapshots with their manifests, and observations. Byte for byte.
    pub fn published(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let counts = |path: &PathBuf| {
            let key = path.strip_prefix(self.store()).expect("a key");
            let shown = key.starts_with("latest") || key.starts_with("snapshots");
            shown || key.ends_with("observed.json")
        };
        let files = self.written().into_iter().filter(counts);
        let read = |path: PathBuf| (path.clone(), std::fs::read(path).expect("a file"));
        files.map(read).collect()
    }

    /// The first file that holds one of these texts, as it is or unpacked, and the text.
    pub fn leak(&self, texts: &[String]) -> Option<(PathBuf, String)> {
        self.written().into_iter().find_map(|path| {
            let raw = std::fs::read(&path).expect("a file");
            let forms = [unpacked(&raw), raw];
            let held = |text: &&String| forms.iter().any(|bytes| holds(bytes, text));
            texts.iter().find(held).map(|text| (path, text.clone()))
        })
    }

    /// Every change that was sent to the vendor.
    pub fn writes(&self) -> Vec<Request> {
        let requests = self.vendor.requests().into_iter();
        requests.filter(|request| !S::only_reads(request)).collect()
    }
}

/// What surrounds a connector with this secret: time stands still, and what lasts is in a folder of its own.
pub fn surroundings(
    connector: &str,
    secret: &Value,
    transport: Transport,
) -> (Context, Arc<Manual>, TempDir) {
    let folder = folder();
    write_secret(&folder, connector, secret);
    let path = |name: &str| folder.path().join(name);
    let (store, secrets) = (Folder::new(path("store")), Files::new(path("secrets")));
    let clock = Arc::new(Manual::at(BEGINNING.parse().expect("a time")));
    let (store, secrets) = (Arc::new(store), Arc::new(secrets));
    let mut cx = Context::new(store, secrets, clock.clone(), transport);
    cx.settings.scratch = Some(folder.path().to_owned());
    (cx, clock, folder)
}

/// Writes the secret of the connection `default`.
pub fn write_secret(folder: &TempDir, connector: &str, secret: &Value) {
    let secrets = folder.path().join("secrets").join(connector);
    std::fs::create_dir_all(&secrets).expect("a folder");
    std::fs::write(secrets.join("default.json"), secret.to_string()).expect("written");
}

/// A folder, in memory where the machine has that: what a test writes need not outlive a power cut, and to wait until it
/// would is a third of the time that a small sync takes.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    folder.expect("a folder")
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// What a compressed file holds; nothing for other files.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let frame = bytes.strip_prefix(b"C1ZF\0").unwrap_or(bytes);
    zstd::decode_all(frame).unwrap_or_default()
}

/// The answer, or a readable panic.
pub fn answer_of(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|e| panic!("{}: {} ({})", e.kind(), Chain(&e), e.code()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let within = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        let below = path.is_dir().then(|| files(&path));
        below.unwrap_or_else(|| vec![path])
    };
    entries.flat_map(within).collect()
}
