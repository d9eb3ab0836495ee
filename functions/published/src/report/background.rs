//! What the store knows about a snapshot besides the file: older and newer snapshots, and the ends of temporary grants.

use futures::{StreamExt, TryStreamExt};
use rollcall_connector::Error;
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::manifest::{Manifest, Status};
use rollcall_engine::expiration::{self, Expiration};
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Store, get_json};

use crate::stored::{Stored, manifest_of};

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
        let ids = stored.up_to(manifest.generation).iter().rev().take(READ).rev();
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

/// Those that were published, or accepted later: then a newer one names it as the one before. `own` counts in any case.
fn published(mut manifests: Vec<Manifest>, own: &str) -> Vec<Manifest> {
    let named: Vec<_> = manifests.iter().filter_map(|m| m.previous_sync_id.clone()).collect();
    manifests.retain(|m| {
        m.status == Status::Published || m.sync_id == own || named.contains(&m.sync_id)
    });
    let first = manifests.len().saturating_sub(CHARTED);
    manifests.split_off(first)
}
