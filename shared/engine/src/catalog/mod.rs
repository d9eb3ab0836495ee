//! The published snapshots of a connection: manifests, the pointer to the newest one, and the tenant that it is pinned to.

pub(crate) mod accept;
pub mod file;
pub mod latest;
pub mod loss;
pub mod manifest;
pub mod tenant;
