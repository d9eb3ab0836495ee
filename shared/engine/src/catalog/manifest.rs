//! The manifest: the description of a snapshot, stored next to it. `sync/publish.rs` fills it; a new field needs
//! `#[serde(default)]`, since older manifests are also read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::loss::Loss;
use crate::store::keys::Keys;
use rollcall_connector::Warning;
use rollcall_connector::event::Counts;
use rollcall_connector::http::limit::Usage;

/// The description of a snapshot. Written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Manifest {
    pub connector: String,
    pub connection: String,
    pub sync_id: String,
    /// The newest published snapshot when this one was made; `None`: it is the first.
    #[serde(default)]
    pub previous_sync_id: Option<String>,
    /// The generation of the lease that it was published under.
    pub generation: u64,
    /// The vendor's id of the customer.
    pub tenant: String,
    /// Whether it was published when it was written.
    pub status: Status,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// The duration, including the waits between slices, in milliseconds.
    pub duration_ms: u64,
    pub snapshot: File,
    pub digests: Digests,
    pub counts: Counts,
    /// The same by resource type; grants as the vendor stated them, by the type of the entitlement's resource.
    pub by_resource_type: ByType,
    /// Principals that grants name but the vendor does not show, by type.
    pub stubs: BTreeMap<String, u64>,
    pub usage: Usage,
    /// When the credential expires.
    pub credential_expires_at: Option<Timestamp>,
    pub warnings: Vec<Warning>,
    /// The blind spots: what this connector does not read.
    pub blind_spots: Vec<String>,
    /// The losses, compared with the newest snapshot, for which it is quarantined.
    pub losses: Vec<Loss>,
    pub versions: Versions,
}

impl Manifest {
    /// The keys of its connection.
    pub(crate) fn keys(&self) -> Keys<'_> {
        Keys { connector: &self.connector, connection: &self.connection }
    }
}

/// Whether a snapshot was published when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// `latest` moved to it.
    Published,
    /// It lost too much and waits to be accepted.
    Held,
}

/// A snapshot file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct File {
    /// Its key in the store.
    pub key: String,
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

/// Hashes that depend only on the content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// SHA-256 over id, data and expansion of all records as the vendor stated them, in id order; in hex.
    pub content: String,
}

/// Counts by resource type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct ByType {
    pub resources: BTreeMap<String, u64>,
    pub entitlements: BTreeMap<String, u64>,
    /// Grants of those.
    pub grants: BTreeMap<String, u64>,
}

impl ByType {
    /// Counts for comparing: a principal that turned into a stub counts as lost.
    pub(crate) fn without_stubs(&self, stubs: &BTreeMap<String, u64>) -> Self {
        let mut counts = self.clone();
        for (resource_type, n) in stubs {
            if let Some(count) = counts.resources.get_mut(resource_type) {
                *count = count.saturating_sub(*n);
            }
        }
        counts
    }
}

/// The versions that wrote a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct Versions {
    pub rollcall: String,
    /// The file format.
    pub snapshot: String,
}
