//! Differences between two snapshots.
//!
//! Both are read in parallel in the order of their ids, so that memory holds two records. Records with the same bytes
//! are equal; only others are decoded, to find the fields that differ.

use std::cmp::Ordering;

use rollcall_model::Error;
use rusqlite::Rows;
use serde::Serialize;
use serde_json::Value;

use crate::fields::{FieldDifference, differing};
use crate::read::Snapshot;
use crate::record::{self, Grant};
use crate::rows::Columns;

/// A record that differs between two snapshots.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The kind of the record.
    pub object: RecordKind,
    /// What happened to it.
    pub change: DifferenceKind,
    /// Its id.
    pub id: String,
    /// Its name for people, if it has one.
    pub display_name: String,
    /// The fields that differ, if it was changed.
    pub fields: Vec<FieldDifference>,
    /// The grant, if it is one: the newer of the two.
    #[serde(skip)]
    pub grant: Option<Grant>,
}

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

/// The numbers of differing records, by what happened to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see DifferenceKind")]
pub struct Totals {
    pub created: u64,
    pub deleted: u64,
    pub changed: u64,
}

/// The name of the field for bytes that no known field explains.
const OTHER: &str = "(other data)";

/// Shows every difference between `old` and `new` to `visit`: resource types, resources, entitlements, grants, each in
/// the order of their ids. Returns their number.
pub fn compare<E: From<Error>>(
    old: &Snapshot,
    new: &Snapshot,
    mut visit: impl FnMut(Difference) -> Result<(), E>,
) -> Result<Totals, E> {
    let mut totals = Totals::default();
    for kind in
        [RecordKind::ResourceType, RecordKind::Resource, RecordKind::Entitlement, RecordKind::Grant]
    {
        kind.compare(old, new, &mut |difference: Difference| {
            match difference.change {
                DifferenceKind::Created => totals.created += 1,
                DifferenceKind::Deleted => totals.deleted += 1,
                DifferenceKind::Changed => totals.changed += 1,
            }
            visit(difference)
        })?;
    }
    Ok(totals)
}

impl RecordKind {
    /// Merges the records of this kind from both snapshots.
    fn compare<E: From<Error>>(
        self,
        old: &Snapshot,
        new: &Snapshot,
        visit: &mut impl FnMut(Difference) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = (|e| old.database(e), |e| new.database(e));
        let mut left = old.db.prepare(&self.query(old)).map_err(failed.0)?;
        let mut right = new.db.prepare(&self.query(new)).map_err(failed.1)?;
        let mut left = left.query([&old.sync.sync_id]).map_err(failed.0)?;
        let mut right = right.query([&new.sync.sync_id]).map_err(failed.1)?;
        let (mut before, mut after) = (next(&mut left, old)?, next(&mut right, new)?);
        loop {
            let order = match (&before, &after) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(before), Some(after)) => before.text(0)?.cmp(after.text(0)?),
            };
            let difference = match (&before, &after) {
                (Some(row), _) if order.is_lt() => {
                    Some(self.difference(DifferenceKind::Deleted, row)?)
                }
                (_, Some(row)) if order.is_gt() => {
                    Some(self.difference(DifferenceKind::Created, row)?)
                }
                (Some(before), Some(after)) => self.changed(before, after)?,
                _ => None,
            };
            if let Some(difference) = difference {
                visit(difference)?;
            }
            if order.is_le() {
                before = next(&mut left, old)?;
            }
            if order.is_ge() {
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

    /// The bytes that make a record: its data and, of a grant, its expansion.
    fn bytes<'a>(self, row: &Columns<'a>) -> Result<(&'a [u8], Option<&'a [u8]>), Error> {
        Ok(match self {
            Self::Grant => {
                let grant = row.grant()?;
                (grant.data, grant.expansion)
            }
            _ => (row.blob(1)?, None),
        })
    }

    /// The record's fields as JSON.
    fn value(self, row: &Columns<'_>) -> Result<Value, Error> {
        let value = match self {
            Self::ResourceType => serde_json::to_value(row.record(record::resource_type)?),
            Self::Resource => serde_json::to_value(row.record(record::resource)?),
            Self::Entitlement => serde_json::to_value(row.record(record::entitlement)?),
            Self::Grant => serde_json::to_value(row.of.grant(&row.grant()?)?),
        };
        value.map_err(Error::not_json)
    }

    /// A difference without fields.
    fn difference(self, change: DifferenceKind, row: &Columns<'_>) -> Result<Difference, Error> {
        let display_name = self.value(row)?["display_name"].as_str().map(str::to_owned);
        Ok(Difference {
            object: self,
            change,
            id: row.text(0)?.to_owned(),
            display_name: display_name.unwrap_or_default(),
            fields: Vec::new(),
            grant: match self {
                Self::Grant => Some(row.of.grant(&row.grant()?)?),
                _ => None,
            },
        })
    }

