//! Differences between two snapshots.

use rollcall_model::Error;
use serde::Serialize;

use crate::fields::{FieldDifference, differing};
use crate::pairs::{DifferenceKind, Pair, RecordKind, Sides, each_pair};
use crate::read::Snapshot;

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

/// Shows every difference between `old` and `new` to `visit`, in the order of [`each_pair`]. Returns their number.
pub fn compare<E: From<Error>>(
    old: &Snapshot,
    new: &Snapshot,
    mut visit: impl FnMut(Difference) -> Result<(), E>,
) -> Result<Totals, E> {
    let mut totals = Totals::default();
    each_pair(old, new, |pair| {
        let difference = pair.difference()?;
        match difference.change {
            DifferenceKind::Created => totals.created += 1,
            DifferenceKind::Deleted => totals.deleted += 1,
            DifferenceKind::Changed => totals.changed += 1,
        }
        visit(difference)
    })?;
    Ok(totals)
}

impl Pair<'_> {
    /// The difference for people: names and, if it was changed, the fields that differ.
    pub fn difference(&self) -> Result<Difference, Error> {
        let values = self.records()?.map(serde_json::to_value).map_err(Error::not_json)?;
        let name = values.latest()["display_name"].as_str();
        let mut fields = Vec::new();
        if let (Sides::Both(old, new), Sides::Both(was, is)) = (&values, self.bytes()?) {
            differing("", old, new, &mut fields);
            if fields.is_empty() {
                let (old, new) = (was.0.len().into(), is.0.len().into());
                fields.push(FieldDifference { name: OTHER.to_owned(), old, new });
            }
        }
        Ok(Difference {
            object: self.kind(),
            change: values.change(),
            id: self.id()?.to_owned(),
            display_name: name.unwrap_or_default().to_owned(),
            fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, World, world};
    use rollcall_model::State;
    use serde_json::{Value, json};

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
