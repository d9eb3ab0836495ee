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

/// What the name of a list ends with in the cursors of its empty pages.
const EMPTY: &str = " after empty pages";

/// A page of a list in documented order. A cursor is only good for the list it came from.
pub(crate) fn connection<T>(
    options: &Options,
    list: &str,
    mut items: Vec<T>,
    field: &Field,
    render: impl Fn(&T, &Field) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    options.ordering.arrange(&mut items);
    let (from, empty) = match &field.after {
        None => (0, 0),
        Some(text) => place(list, text)?,
    };
    let from = from.min(items.len());
    let is_empty = empty < options.empty_pages && list.ends_with("/teams");
    let size = field.first.unwrap_or(MOST);
    let size = options.force_page_size.map_or(size, |most| size.min(most));
    let size = if is_empty { 0 } else { size.max(1) };
    let to = from.saturating_add(size).min(items.len());
    let rows = items.get(from..to).unwrap_or_default();
    let end = match is_empty {
        true => Some(cursor(&format!("{list}{EMPTY}"), empty + 1)),
        false => (to > from).then(|| cursor(list, to)),
    };
    object(field, |part| {
        if part.name == "pageInfo" {
            return object(part, |part| {
                Ok(match part.name.as_str() {
                    "hasNextPage" => json!(is_empty || to < items.len()),
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

/// The offset that a cursor leads to, and how many empty pages came before it.
fn place(list: &str, text: &str) -> Result<(usize, usize), Refusal> {
    let (of, n) = read_cursor(text).ok_or_else(|| wrong("The cursor is invalid"))?;
    match of.strip_prefix(list) {
        Some("") => Ok((n, usize::MAX)),
        Some(EMPTY) => Ok((0, n)),
        _ => Err(wrong("The cursor belongs to another list")),
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
