//! The security API of an Elasticsearch deployment:
//! <https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-security>.

mod caller;
mod fields;
mod named;
mod parse;
mod refusal;
mod routes;
mod text;
mod users;
mod write;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

use super::Inner;
use crate::server::{Answer, Call, Vendor, lock};

/// The host of a deployment.
pub(crate) struct Host {
    inner: Arc<Mutex<Inner>>,
    name: String,
}

impl Host {
    pub(crate) fn new(inner: Arc<Mutex<Inner>>, name: &str) -> Self {
        Self {
            inner,
            name: name.to_owned(),
        }
    }
}

impl Vendor for Host {
    fn answer(&self, call: &Call) -> Answer {
        routes::answer(&mut lock(&self.inner), &self.name, call)
    }

    fn latency(&self) -> Duration {
        lock(&self.inner).options.latency
    }

    fn error_body(&self, call: &Call, status: u16) -> Value {
        refusal::body_for_status(call, status)
    }

    /// No list of a deployment has pages.
    fn carries_cursor(&self, _call: &Call) -> bool {
        false
    }

    fn stale_cursor(&self, _call: &Call) -> Answer {
        refusal::Refusal::illegal("there are no cursors").answer()
    }

    fn repeat_cursor(&self, _call: &Call, _answer: &mut Answer) {}
}
