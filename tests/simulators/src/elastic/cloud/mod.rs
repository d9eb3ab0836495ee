//! The API of Elastic Cloud: <https://www.elastic.co/docs/api/doc/cloud>.

mod assigning;
mod assignments;
mod caller;
mod deployments;
mod meter;
mod organizations;
mod projects;
mod refusal;
mod routes;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

pub(crate) use meter::Meter;

use super::Inner;
use crate::server::{Answer, Call, Vendor, lock};

/// The host of the Cloud API.
pub(crate) struct Cloud(pub(crate) Arc<Mutex<Inner>>);

impl Vendor for Cloud {
    fn answer(&self, call: &Call) -> Answer {
        routes::answer(&mut lock(&self.0), call)
    }

    fn latency(&self) -> Duration {
        lock(&self.0).options.latency
    }

    fn error_body(&self, _call: &Call, status: u16) -> Value {
        refusal::body_for_status(status)
    }

    fn carries_cursor(&self, call: &Call) -> bool {
        deployments::asked(call).is_some()
    }

    fn stale_cursor(&self, _call: &Call) -> Answer {
        deployments::bad_cursor().answer()
    }

    fn repeat_cursor(&self, call: &Call, answer: &mut Answer) {
        deployments::repeat(call, answer);
    }
}
