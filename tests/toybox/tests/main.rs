//! Toybox against its simulator: the requirements of every connector, and those that concern only the engine.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

mod aws;
mod c1_workflow;
mod conformance;
mod engine {
    mod changes;
    mod ends;
    mod named;
    mod outages;
    mod runs;
    mod sweeps;
    mod worlds;
}
mod ends;
mod events;
mod lambda;
mod lambda_api;
mod stores;
mod workflow;
mod world;
