//! Publishing: all or nothing. The snapshot and its manifest are written once; then the pointer moves, if nobody newer
//! was there and nothing was suddenly lost.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_connector::Code;

use super::finish::Finished;
use super::warnings::bounded;
use crate::catalog::manifest::{
    ByType, Digests, File, Latest, Loss, Manifest, Status, Versions, losses,
};
use crate::catalog::tenant;
use crate::store::keys::Keys;
use crate::store::{Body, PutError, PutMode, Store, get_json, put_json};
use rollcall_connector::event::Counts;
use rollcall_connector::http::limit::Usage;
use rollcall_connector::{About, Error, ErrorType, Identity, Warning};

/// The newest snapshot, as it was when this run began to look.
pub(super) struct Baseline(Option<Latest>);

impl Baseline {
    /// Looks.
    pub(super) async fn read(store: &dyn Store, keys: Keys<'_>) -> Result<Self, Error> {
        let pointer = get_json::<Latest>(store, &keys.latest()).await?;
        Ok(Self(pointer.map(|(latest, _)| latest)))
    }

    /// Its generation.
    pub(super) fn generation(&self) -> u64 {
        self.0.as_ref().map_or(0, |latest| latest.generation)
    }

    /// When it was made.
    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        self.0.as_ref().map(|latest| latest.ended_at)
    }

    /// Fails if the credential now leads to another customer of the vendor than it did before.
    pub(super) fn check_tenant(&self, keys: Keys<'_>, now: &str) -> Result<(), Error> {
        match &self.0 {
            Some(latest) => tenant::same(keys, &latest.tenant, now),
            None => Ok(()),
        }
    }

    /// What the new snapshot lost against this one.
    fn losses(&self, now: &ByType) -> Vec<Loss> {
        let before = self.0.as_ref().map(|latest| &latest.by_resource_type);
        before.map(|before| losses(before, now)).unwrap_or_default()
    }
}

/// A run as it is published.
pub(super) struct Publication<'a> {
    pub about: &'static About,
    pub keys: Keys<'a>,
    pub sync_id: &'a str,
    pub generation: u64,
    /// The key of the stored file.
    pub snapshot: String,
    pub identity: &'a Identity,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub usage: Usage,
    /// Of the configuration and the identity; those of the steps are in [`Finished`].
    pub warnings: Vec<Warning>,
}

/// Stores the snapshot file. Its key carries the generation of the lease: nobody else writes it, and writing it twice
/// changes nothing.
pub(super) async fn store_snapshot(
    store: &dyn Store,
    key: &str,
    file: &std::path::Path,
) -> Result<(), Error> {
    let stored = store.put(key, Body::File(file), PutMode::Overwrite).await;
    stored.map(|_| ()).map_err(|e| e.into_error("the snapshot"))
}

/// Stores the manifest of a stored snapshot, and moves the pointer unless it is held.
pub(super) async fn publish(
    store: &dyn Store,
    before: &Baseline,
    publication: Publication<'_>,
    finished: &Finished,
) -> Result<Manifest, Error> {
    let manifest = manifest(before, publication, finished);
    let keys = manifest.keys();
    put_json(
        store,
        &keys.manifest(&manifest.sync_id),
        &manifest,
        PutMode::Create,
    )
    .await
    .map_err(|e| e.into_error("the manifest"))?;
    if manifest.status == Status::Published {
        point(store, &manifest).await?;
    }
    Ok(manifest)
}

/// Sees to it that a snapshot that was published once is what the pointer names, or a newer one: the process that stored
/// its manifest may have died before it moved the pointer.
pub(super) async fn republish(store: &dyn Store, manifest: &Manifest) -> Result<(), Error> {
    if manifest.status == Status::Held {
        return Ok(());
    }
    match point(store, manifest).await {
        Err(e) if e.code() == SUPERSEDED => Ok(()),
        other => other,
    }
}

