//! The answers of a sync.

use jiff::Timestamp;

use crate::catalog::manifest::{Manifest, Status};
use crate::store::lease::LeaseStatus;
use rollcall_connector::event::{Counts, Reason, SyncAnswer, SyncStatus};
use rollcall_connector::{Code, Warning};

/// The answer of a run whose snapshot is stored.
pub(super) fn finished(manifest: &Manifest) -> SyncAnswer {
    let status = match manifest.status {
        Status::Published => SyncStatus::Complete,
        Status::Held => SyncStatus::Held,
    };
    with_status(manifest, status)
}

/// The answer from a manifest, with this status.
pub(super) fn with_status(manifest: &Manifest, status: SyncStatus) -> SyncAnswer {
    let mut warnings = manifest.warnings.clone();
    let is_held = status == SyncStatus::Held;
    let losses = manifest.losses.iter().filter(|_| is_held);
    warnings.extend(losses.map(|loss| Warning::new(Code::SuddenLoss, loss.to_string())));
    SyncAnswer {
        status,
        connection: manifest.connection.clone(),
        sync_id: Some(manifest.sync_id.clone()),
        resume_at: None,
        reason: is_held.then_some(Reason::Loss),
        previous_sync_id: manifest.previous_sync_id.clone(),
        snapshot: Some(manifest.snapshot.key.clone()),
        content_digest: Some(manifest.digests.content.clone()),
        counts: manifest.counts,
        calls: manifest.usage.calls,
        warnings,
    }
}

/// Another run has the lease.
pub(super) fn busy(connection: &str, holder: &LeaseStatus) -> SyncAnswer {
    let (id, until) = (&holder.owner, holder.expires_at);
    let next = match holder.has_state {
        true => "the next sync resumes it",
        false => "the next sync starts a new run",
    };
    let warning = match holder.active {
        true => Warning::new(
            Code::RunAtWork,
            format!(
                "run {id} is in progress or was killed: unless it renews its lease, {next} after {until:.0}"
            ),
        ),
        false => Warning::new(
            Code::RunWaiting,
            format!("run {id} waits to be resumed by its `sync_id`; after {until:.0} {next}"),
        ),
    };
    SyncAnswer {
        warnings: vec![warning],
        ..waiting(SyncStatus::Busy, connection, id, Reason::Lease, until)
    }
}

/// This run is not finished: the same event with its id resumes it.
pub(super) fn unfinished(
    connection: &str,
    sync_id: &str,
    reason: Reason,
    at: Timestamp,
) -> SyncAnswer {
    waiting(SyncStatus::Continue, connection, sync_id, reason, at)
}

/// This run was ended for good.
pub(super) fn cancelled(connection: &str, sync_id: &str) -> SyncAnswer {
    without_snapshot(SyncStatus::Cancelled, connection, sync_id)
}

fn waiting(
    status: SyncStatus,
    connection: &str,
    sync_id: &str,
    reason: Reason,
    at: Timestamp,
) -> SyncAnswer {
    SyncAnswer {
        resume_at: Some(at),
        reason: Some(reason),
        ..without_snapshot(status, connection, sync_id)
    }
}

fn without_snapshot(status: SyncStatus, connection: &str, sync_id: &str) -> SyncAnswer {
    SyncAnswer {
        status,
        connection: connection.into(),
        sync_id: Some(sync_id.into()),
        resume_at: None,
        reason: None,
        previous_sync_id: None,
        snapshot: None,
        content_digest: None,
        counts: Counts::default(),
        calls: 0,
        warnings: Vec::new(),
    }
}
