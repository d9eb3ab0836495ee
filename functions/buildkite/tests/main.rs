//! The end-to-end tests of the Buildkite connector, against its simulator.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod answers;
mod bad_input;
mod complete;
mod graphql;
mod limits;
mod lists;
mod people_and_teams;
mod worked_example;
mod world;

use world::{Simulated, WithGraphQl};

/// With a token for REST alone, and with one for GraphQL as well.
mod conformance {
    mod rest {
        rollcall_harness::conformance!(crate::Simulated);
    }
    mod graphql {
        rollcall_harness::conformance!(crate::WithGraphQl);
    }
}

mod lambda {
    rollcall_harness::lambda!(crate::Simulated, "buildkite": "sync");
}