    /// The difference between two records with the same id, if there is one.
    fn changed(
        self,
        before: &Columns<'_>,
        after: &Columns<'_>,
    ) -> Result<Option<Difference>, Error> {
        let (was, is) = (self.bytes(before)?, self.bytes(after)?);
        if was == is {
            return Ok(None);
        }
        let mut difference = self.difference(DifferenceKind::Changed, after)?;
        let fields = &mut difference.fields;
        differing("", &self.value(before)?, &self.value(after)?, fields);
        if fields.is_empty() {
            fields.push(FieldDifference {
                name: OTHER.to_owned(),
                old: was.0.len().into(),
                new: is.0.len().into(),
            });
        }
        Ok(Some(difference))
    }
}

fn next<'a>(rows: &'a mut Rows<'_>, of: &'a Snapshot) -> Result<Option<Columns<'a>>, Error> {
    let row = rows.next().map_err(|e| of.database(e))?;
    Ok(row.map(|row| Columns::new(row, of)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, World, world};
    use rollcall_model::State;
    use serde_json::json;

    fn changes(old: &World, new: &World) -> Vec<Difference> {
        let (old, new) = (testing::open(old), testing::open(new));
        let mut all = Vec::new();
        let totals = compare(&old, &new, |difference| {
            all.push(difference);
            Ok::<_, Error>(())
        });
        let totals = totals.expect("readable");
        let total = totals.created + totals.deleted + totals.changed;
        assert_eq!(total, all.len() as u64);
        all
    }

    fn in_short(changes: &[Difference]) -> Vec<String> {
        let short = |c: &Difference| {
            let sign = match c.change {
                DifferenceKind::Created => '+',
                DifferenceKind::Deleted => '-',
                DifferenceKind::Changed => '~',
            };
            format!("{sign} {}", c.id)
        };
        changes.iter().map(short).collect()
    }

    #[test]
    fn the_same_state_has_no_differences() {
        assert!(changes(&world(), &world()).is_empty());
    }

    #[test]
    fn created_and_deleted_records_are_shown_in_the_order_of_their_ids() {
        let mut new = world();
        new.resources.insert(3, testing::user("a0", "Early"));
        new.resources.retain(|r| r.id.id != "u2");
        new.grants.retain(|(g, _)| g.principal.id != "u2");
        new.grants.push((testing::grant("namespace:n1:write", "user:a0"), vec![]));
        let expected = [
            "+ user:a0",
            "- user:u2",
            "- group:g1:member:user:u2",
            "- group:g2:member:user:u2",
            "+ namespace:n1:write:user:a0",
            "- namespace:n1:write:user:u2",
        ];
        assert_eq!(in_short(&changes(&world(), &new)), expected);
        let empty = World { resources: vec![], entitlements: vec![], grants: vec![] };
        assert_eq!(changes(&empty, &world()).len(), 17);
        assert_eq!(changes(&world(), &empty).len(), 17);
    }

    #[test]
    fn a_changed_record_names_its_fields_old_and_new() {
        let mut new = world();
        let ada = &mut new.resources[3];
        ada.display_name = "Ada L.".into();
        ada.state = State::Disabled;
        ada.profile = [("team".to_owned(), json!("x"))].into();
        new.grants[0].0.immutable = true;
        let changes = changes(&world(), &new);
        assert_eq!(in_short(&changes), ["~ user:u1", "~ group:g1:member:user:u1"]);
        let fields: Vec<_> =
            changes[0].fields.iter().map(|f| (f.name.as_str(), &f.old, &f.new)).collect();
        let expected = [
            ("display_name", &json!("Ada"), &json!("Ada L.")),
            ("profile.team", &Value::Null, &json!("x")),
            ("status", &Value::Null, &json!("disabled")),
        ];
        assert_eq!(fields, expected);
        assert_eq!(changes[1].fields[0].name, "immutable");
    }

    #[test]
    fn a_grant_that_becomes_expandable_is_changed_although_its_data_is_not() {
        let mut old = world().unexpanded();
        old.grants[2].0.expandable = None;
        let changes = changes(&old, &world().unexpanded());
        assert_eq!(in_short(&changes), ["~ group:g2:member:group:g1"]);
        assert_eq!(changes[0].fields[0].name, "expandable");
    }

    #[test]
    fn bytes_that_no_field_explains_are_still_a_change() {
        let mut new = world();
        new.entitlements[0].exclusive =
            Some(rollcall_model::Exclusive { group: String::new(), order: 3, per_resource: false });
        let mut old = new.clone();
        if let Some(exclusive) = &mut old.entitlements[0].exclusive {
            exclusive.order = 2;
        }
        assert_eq!(changes(&old, &new)[0].fields[0].name, OTHER);
    }
}
