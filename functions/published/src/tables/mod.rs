//! The tables of a snapshot: resources, entitlements, grants, and what changed since the snapshot before, for whoever
//! analyzes access with SQL. This crate's README has queries; `infra/tables.json` lists the columns.

mod column;
mod columns;
mod named;
mod store;
mod writer;

use std::collections::BTreeMap;

use rollcall_connector::Error;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_engine::expiration::Ends;
use rollcall_snapshot::{Filter, Record, Sides, Snapshot, each_pair};
use serde_json::{Value, json};

use column::Column;
pub use column::{Cell, Description, Kind};
use named::{Change, Lookup, Sync};
pub(crate) use store::store;
pub use writer::write_parquet;

/// The columns that Athena takes from the keys of tables; the others it takes from the files.
const PARTITIONS: [&str; 2] = ["connector", "day"];

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Table {
    Resources,
    Entitlements,
    Grants,
    Changes,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 4] = [Self::Resources, Self::Entitlements, Self::Grants, Self::Changes];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Entitlements => "entitlements",
            Self::Grants => "grants",
            Self::Changes => "changes",
        }
    }

    /// Its columns.
    pub fn columns(self) -> Vec<Description> {
        let mut all = described(columns::SYNC);
        match self {
            Self::Resources => all.extend(described(columns::RESOURCES)),
            Self::Entitlements => all.extend(described(columns::ENTITLEMENTS)),
            Self::Grants => all.extend(described(columns::GRANTS)),
            Self::Changes => {
                all.extend(described(columns::CHANGES));
                all.extend(described(columns::GRANTS));
            }
        }
        all
    }

    /// The columns of every table for Athena, without those that its partitions have: the content of `infra/tables.json`.
    pub fn catalog() -> Value {
        let column =
            |c: Description| json!({"name": c.name, "type": c.kind.athena(), "comment": c.doc});
        let columns = |table: Self| {
            let columns = table.columns().into_iter().filter(|c| !PARTITIONS.contains(&c.name));
            columns.map(column).collect::<Value>()
        };
        let all = Self::ALL.map(|table| (table.name(), columns(table)));
        json!(BTreeMap::from(all))
    }
}

fn described<R>(columns: &[Column<R>]) -> Vec<Description> {
    columns.iter().map(|column| column.description).collect()
}

/// What is known about a snapshot besides its content; nothing about a file that is not in a store.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "see Manifest")]
pub struct Origin {
    pub connector: String,
    pub connection: String,
    pub tenant: String,
    pub content_digest: String,
}

impl From<&Manifest> for Origin {
    fn from(manifest: &Manifest) -> Self {
        Self {
            connector: manifest.connector.clone(),
            connection: manifest.connection.clone(),
            tenant: manifest.tenant.clone(),
            content_digest: manifest.digests.content.clone(),
        }
    }
}

/// The content of a snapshot's tables.
pub struct Tables<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// The one before it, with which it is compared; `None`: its table of changes is empty.
    pub previous: Option<&'a Snapshot>,
    /// When temporary grants end.
    pub ends: &'a Ends,
    /// Where the snapshot is from.
    pub origin: Origin,
}

impl Tables<'_> {
    /// Shows every row of a table to `visit`: a cell for each column, `None` where the value is unknown or empty. Grants come
    /// in the order of entitlements and then principals, other records in that of the file; memory stays flat.
    pub fn rows<E: From<Error>>(
        &self,
        table: Table,
        mut visit: impl FnMut(&[Option<Cell<'_>>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (sync, all) = (&self.sync(), &Filter::default());
        let mut lookup = Lookup::of(self.snapshot);
        match table {
            Table::Resources => {
                self.snapshot.resources(all, |r| visit(&cells(sync, columns::RESOURCES, &r)))
            }
            Table::Entitlements => self.snapshot.entitlements(all, |e| {
                visit(&cells(sync, columns::ENTITLEMENTS, &lookup.entitlement(e)?))
            }),
            Table::Grants => self.snapshot.grants_by_entitlement(|g| {
                visit(&cells(sync, columns::GRANTS, &lookup.holding(g, self.ends)?))
            }),
            Table::Changes => self.changes(visit),
        }
    }

    fn sync(&self) -> Sync {
        Sync { origin: self.origin.clone(), run: self.snapshot.sync().clone() }
    }

    /// Shows the rows of the table of changes; those of grants have a grant's columns too.
    fn changes<E: From<Error>>(
        &self,
        mut visit: impl FnMut(&[Option<Cell<'_>>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(previous) = self.previous else { return Ok(()) };
        let sync = &self.sync();
        let (mut before, mut now) = (Lookup::of(previous), Lookup::of(self.snapshot));
        each_pair(previous, self.snapshot, |pair| {
            let records = pair.records()?;
            let lookup = match &records {
                Sides::Old(_) => &mut before,
                Sides::New(_) | Sides::Both(..) => &mut now,
            };
            let holding = match records.latest() {
                Record::Grant(grant) => Some(lookup.holding(grant.clone(), self.ends)?),
                _ => None,
            };
            let previous_sync_id = previous.sync().sync_id.clone();
            let change = Change { previous_sync_id, difference: pair.difference()? };
            let mut row = cells(sync, columns::CHANGES, &change);
            row.extend(columns::GRANTS.iter().map(|c| c.of(holding.as_ref()?)));
            visit(&row)
        })
    }
}

/// The cells of a row.
fn cells<'a, R>(sync: &'a Sync, columns: &[Column<R>], record: &'a R) -> Vec<Option<Cell<'a>>> {
    let mut cells = Vec::with_capacity(columns::SYNC.len() + columns.len());
    cells.extend(columns::SYNC.iter().map(|column| column.of(sync)));
    cells.extend(columns.iter().map(|column| column.of(record)));
    cells
}
