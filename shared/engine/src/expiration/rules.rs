//! What a grant does to the records of temporary grants, and what an end does. Pure functions.
//!
//! Temporary grants of one principal can lie upon each other: `write` until Tuesday replaces `read` until Friday. The
//! upper record *covers* the lower one, and puts it back at its end. A lower one that ends first is *merged* into its
//! cover, which then puts back what the lower one would have.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_connector::event::GrantRef;

use super::record::{Book, Closed, Expiration, How, PutBack, Step};
use crate::store::keys::Keys;

/// A grant that is about to be made, or was made.
pub(crate) struct Grants<'a> {
    pub(crate) keys: Keys<'a>,
    pub(crate) request_id: &'a str,
    pub(crate) now: Timestamp,
    /// When it is to end; `None`: it does not.
    pub(crate) ends_at: Option<Timestamp>,
    /// Whether it was made, or found to be there. Before it is sent, nothing is known.
    pub(crate) is_confirmed: bool,
    pub(crate) grant: GrantRef,
    /// Whether the request makes the grant; otherwise the principal held it.
    pub(crate) is_new: bool,
    /// The entitlements that it removes, in the order in which to put them back.
    pub(crate) removes: Vec<String>,
    /// The grants that it needs, and whether the request makes them.
    pub(crate) needs: Vec<(GrantRef, bool)>,
}

impl Grants<'_> {
    /// Enters the grant into the records. Returns when it ends; `None`: it does not end by itself.
    pub(crate) fn enter(&self, book: &mut Book) -> Option<Timestamp> {
        let id_of = |grant: &GrantRef| self.keys.expiration_id(&grant.id);
        let principal = &self.grant.principal;
        let removed =
            |entitlement: &str| self.keys.expiration_id(&format!("{entitlement}:{principal}"));
        let Some(ends_at) = self.ends_at else {
            let kept = self.needs.iter().map(|(grant, _)| grant).chain([&self.grant]);
            kept.for_each(|grant| close(book, &id_of(grant), self.now, How::Permanent));
            let gone = self.removes.iter();
            gone.for_each(|one| close(book, &removed(one), self.now, How::Revoked));
            return None;
        };
        let is_open = |id: String| book.get(&id).is_some_and(Expiration::is_open);
        let put_back = |entitlement: &String| PutBack {
            entitlement: entitlement.clone(),
            temporary: is_open(removed(entitlement)),
        };
        let puts_back: Vec<_> = self.removes.iter().map(put_back).collect();
        let id = id_of(&self.grant);
        let ends_at = self.enter_one(book, &self.grant, self.is_new, ends_at, puts_back)?;
        for (grant, is_new) in &self.needs {
            let further = id_of(grant);
            // A write that an interrupted call sent may have made it.
            let is_ours = |r: &Expiration| r.is_open() && r.is_of(self.request_id);
            let is_new = &(*is_new || book.get(&further).is_some_and(is_ours));
            let ends = self.enter_one(book, grant, *is_new, ends_at, Vec::new()).is_some();
            let record = book.get_mut(&id).filter(|record| !record.further.contains(&further));
            if let Some(record) = record.filter(|_| ends) {
                record.further.push(further);
            }
        }
        for one in &self.removes {
            let lower = book.get_mut(&removed(one)).filter(|lower| lower.is_open());
            lower.into_iter().for_each(|lower| lower.covered_by = Some(id.clone()));
        }
        Some(ends_at)
    }

    /// Whether somebody made the grant permanent while this request was interrupted.
    fn was_made_permanent(&self, old: &Expiration) -> bool {
        let is_permanent = old.closed.as_ref().is_some_and(|closed| closed.how == How::Permanent);
        is_permanent && old.is_of(self.request_id)
    }

    fn enter_one(
        &self,
        book: &mut Book,
        grant: &GrantRef,
        is_new: bool,
        mut ends_at: Timestamp,
        mut puts_back: Vec<PutBack>,
    ) -> Option<Timestamp> {
        let id = self.keys.expiration_id(&grant.id);
        let mut further = Vec::new();
        if let Some(old) = book.get_mut(&id).filter(|old| old.is_open()) {
            let is_ours = old.is_of(self.request_id);
            if is_ours && !is_new && !old.is_confirmed {
                // What this request was about to make, somebody else made first.
                close(book, &id, self.now, How::NotGranted);
                return None;
            }
            if is_ours {
                old.is_confirmed = self.is_confirmed;
                if is_new {
                    old.puts_back = puts_back;
                }
                return Some(old.ends_at);
            }
            if !is_new {
                old.ends_at = old.ends_at.max(ends_at);
                old.extended_by.push(self.request_id.to_owned());
                old.steps.clear();
                return Some(old.ends_at);
            }
            let old = old.clone();
            if merge_into_cover(self.keys, book, &old) {
                ends_at = ends_at.max(old.ends_at);
            }
            if !old.steps.is_empty() {
                // Its end has begun, and may still have something to put back.
                puts_back.extend(
                    old.puts_back.into_iter().filter(|one| one.entitlement != grant.entitlement),
                );
                further = old.further;
            }
        } else if !is_new || book.get(&id).is_some_and(|old| self.was_made_permanent(old)) {
            return None;
        }
        let mut seen = Vec::new();
        puts_back.retain(|one| {
            let is_first = !seen.contains(&one.entitlement);
            seen.push(one.entitlement.clone());
            is_first
        });
        let record = Expiration {
            id: id.clone(),
            connector: self.keys.connector.to_owned(),
            connection: self.keys.connection.to_owned(),
            entitlement: grant.entitlement.clone(),
            principal: grant.principal.clone(),
            request_id: self.request_id.to_owned(),
            extended_by: Vec::new(),
            granted_at: self.now,
            ends_at,
            puts_back,
            further,
            covered_by: None,
            is_confirmed: self.is_confirmed,
            steps: Vec::new(),
            closed: None,
        };
        book.insert(id, record);
        Some(ends_at)
    }
}

