//! The end-to-end tests of the Buildkite connector, against its simulator.
