//! What changed from one snapshot to another.

use rollcall_snapshot::{
    Difference, DifferenceKind, FieldDifference, RecordKind, Snapshot, compare,
};
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Listing, Row};

impl Row for Difference {
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
        let fields: Vec<String> = self.fields.iter().map(describe).collect();
        [
            change,
            object,
            &self.id,
            &self.display_name,
            &fields.join("; "),
        ]
        .map(str::to_owned)
        .into()
    }
}

fn describe(field: &FieldDifference) -> String {
    format!(
        "{}: {} → {}",
        field.name,
        plain(&field.old),
        plain(&field.new)
    )
}

/// A value for people: text as it is, nothing as a dash.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Shows it.
pub(super) fn run(old: &Snapshot, new: &Snapshot, format: Format) -> Result<Exit, Failure> {
    let mut list = Listing::new(
        format,
        &["Change", "Object", "ID", "Display name", "Fields"],
    );
    let totals = compare(old, new, |change| list.row(&change))?;
    list.finish()?;
    output::note(&format!(
        "{} created, {} deleted, {} changed",
        totals.created, totals.deleted, totals.changed
    ));
    Ok(Exit::Done)
}
