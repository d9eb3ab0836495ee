//! The tests of what follows a published snapshot.

mod schemas;
