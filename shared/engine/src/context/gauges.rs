//! The measurements of an invocation in addition to its answer, for metrics, also after a failure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use rollcall_connector::http::limit::{Meter, Usage};

/// The measurements of an invocation in addition to its answer.
#[derive(Debug, Default)]
pub struct Gauges(Mutex<Readings>);

#[derive(Debug, Default)]
struct Readings {
    meter: Arc<Meter>,
    snapshot_at: Option<Timestamp>,
    snapshot_bytes: Option<u64>,
    credential_expires_at: Option<Timestamp>,
}

impl Gauges {
    fn readings(&self) -> MutexGuard<'_, Readings> {
        // Every write is a single assignment: a panic elsewhere leaves nothing half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the request counter of this invocation.
    pub(crate) fn counts(&self, meter: Arc<Meter>) {
        self.readings().meter = meter;
    }

    /// Sets the time of the connection's newest published snapshot.
    pub(crate) fn snapshot_is_of(&self, at: Timestamp) {
        self.readings().snapshot_at = Some(at);
    }

    /// Sets the size of the snapshot that was written, in bytes.
    pub(crate) fn wrote(&self, bytes: u64) {
        self.readings().snapshot_bytes = Some(bytes);
    }

    /// Sets the expiry of the credential.
    pub(crate) fn credential_expires(&self, at: Option<Timestamp>) {
        self.readings().credential_expires_at = at;
    }

    /// The requests to the vendor so far.
    pub fn usage(&self) -> Usage {
        self.readings().meter.usage()
    }

    /// The time of the connection's newest published snapshot, if this invocation has read it.
    pub fn snapshot_at(&self) -> Option<Timestamp> {
        self.readings().snapshot_at
    }

    /// The size of the snapshot that was written, in bytes.
    pub fn snapshot_bytes(&self) -> Option<u64> {
        self.readings().snapshot_bytes
    }

    /// The expiry of the credential, if the vendor reports one.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        self.readings().credential_expires_at
    }
}
