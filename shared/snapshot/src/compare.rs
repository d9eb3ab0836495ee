//! What changed between two snapshots.
//!
//! Both are read side by side in the order of their ids, so that memory holds two records at a time. Records of which
//! the bytes are the same are the same; only others are decoded, to say which of their fields differ.

use prost::DecodeError;
use rollcall_model::Code;
use rusqlite::{Row, Rows};
use serde::Serialize;
use serde_json::Value;

pub use super::fields::Field;
use super::fields::differing;
use super::read::Snapshot;
use super::record;
use super::rows::{next, text};
use rollcall_model::Error;

/// A record that is not the same in both snapshots.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What kind of record.
    pub object: Object,
    /// What happened to it.
    pub change: Happened,
    /// Its id.
    pub id: String,
    /// Its name for people, where it has one.
    pub display_name: String,
    /// What is different, if it was changed.
    pub fields: Vec<Field>,
}

/// The kinds of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each says it all")]
pub enum Object {
    ResourceType,
    Resource,
    Entitlement,
    Grant,
}

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// It is only in the newer one.
    Created,
    /// It is only in the older one.
    Deleted,
    /// It is in both, and not the same.
    Changed,
}

/// How many records are not the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Records that are only in the newer one.
    pub created: u64,
    /// Records that are only in the older one.
    pub deleted: u64,
    /// Records that are in both, and not the same.
    pub changed: u64,
}

/// The name of the field that stands for bytes which no known field explains.
const OTHER: &str = "(other data)";

/// Shows every difference between `old` and `new` to `visit`: resource types, resources, entitlements, grants, each in
/// the order of their ids. Gives how many there are.
pub fn compare<E: From<Error>>(
    old: &Snapshot,
    new: &Snapshot,
    mut visit: impl FnMut(Change) -> Result<(), E>,
) -> Result<Totals, E> {
    let mut totals = Totals::default();
    for object in [
        Object::ResourceType,
        Object::Resource,
        Object::Entitlement,
        Object::Grant,
    ] {
        side_by_side(object, old, new, &mut |change: Change| {
            match change.change {
                Happened::Created => totals.created += 1,
                Happened::Deleted => totals.deleted += 1,
                Happened::Changed => totals.changed += 1,
            }
            visit(change)
        })?;
    }
    Ok(totals)
}

/// Merges the records of one kind from both snapshots.
fn side_by_side<E: From<Error>>(
    object: Object,
    old: &Snapshot,
    new: &Snapshot,
    visit: &mut impl FnMut(Change) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |of: &Snapshot, e| Error::from(of.database(e));
    let mut statements = (
        old.db
            .prepare(&sql(object, old))
            .map_err(|e| failed(old, e))?,
        new.db
            .prepare(&sql(object, new))
            .map_err(|e| failed(new, e))?,
    );
    let mut left = statements
        .0
        .query([&old.sync.sync_id])
        .map_err(|e| failed(old, e))?;
    let mut right = statements
        .1
        .query([&new.sync.sync_id])
        .map_err(|e| failed(new, e))?;
    let mut before = step(&mut left, old)?;
    let mut after = step(&mut right, new)?;
    loop {
        let order = match (&before, &after) {
            (None, None) => return Ok(()),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(b), Some(a)) => b.id.cmp(&a.id),
        };
        if let Some(change) = difference(object, order, (old, &before), (new, &after))? {
            visit(change)?;
        }
        if order.is_le() {
            before = step(&mut left, old)?;
        }
        if order.is_ge() {
            after = step(&mut right, new)?;
        }
    }
}

/// Rows in the order of their ids: the unique index has it, so nothing is sorted.
fn sql(object: Object, of: &Snapshot) -> String {
    let table = match object {
        Object::ResourceType => "v1_resource_types",
        Object::Resource => "v1_resources",
        Object::Entitlement => "v1_entitlements",
        Object::Grant => {
            let columns = of.grant_columns();
            return format!(
                "SELECT {columns} FROM v1_grants WHERE sync_id = ?1 ORDER BY external_id"
            );
        }
    };
    format!("SELECT external_id, data FROM {table} WHERE sync_id = ?1 ORDER BY external_id")
}

