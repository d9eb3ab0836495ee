//! Talks: the Elastic Cloud API and the Elasticsearch security API as typed calls. Nothing here decides anything.
//!
//! Each host has a client of its own with its own key, and there is no way from one to the other.
//!
//! Sources: <https://www.elastic.co/docs/api/doc/cloud/> and
//! <https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-security>.

mod cloud;
mod deployment;
mod failure;
mod objects;

pub(crate) use cloud::{Cloud, Organizations};
pub(crate) use deployment::Deployment;
pub use deployment::Write;
pub(crate) use failure::Failure;
pub(crate) use objects::*;

type Answer<T> = Result<T, Failure>;
