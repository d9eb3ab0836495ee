//! Reads a published snapshot, and the one before it, from the store.

use rollcall_connector::{Chain, Code, Error, ErrorType};
use rollcall_engine::catalog::file;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_engine::store::Store;
use rollcall_engine::store::keys::Keys;
use rollcall_snapshot::Snapshot;

use crate::event::PublishedEvent;
use crate::stored::{is_published, manifest_of};

/// A published snapshot, and the published one before it.
pub struct Published {
    /// Its manifest.
    pub manifest: Manifest,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The snapshot that it is compared with; `None`: it is the first, or that one is gone or
    /// cannot be read.
    pub previous: Option<Snapshot>,
}

impl Published {
    /// The keys of its connection.
    pub fn keys(&self) -> Keys<'_> {
        Keys { connector: &self.manifest.connector, connection: &self.manifest.connection }
    }

    /// Refuses a quarantined snapshot: nothing follows it.
    pub(crate) async fn check_status(&self, store: &dyn Store) -> Result<(), Error> {
        match is_published(store, &self.manifest).await? {
            true => Ok(()),
            false => Err(quarantined(&self.manifest.sync_id)),
        }
    }

    /// Opens the snapshots that the event is about.
    pub async fn open(store: &dyn Store, event: &PublishedEvent) -> Result<Self, Error> {
        let keys = Keys { connector: &event.connector, connection: &event.connection };
        let manifest = manifest_of(store, keys, &event.sync_id).await?.ok_or_else(|| {
            file::absent(&format!(
                "of sync {}: no {}",
                event.sync_id,
                store.place(&keys.manifest(&event.sync_id))
            ))
        })?;
        let snapshot = file::open(store, &manifest.snapshot.key, Some(&manifest)).await?;
        let previous = match &manifest.previous_sync_id {
            Some(id) => Self::open_previous(store, keys, id).await?,
            None => None,
        };
        Ok(Self { manifest, snapshot, previous })
    }

    async fn open_previous(
        store: &dyn Store,
        keys: Keys<'_>,
        sync_id: &str,
    ) -> Result<Option<Snapshot>, Error> {
        match Self::open_manifest(store, keys, sync_id).await {
            // Snapshots expire, and a damaged one is no reason to make nothing of this one.
            Err(e) if is_unusable(&e) => {
                tracing::warn!(error = %Chain(&e), "the snapshot before cannot be read");
                Ok(None)
            }
            opened => opened,
        }
    }

    async fn open_manifest(
        store: &dyn Store,
        keys: Keys<'_>,
        sync_id: &str,
    ) -> Result<Option<Snapshot>, Error> {
        let Some(manifest) = manifest_of(store, keys, sync_id).await? else {
            return Ok(None);
        };
        file::open(store, &manifest.snapshot.key, Some(&manifest)).await.map(Some)
    }
}

fn quarantined(sync_id: &str) -> Error {
    Error::refused(
        Code::NotPublished,
        format!("snapshot {sync_id} is quarantined (`held`): nothing follows it"),
        "Accept it with a sync event first, or name a published snapshot.",
    )
}

/// Whether an error is about the file itself, and will stay.
fn is_unusable(e: &Error) -> bool {
    matches!(e.kind(), ErrorType::NotFound | ErrorType::InvalidRequest)
        || e.code() == Code::UnreadableObject
}
