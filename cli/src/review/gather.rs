//! Reads from the store what a review is made of: the principals of the newest snapshots, since when the older ones
//! have the same, and what ends by itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_connector::{Chain, Error};
use rollcall_engine::expiration;
use rollcall_engine::store::Store;
use rollcall_engine::store::keys::Keys;
use rollcall_snapshot::{Access, AccessKind, Filter, Resource, Snapshot};

use super::row::{Ends, Key, Principal, ReviewRow, Selection, rows, usual_domain};
use crate::offboard::plan::{Abilities, Basis, Holder, PlannedAccount};
use crate::offboard::{abilities, held};
use crate::output;
use crate::person::{Newest, Snapshots};
use crate::snapshot::{before, published, read};

/// How many older snapshots of a connection are looked at.
const LOOKED_AT: usize = 100;

/// The state of the connections that a review is about, by their newest snapshots.
pub(super) struct State {
    pub(super) snapshots: Vec<Basis>,
    /// The connections whose snapshots could not be read.
    pub(super) unreadable: Vec<String>,
    pub(super) principals: Vec<Principal>,
    pub(super) rows: Vec<ReviewRow>,
}

/// Whether the time since which access has been seen is looked up, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum History {
    Read,
    Skip,
}

/// Reads the state.
pub(super) async fn state(
    store: &dyn Store,
    selection: &Selection,
    history: History,
) -> Result<State, Error> {
    let mut found = Snapshots::open(store, selection.connection.as_deref()).await?;
    found.readable.retain(|newest| selection.has_connection(&newest.connector));
    found
        .unreadable
        .retain(|(name, _)| selection.has_connection(name.split('/').next().unwrap_or_default()));
    found.report_unreadable();
    let mut by_connection = Vec::with_capacity(found.readable.len());
    for newest in &found.readable {
        by_connection.push((newest, principals(newest)?));
    }
    let usual = usual_domain(by_connection.iter().flat_map(|(_, principals)| principals));
    let mut state = State {
        snapshots: found.readable.iter().map(Newest::basis).collect(),
        unreadable: found.unreadable.iter().map(|(name, _)| name.clone()).collect(),
        principals: Vec::new(),
        rows: Vec::new(),
    };
    for (newest, principals) in by_connection {
        let keys = Keys { connector: &newest.connector, connection: &newest.connection };
        let ends = ends(store, keys).await?;
        let of = |principal| rows(principal, selection, &ends, usual.as_deref());
        let mut rows: Vec<_> = principals.iter().flat_map(of).collect();
        if history == History::Read {
            let key = |row: &ReviewRow| (row.account.clone(), row.entitlement.clone());
            let since = seen_since(store, newest, rows.iter().map(key).collect()).await?;
            rows.iter_mut().for_each(|row| row.seen_since = since.get(&key(row)).copied());
        }
        state.rows.extend(rows);
        state.principals.extend(principals);
    }
    Ok(state)
}

/// The accounts of a snapshot, and all else that has a direct grant.
fn principals(newest: &Newest) -> Result<Vec<Principal>, Error> {
    let snapshot = &newest.snapshot;
    let mut ids = BTreeSet::new();
    snapshot.resources(&Filter::default(), |r| {
        if is_account(&r) {
            ids.insert(r.id);
        }
        Ok::<_, Error>(())
    })?;
    snapshot.grants(&Filter::default(), |grant| {
        if grant.direct {
            ids.insert(grant.principal);
        }
        Ok::<_, Error>(())
    })?;
    let abilities = abilities(&newest.connector);
    let mut reader = snapshot.access_reader();
    ids.iter().map(|id| Ok(principal(newest, reader.access(id)?, &abilities))).collect()
}

