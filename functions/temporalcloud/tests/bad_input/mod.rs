//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, nothing is changed, and no token shows.

mod request;
mod secret;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::Inputs;
use rollcall_simulators::temporalcloud::TEST_KEY;
use serde_json::{Value, json};

use crate::Simulated;

impl Inputs for Simulated {
    const TOKENS: &'static [&'static str] = &[
        TEST_KEY,
        "owner-key",
        "read-key",
        "developer-key",
        "namespace-admin-key",
        "expired-key",
        "disabled-key",
        "hunter2",
    ];

    fn good(operation: Operation) -> Value {
        match operation {
            Operation::Sync => json!({}),
            Operation::Grant => {
                json!({"request_id": "g1", "entitlement": "namespace:demo.a1b23:read", "principal": "user:u-read"})
            }
            Operation::Revoke => {
                json!({"request_id": "v1", "entitlement": "namespace:demo.a1b23:write", "principal": "user:u2"})
            }
            Operation::CreateAccount => {
                json!({"request_id": "c1", "account": {"email": "new@example.com"}})
            }
            Operation::DeleteAccount => json!({"request_id": "d1", "principal": "user:u-read"}),
        }
    }
}
