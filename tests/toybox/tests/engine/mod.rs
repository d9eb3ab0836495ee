//! What the engine alone is responsible for, by made-up vendors whose answers a test plans.

mod changes;
mod outages;
mod runs;
mod worlds;