/// The principal. Its inherited access, which may be most of a snapshot, cannot be decided, and is left out.
fn principal(newest: &Newest, mut access: Access, abilities: &Abilities) -> Principal {
    access.holds.retain(|held| held.kind == AccessKind::Direct);
    let mut paths = BTreeMap::new();
    for held in &access.holds {
        let shown = held.paths.iter().map(|hops| access.path(hops));
        paths.insert(held.entitlement.clone(), shown.collect());
    }
    let of = &access.principal;
    Principal {
        holder: Holder {
            account: PlannedAccount {
                connector: newest.connector.clone(),
                connection: newest.connection.clone(),
                id: of.id.clone(),
                display_name: of.display_name.clone(),
            },
            abilities: abilities.clone(),
            holds: access.holds.iter().map(held).collect(),
        },
        kind: kind(of),
        is_account: is_account(of),
        email: of.emails.first().cloned().unwrap_or_default(),
        status: of.status,
        last_login: of.last_login.as_ref().and_then(|at| at.parse().ok()),
        paths,
    }
}

fn is_account(r: &Resource) -> bool {
    r.traits.contains(&"user")
}

/// The kind of a principal, for people.
fn kind(r: &Resource) -> String {
    match r.account_type {
        Some("human") => "person".to_owned(),
        Some(other) => format!("{other} account"),
        None if is_account(r) => "account".to_owned(),
        None => r.resource_type.clone(),
    }
}

/// Since when a connection's snapshots have each of these without a gap.
async fn seen_since(
    store: &dyn Store,
    newest: &Newest,
    mut wanted: BTreeSet<Key>,
) -> Result<BTreeMap<Key, Timestamp>, Error> {
    let latest = &newest.latest;
    let mut since: BTreeMap<_, _> = wanted.iter().cloned().map(|k| (k, latest.ended_at)).collect();
    let mut digest = latest.content_digest.clone();
    for key in spread(before(store, latest).await?, LOOKED_AT) {
        if wanted.is_empty() {
            break;
        }
        let Some(manifest) = published(store, &key).await? else {
            continue;
        };
        if manifest.digests.content != digest {
            let snapshot = match read(store, &manifest.snapshot.key).await {
                Ok(snapshot) => snapshot,
                Err(e) => {
                    let (name, sync, why) = (newest.name(), &manifest.sync_id, Chain(&e));
                    output::note(&format!("{name}: not looked at before sync {sync}: {why}"));
                    break;
                }
            };
            let present = present(&snapshot)?;
            wanted.retain(|key| present.contains(key));
            digest = manifest.digests.content;
        }
        for key in &wanted {
            since.insert(key.clone(), manifest.ended_at);
        }
    }
    Ok(since)
}

/// The accounts and direct grants of a snapshot.
fn present(snapshot: &Snapshot) -> Result<BTreeSet<Key>, Error> {
    let mut present = BTreeSet::new();
    snapshot.resources(&Filter::default(), |r| {
        present.insert((r.id, String::new()));
        Ok::<_, Error>(())
    })?;
    snapshot.grants(&Filter::default(), |grant| {
        if grant.direct {
            present.insert((grant.principal, grant.entitlement));
        }
        Ok::<_, Error>(())
    })?;
    Ok(present)
}

/// At most `max` of these, evenly spread, the last one among them.
fn spread<T>(all: Vec<T>, max: usize) -> Vec<T> {
    let count = all.len();
    if count <= max {
        return all;
    }
    let taken: BTreeSet<_> = (1..=max).map(|n| n * count / max - 1).collect();
    let all = all.into_iter().enumerate();
    all.filter(|(n, _)| taken.contains(n)).map(|(_, one)| one).collect()
}

/// When the temporary grants of a connection end.
async fn ends(store: &dyn Store, keys: Keys<'_>) -> Result<Ends, Error> {
    let prefix = format!("expirations/{}/{}/", keys.connector, keys.connection);
    let open = expiration::open(store, &prefix).await?.into_iter();
    Ok(open.map(|one| ((one.principal, one.entitlement), one.ends_at)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_snapshots_are_all_looked_at_and_many_evenly() {
        for (count, max, expected) in [
            (0, 3, &[] as &[usize]),
            (3, 3, &[0, 1, 2]),
            (4, 3, &[0, 1, 3]),
            (9, 3, &[2, 5, 8]),
            (10, 1, &[9]),
        ] {
            assert_eq!(spread((0..count).collect(), max), expected, "{count} {max}");
        }
    }
}
