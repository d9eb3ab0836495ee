//! What is published of a connection: its manifests, the pointer to its newest snapshot, and the tenant that it is pinned to.

pub(crate) mod accept;
pub mod latest;
pub mod manifest;
pub mod tenant;
