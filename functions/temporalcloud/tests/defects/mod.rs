//! The defects of the public Baton connector for Temporal Cloud. Each test is named after the required behaviour; the
//! README's table says what the public connector does instead.

mod absence;
mod access;
mod accounts;
mod answers;
mod incomplete;
mod namespaces;
mod operations;
mod refusals;
mod roles;
