//! What a query asks for and what it takes: <https://buildkite.com/docs/apis/graphql/graphql-resource-limits>. An object
//! is one point and a plain value none; `edges` is one point however many there are, and what is in each counts for each.

use serde_json::Value;

use super::schema::{Field, MOST};

/// The points a query asks for: every list is as long as it may be.
pub(crate) fn requested(fields: &[Field]) -> u64 {
    points(fields, 1)
}

/// The points of what is selected of an object that is a list's with so many rows at most.
fn points(fields: &[Field], rows: u64) -> u64 {
    let fields = fields.iter().filter(|field| !field.selection.is_empty());
    fields.fold(0, |sum: u64, field| {
        let times = if field.name == "edges" { rows } else { 1 };
        let first = u64::try_from(field.first.unwrap_or(MOST)).unwrap_or(u64::MAX);
        let inside = points(&field.selection, first).saturating_mul(times);
        sum.saturating_add(1).saturating_add(inside)
    })
}

/// The points of an answer.
pub(crate) fn actual(data: &Value) -> u64 {
    let children = data.as_object().map(|object| object.values());
    children.into_iter().flatten().map(inner).sum()
}

fn inner(value: &Value) -> u64 {
    match value {
        Value::Object(_) => 1 + actual(value),
        Value::Array(edges) => 1 + edges.iter().map(actual).sum::<u64>(),
        _ => 0,
    }
}

/// The levels of a query.
pub(crate) fn depth(fields: &[Field]) -> usize {
    let depths = fields.iter().map(|field| 1 + depth(&field.selection));
    depths.max().unwrap_or(0)
}
