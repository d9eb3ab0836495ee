//! The changes between a published snapshot and the one before it: a file of events, and the same events on a bus.
//!
//! The file comes first. Its content, and the ids of its events, depend only on the two snapshots: a function that was
//! killed does it again without a loss, and consumers drop repeated events by their id.

mod describe;
mod lookup;
mod notices;
mod ocsf;
mod sentence;
mod subjects;

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use rollcall_connector::{Code, Error, Warning};
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_engine::context::Context;
use rollcall_engine::store::{Body, PutMode};
use rollcall_model::is_acting;
use rollcall_snapshot::{Snapshot, each_pair, scratch};
use tempfile::NamedTempFile;

use crate::bus::Bus;
use crate::source::Published;
use describe::Describer;
use ocsf::Activity;

/// The changes of a snapshot, as a file on the scratch disk.
pub(crate) struct Changes {
    /// Its key in the store.
    pub(crate) key: String,
    file: NamedTempFile,
    counts: BTreeMap<Activity, u64>,
}

impl Changes {
    /// Writes the changes into the store; or a warning that there is nothing to compare with.
    pub(crate) async fn write(
        cx: &Context,
        published: &Published,
    ) -> Result<Result<Self, Warning>, Error> {
        let manifest = &published.manifest;
        if let (Some(id), None) = (&manifest.previous_sync_id, &published.previous) {
            let what = format!(
                "no changes were written: the snapshot of sync {id} is gone or cannot be read"
            );
            return Ok(Err(Warning::new(Code::NothingToCompare, what)));
        }
        let changes = Self::of(published)?;
        let body = Body::File(changes.file.path());
        let put = cx.store.put(&changes.key, body, PutMode::Overwrite).await;
        put.map_err(|e| e.into_error("the changes of a snapshot"))?;
        Ok(Ok(changes))
    }

    /// Puts the changes onto a bus.
    pub(crate) async fn send(&self, bus: &Bus, manifest: &Manifest) -> Result<(), Error> {
        notices::send(bus, manifest, &self.key, self).await
    }

    /// The first snapshot of a connection has none.
    fn of(published: &Published) -> Result<Self, Error> {
        let file = NamedTempFile::with_prefix("rollcall-").map_err(scratch)?;
        let key = published.keys().changes(&published.manifest.sync_id);
        let mut changes = Self { key, file, counts: BTreeMap::new() };
        if let Some(previous) = &published.previous {
            changes.compare(published, previous)?;
        }
        Ok(changes)
    }

    fn compare(&mut self, published: &Published, previous: &Snapshot) -> Result<(), Error> {
        let mut describer = Describer::new(&published.manifest, previous, &published.snapshot);
        let mut out = BufWriter::new(self.file.as_file_mut());
        each_pair(previous, &published.snapshot, |pair| {
            let event = describer.event(pair)?;
            *self.counts.entry(event.activity).or_default() += 1;
            let json = serde_json::to_string(&event).map_err(Error::not_json)?;
            writeln!(out, "{}", one_line(json)).map_err(scratch)
        })?;
        out.flush().map_err(scratch)
    }

    fn count(&self) -> u64 {
        self.counts.values().sum()
    }
}

/// Escapes the characters that break a line or act on the text around it.
fn one_line(json: String) -> String {
    if !json.contains(is_acting) {
        return json;
    }
    let escape = |c| match is_acting(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => String::from(c),
    };
    json.chars().map(escape).collect()
}
