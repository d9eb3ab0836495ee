//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, nothing is changed, and no token shows.

mod secret;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::Inputs;
use rollcall_simulators::temporalcloud::TEST_KEY;
use serde_json::{Value, json};

use crate::Simulated;

impl Inputs for Simulated {
    const TOKENS: &'static [&'static str] =
        &[TEST_KEY, "owner-key", "read-key", "expired-key", "hunter2"];

    fn good(operation: Operation) -> Value {
        let change = |request, permission: &str, principal| {
            let entitlement = format!("namespace:demo.a1b23:{permission}");
            json!({"request_id": request, "entitlement": entitlement, "principal": principal})
        };
        match operation {
            Operation::Sync => json!({}),
            Operation::Grant => change("g1", "read", "user:u-read"),
            Operation::Revoke => change("v1", "write", "user:u2"),
            Operation::CreateAccount => {
                json!({"request_id": "c1", "account": {"email": "new@example.com"}})
            }
            Operation::DeleteAccount => json!({"request_id": "d1", "principal": "user:u-read"}),
        }
    }
}
