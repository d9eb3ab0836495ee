//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, and no token shows.

mod credentials;
mod secret;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::Inputs;
use rollcall_simulators::buildkite::{
    EXPIRED_TOKEN, MEMBER_TOKEN, TOKEN_WITHOUT_ORGANIZATION, TOKEN_WITHOUT_READ_ORGANIZATIONS,
    TOKEN_WITHOUT_READ_TEAMS, TOKEN_WITHOUT_READ_USER, TOKEN_WITHOUT_SCOPES, WIDE_TOKEN,
};
use serde_json::{Value, json};

use crate::Simulated;

impl Inputs for Simulated {
    const TOKENS: &'static [&'static str] = &[
        MEMBER_TOKEN,
        EXPIRED_TOKEN,
        TOKEN_WITHOUT_READ_ORGANIZATIONS,
        TOKEN_WITHOUT_READ_TEAMS,
        TOKEN_WITHOUT_READ_USER,
        TOKEN_WITHOUT_SCOPES,
        TOKEN_WITHOUT_ORGANIZATION,
        WIDE_TOKEN,
        "hunter2",
    ];

    fn good(operation: Operation) -> Value {
        match operation {
            Operation::Sync => json!({}),
            other => panic!("there is no function to {}", other.as_str()),
        }
    }
}
