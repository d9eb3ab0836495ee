//! Stores a finished snapshot and describes it in its manifest.

use rollcall_connector::clock::between;
use rollcall_connector::event::Counts;
use rollcall_connector::{About, Code, Error, Identity, Warning};

use super::finish::Finished;
use super::journal::Journal;
use super::warnings::bounded;
use crate::catalog::latest::Baseline;
use crate::catalog::manifest::{ByType, Digests, File, Manifest, Status, Versions};
use crate::store::{Body, PutMode, Store};

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

/// The manifest of a snapshot that is stored as `snapshot`. It is quarantined if it lost too much compared with the
/// newest one. `warnings` are those of the configuration and the identity.
pub(super) fn manifest(
    run: &Journal<'_>,
    about: &About,
    identity: &Identity,
    before: &Baseline,
    mut warnings: Vec<Warning>,
    snapshot: String,
    finished: &Finished,
) -> Manifest {
    let stats = &finished.stats;
    let by_resource_type = ByType {
        resources: stats.resources_by_resource_type.clone(),
        entitlements: stats.entitlements_by_resource_type.clone(),
        grants: finished.stated_by_type.clone(),
    };
    let losses = before.losses(&by_resource_type.without_stubs(&finished.stubs));
    let status = match losses.is_empty() {
        true => Status::Published,
        false => Status::Held,
    };
    warnings.extend(finished.warnings.iter().cloned());
    let warnings = bounded(warnings);
    let (started_at, ended_at) = (run.saved.started_at, run.cx.clock.now());
    let duration = between(started_at, ended_at);
    Manifest {
        connector: about.name.into(),
        connection: run.keys.connection.into(),
        sync_id: run.sync_id.into(),
        previous_sync_id: before.sync_id(),
        generation: run.lease.generation(),
        tenant: identity.tenant.clone(),
        status,
        started_at,
        ended_at,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        snapshot: File {
            key: snapshot,
            bytes: finished.packed.bytes,
            sha256: finished.packed.sha256.clone(),
        },
        digests: Digests { content: finished.content_digest.clone() },
        counts: Counts {
            resources: stats.resources,
            entitlements: stats.entitlements,
            grants: stats.grants - finished.expanded,
            expanded: finished.expanded,
        },
        by_resource_type,
        stubs: finished.stubs.clone(),
        usage: run.usage(),
        credential_expires_at: identity.credential_expires_at,
        blind_spots: blind_spots(about, &warnings),
        warnings,
        losses,
        versions: Versions {
            rollcall: env!("CARGO_PKG_VERSION").into(),
            snapshot: "c1z v1".into(),
        },
    }
}

/// The blind spots: what the connector never reads, and what this run could not.
fn blind_spots(about: &About, warnings: &[Warning]) -> Vec<String> {
    let always = about.blind_spots.iter().copied();
    let of_this_run = warnings.iter().filter(|w| w.code == Code::BlindSpot.as_str());
    let all = always.chain(of_this_run.map(|w| w.message.as_str()));
    all.map(str::to_owned).collect()
}