/// Of open records, those that are due, in the order in which to end them. What others need ends with them: it comes last.
pub fn due(mut open: Vec<Expiration>, now: Timestamp) -> Vec<Expiration> {
    open.retain(|one| one.is_due(now));
    let further: BTreeSet<String> = open.iter().flat_map(|one| one.further.clone()).collect();
    open.sort_by_key(|one| further.contains(&one.id));
    open
}

/// Closes a record, if it is open.
pub(crate) fn close(book: &mut Book, id: &str, at: Timestamp, how: How) {
    if let Some(record) = book.get_mut(id).filter(|record| record.is_open()) {
        record.closed = Some(Closed { at, how });
        record.steps.clear();
    }
}

/// Before an end: leaves out what this record would put back although it has ended by now.
pub(crate) fn merge_due(keys: Keys<'_>, book: &mut Book, id: &str, now: Timestamp) {
    while let Some(record) = book.get(id) {
        let lower = record.puts_back.iter().filter(|one| one.temporary).find_map(|one| {
            let lower = keys.expiration_id(&record.grant_id_of(&one.entitlement));
            let lasts = book.get(&lower).is_some_and(|r| r.is_open() && !r.is_due(now));
            (!lasts).then(|| (one.entitlement.clone(), lower))
        });
        let Some((entitlement, lower)) = lower else { return };
        let is_open = book.get(&lower).is_some_and(Expiration::is_open);
        let inherited = book.get(&lower).filter(|_| is_open).map(|r| r.puts_back.clone());
        replace(keys, book, id, &entitlement, inherited.unwrap_or_default());
        close(book, &lower, now, How::Ended);
    }
}

/// At the end of a grant that a later temporary grant replaced: that one does not put it back. Returns whether it is so.
pub(crate) fn close_merged(keys: Keys<'_>, book: &mut Book, id: &str, now: Timestamp) -> bool {
    let is_merged =
        book.get(id).cloned().is_some_and(|record| merge_into_cover(keys, book, &record));
    if is_merged {
        close(book, id, now, How::Ended);
    }
    is_merged
}

fn kind(entitlement: &str) -> Option<&str> {
    entitlement.split(':').next()
}

/// An end puts back a grant. If it is one for good, a temporary grant of the same, made since, becomes one for good. If
/// temporary grants made since exclude it (`instead`), they put it back.
pub(crate) fn put_under(
    keys: Keys<'_>,
    book: &mut Book,
    record: &Expiration,
    entitlement: &str,
    instead: &[String],
    now: Timestamp,
) {
    let is_temporary = |one: &PutBack| one.temporary && one.entitlement == entitlement;
    let temporary = record.puts_back.iter().any(is_temporary);
    let own = keys.expiration_id(&record.grant_id_of(entitlement));
    if !temporary {
        close(book, &own, now, How::Permanent);
    }
    for grant in instead {
        let mut id = keys.expiration_id(grant);
        let lower = |book: &Book, id: &str| {
            let record = book.get(id)?;
            let first = record.puts_back.first().filter(|one| one.temporary)?;
            Some(keys.expiration_id(&record.grant_id_of(&first.entitlement)))
        };
        for _ in 0..book.len() {
            id = lower(book, &id).unwrap_or(id);
        }
        let lowest = book.get_mut(&id).filter(|lowest| lowest.is_open());
        let excludes = |one: &PutBack| kind(&one.entitlement) == kind(entitlement);
        if let Some(lowest) = lowest.filter(|lowest| !lowest.puts_back.iter().any(excludes)) {
            lowest.puts_back.insert(0, PutBack { entitlement: entitlement.to_owned(), temporary });
            let covered = book.get_mut(&own).filter(|_| temporary);
            covered.into_iter().for_each(|covered| covered.covered_by = Some(id.clone()));
        }
    }
}

