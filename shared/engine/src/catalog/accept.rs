//! Accepts a quarantined snapshot.

use rollcall_connector::{Code, Error, ErrorType};

use crate::catalog::latest::{Latest, point};
use crate::catalog::manifest::{Manifest, Status};
use crate::store::keys::Keys;
use crate::store::{Store, get_json};

/// Publishes a quarantined snapshot.
pub(crate) async fn accept(
    store: &dyn Store,
    keys: Keys<'_>,
    sync_id: &str,
) -> Result<Manifest, Error> {
    let found = get_json::<Manifest>(store, &keys.manifest(sync_id)).await?;
    let Some((manifest, _)) = found else {
        return Err(Error::new(
            ErrorType::NotFound,
            Code::SnapshotNotFound,
            format!("connection `{}` has no snapshot {sync_id}", keys.connection),
            "Use the `sync_id` of an answer whose status was `held`.",
        ));
    };
    let pointer = get_json::<Latest>(store, &keys.latest()).await?;
    let is_latest = pointer.is_some_and(|(latest, _)| latest.sync_id == sync_id);
    if !is_latest {
        if manifest.status != Status::Held {
            return Err(Error::refused(
                Code::NotHeld,
                format!(
                    "snapshot {sync_id} was published when it was made and is no longer the newest"
                ),
                "Only a held snapshot can be accepted.",
            ));
        }
        point(store, &manifest).await?;
    }
    Ok(manifest)
}
