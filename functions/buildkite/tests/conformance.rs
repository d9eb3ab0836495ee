//! What every connector must hold.

rollcall_harness::conformance!(crate::Simulated);
