//! The records that differ between two snapshots, in pairs.
//!
//! Both snapshots are read in parallel in the order of their ids, so that memory holds two records. Records with the
//! same bytes are equal; others are decoded on demand.

use std::cmp::Ordering;

use rollcall_model::Error;
use rusqlite::Rows;
use serde::Serialize;

use crate::read::Snapshot;
use crate::record::{self, Entitlement, Grant, Resource, ResourceType};
use crate::rows::Columns;

/// The kinds of records, in the order in which they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum RecordKind {
    ResourceType,
    Resource,
    Entitlement,
    Grant,
}

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Only the newer snapshot has it.
    Created,
    /// Only the older snapshot has it.
    Deleted,
    /// Both have it, with different content.
    Changed,
}

/// A record of any kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Record {
    ResourceType(ResourceType),
    Resource(Box<Resource>),
    Entitlement(Entitlement),
    Grant(Grant),
}

/// Something that differs between two snapshots, as they have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sides<T> {
    /// Only the newer one has it.
    New(T),
    /// Only the older one has it.
    Old(T),
    /// The older one has the first, the newer one the second.
    Both(T, T),
}

impl<T> Sides<T> {
    /// What happened to it.
    pub fn change(&self) -> DifferenceKind {
        match self {
            Self::New(_) => DifferenceKind::Created,
            Self::Old(_) => DifferenceKind::Deleted,
            Self::Both(..) => DifferenceKind::Changed,
        }
    }

    /// As the newer snapshot has it, or else the older one.
    pub fn latest(&self) -> &T {
        match self {
            Self::New(one) | Self::Old(one) | Self::Both(_, one) => one,
        }
    }

    /// The same of something else.
    pub fn map<'a, U, E>(
        &'a self,
        mut convert: impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Sides<U>, E> {
        Ok(match self {
            Self::New(one) => Sides::New(convert(one)?),
            Self::Old(one) => Sides::Old(convert(one)?),
            Self::Both(old, new) => Sides::Both(convert(old)?, convert(new)?),
        })
    }
}

/// A record that differs between two snapshots.
pub struct Pair<'a> {
    kind: RecordKind,
    rows: Sides<&'a Columns<'a>>,
}

impl<'a> Pair<'a> {
    /// The kind of the record.
    pub fn kind(&self) -> RecordKind {
        self.kind
    }

    /// Its id.
    pub fn id(&self) -> Result<&str, Error> {
        self.rows.latest().text(0)
    }

    /// The record in both snapshots.
    pub fn records(&self) -> Result<Sides<Record>, Error> {
        self.rows.map(|row| self.kind.record(row))
    }

    /// The bytes that make the record: its data and, of a grant, its expansion.
    pub(crate) fn bytes(&self) -> Result<Sides<Bytes<'a>>, Error> {
        self.rows.map(|row| self.kind.bytes(row))
    }
}

type Bytes<'a> = (&'a [u8], Option<&'a [u8]>);

/// Shows every record that differs between `old` and `new` to `visit`: resource types, resources, entitlements, grants,
/// each in the order of their ids.
pub fn each_pair<E: From<Error>>(
    old: &Snapshot,
    new: &Snapshot,
    mut visit: impl FnMut(&Pair<'_>) -> Result<(), E>,
) -> Result<(), E> {
    use RecordKind::{Entitlement, Grant, Resource, ResourceType};
    let kinds = [ResourceType, Resource, Entitlement, Grant];
    kinds.into_iter().try_for_each(|kind| kind.each_pair(old, new, &mut visit))
}

impl RecordKind {
    /// Merges the records of this kind from both snapshots.
    fn each_pair<E: From<Error>>(
        self,
        old: &Snapshot,
        new: &Snapshot,
        visit: &mut impl FnMut(&Pair<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = (|e| old.database(e), |e| new.database(e));
        let mut left = old.db.prepare(&self.query(old)).map_err(failed.0)?;
        let mut right = new.db.prepare(&self.query(new)).map_err(failed.1)?;
        let mut left = left.query([&old.sync.sync_id]).map_err(failed.0)?;
        let mut right = right.query([&new.sync.sync_id]).map_err(failed.1)?;
        let (mut before, mut after) = (next(&mut left, old)?, next(&mut right, new)?);
        loop {
            let rows = match (&before, &after) {
                (None, None) => return Ok(()),
                (Some(row), None) => Sides::Old(row),
                (None, Some(row)) => Sides::New(row),
                (Some(old), Some(new)) => match old.text(0)?.cmp(new.text(0)?) {
                    Ordering::Less => Sides::Old(old),
                    Ordering::Greater => Sides::New(new),
                    Ordering::Equal => Sides::Both(old, new),
                },
            };
            let change = rows.change();
            let pair = Pair { kind: self, rows };
            if !matches!(pair.bytes()?, Sides::Both(was, is) if was == is) {
                visit(&pair)?;
            }
            if change != DifferenceKind::Created {
                before = next(&mut left, old)?;
            }
            if change != DifferenceKind::Deleted {
                after = next(&mut right, new)?;
            }
        }
    }

    /// Selects rows in the order of their ids: the unique index has it, so nothing is sorted.
    fn query(self, of: &Snapshot) -> String {
        let (table, columns) = match self {
            Self::ResourceType => ("v1_resource_types", "external_id, data"),
            Self::Resource => ("v1_resources", "external_id, data"),
            Self::Entitlement => ("v1_entitlements", "external_id, data"),
            Self::Grant => ("v1_grants", &*of.grant_columns()),
        };
        format!("SELECT {columns} FROM {table} WHERE sync_id = ?1 ORDER BY external_id")
    }

    fn bytes<'a>(self, row: &Columns<'a>) -> Result<Bytes<'a>, Error> {
        Ok(match self {
            Self::Grant => {
                let grant = row.grant()?;
                (grant.data, grant.expansion)
            }
            _ => (row.blob(1)?, None),
        })
    }

    fn record(self, row: &Columns<'_>) -> Result<Record, Error> {
        Ok(match self {
            Self::ResourceType => Record::ResourceType(row.record(record::resource_type)?),
            Self::Resource => Record::Resource(Box::new(row.record(record::resource)?)),
            Self::Entitlement => Record::Entitlement(row.record(record::entitlement)?),
            Self::Grant => Record::Grant(row.of.grant(&row.grant()?)?),
        })
    }
}

fn next<'a>(rows: &'a mut Rows<'_>, of: &'a Snapshot) -> Result<Option<Columns<'a>>, Error> {
    let row = rows.next().map_err(|e| of.database(e))?;
    Ok(row.map(|row| Columns::new(row, of)))
}
