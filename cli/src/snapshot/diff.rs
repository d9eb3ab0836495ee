//! The differences between two snapshots.

use rollcall_snapshot::{
    Difference, DifferenceKind, FieldDifference, RecordKind, Snapshot, compare,
};
use serde_json::Value;

use crate::failure::Failure;
use crate::output::{self, Format, Listing, Row};

impl Row for Difference {
    const COLUMNS: &'static [&'static str] = &["Change", "Object", "ID", "Display name", "Fields"];

    fn cells(&self) -> Vec<String> {
        let change = match self.change {
            DifferenceKind::Created => "created",
            DifferenceKind::Deleted => "deleted",
            DifferenceKind::Changed => "changed",
        };
        let object = match self.object {
            RecordKind::ResourceType => "resource type",
            RecordKind::Resource => "resource",
            RecordKind::Entitlement => "entitlement",
            RecordKind::Grant => "grant",
        };
        let fields: Vec<String> = self.fields.iter().map(in_words).collect();
        let (id, name, fields) = (&self.id, &self.display_name, &fields.join("; "));
        [change, object, id, name, fields].map(str::to_owned).into()
    }
}

fn in_words(field: &FieldDifference) -> String {
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
    let mut list = Listing::new::<Difference>(format)?;
    let totals = compare(old, new, |change| list.row(&change).map_err(Failure::from))?;
    list.finish()?;
    output::note(&format!(
        "{} created, {} deleted, {} changed",
        totals.created, totals.deleted, totals.changed
    ));
    Ok(())
}
