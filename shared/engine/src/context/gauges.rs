//! What an invocation measures besides what it answers. Metrics are made of it, after a failure too.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use rollcall_connector::http::limit::{Meter, Usage};

/// What an invocation measures besides what it answers.
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
        // Every write is a single assignment: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What counts the requests of this invocation from now on.
    pub(crate) fn counts(&self, meter: Arc<Meter>) {
        self.readings().meter = meter;
    }

    /// The newest published snapshot of the connection is of this time.
    pub(crate) fn snapshot_is_of(&self, at: Timestamp) {
        self.readings().snapshot_at = Some(at);
    }

    /// A snapshot of this size was written.
    pub(crate) fn wrote(&self, bytes: u64) {
        self.readings().snapshot_bytes = Some(bytes);
    }

    /// The vendor said when our credential ends.
    pub(crate) fn credential_expires(&self, at: Option<Timestamp>) {
        self.readings().credential_expires_at = at;
    }

    /// What was sent to the vendor.
    pub fn usage(&self) -> Usage {
        self.readings().meter.usage()
    }

    /// When the newest published snapshot of the connection was made, as far as this invocation saw.
    pub fn snapshot_at(&self) -> Option<Timestamp> {
        self.readings().snapshot_at
    }

    /// The size of the snapshot that was written, in bytes.
    pub fn snapshot_bytes(&self) -> Option<u64> {
        self.readings().snapshot_bytes
    }

    /// When our credential ends, if the vendor says so.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        self.readings().credential_expires_at
    }
}
