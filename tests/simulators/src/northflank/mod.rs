//! Northflank: the part of the API for the members of an organization, its roles and their holders, directly or through
//! a directory group.
//!
//! Written from the vendor's public API reference (<https://northflank.com/docs/v1/api/introduction>), its
//! documentation and the types of its client `@northflank/js-client`. Where those are silent, a comment says *unknown*
//! and what is assumed; what a client might guess wrongly is a switch in [`Options`]. The vendor also has calls that
//! change roles and their holders; the simulator does not.

mod calls;
mod options;
mod samples;
mod world;

use serde_json::{Value, json};

pub use options::*;
pub use samples::*;
pub use world::*;

use crate::{
    Configuration, Simulator,
    address::Query,
    clock::{Window, whole_seconds},
    kit::{Api, Tenant},
    paging::{self, Place},
    refusal::{self, Refusal},
    routes,
    server::{Answer, Call},
};
pub use crate::{paging::Ordering, refusal::html_page};

/// The vendor.
pub struct Vendor;

/// A running simulator; it stops when dropped.
pub type Northflank = Simulator<Vendor>;

impl Northflank {
    /// The address of the API; `/v1` is part of every path: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.url()
    }
}

impl Api for Vendor {
    type World = World;
    type Options = Options;
    type Meters = Window;

    fn configuration(simulator: &Simulator<Self>) -> Configuration {
        Configuration::new([
            ("northflank-base-url", simulator.base_url()),
            ("northflank-api-token", TEST_TOKEN.to_owned()),
        ])
    }

    fn answer(tenant: &mut Tenant<Self>, call: &Call) -> Answer {
        let (passed, headers) = count(tenant);
        let mut answer = routes::answer(tenant, call, passed);
        answer.headers.extend(headers);
        answer
    }

    /// `{"error": {"status", "message", "id", "details"?}}`, as the vendor's client types have it. *Unknown*: ids and
    /// texts. Taken: the simulator's own ids, so that no client relies on them.
    fn envelope(options: &Options, _call: &Call, refusal: &Refusal) -> Value {
        let (status, message) = (refusal.status, &refusal.reason);
        let id = match status {
            400 => "nf-sim-invalid",
            401 => "nf-sim-unauthenticated",
            403 => "nf-sim-forbidden",
            404 => "nf-sim-not-found",
            405 => "nf-sim-wrong-method",
            406 => "nf-sim-not-acceptable",
            415 => "nf-sim-wrong-content-type",
            429 => "nf-sim-too-many-requests",
            _ => "nf-sim-failed",
        };
        match options.errors {
            ErrorBody::Nested => {
                json!({"error": {"status": status, "message": message, "id": id}})
            }
            ErrorBody::Flat => {
                json!({"code": id, "message": message, "status": status, "data": {}})
            }
            ErrorBody::Html => refusal::page(status),
        }
    }

    fn cursor(call: &Call) -> Option<String> {
        let query = Query::parse(&call.query, &calls::HOLDERS).ok()?;
        query.get("cursor").map(str::to_owned)
    }

    /// *Unknown*: what a bad cursor is answered. Taken: 400.
    fn stale_cursor() -> Refusal {
        Refusal::new(400, "the cursor is not valid")
    }

    fn repeat_cursor(_options: &Options, call: &Call, answer: &mut Answer) {
        if let Some(pagination) = answer.body.get_mut("pagination") {
            let list = paging::name(&call.path, &call.query, &calls::PAGES);
            let first = || calls::cursor(&Place::beginning(list));
            pagination["cursor"] = Value::from(Self::cursor(call).unwrap_or_else(first));
            pagination["hasNextPage"] = Value::from(true);
        }
    }

    /// All answers have the number of remaining requests, and all requests count.
    fn complete(tenant: &mut Tenant<Self>, answer: &mut Answer) {
        for (name, value) in count(tenant).1 {
            let none = answer.status == 429 && name == REMAINING;
            let value = if none { "0".to_owned() } else { value };
            if !answer.headers.iter().any(|(said, _)| *said == name) {
                answer.headers.push((name, value));
            }
        }
        *answer = answer.clone().saying_html();
    }
}

const REMAINING: &str = "x-ratelimit-remaining";

/// Counts a request: whether it is still carried out, and the headers that every answer has. *Unknown*: status and body
/// of the refusal. Taken: 429 and the usual one.
fn count(tenant: &mut Tenant<Vendor>) -> (Result<(), Refusal>, Vec<(String, String)>) {
    let (limit, now) = (&tenant.options.rate_limit, tenant.clock.running());
    let window = &mut tenant.meters;
    let passed = limit.spend(window, now);
    let headers = [
        ("x-ratelimit-limit", limit.requests),
        (REMAINING, limit.left(window)),
        ("x-ratelimit-reset", whole_seconds(window.left(now, limit.window))),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_string()));
    (passed, headers.into())
}
