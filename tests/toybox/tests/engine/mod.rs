//! What the engine alone is responsible for, by made-up vendors whose answers a test plans.

mod changes;
mod outages;
mod planned;
mod runs;
mod worlds;
