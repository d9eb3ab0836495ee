//! The snapshot: a Baton `.c1z` file. [`SnapshotWriter`] writes one; [`Snapshot`] reads one, with views of its content:
//! [`Snapshot::access`], [`Snapshot::stats`], [`compare`] and [`reduce`].

mod access;
mod compare;
mod failure;
mod fields;
mod format;
mod names;
mod pairs;
mod paths;
mod person;
mod principal;
mod read;
mod record;
mod reduce;
mod rows;
mod scratch;
mod stats;
#[cfg(test)]
mod testing;
mod unpack;
mod value;
mod workdir;
mod write;

pub use access::{Access, AccessKind, AccessReader, HeldEntitlement};
pub use compare::{Difference, Totals, compare};
pub use fields::FieldDifference;
pub use names::Names;
pub use pairs::{DifferenceKind, Pair, Record, RecordKind, Sides, each_pair};
pub use paths::Hop;
pub use person::{Likeness, are_one_person};
pub use read::{Snapshot, SyncRun};
pub use record::{
    Entitlement, Expandable, Grant, GrantColumns, Resource, ResourceType, ScopeBinding,
};
pub use reduce::{Content, Reduced, reduce};
pub use rows::Filter;
pub use scratch::{ScratchError, scratch};
pub use stats::{SnapshotStats, TypeStats};
pub use workdir::WorkDir;
pub use write::{Packed, RowCounts, SnapshotWriter, count, pack};
