//! A workbench: a connector, its simulator, a store in a folder, and a clock that tests move.

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

const BEGINNING: &str = "2026-06-01T12:00:00Z";

pub struct Bench<S> {
    pub vendor: S,
    pub cx: Context,
    pub clock: Arc<Manual>,
    folder: TempDir,
}

impl<S: Subject> Bench<S> {
    pub async fn new() -> Self {
        Self::around(S::start().await)
    }

    /// One in front of the small sample world.
    pub async fn small() -> Self {
        Self::around(S::small().await)
    }

    pub fn around(vendor: S) -> Self {
        Self::with(vendor, Transport::new(None).expect("TLS"))
    }

    /// Renews everything except the client, whose roots take longer to read than a change of access.
    pub async fn renewed(self) -> Self {
        Self::with(S::start().await, self.cx.transport)
    }

    fn with(vendor: S, transport: Transport) -> Self {
        let (name, secret) = (S::entry().about.name, vendor.secret());
        let (mut cx, clock, folder) = surroundings(name, &secret, transport);
        // A connector's reaction to an outage shows at the first failure. Retries are the engine's.
        cx.settings.retries = 0;
        Self { vendor, cx, clock, folder }
    }

    pub fn afresh(&mut self) {
        let (name, secret) = (S::entry().about.name, self.vendor.secret());
        let (fresh, clock, folder) = surroundings(name, &secret, self.cx.transport.clone());
        self.cx.settings.scratch = fresh.settings.scratch;
        (self.cx.store, self.cx.audit) = (fresh.store, fresh.audit);
        (self.cx.secrets, self.cx.clock) = (fresh.secrets, fresh.clock);
        (self.clock, self.folder) = (clock, folder);
        self.vendor.clear_requests();
    }

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

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub fn file(&self, key: &str) -> PathBuf {
        self.store().join(key)
    }

    /// The variables that lead a function's binary to this store and these secrets.
    pub fn variables(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let secrets = format!("file:{}", path("secrets"));
        let pairs = [("ROLLCALL_STORE", path("store")), ("ROLLCALL_SECRETS", secrets)];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Calls a function. Whatever succeeds has sent nothing that the vendor does not document.
    pub async fn invoke(&self, operation: Operation, event: Value) -> Result<Value, Error> {
        let answer = S::entry().invoke(&self.cx, operation, &event).await?;
        assert_eq!(self.vendor.violations(), Vec::<String>::new(), "{event}: {answer}");
        Ok(answer)
    }

    /// The first slice of a sync, cut after so many steps.
    pub async fn cut(&mut self, steps: usize) -> Value {
        self.cx.settings.max_steps = Some(steps);
        let answer = answer_of(self.invoke(Operation::Sync, json!({})).await);
        self.cx.settings.max_steps = None;
        answer
    }

    pub async fn sync(&self) -> Result<Value, Error> {
        self.finish(json!({})).await
    }

    /// Resumes a sync as its answers say, to its end.
    pub async fn finish(&self, event: Value) -> Result<Value, Error> {
        self.follow(Operation::Sync, event, |answer| json!({"sync_id": answer["sync_id"]})).await
    }

    /// Carries out a change, and sends its event again as its answers say, to its end.
    pub async fn change(&self, operation: Operation, event: Value) -> Result<Value, Error> {
        self.follow(operation, event.clone(), |_| event.clone()).await
    }

    async fn follow(
        &self,
        operation: Operation,
        mut event: Value,
        next: impl Fn(&Value) -> Value,
    ) -> Result<Value, Error> {
        for _ in 0..10_000 {
            let answer = self.invoke(operation, event).await?;
            if answer["status"] != "continue" && answer["outcome"] != "in_progress" {
                return Ok(answer);
            }
            let at = answer["resume_at"].as_str().expect("a time").parse();
            self.clock.advance(between(self.clock.now(), at.expect("a time")));
            event = next(&answer);
        }
        panic!("it never ends");
    }

    pub async fn complete(&self) -> Value {
        let answer = answer_of(self.sync().await);
        assert_eq!(answer["status"], "complete", "{answer}");
        answer
    }

    pub fn is_published(&self) -> bool {
        let is_json = |file: &PathBuf| file.extension().is_some_and(|e| e == "json");
        files(&self.file("latest")).iter().any(is_json)
    }

    pub fn latest(&self) -> Value {
        json_of(&self.file(&format!("latest/{}/default.json", S::entry().about.name)))
    }

    pub fn snapshot(&self, answer: &Value) -> Vec<u8> {
        let key = answer["snapshot"].as_str().expect("a snapshot");
        std::fs::read(self.file(key)).expect("the snapshot")
    }

    pub fn written(&self) -> Vec<PathBuf> {
        files(&self.store())
    }

    pub fn manifest_file(&self, answer: &Value) -> PathBuf {
        let (connector, id) = (S::entry().about.name, answer["sync_id"].as_str().expect("an id"));
        self.file(&format!("snapshots/{connector}/default/{id}.json"))
    }

    pub fn manifest(&self, answer: &Value) -> Value {
        json_of(&self.manifest_file(answer))
    }

    /// The objects that readers use: pointers, snapshots with their manifests, observations; byte for byte.
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
            let holds = |bytes, text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
            let held = |text: &&String| forms.iter().any(|bytes| holds(bytes, text));
            texts.iter().find(held).map(|text| (path, text.clone()))
        })
    }

    pub fn writes(&self) -> Vec<Request> {
        self.vendor.requests().into_iter().filter(|request| !S::only_reads(request)).collect()
    }
}

/// The environment of a connector with this secret: a stopped clock, and a store in a folder of its own.
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

fn write_secret(folder: &TempDir, connector: &str, secret: &Value) {
    let secrets = folder.path().join("secrets").join(connector);
    std::fs::create_dir_all(&secrets).expect("a folder");
    std::fs::write(secrets.join("default.json"), secret.to_string()).expect("written");
}

/// A folder, in memory where the machine has that: to wait for a disk is a third of the time of a small sync.
fn folder() -> TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    folder.expect("a folder")
}

fn json_of(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON")
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes.strip_prefix(b"C1ZF\0").unwrap_or(bytes)).unwrap_or_default()
}

pub fn answer_of(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|e| panic!("{}: {} ({})", e.kind(), Chain(&e), e.code()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let within = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path) } else { vec![path] }
    };
    entries.flat_map(within).collect()
}