/// Whether the principal held the entitlement for good before the temporary grants that lie upon each other.
pub(crate) fn was_held_before(record: &Expiration) -> bool {
    record.puts_back.iter().any(|one| one.entitlement == record.entitlement)
}

/// Lets the cover of a record, if it has one, put back what the record would.
fn merge_into_cover(keys: Keys<'_>, book: &mut Book, lower: &Expiration) -> bool {
    let cover = lower.covered_by.as_ref().and_then(|id| book.get(id));
    let covers = |cover: &&Expiration| {
        let mut temporary = cover.puts_back.iter().filter(|one| one.temporary);
        cover.is_open() && temporary.any(|one| one.entitlement == lower.entitlement)
    };
    let Some(id) = cover.filter(covers).map(|cover| cover.id.clone()) else { return false };
    replace(keys, book, &id, &lower.entitlement, lower.puts_back.clone());
    true
}

/// Replaces an entitlement in what a record puts back, and covers the records of the new ones.
fn replace(keys: Keys<'_>, book: &mut Book, id: &str, old: &str, new: Vec<PutBack>) {
    let Some(record) = book.get_mut(id) else { return };
    let own = record.entitlement.clone();
    let Some(n) = record.puts_back.iter().position(|one| one.entitlement == old) else { return };
    record.puts_back.remove(n);
    let is_there =
        |one: &PutBack| record.puts_back.iter().any(|p| p.entitlement == one.entitlement);
    let new: Vec<_> = new
        .into_iter()
        .filter(|one| !(is_there(one) || one.temporary && one.entitlement == own))
        .collect();
    let temporary = new.iter().filter(|one| one.temporary);
    let lower: Vec<_> =
        temporary.map(|one| keys.expiration_id(&record.grant_id_of(&one.entitlement))).collect();
    record.puts_back.splice(n..n, new);
    for lower in lower {
        if let Some(lower) = book.get_mut(&lower) {
            lower.covered_by = Some(id.to_owned());
        }
    }
}

/// The writes of an end. Grants on one type of resource replace each other at the vendors that have exclusive sets: then
/// the first write puts the old one back. Otherwise the new one is revoked first. The first write has no effect if
/// somebody changed the grant, and then there is no second one.
pub(crate) fn steps(record: &Expiration) -> Vec<Step> {
    if was_held_before(record) {
        let mut rest = record.clone();
        rest.puts_back.retain(|one| one.entitlement != record.entitlement);
        return revoke_first(&rest, 0).split_off(1);
    }
    let first = record.puts_back.first().map(|one| kind(&one.entitlement));
    match first == Some(kind(&record.entitlement)) {
        false => revoke_first(record, 0),
        true => {
            let mut steps = revoke_first(record, 0);
            steps.remove(0);
            steps[0].replaces.push(record.grant_id());
            steps
        }
    }
}

/// The writes of an end that revokes first, and puts back all but the first grants.
pub(crate) fn revoke_first(record: &Expiration, without: usize) -> Vec<Step> {
    let step = |grants, entitlement: &str| Step {
        grants,
        entitlement: entitlement.to_owned(),
        replaces: Vec::new(),
        attempt: 0,
    };
    let back = record.puts_back.iter().skip(without).map(|one| step(true, &one.entitlement));
    std::iter::once(step(false, &record.entitlement)).chain(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_puts_back_by_one_write_where_grants_replace_each_other() {
        for (granted, removed, writes) in [
            ("role:r:member", "", "-role:r:member"),
            ("space:s:write", "space:s:read", "+space:s:read instead"),
            ("role:admin:m", "role:dev:m space:s:read", "+role:dev:m instead, +space:s:read"),
            ("role:admin:m", "space:s:read", "-role:admin:m, +space:s:read"),
        ] {
            let keys = Keys { connector: "c", connection: "d" };
            let grant = GrantRef {
                id: format!("{granted}:user:u"),
                entitlement: granted.into(),
                principal: "user:u".into(),
            };
            let mut book = Book::new();
            let ends_at = Some(Timestamp::UNIX_EPOCH);
            let made = Grants {
                keys,
                request_id: "r",
                now: Timestamp::UNIX_EPOCH,
                ends_at,
                is_confirmed: true,
                grant,
                is_new: true,
                removes: removed.split_whitespace().map(str::to_owned).collect(),
                needs: Vec::new(),
            };
            assert_eq!(made.enter(&mut book), ends_at);
            let steps = book.values().flat_map(steps);
            let shown = steps.map(|step| {
                let replaced = if step.replaces.is_empty() { "" } else { " instead" };
                format!("{}{}{replaced}", if step.grants { "+" } else { "-" }, step.entitlement)
            });
            assert_eq!(shown.collect::<Vec<_>>().join(", "), writes);
        }
    }
}
