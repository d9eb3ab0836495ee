//! The entry points: a connector's operations as Lambda functions, and for the command line; logs and metrics.

pub mod capabilities;
pub mod function;
pub mod lambda;
pub mod telemetry;
