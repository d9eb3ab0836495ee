//! What the store knows about a snapshot besides the file: older and newer snapshots, and the ends of temporary grants.

use futures::{StreamExt, TryStreamExt};
use rollcall_connector::Error;
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::manifest::{Manifest, Status};
use rollcall_engine::expiration::{self, Expiration};
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Store, get_json};

/// The number of snapshots in the chart.
const CHARTED: usize = 30;

/// The number of manifests that are read for it: some are of quarantined snapshots.
const READ: usize = 40;

/// What the store knows about a snapshot besides the file.
pub(super) struct Background {
    /// The published snapshots up to this one, oldest first.
    pub(super) history: Vec<Manifest>,
    /// The newest snapshot of the connection, if it is newer than this one and waits to be accepted.
    pub(super) waiting: Option<Manifest>,
    /// Whether this is the newest published snapshot.
    pub(super) is_latest: bool,
    /// The open ends of temporary grants.
    pub(super) ends: Vec<Expiration>,
}

impl Background {
    /// Reads it for the snapshot that `manifest` describes.
    pub(super) async fn read(store: &dyn Store, manifest: &Manifest) -> Result<Self, Error> {
        let keys = Keys { connector: &manifest.connector, connection: &manifest.connection };
        let stored = Stored::list(store, keys).await?;
        let until = stored.0.partition_point(|(generation, _)| *generation <= manifest.generation);
        let ids = stored.0[until.saturating_sub(READ)..until].iter();
        let read = ids.map(|(_, sync_id)| manifest_of(store, keys, sync_id));
        let read: Vec<_> = futures::stream::iter(read).buffered(16).try_collect().await?;
        let read: Vec<Manifest> = read.into_iter().flatten().collect();
        let waiting = stored.waiting(store, keys, manifest.generation).await?;
        let latest = get_json::<Latest>(store, &keys.latest()).await?;
        let is_latest = latest.is_some_and(|(latest, _)| latest.sync_id == manifest.sync_id);
        let ends = expiration::open(store, &keys.expirations()).await?;
        Ok(Self { history: published(read, &manifest.sync_id), waiting, is_latest, ends })
    }
}

/// The snapshots of a connection: generation and sync id, oldest first.
pub(super) struct Stored(Vec<(u64, String)>);

impl Stored {
    /// Lists them.
    pub(super) async fn list(store: &dyn Store, keys: Keys<'_>) -> Result<Self, Error> {
        let found = store.list(&keys.snapshots()).await?;
        let mut stored: Vec<_> = found.iter().filter_map(|key| numbered(key)).collect();
        stored.sort_unstable();
        stored.dedup_by(|next, before| next.1 == before.1);
        Ok(Self(stored))
    }

    /// The newest snapshot, if it is newer than this generation and quarantined.
    pub(super) async fn waiting(
        &self,
        store: &dyn Store,
        keys: Keys<'_>,
        generation: u64,
    ) -> Result<Option<Manifest>, Error> {
        // A file without a manifest is of a run that did not end.
        for (_, sync_id) in self.0.iter().rev().take_while(|(newer, _)| *newer > generation) {
            if let Some(manifest) = manifest_of(store, keys, sync_id).await? {
                return Ok(Some(manifest).filter(|manifest| manifest.status == Status::Held));
            }
        }
        Ok(None)
    }
}

/// The manifest of a sync, if there is one.
pub(super) async fn manifest_of(
    store: &dyn Store,
    keys: Keys<'_>,
    sync_id: &str,
) -> Result<Option<Manifest>, Error> {
    Ok(get_json(store, &keys.manifest(sync_id)).await?.map(|(manifest, _)| manifest))
}

/// Generation and sync id in the key of a snapshot.
fn numbered(key: &str) -> Option<(u64, String)> {
    let (_, name) = key.rsplit_once('/')?;
    let (sync_id, generation) = name.strip_suffix(".c1z")?.rsplit_once('-')?;
    Some((generation.parse().ok()?, sync_id.to_owned()))
}

/// Those that were published, or accepted later: then a newer one names it as the one before. `own` counts in any case.
fn published(mut manifests: Vec<Manifest>, own: &str) -> Vec<Manifest> {
    let named: Vec<_> = manifests.iter().filter_map(|m| m.previous_sync_id.clone()).collect();
    manifests.retain(|m| {
        m.status == Status::Published || m.sync_id == own || named.contains(&m.sync_id)
    });
    let first = manifests.len().saturating_sub(CHARTED);
    manifests.split_off(first)
}
