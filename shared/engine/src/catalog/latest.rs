//! The pointer to the newest published snapshot of a connection.

use jiff::Timestamp;
use rollcall_connector::{Code, Error, ErrorType};
use serde::{Deserialize, Serialize};

use crate::catalog::loss::{Loss, losses};
use crate::catalog::manifest::{ByType, Manifest, Status};
use crate::catalog::tenant;
use crate::store::keys::Keys;
use crate::store::{PutError, PutMode, Store, get_json, put_json};

/// Points to the newest published snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Latest {
    pub sync_id: String,
    /// The generation of the lease that it was published under. It only rises.
    pub generation: u64,
    /// The vendor's id of the customer: another one behind the same connection is an error.
    pub tenant: String,
    pub snapshot: String,
    pub manifest: String,
    /// See [`crate::catalog::manifest::Digests::content`].
    pub content_digest: String,
    /// The counts that later snapshots are compared with, stubs left out. The pointer outlives manifests.
    pub by_resource_type: ByType,
    pub ended_at: Timestamp,
}

/// The newest published snapshot when it was read, with which a new one is compared.
pub(crate) struct Baseline(Option<Latest>);

impl Baseline {
    /// Reads the pointer.
    pub(crate) async fn read(store: &dyn Store, keys: Keys<'_>) -> Result<Self, Error> {
        let pointer = get_json::<Latest>(store, &keys.latest()).await?;
        Ok(Self(pointer.map(|(latest, _)| latest)))
    }

    pub(crate) fn generation(&self) -> u64 {
        self.0.as_ref().map_or(0, |latest| latest.generation)
    }

    pub(crate) fn sync_id(&self) -> Option<String> {
        self.0.as_ref().map(|latest| latest.sync_id.clone())
    }

    pub(crate) fn ended_at(&self) -> Option<Timestamp> {
        self.0.as_ref().map(|latest| latest.ended_at)
    }

    /// Fails if the credential belongs to another customer of the vendor than before.
    pub(crate) fn check_tenant(&self, keys: Keys<'_>, now: &str) -> Result<(), Error> {
        match &self.0 {
            Some(latest) => tenant::check_same(keys, &latest.tenant, now),
            None => Ok(()),
        }
    }

    /// The losses of a new snapshot with these counts, stubs left out.
    pub(crate) fn losses(&self, now: &ByType) -> Vec<Loss> {
        let before = self.0.as_ref().map(|latest| &latest.by_resource_type);
        before.map(|before| losses(before, now)).unwrap_or_default()
    }
}

/// Stores the manifest of a stored snapshot, and moves the pointer to it unless it is held.
pub(crate) async fn publish(store: &dyn Store, manifest: &Manifest) -> Result<(), Error> {
    let key = manifest.keys().manifest(&manifest.sync_id);
    let stored = put_json(store, &key, manifest, PutMode::Create).await;
    stored.map_err(|e| e.into_error("the manifest"))?;
    match manifest.status {
        Status::Published => point(store, manifest).await,
        Status::Held => Ok(()),
    }
}

/// Moves the pointer to a published snapshot, unless a newer one is there: the process that stored its manifest may
/// have been killed before it did.
pub(crate) async fn republish(store: &dyn Store, manifest: &Manifest) -> Result<(), Error> {
    if manifest.status == Status::Held {
        return Ok(());
    }
    match point(store, manifest).await {
        Err(e) if e.code() == Code::Superseded => Ok(()),
        other => other,
    }
}

/// Moves the pointer to a snapshot, if its generation is higher than the current one.
pub(crate) async fn point(store: &dyn Store, manifest: &Manifest) -> Result<(), Error> {
    let keys = manifest.keys();
    let mut latest = Latest {
        sync_id: manifest.sync_id.clone(),
        generation: manifest.generation,
        tenant: manifest.tenant.clone(),
        snapshot: manifest.snapshot.key.clone(),
        manifest: keys.manifest(&manifest.sync_id),
        content_digest: manifest.digests.content.clone(),
        by_resource_type: manifest.by_resource_type.without_stubs(&manifest.stubs),
        ended_at: manifest.ended_at,
    };
    for _ in 0..3 {
        let found = get_json::<Latest>(store, &keys.latest()).await?;
        if let Some((newest, _)) = &found {
            tenant::check_same(keys, &newest.tenant, &manifest.tenant)?;
        }
        // A pin only grows: a run whose tenant is unknown, or only partly known, removes nothing.
        latest.tenant = match &found {
            Some((newest, _)) => tenant::grown(&newest.tenant, &manifest.tenant),
            None => manifest.tenant.clone(),
        };
        let mode = match &found {
            None => PutMode::Create,
            // The answer to our own write was lost.
            Some((newest, _)) if newest.sync_id == latest.sync_id => return Ok(()),
            Some((newest, _)) if newest.generation >= latest.generation => {
                return Err(Error::new(
                    ErrorType::Conflict,
                    Code::Superseded,
                    format!("a newer snapshot is already published: {}", newest.sync_id),
                    "Nothing to do: readers use the newer one.",
                ));
            }
            Some((_, version)) => PutMode::Update(version),
        };
        match put_json(store, &keys.latest(), &latest, mode).await {
            Ok(_) => return Ok(()),
            Err(PutError::Condition(_)) => {}
            Err(PutError::Failed(error)) => return Err(error),
        }
    }
    Err(PutError::Condition(keys.latest()).into_error("the pointer to the newest snapshot"))
}
