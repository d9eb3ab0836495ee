//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, nothing is changed, and no token shows.

mod credentials;
mod secret;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::Inputs;
use rollcall_simulators::northflank::{
    EXPIRED_TOKEN, NO_MEMBERS_TOKEN, NO_ROLES_TOKEN, REVOKED_TOKEN, TEAM_TOKEN, TEST_TOKEN,
};
use serde_json::{Value, json};

use crate::Simulated;

impl Inputs for Simulated {
    const TOKENS: &'static [&'static str] = &[
        TEST_TOKEN,
        NO_MEMBERS_TOKEN,
        NO_ROLES_TOKEN,
        TEAM_TOKEN,
        EXPIRED_TOKEN,
        REVOKED_TOKEN,
        "hunter2",
    ];

    fn good(_: Operation) -> Value {
        json!({})
    }
}
