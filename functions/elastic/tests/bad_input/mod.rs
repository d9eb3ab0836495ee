//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, nothing is changed, and no token shows.

mod credentials;
mod event;
mod secret;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::Inputs;
use rollcall_simulators::elastic::{
    BARE_DEPLOYMENT_KEY, EXPIRED_CLOUD_KEY, EXPIRED_DEPLOYMENT_KEY, READ_DEPLOYMENT_KEY,
    SCOPED_CLOUD_KEY, WIDE_CLOUD_KEY,
};
use serde_json::{Value, json};

use crate::Simulated;

impl<const SEVERAL: bool> Inputs for Simulated<SEVERAL> {
    const TOKENS: &'static [&'static str] = &[
        SCOPED_CLOUD_KEY,
        EXPIRED_CLOUD_KEY,
        WIDE_CLOUD_KEY,
        READ_DEPLOYMENT_KEY,
        BARE_DEPLOYMENT_KEY,
        EXPIRED_DEPLOYMENT_KEY,
        // The vendor's own example of a key's secret, which is encoded in the one that most tests use.
        "ui2lp2axTNmsyakw9tvNnw",
        "hunter2",
        "aHVudGVyMg",
    ];

    fn good(operation: Operation) -> Value {
        match operation {
            Operation::Sync => json!({}),
            _ => json!({
                "request_id": operation.as_str(),
                "entitlement": "role:admin:member",
                "principal": "deploymentUser:svc",
            }),
        }
    }
}
