//! The end-to-end tests of the Northflank connector, against its simulator.