/// A row of either snapshot, kept while the other one catches up.
struct Record {
    id: String,
    data: Vec<u8>,
    grant: Option<GrantParts>,
}

/// What a grant has besides its data.
struct GrantParts {
    entitlement: String,
    resource: (String, String),
    principal: (String, String),
    expansion: Option<Vec<u8>>,
}

fn step(rows: &mut Rows<'_>, of: &Snapshot) -> Result<Option<Record>, Error> {
    let Some(row) = next(rows, of)? else {
        return Ok(None);
    };
    if row.as_ref().column_count() == 2 {
        let plain = |row: &Row<'_>| -> rusqlite::Result<Record> {
            Ok(Record {
                id: text(row, 0)?.to_owned(),
                data: row.get_ref(1)?.as_blob()?.to_vec(),
                grant: None,
            })
        };
        return Ok(Some(plain(row).map_err(|e| of.database(e))?));
    }
    let columns = of.columns(row)?;
    Ok(Some(Record {
        id: columns.id.to_owned(),
        data: columns.data.to_vec(),
        grant: Some(GrantParts {
            entitlement: columns.entitlement.to_owned(),
            resource: (columns.resource.0.to_owned(), columns.resource.1.to_owned()),
            principal: (
                columns.principal.0.to_owned(),
                columns.principal.1.to_owned(),
            ),
            expansion: columns.expansion.map(<[u8]>::to_vec),
        }),
    }))
}

impl Record {
    fn same_as(&self, other: &Self) -> bool {
        let expansion = |r: &Self| r.grant.as_ref().and_then(|g| g.expansion.clone());
        self.data == other.data && expansion(self) == expansion(other)
    }

    /// The record's fields as JSON.
    fn value(&self, object: Object, of: &Snapshot) -> Result<Value, Error> {
        let bad = |e: DecodeError| Error::from(of.bad_record(&self.id, e));
        let data = self.data.as_slice();
        let value = match (object, &self.grant) {
            (Object::ResourceType, _) => json(&record::resource_type(data).map_err(bad)?),
            (Object::Resource, _) => json(&record::resource(data).map_err(bad)?),
            (Object::Grant, Some(parts)) => {
                json(&record::grant(&parts.columns(&self.id, data)).map_err(bad)?)
            }
            (Object::Entitlement | Object::Grant, _) => {
                json(&record::entitlement(data).map_err(bad)?)
            }
        };
        value
            .map_err(|e| Error::internal(Code::NotJson, "a record has no JSON form").with_source(e))
    }
}

impl GrantParts {
    fn columns<'a>(&'a self, id: &'a str, data: &'a [u8]) -> record::GrantColumns<'a> {
        record::GrantColumns {
            id,
            entitlement: &self.entitlement,
            resource: (&self.resource.0, &self.resource.1),
            principal: (&self.principal.0, &self.principal.1),
            expansion: self.expansion.as_deref(),
            data,
        }
    }
}

fn json(record: &impl Serialize) -> Result<Value, serde_json::Error> {
    serde_json::to_value(record)
}

