//! Means: pure functions from Elastic's objects to resources, entitlements and grants.
//!
//! Ids and slugs are those of the public Baton connector; the README's table says what is different and why.

mod deployment;
mod mapping;
mod names;
mod organization;
mod rule;

pub(crate) use deployment::*;
pub(crate) use mapping::*;
pub(crate) use names::*;
pub(crate) use organization::*;

/// First and last name: the border is the first blank.
fn first_and_last(name: &str) -> (&str, &str) {
    name.split_once(' ').unwrap_or((name, ""))
}
