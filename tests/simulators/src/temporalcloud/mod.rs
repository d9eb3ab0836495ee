//! Temporal Cloud: the Cloud Ops API over HTTP/JSON, limited to people and access.
//!
//! Written from the public API definitions (`temporalio/cloud-api`), the vendor's documentation ("Cloud Ops API",
//! "Manage access", "Limits") and public issues of its official clients. Where those are silent, a comment says
//! *unknown* and what is assumed; what a client might guess wrongly is a switch in [`Options`]. There are only the
//! calls that a connector of accounts and access makes, no versions before `v0.3.0`, and only owners and admins write.

mod calls;
mod operations;
mod options;
mod samples;
mod types;
mod world;
mod writes;

use serde_json::{Value, json};

pub use options::{Casing, Defaults, EmailFilter, End, Feature, Operations, Options, StaleVersion};
pub use samples::{Sizes, TEST_KEY};
pub use world::World;

pub use crate::paging::Ordering;
use crate::{
    Configuration, Simulator,
    address::Query,
    kit::{Api, Tenant},
    paging::{self, Place},
    refusal::Refusal,
    routes,
    server::{Answer, Call},
};

/// The vendor.
pub struct Vendor;

/// A running simulator; it stops when dropped.
pub type TemporalCloud = Simulator<Vendor>;

impl TemporalCloud {
    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.url()
    }

    /// Ends all operations that are still running, without waiting for polls.
    pub fn finish_operations(&self) {
        self.with_world(World::finish_all);
    }
}

impl Api for Vendor {
    type World = World;
    type Options = Options;
    type Meters = ();

    fn configuration(simulator: &Simulator<Self>) -> Configuration {
        Configuration::new([("api-key", TEST_KEY.to_owned()), ("base-url", simulator.base_url())])
    }

    fn answer(tenant: &mut Tenant<Self>, call: &Call) -> Answer {
        routes::answer(tenant, call, Ok(()))
    }

    /// The gateway's error body, by the status codes of the RPC protocol.
    fn envelope(_options: &Options, _call: &Call, refusal: &Refusal) -> Value {
        let statuses = [400, 401, 403, 404, 409, 429, 501, 503, 504];
        let codes = [3, 16, 7, 5, 10, 8, 12, 14, 4];
        let n = statuses.iter().position(|known| *known == refusal.status);
        let code = match refusal.code {
            "FAILED_PRECONDITION" => 9,
            "ALREADY_EXISTS" => 6,
            _ => n.map_or(13, |n| codes[n]),
        };
        let message = match refusal.status {
            429 => LIMITED,
            _ => &refusal.reason,
        };
        json!({"code": code, "message": message, "details": []})
    }

    fn cursor(call: &Call) -> Option<String> {
        let query = Query::parse(&call.query, &calls::OF_USERS).ok()?;
        query.get("pageToken").map(str::to_owned)
    }

    /// *Unknown*: the vendor's code and text.
    fn stale_cursor() -> Refusal {
        invalid("invalid page token")
    }

    fn repeat_cursor(options: &Options, call: &Call, answer: &mut Answer) {
        let list = paging::name(&call.path, &call.query, &calls::PAGES);
        let again = Self::cursor(call).unwrap_or_else(|| Place::beginning(list).write());
        let field = match options.casing {
            Casing::Camel => "nextPageToken",
            Casing::Snake => "next_page_token",
        };
        answer.body[field] = json!(again);
    }
}

/// The vendor's answer to too many requests.
const LIMITED: &str = "rate limit exceeded for principal type=serviceaccount, id=00000000000000000000000000000000, please retry later.";

fn invalid(reason: impl Into<String>) -> Refusal {
    Refusal::new(400, reason)
}

fn precondition(reason: impl Into<String>) -> Refusal {
    invalid(reason).code("FAILED_PRECONDITION")
}

fn not_found(what: &str, id: &str) -> Refusal {
    Refusal::new(404, format!("{what} {id} not found"))
}