fn manifest(before: &Baseline, run: Publication<'_>, finished: &Finished) -> Manifest {
    let stats = &finished.stats;
    let by_resource_type = ByType {
        resources: stats.resources_by_resource_type.clone(),
        entitlements: stats.entitlements_by_resource_type.clone(),
        grants: finished.stated_by_type.clone(),
    };
    let losses = before.losses(&without_stubs(&by_resource_type, &finished.stubs));
    let mut warnings = run.warnings;
    warnings.extend(finished.warnings.iter().cloned());
    let warnings = bounded(warnings);
    Manifest {
        connector: run.about.name.into(),
        connection: run.keys.connection.into(),
        sync_id: run.sync_id.into(),
        generation: run.generation,
        tenant: run.identity.tenant.clone(),
        status: if losses.is_empty() {
            Status::Published
        } else {
            Status::Held
        },
        started_at: run.started_at,
        ended_at: run.ended_at,
        duration_ms: u64::try_from(
            rollcall_connector::clock::between(run.started_at, run.ended_at).as_millis(),
        )
        .unwrap_or(u64::MAX),
        snapshot: File {
            key: run.snapshot,
            bytes: finished.packed.bytes,
            sha256: finished.packed.sha256.clone(),
        },
        digests: Digests {
            content: finished.content_digest.clone(),
        },
        counts: Counts {
            resources: stats.resources,
            entitlements: stats.entitlements,
            grants: stats.grants - finished.expanded,
            expanded: finished.expanded,
        },
        by_resource_type,
        stubs: finished.stubs.clone(),
        usage: run.usage,
        credential_expires_at: run.identity.credential_expires_at,
        blind_spots: blind_spots(run.about, &warnings),
        warnings,
        losses,
        versions: Versions {
            rollcall: env!("CARGO_PKG_VERSION").into(),
            snapshot: "c1z v1".into(),
        },
    }
}

/// What the connector never looks at, and what this run could not.
fn blind_spots(about: &About, warnings: &[Warning]) -> Vec<String> {
    let always = about.blind_spots.iter().map(|s| s.to_string());
    let this_time = warnings
        .iter()
        .filter(|w| w.code == Code::BlindSpot.as_str());
    always.chain(this_time.map(|w| w.message.clone())).collect()
}

/// Counts for comparing: a principal that turned into a stub is lost.
fn without_stubs(counts: &ByType, stubs: &BTreeMap<String, u64>) -> ByType {
    let mut counts = counts.clone();
    for (resource_type, n) in stubs {
        if let Some(count) = counts.resources.get_mut(resource_type) {
            *count = count.saturating_sub(*n);
        }
    }
    counts
}

const SUPERSEDED: Code = Code::Superseded;

/// Moves the pointer to a snapshot, if its generation is higher than what is there.
async fn point(store: &dyn Store, manifest: &Manifest) -> Result<(), Error> {
    let keys = manifest.keys();
    let mut latest = Latest {
        sync_id: manifest.sync_id.clone(),
        generation: manifest.generation,
        tenant: manifest.tenant.clone(),
        snapshot: manifest.snapshot.key.clone(),
        manifest: keys.manifest(&manifest.sync_id),
        content_digest: manifest.digests.content.clone(),
        by_resource_type: without_stubs(&manifest.by_resource_type, &manifest.stubs),
        ended_at: manifest.ended_at,
    };
    for _ in 0..3 {
        let found = get_json::<Latest>(store, &keys.latest()).await?;
        if let Some((newest, _)) = &found {
            tenant::same(keys, &newest.tenant, &manifest.tenant)?;
        }
        // A pin only grows: a run that the vendor did not tell who we are, or not all of it, takes nothing away.
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
                    SUPERSEDED,
                    format!("a newer snapshot is published already: {}", newest.sync_id),
                    "Nothing to do: the newer one counts.",
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

/// Publishes a snapshot that was held.
pub(super) async fn accept(
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
                    "snapshot {sync_id} was published when it was made, and is not the newest any more"
                ),
                "Only a held snapshot can be accepted.",
            ));
        }
        point(store, &manifest).await?;
    }
    Ok(manifest)
}
