//! What every connector must hold: with a token for REST alone, and with one for GraphQL as well.

mod rest {
    rollcall_harness::conformance!(crate::Simulated);
}

mod graphql {
    rollcall_harness::conformance!(crate::WithGraphQl);
}
