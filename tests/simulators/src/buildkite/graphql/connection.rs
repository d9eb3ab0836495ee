//! Lists of GraphQL: edges, and where the next ones begin.

use serde_json::{Map, Value, json};

use super::{
    schema::{Field, MOST},
    wrong,
};
use crate::{
    buildkite::{options::Options, refusal::Refusal},
    lists::{cursor, read_cursor},
};

/// A page of a list in documented order. A cursor is only good for the list it came from.
pub(crate) fn connection<T>(
    options: &Options,
    list: &str,
    mut items: Vec<T>,
    field: &Field,
    render: impl Fn(&T, &Field) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    options.ordering.arrange(&mut items);
    let from = match &field.after {
        None => 0,
        Some(text) => offset(list, text)?.min(items.len()),
    };
    let size = field.first.unwrap_or(MOST);
    let size = options.force_page_size.map_or(size, |most| size.min(most));
    let to = from.saturating_add(size.max(1)).min(items.len());
    let rows = items.get(from..to).unwrap_or_default();
    let end = (to > from).then(|| cursor(list, to));
    object(field, |part| {
        if part.name == "pageInfo" {
            return object(part, |part| {
                Ok(match part.name.as_str() {
                    "hasNextPage" => json!(to < items.len()),
                    _ => json!(end),
                })
            });
        }
        let edges = rows
            .iter()
            .map(|row| object(part, |node| render(row, node)));
        edges.collect::<Result<Value, _>>()
    })
}

fn offset(list: &str, text: &str) -> Result<usize, Refusal> {
    let (of, offset) = read_cursor(text).ok_or_else(|| wrong("The cursor is invalid"))?;
    if of == list {
        Ok(offset)
    } else {
        Err(wrong("The cursor belongs to another list"))
    }
}

/// An object with what is selected of it.
pub(crate) fn object(
    field: &Field,
    value: impl Fn(&Field) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let parts = field.selection.iter();
    let parts = parts.map(|part| Ok((part.name.clone(), value(part)?)));
    parts.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}
