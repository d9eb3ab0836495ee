//! Temporary grants: when each ends, and what its end does.
//!
//! A record for each grant (`expirations/<connector>/<connection>/<id>.json`), written under the lease of the principal.
//! `rules` decides, and reads and writes nothing.

mod ends;
mod ledger;
mod record;
mod rules;
mod sweep;
mod term;

pub use ends::Ends;
pub use ledger::open;
pub(crate) use ledger::{Ledger, close_all};
pub use record::{Closed, Expiration, How, PutBack};
pub use rules::due;
pub(crate) use rules::{
    close, close_merged, merge_due, put_under, revoke_first, steps, was_held_before,
};
pub(crate) use sweep::sweep;
pub(crate) use term::{Effects, Lifetime, Term};
