//! A connection to a simulated vendor, whose snapshots are published.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rollcall_connector::Error;
use rollcall_connector::clock::{Clock, Manual, between};
use rollcall_connector::http::Transport;
use rollcall_engine::context::Context;
use rollcall_engine::operation::Operation;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::surroundings;
use rollcall_published::{Products, PublishedAnswer, PublishedEvent, publish};
use rollcall_simulators::Configuration;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct Desk {
    pub(crate) cx: Context,
    clock: Arc<Manual>,
    entry: Entry,
    folder: TempDir,
}

impl Desk {
    pub(crate) fn of(name: &str, vendor: &Configuration) -> Self {
        let all = rollcall_functions::all();
        let entry = all.into_iter().find(|entry| entry.about.name == name).expect("a connector");
        let secret = vendor.variables().map(|(key, value)| (key, Value::from(value))).collect();
        let transport = Transport::new(None).expect("TLS");
        let (cx, clock, folder) = surroundings(name, &secret, transport);
        Self { cx, clock, entry, folder }
    }

    /// A sync, a day after the last one. Returns its id.
    pub(crate) async fn sync(&self) -> String {
        self.clock.advance(Duration::from_secs(24 * 60 * 60));
        let mut event = json!({});
        loop {
            let answer = self.entry.invoke(&self.cx, Operation::Sync, &event).await;
            let answer = answer.expect("an answer");
            if answer["status"] == "complete" {
                return answer["sync_id"].as_str().expect("an id").to_owned();
            }
            assert_eq!(answer["status"], "continue", "{answer:#}");
            let at = answer["resume_at"].as_str().expect("a time").parse().expect("a time");
            self.clock.advance(between(self.clock.now(), at));
            event = json!({"sync_id": answer["sync_id"]});
        }
    }

    pub(crate) fn event(&self, sync_id: &str) -> PublishedEvent {
        PublishedEvent {
            connector: self.entry.about.name.into(),
            connection: "default".into(),
            sync_id: sync_id.into(),
        }
    }

    /// Writes the changes of a snapshot, without a bus.
    pub(crate) async fn publish(&self, sync_id: &str) -> Result<PublishedAnswer, Error> {
        let changes = Products { changes: true, report: false, tables: false };
        publish(&self.cx, &self.event(sync_id), changes, None).await
    }

    /// Lets the changes of a snapshot be written again, as after a function that was killed.
    pub(crate) fn forget(&self, sync_id: &str) {
        std::fs::remove_file(self.file("published", sync_id, "json")).expect("a record");
    }

    /// An object of the connection.
    pub(crate) fn file(&self, class: &str, sync_id: &str, extension: &str) -> PathBuf {
        let folder = self.store().join(class).join(self.entry.about.name).join("default");
        folder.join(sync_id).with_extension(extension)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The file of a snapshot.
    pub(crate) fn snapshot(&self, sync_id: &str) -> PathBuf {
        let manifest = std::fs::read(self.file("snapshots", sync_id, "json")).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        self.store().join(manifest["snapshot"]["key"].as_str().expect("a key"))
    }

    pub(crate) fn text(&self, sync_id: &str) -> String {
        std::fs::read_to_string(self.file("changes", sync_id, "jsonl")).expect("a file")
    }

    pub(crate) fn lines(&self, sync_id: &str) -> Vec<Value> {
        let text = self.text(sync_id);
        text.split_terminator('\n').map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The changes of the second of two snapshots, written.
    pub(crate) async fn changes(&self, change: impl FnOnce()) -> Vec<Value> {
        self.sync().await;
        change();
        let second = self.sync().await;
        self.publish(&second).await.expect("published");
        self.lines(&second)
    }
}
