//! Reads and writes the records of temporary grants.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use rollcall_connector::Error;

use super::record::{Book, Expiration, How};
use super::rules::close;
use crate::store::keys::Keys;
use crate::store::{PutMode, Store, Version, get_json, put_json};

/// The records of a principal's temporary grants, as far as they were read. The principal's lease is held while it exists.
pub(crate) struct Ledger<'a> {
    store: &'a dyn Store,
    pub(crate) keys: Keys<'a>,
    pub(crate) book: Book,
    /// What was read or written last, by id; `None`: there was no record.
    stored: BTreeMap<String, Option<(Expiration, Version)>>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(store: &'a dyn Store, keys: Keys<'a>) -> Self {
        Self { store, keys, book: Book::new(), stored: BTreeMap::new() }
    }

    /// Reads these records, and those of what they put back and of what covers them, if they were not read before.
    pub(crate) async fn load(&mut self, mut ids: Vec<String>) -> Result<(), Error> {
        while let Some(id) = ids.pop() {
            if self.stored.contains_key(&id) {
                continue;
            }
            let found = get_json::<Expiration>(self.store, &self.keys.expiration(&id)).await?;
            if let Some((record, _)) = found.as_ref().filter(|(record, _)| record.is_open()) {
                let temporary = record.puts_back.iter().filter(|one| one.temporary);
                let grants = temporary.map(|one| record.grant_id_of(&one.entitlement));
                ids.extend(grants.map(|grant| self.keys.expiration_id(&grant)));
                ids.extend(record.covered_by.iter().chain(&record.further).cloned());
            }
            if let Some((record, _)) = &found {
                self.book.insert(id.clone(), record.clone());
            }
            self.stored.insert(id, found);
        }
        Ok(())
    }

    /// Writes what was changed. A process that outlived its lease cannot overwrite its successor's records.
    pub(crate) async fn save(&mut self) -> Result<(), Error> {
        for (id, record) in &self.book {
            let stored = self.stored.get(id).and_then(Option::as_ref);
            let mode = match stored {
                Some((old, _)) if old == record => continue,
                Some((_, version)) => PutMode::Update(version),
                None => PutMode::Create,
            };
            let written = put_json(self.store, &self.keys.expiration(id), record, mode).await;
            let version = written.map_err(|e| e.into_error("the end of a temporary grant"))?;
            self.stored.insert(id.clone(), Some((record.clone(), version)));
        }
        Ok(())
    }
}

/// The open records whose keys begin like this, such as `expirations/`; the earliest end first.
pub async fn open(store: &dyn Store, prefix: &str) -> Result<Vec<Expiration>, Error> {
    let keys = store.list(prefix).await?;
    let read = keys.into_iter().map(|key| async move { get_json::<Expiration>(store, &key).await });
    let found: Vec<_> = futures::stream::iter(read).buffered(16).try_collect().await?;
    let records = found.into_iter().flatten().map(|(record, _)| record);
    let mut open: Vec<_> = records.filter(Expiration::is_open).collect();
    open.sort_by(|a, b| (a.ends_at, &a.id).cmp(&(b.ends_at, &b.id)));
    Ok(open)
}

/// Closes the records of a principal whose account is deleted, under its lease: nothing is left to take or to put back.
pub(crate) async fn close_all(
    store: &dyn Store,
    keys: Keys<'_>,
    principal: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let open = open(store, &keys.expirations()).await?;
    let ids: Vec<_> =
        open.into_iter().filter(|one| one.principal == principal).map(|one| one.id).collect();
    let mut ledger = Ledger::new(store, keys);
    ledger.load(ids.clone()).await?;
    ids.iter().for_each(|id| close(&mut ledger.book, id, now, How::Revoked));
    ledger.save().await
}
