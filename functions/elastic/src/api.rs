//! The Elastic Cloud API and the Elasticsearch security API as typed calls.
//!
//! Each host has a client of its own with its own key, so that no key can reach another host.
//!
//! Sources: <https://www.elastic.co/docs/api/doc/cloud/> and
//! <https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-security>.

mod cloud;
mod deployment;
mod failure;
mod objects;

pub(crate) use cloud::{Cloud, Organizations};
pub(crate) use deployment::Deployment;
pub use deployment::UserUpdate;
pub(crate) use failure::Failure;
pub(crate) use objects::*;

use rollcall_connector::Error;
use rollcall_connector::http::limit::BudgetHeaders;
use rollcall_connector::http::{Header, Http, Session, Vendor};
use secrecy::SecretString;
use url::Url;

type Answer<T> = Result<T, Failure>;

/// A client of one host with the key for that host.
fn client(
    base: Url,
    key: SecretString,
    budgets: Vec<BudgetHeaders>,
    session: Session,
) -> Result<Http, Error> {
    let vendor = Vendor {
        base,
        headers: vec![("authorization", Header::Secret("ApiKey ", key))],
        pace: None,
        budgets,
        concurrency: None,
    };
    Http::new(session, vendor)
}
