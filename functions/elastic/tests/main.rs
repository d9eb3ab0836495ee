//! The end-to-end tests of the Elastic connector, against its simulator.
