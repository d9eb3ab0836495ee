//! Cutting lists into pages.

use serde_json::{Value, json};

use super::{incoming::Query, options::Options, refusal::Refusal};
use crate::{
    lists::{self, cursor, read_cursor},
    server::Call,
};

/// A page size without `pageSize`.
const DEFAULT_PAGE: usize = 100;

/// What a bad token is answered. *Unknown*: the vendor's code and text.
pub(crate) fn bad_token() -> Refusal {
    Refusal::invalid("invalid page token")
}

/// The parameters that are not filters.
const PAGING: [&str; 4] = ["pageSize", "page_size", "pageToken", "page_token"];

fn list_name(call: &Call) -> String {
    lists::name(&call.path, &call.query, &PAGING)
}

/// One page of a list that is in documented order. A token is only good for the list it came from, with the same
/// filters. Returns `{<field>: […], nextPageToken}` and what was wrong with the request.
pub(crate) fn page(
    mut items: Vec<Value>,
    field: &str,
    call: &Call,
    query: &Query,
    options: &Options,
) -> Result<(Value, Vec<String>), Refusal> {
    let list = &list_name(call);
    let mut notes = Vec::new();
    let mut size = match query.get("pageSize") {
        None => DEFAULT_PAGE,
        Some(text) => text
            .parse::<i32>()
            .map_err(|_| Refusal::violation(format!("pageSize {text:?} is not a number")))?
            .try_into()
            .map_err(|_| Refusal::violation("pageSize is negative"))?,
    };
    if size > options.page_size_cap {
        notes.push(format!(
            "pageSize {size} is above {}",
            options.page_size_cap
        ));
        size = options.page_size_cap;
    }
    size = options
        .force_page_size
        .unwrap_or(if size == 0 { DEFAULT_PAGE } else { size })
        .max(1);
    options.ordering.arrange(&mut items);
    let start = match query.get("pageToken") {
        None if options.empty_page_with_token => {
            return Ok((json!({field: [], "nextPageToken": cursor(list, 0)}), notes));
        }
        None => 0,
        Some(text) => {
            let (of, offset) = read_cursor(text).ok_or_else(bad_token)?;
            if of != *list {
                return Err(Refusal::violation("the page token belongs to another list"));
            }
            offset
        }
    };
    let end = start.saturating_add(size).min(items.len());
    let next = if end < items.len() {
        cursor(list, end)
    } else {
        String::new()
    };
    let page: Vec<Value> = items.into_iter().take(end).skip(start).collect();
    Ok((json!({field: page, "nextPageToken": next}), notes))
}

/// Makes a list's answer point to the page it is, for ever.
pub(crate) fn repeat(call: &Call, asked: Option<&str>, body: &mut Value) {
    let Some(object) = body.as_object_mut() else {
        return;
    };
    let name = if object.contains_key("next_page_token") {
        "next_page_token"
    } else {
        "nextPageToken"
    };
    let again = asked.map_or_else(|| cursor(&list_name(call), 0), str::to_owned);
    object.insert(name.to_owned(), Value::from(again));
}
