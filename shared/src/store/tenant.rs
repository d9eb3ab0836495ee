//! The customer that a connection belongs to: pinned by its first snapshot, checked by everything after.

use serde::Deserialize;

use super::keys::Keys;
use super::{Store, get_json};
use crate::error::{Error, ErrorType};

/// What the pointer to the newest snapshot says of the customer.
#[derive(Deserialize)]
struct Pinned {
    tenant: String,
}

/// Fails if the credential now leads to another customer of the vendor than the newest snapshot was made of.
pub(crate) async fn check(store: &dyn Store, keys: Keys<'_>, tenant: &str) -> Result<(), Error> {
    match get_json::<Pinned>(store, &keys.latest()).await? {
        Some((pinned, _)) => same(keys, &pinned.tenant, tenant),
        None => Ok(()),
    }
}

/// Fails unless both are the same customer.
pub(crate) fn same(keys: Keys<'_>, before: &str, now: &str) -> Result<(), Error> {
    if before == now {
        return Ok(());
    }
    Err(Error::new(
        ErrorType::Conflict,
        "AnotherTenant",
        format!(
            "connection `{}` of {} belongs to `{before}`, but its key now leads to `{now}`",
            keys.connection, keys.connector
        ),
        "Put the right key into the secret. To follow another tenant, use a connection of another name.",
    ))
}
