//! What every connector must hold: with an organization and its one deployment, and with two deployments.

mod one {
    rollcall_harness::conformance!(crate::Simulated);
}

mod several {
    rollcall_harness::conformance!(crate::Several);
}
