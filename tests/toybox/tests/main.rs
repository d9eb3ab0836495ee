//! Toybox against its simulator: what every connector must hold, and what the engine alone is responsible for.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod aws;
mod conformance;
mod engine {
    mod changes;
    mod outages;
    mod runs;
    mod worlds;
}
mod events;
mod lambda;
mod stores;
mod workflow;
mod world;
