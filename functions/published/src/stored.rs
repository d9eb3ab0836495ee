//! The snapshots that the store has of a connection, and their manifests.

use rollcall_connector::Error;
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::manifest::{Manifest, Status};
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Store, get_json};

/// The snapshots of a connection: generation and sync id, oldest first.
pub(crate) struct Stored(Vec<(u64, String)>);

impl Stored {
    /// Lists them.
    pub(crate) async fn list(store: &dyn Store, keys: Keys<'_>) -> Result<Self, Error> {
        let found = store.list(&keys.snapshots()).await?;
        let mut stored: Vec<_> = found.iter().filter_map(|key| numbered(key)).collect();
        stored.sort_unstable();
        stored.dedup_by(|next, before| next.1 == before.1);
        Ok(Self(stored))
    }

    /// Those up to this generation.
    pub(crate) fn up_to(&self, generation: u64) -> &[(u64, String)] {
        &self.0[..self.0.partition_point(|(one, _)| *one <= generation)]
    }

    /// Those after this generation.
    fn after(&self, generation: u64) -> &[(u64, String)] {
        &self.0[self.up_to(generation).len()..]
    }

    /// The newest snapshot, if it is newer than this generation and quarantined.
    pub(crate) async fn waiting(
        &self,
        store: &dyn Store,
        keys: Keys<'_>,
        generation: u64,
    ) -> Result<Option<Manifest>, Error> {
        // A file without a manifest is of a run that did not end.
        for (_, sync_id) in self.after(generation).iter().rev() {
            if let Some(manifest) = manifest_of(store, keys, sync_id).await? {
                return Ok(Some(manifest).filter(|manifest| manifest.status == Status::Held));
            }
        }
        Ok(None)
    }
}

/// The manifest of a sync, if there is one.
pub(crate) async fn manifest_of(
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

/// Whether a snapshot was published when it was made, or was quarantined and then accepted: `latest` points to it, or a
/// newer one was compared with it.
pub(crate) async fn is_published(store: &dyn Store, manifest: &Manifest) -> Result<bool, Error> {
    let keys = Keys { connector: &manifest.connector, connection: &manifest.connection };
    if manifest.status == Status::Published {
        return Ok(true);
    }
    let latest = get_json::<Latest>(store, &keys.latest()).await?;
    if latest.is_some_and(|(latest, _)| latest.sync_id == manifest.sync_id) {
        return Ok(true);
    }
    for (_, newer) in Stored::list(store, keys).await?.after(manifest.generation) {
        let newer = manifest_of(store, keys, newer).await?;
        if newer.is_some_and(|m| m.previous_sync_id.as_ref() == Some(&manifest.sync_id)) {
            return Ok(true);
        }
    }
    Ok(false)
}
