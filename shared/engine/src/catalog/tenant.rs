//! The customer of the vendor that a connection belongs to: pinned by its first snapshot, checked by all later runs.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::store::keys::Keys;
use crate::store::{Store, get_json};
use rollcall_connector::{Code, Error, ErrorType};

/// The part of the pointer to the newest snapshot that contains the customer.
#[derive(Deserialize)]
struct Pinned {
    tenant: String,
}

/// Fails if the credential belongs to another customer than that of the newest snapshot.
pub(crate) async fn check(store: &dyn Store, keys: Keys<'_>, tenant: &str) -> Result<(), Error> {
    match get_json::<Pinned>(store, &keys.latest()).await? {
        Some((pinned, _)) => check_same(keys, &pinned.tenant, tenant),
        None => Ok(()),
    }
}

/// Fails unless both are the same customer. If it has several parts ([`rollcall_connector::Identity::tenant`]), parts
/// may be added and removed, but none may be replaced.
pub fn check_same(keys: Keys<'_>, before: &str, now: &str) -> Result<(), Error> {
    // An unknown tenant cannot be compared.
    if before.is_empty() || now.is_empty() {
        return Ok(());
    }
    let now_by_name: BTreeMap<_, _> = parts(now).collect();
    let mut shared = parts(before)
        .filter_map(|(name, id)| now_by_name.get(name).map(|now| *now == id))
        .peekable();
    if shared.peek().is_some() && shared.all(|is_same| is_same) {
        return Ok(());
    }
    Err(Error::new(
        ErrorType::Conflict,
        Code::AnotherTenant,
        format!(
            "connection `{}` of {} belongs to `{before}`, but its key now leads to `{now}`",
            keys.connection, keys.connector
        ),
        "Store the right key in the secret. If an organization or deployment was added to the connection, sync first. To sync another tenant, use another connection name.",
    ))
}

/// The pin after a sync of `now`, if `before` was pinned. A pin only grows: a part that the vendor does not return this
/// time stays, so that no other customer can take its place.
pub(crate) fn grown(before: &str, now: &str) -> String {
    if before.is_empty() || now.is_empty() {
        return format!("{before}{now}");
    }
    let known: BTreeMap<_, _> = parts(before).collect();
    let new = now
        .split(' ')
        .zip(parts(now))
        .filter(|(_, (name, _))| !known.contains_key(name))
        .map(|(part, _)| part);
    let all: Vec<_> = std::iter::once(before).chain(new).collect();
    all.join(" ")
}

/// The parts of a tenant, by name; a tenant without parts is a single part without a name.
fn parts(tenant: &str) -> impl Iterator<Item = (&str, &str)> {
    tenant.split(' ').map(|part| part.split_once('=').unwrap_or(("", part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_may_come_and_go_but_not_change() {
        let keys = Keys { connector: "c", connection: "default" };
        for (before, now, is_same) in [
            ("t1", "t1", true),
            ("t1", "t2", false),
            ("t1", "", true),
            ("", "t1", true),
            ("o=1", "o=1 a=x", true),
            ("o=1 a=x b=y", "o=1 b=y", true),
            ("o=1 a=x", "o=1 a=y", false),
            ("o=1 a=x", "o=2 a=x", false),
            // Nothing remains of what was known.
            ("a=x", "b=x", false),
            ("t1", "a=x", false),
        ] {
            assert_eq!(check_same(keys, before, now).is_ok(), is_same, "{before}, {now}");
        }
    }

    #[test]
    fn a_pin_only_grows() {
        for (before, now, pinned) in [
            ("", "", ""),
            ("", "t1", "t1"),
            ("t1", "", "t1"),
            ("t1", "t1", "t1"),
            ("o=1", "o=1 a=x", "o=1 a=x"),
            ("o=1 a=x", "o=1", "o=1 a=x"),
            ("o=1 a=x", "a=x b=y", "o=1 a=x b=y"),
        ] {
            assert_eq!(grown(before, now), pinned, "{before}, {now}");
        }
    }
}
