//! Reads a published snapshot, and the one before it, from the store.

use rollcall_connector::{Chain, Code, Error, ErrorType};
use rollcall_engine::catalog::file;
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::manifest::{Manifest, Status};
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Store, get_json};
use rollcall_snapshot::Snapshot;

use crate::event::PublishedEvent;

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

    /// Opens the snapshots that the event is about.
    pub async fn open(store: &dyn Store, event: &PublishedEvent) -> Result<Self, Error> {
        let keys = Keys { connector: &event.connector, connection: &event.connection };
        let manifest = manifest(store, keys, &event.sync_id).await?.ok_or_else(|| {
            file::absent(&format!(
                "of sync {}: no {}",
                event.sync_id,
                store.place(&keys.manifest(&event.sync_id))
            ))
        })?;
        if manifest.status == Status::Held && !is_latest(store, keys, &event.sync_id).await? {
            return Err(quarantined(&event.sync_id));
        }
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
        let Some(manifest) = manifest(store, keys, sync_id).await? else {
            return Ok(None);
        };
        file::open(store, &manifest.snapshot.key, Some(&manifest)).await.map(Some)
    }
}

/// Whether `latest` points to this snapshot: one that was quarantined, and then accepted.
async fn is_latest(store: &dyn Store, keys: Keys<'_>, sync_id: &str) -> Result<bool, Error> {
    let latest = get_json::<Latest>(store, &keys.latest()).await?;
    Ok(latest.is_some_and(|(latest, _)| latest.sync_id == sync_id))
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

async fn manifest(
    store: &dyn Store,
    keys: Keys<'_>,
    sync_id: &str,
) -> Result<Option<Manifest>, Error> {
    Ok(get_json(store, &keys.manifest(sync_id)).await?.map(|(manifest, _)| manifest))
}
