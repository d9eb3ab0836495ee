//! Cutting lists into pages: by offset in v1, by cursor in v2.

use serde_json::{Value, json};

use super::{EmptyPage, Request, SITE, Vendor, is_v2, on_site};
use crate::{
    kit::Api,
    paging::Place,
    refusal::Refusal,
    routes::{Good, Reply},
    server::{Answer, Call},
};

fn is_search(call: &Call) -> bool {
    call.path.ends_with("/search/user")
}

/// A page of a list that is in documented order. Of search it never has more than 100 rows, and nothing tells the end.
pub(super) fn page<T>(request: &Request, mut items: Vec<T>, row: impl Fn(T) -> Value) -> Reply {
    let (call, options, v2) = (request.call, &request.tenant.options, is_v2(request.call));
    let (default, most, by_cursor, empty) = match v2 {
        true => (25, 250, true, options.v2_empty_page),
        false if is_search(call) => (25, usize::MAX, options.search_by_cursor, EmptyPage::Never),
        false => (200, 200, false, options.v1_empty_page),
    };
    let limit = request.up_to("limit", most)?.unwrap_or(default);
    let start = request.number("start")?.unwrap_or_default();
    let linked = request.query.get("next").is_some() || start > 0;
    let from = match request.query.get("cursor").map(Place::read) {
        None => (linked && !by_cursor).then_some(start),
        // Without a link that has one, nobody knows of any.
        Some(_) if !by_cursor => return Err(Refusal::violation("unknown query parameter cursor")),
        Some(None) => return Err(Vendor::stale_cursor()),
        Some(Some(place)) if place.list == call.path => Some(place.offset),
        Some(_) => return Err(Refusal::violation("the cursor belongs to another list")),
    };
    options.ordering.arrange(&mut items);
    let size = options.force_page_size.unwrap_or(limit).clamp(1, limit);
    let size = if is_search(call) { size.min(100) } else { size };
    let gap = |n: usize| match empty {
        EmptyPage::Between if n > 0 && n.is_multiple_of(size) => size,
        _ => 0,
    };
    let items = items.into_iter().enumerate();
    // What is left out after the list was cut is a place without a row.
    let places = items.flat_map(|(n, item)| (0..gap(n)).map(|_| None).chain([Some(item)]));
    let places: Vec<Option<T>> = places.collect();
    let (begin, total) = (from.unwrap_or_default(), places.len());
    let end = begin.saturating_add(size);
    let stuck = options.stuck_list.unwrap_or("-");
    let (begin, next) = match empty {
        _ if call.path.ends_with(stuck) => (0, Some(end)),
        EmptyPage::All => (total, Some(end)),
        EmptyPage::First if from.is_none() => (total, Some(0)),
        EmptyPage::Last => (begin, Some(end.min(total))),
        _ => (begin, (end < total).then_some(end)),
    };
    let is_shown = |row: &Value| {
        let id = row["accountId"].as_str().or(row["id"].as_str());
        v2 || id.is_none_or(|id| !options.v1_left_out.contains(id))
    };
    let rows = places.into_iter().skip(begin).take(size).flatten();
    let rows: Vec<Value> = rows.map(row).filter(is_shown).collect();
    let mut good = Good::from(json!({"_links": {"base": format!("{SITE}/wiki")}}));
    if !v2 {
        good.body = json!({
            "start": start, "limit": limit, "size": rows.len(),
            "_links": {"base": format!("{SITE}/wiki"), "context": "/wiki", "self": format!("{SITE}{}", call.path)},
        });
    }
    good.body["results"] = json!(rows);
    if let Some(next) = next.filter(|_| by_cursor || !is_search(call)) {
        link(call, by_cursor, (&mut good.body, &mut good.headers), next);
    }
    Ok(good)
}

type Page<'a> = (&'a mut Value, &'a mut Vec<(String, String)>);

/// Makes the page lead to another one. Links do not know of the gateway, and those of v1 are relative to `/wiki`.
fn link(call: &Call, by_cursor: bool, (body, headers): Page, next: usize) {
    let path = on_site(&call.path);
    let moving: &[&str] = match by_cursor {
        true => &["cursor="],
        false => &["next=", "limit=", "start="],
    };
    let pairs = call.query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.filter(|pair| !moving.iter().any(|name| pair.starts_with(name)));
    let kept: String = pairs.map(|pair| format!("{pair}&")).collect();
    let mut place = Place::beginning(path.to_owned());
    place.offset = next;
    let link = match by_cursor {
        true => format!("{path}?{kept}cursor={}", place.write()),
        false => format!(
            "{path}?{kept}next=true&limit={}&start={next}",
            body["limit"]
        ),
    };
    let v1 = link.strip_prefix("/wiki").filter(|_| !is_v2(call));
    body["_links"]["next"] = json!(v1.unwrap_or(&link));
    if v1.is_none() {
        headers.retain(|(name, _)| name != "link");
        headers.push(("link".to_owned(), format!("<{link}>; rel=\"next\"")));
    }
}

/// Makes a list's answer lead to the page it is, for ever. Search has no `next` to do it with.
pub(super) fn repeat(call: &Call, answer: &mut Answer) {
    if call.method == "GET" && answer.body["results"].is_array() && !is_search(call) {
        let cursor = Vendor::cursor(call).and_then(|cursor| Place::read(&cursor));
        let start = answer.body["start"].as_u64().unwrap_or_default() as usize;
        let here = cursor.map_or(start, |place| place.offset);
        let page = (&mut answer.body, &mut answer.headers);
        link(call, is_v2(call), page, here);
    }
}
