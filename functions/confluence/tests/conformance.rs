//! What every connector must hold: on a site with permissions, and on one with roles beside them.

mod rows {
    rollcall_harness::conformance!(crate::Simulated);
}

mod roles {
    rollcall_harness::conformance!(crate::WithRoles);
}
