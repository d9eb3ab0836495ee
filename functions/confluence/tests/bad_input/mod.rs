//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, nothing is changed, and no token shows.

mod credentials;
mod event;
mod secret;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::Inputs;
use rollcall_simulators::confluence::{BEARER_TOKEN, READER_TOKEN, SCOPED_TOKEN, TEST_TOKEN};
use serde_json::{Value, json};

use crate::Simulated;

impl Inputs for Simulated {
    const TOKENS: &'static [&'static str] = &[
        TEST_TOKEN,
        SCOPED_TOKEN,
        BEARER_TOKEN,
        READER_TOKEN,
        "hunter2",
    ];

    fn good(operation: Operation) -> Value {
        match operation {
            Operation::Sync => json!({}),
            _ => json!({
                "request_id": operation.as_str(),
                "entitlement": "space:98320:export-space",
                "principal": "user:712020:reader",
            }),
        }
    }
}
