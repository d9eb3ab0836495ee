//! The differences between two snapshots.

use rollcall_snapshot::compare::{Change, Field, Happened, Object, compare};
use rollcall_snapshot::read::Snapshot;
use serde_json::Value;

use crate::failure::Failure;
use crate::output::{self, Format, Listing, Row};

impl Row for Change {
    const COLUMNS: &'static [&'static str] = &["Change", "Object", "ID", "Display name", "Fields"];

    fn cells(&self) -> Vec<String> {
        let change = match self.change {
            Happened::Created => "created",
            Happened::Deleted => "deleted",
            Happened::Changed => "changed",
        };
        let object = match self.object {
            Object::ResourceType => "resource type",
            Object::Resource => "resource",
            Object::Entitlement => "entitlement",
            Object::Grant => "grant",
        };
        let fields: Vec<String> = self.fields.iter().map(in_words).collect();
        let (id, name, fields) = (&self.id, &self.display_name, &fields.join("; "));
        [change, object, id, name, fields].map(str::to_owned).into()
    }
}

fn in_words(field: &Field) -> String {
    let [old, new] = [&field.old, &field.new].map(|value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    format!("{}: {old} → {new}", field.name)
}

/// Lists the differences.
pub(super) fn run(old: &Snapshot, new: &Snapshot, format: Format) -> Result<(), Failure> {
    let mut list = Listing::new::<Change>(format)?;
    let totals = compare(old, new, |change| list.row(&change).map_err(Failure::from))?;
    list.finish()?;
    output::note(&format!(
        "{} created, {} deleted, {} changed",
        totals.created, totals.deleted, totals.changed
    ));
    Ok(())
}