/// What there is to say about the records that are next on both sides, in this order of their ids.
fn difference(
    object: Object,
    order: std::cmp::Ordering,
    (old, before): (&Snapshot, &Option<Record>),
    (new, after): (&Snapshot, &Option<Record>),
) -> Result<Option<Change>, Error> {
    let one_sided = |change, record: &Record, of: &Snapshot| -> Result<Option<Change>, Error> {
        let value = record.value(object, of)?;
        Ok(Some(Change {
            object,
            change,
            id: record.id.clone(),
            display_name: display_name(&value),
            fields: Vec::new(),
        }))
    };
    match (before, after) {
        (Some(before), _) if order.is_lt() => one_sided(Happened::Deleted, before, old),
        (_, Some(after)) if order.is_gt() => one_sided(Happened::Created, after, new),
        (Some(before), Some(after)) if !before.same_as(after) => {
            let (was, is) = (before.value(object, old)?, after.value(object, new)?);
            let mut fields = Vec::new();
            differing("", &was, &is, &mut fields);
            if fields.is_empty() {
                fields.push(Field {
                    name: OTHER.to_owned(),
                    old: Value::from(before.data.len()),
                    new: Value::from(after.data.len()),
                });
            }
            Ok(Some(Change {
                object,
                change: Happened::Changed,
                id: after.id.clone(),
                display_name: display_name(&is),
                fields,
            }))
        }
        _ => Ok(None),
    }
}

fn display_name(value: &Value) -> String {
    value["display_name"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::testing::{World, world};
    use rollcall_model::State;
    use serde_json::json;

    fn changes(old: &World, new: &World) -> Vec<Change> {
        let (old, new) = (testing::open(old), testing::open(new));
        let mut all = Vec::new();
        let totals = compare(&old, &new, |change| -> Result<(), Error> {
            all.push(change);
            Ok(())
        });
        let totals = totals.expect("readable");
        assert_eq!(
            totals.created + totals.deleted + totals.changed,
            all.len() as u64
        );
        all
    }

    fn in_short(changes: &[Change]) -> Vec<String> {
        let short = |c: &Change| {
            let sign = match c.change {
                Happened::Created => '+',
                Happened::Deleted => '-',
                Happened::Changed => '~',
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
    fn what_came_and_went_is_told_in_order() {
        let mut new = world();
        new.resources.insert(3, testing::user("a0", "Early"));
        new.resources.retain(|r| r.id.id != "u2");
        new.grants.retain(|(g, _)| g.principal.id != "u2");
        new.grants
            .push((testing::grant("namespace:n1:write", "user:a0"), vec![]));
        let expected = [
            "+ user:a0",
            "- user:u2",
            "- group:g1:member:user:u2",
            "- group:g2:member:user:u2",
            "+ namespace:n1:write:user:a0",
            "- namespace:n1:write:user:u2",
        ];
        assert_eq!(in_short(&changes(&world(), &new)), expected);
        let empty = World {
            resources: vec![],
            entitlements: vec![],
            grants: vec![],
        };
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
        assert_eq!(
            in_short(&changes),
            ["~ user:u1", "~ group:g1:member:user:u1"]
        );
        let fields: Vec<_> = changes[0]
            .fields
            .iter()
            .map(|f| (f.name.as_str(), &f.old, &f.new))
            .collect();
        let expected = [
            ("display_name", &json!("Ada"), &json!("Ada L.")),
            ("profile.team", &Value::Null, &json!("x")),
            ("status", &Value::Null, &json!("disabled")),
        ];
        assert_eq!(fields, expected);
        assert_eq!(changes[1].fields[0].name, "immutable");
    }

    #[test]
    fn a_grant_that_is_passed_on_now_is_changed_although_its_data_is_not() {
        let mut old = world().unexpanded();
        old.grants[2].0.expandable = None;
        let changes = changes(&old, &world().unexpanded());
        assert_eq!(in_short(&changes), ["~ group:g2:member:group:g1"]);
        assert_eq!(changes[0].fields[0].name, "expandable");
    }

    #[test]
    fn bytes_that_no_field_explains_are_still_a_change() {
        let mut new = world();
        new.entitlements[0].exclusive = Some(rollcall_model::Exclusive {
            group: String::new(),
            order: 3,
            per_resource: false,
        });
        let mut old = new.clone();
        if let Some(exclusive) = &mut old.entitlements[0].exclusive {
            exclusive.order = 2;
        }
        assert_eq!(changes(&old, &new)[0].fields[0].name, OTHER);
    }
}
