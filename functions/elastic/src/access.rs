//! Pure functions from Elastic's objects to resources, entitlements and grants.
//!
//! Ids and slugs are those of the public Baton connector; the README's table lists the differences and their reasons.

mod deployment;
mod mapping;
mod names;
mod organization;
mod rule;

pub(crate) use deployment::*;
pub(crate) use mapping::*;
pub(crate) use names::*;
pub(crate) use organization::*;
