//! What the public Baton connector for Temporal Cloud does wrong, and this one must not. Each test is named after what
//! must hold; the README's table says what the public connector does instead.

mod absence;
mod access;
mod accounts;
mod answers;
mod incomplete;
mod namespaces;
mod operations;
mod refusals;
mod roles;
