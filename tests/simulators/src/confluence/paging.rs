//! Cutting lists into pages: by offset in v1, by cursor in v2.

use serde_json::{Value, json};

use super::{
    Inner,
    options::EmptyPage,
    refusal::Refusal,
    routes::{Context, Good, Reply},
    world::World,
};
use crate::{
    address::Query,
    lists::{self, cursor, read_cursor},
    server::{Answer, Call},
};

/// The most rows of a page of v1.
pub(crate) const V1_MOST: usize = 200;
/// The most rows of a page of v2.
const V2_MOST: usize = 250;
/// The rows of a page of v2 without a `limit`.
const V2_DEFAULT: usize = 25;

/// A number of v1: not negative.
pub(crate) fn number(query: &Query, name: &str, default: usize) -> Result<usize, Refusal> {
    query.get(name).map_or(Ok(default), |text| {
        text.parse()
            .map_err(|_| Refusal::violation(format!("{name} {text:?} is not a number")))
    })
}

/// `limit` of v1, which is at least 1. *Unknown*: what 0 does.
pub(crate) fn limit(query: &Query, default: usize) -> Result<usize, Refusal> {
    match number(query, "limit", default)? {
        0 => Err(Refusal::violation("limit must be at least 1")),
        limit => Ok(limit),
    }
}

impl Context<'_> {
    /// The path as links have it: without the gateway.
    fn link(&self) -> &str {
        let path = self.call.path.as_str();
        path.find("/wiki/")
            .and_then(|at| path.get(at..))
            .unwrap_or(path)
    }

    /// Whether the list takes no notice of where a page is to begin.
    pub(crate) fn is_stuck(&self) -> bool {
        let stuck = self.inner.options.stuck_list;
        stuck.is_some_and(|end| self.call.path.ends_with(end))
    }

    /// The rows of a page that begins at `from`, or is the first one, and where the next one begins.
    fn cut<'i, T>(
        &self,
        items: &'i [T],
        from: Option<usize>,
        size: usize,
        empty: EmptyPage,
    ) -> (Vec<&'i T>, Option<usize>) {
        let total = items.len();
        let start = from.unwrap_or(0);
        if self.is_stuck() {
            return (items.iter().take(size).collect(), Some(start + size));
        }
        match empty {
            EmptyPage::All => (Vec::new(), Some(start.saturating_add(size))),
            EmptyPage::First if from.is_none() => (Vec::new(), Some(0)),
            EmptyPage::Between => {
                // After each page of rows as many that are left out.
                let row = |place: usize| {
                    let (page, rest) = (place / size, place % size);
                    items
                        .get(page / 2 * size + rest)
                        .filter(|_| page.is_multiple_of(2))
                };
                let end = start.saturating_add(size);
                let places = (2 * total.div_ceil(size)).saturating_sub(1) * size;
                (
                    (start..end).filter_map(row).collect(),
                    (end < places).then_some(end),
                )
            }
            EmptyPage::Never | EmptyPage::First | EmptyPage::Last => {
                let end = start.saturating_add(size).min(total);
                let more = end < total || empty == EmptyPage::Last;
                let rows = items.get(start.min(total)..end).unwrap_or_default();
                let next = end.max(start.min(total));
                (rows.iter().collect(), more.then_some(next))
            }
        }
    }

    /// The rows that go away now that a page is answered that another one follows, if they are of that list.
    pub(crate) fn lost_rows(
        &mut self,
        reply: &Reply,
        is_listed: impl Fn(&World, &str) -> bool,
    ) -> Vec<String> {
        let goes_on = |reply: &Good| reply.body.pointer("/_links/next").is_some();
        let Inner { world, options, .. } = &mut *self.inner;
        let lost = options.lost_between_pages.front();
        let are_listed = lost.is_some_and(|ids| ids.iter().any(|id| is_listed(world, id)));
        if !are_listed || !reply.as_ref().is_ok_and(goes_on) {
            return Vec::new();
        }
        options.lost_between_pages.pop_front().unwrap_or_default()
    }

    /// A page of a list of v1 that is in documented order.
    pub(crate) fn v1_list<T>(
        &self,
        mut items: Vec<T>,
        query: &Query,
        most: usize,
        render: impl Fn(&T) -> Value,
    ) -> Reply {
        let options = &self.inner.options;
        let start = number(query, "start", 0)?;
        let limit = limit(query, V1_MOST)?;
        if limit > most {
            return Err(Refusal::violation(format!("limit {limit} is above {most}")));
        }
        options.ordering.arrange(&mut items);
        let total = items.len();
        let size = limit.min(options.force_page_size.unwrap_or(limit)).max(1);
        let linked = query.get("next").is_some() || start > 0;
        let from = linked.then_some(start);
        let (rows, next) = self.cut(&items, from, size, options.v1_empty_page);
        let is_shown = |row: &Value| {
            let id = row.get("accountId").or_else(|| row.get("id"));
            let id = id.and_then(Value::as_str);
            id.is_none_or(|id| !options.v1_left_out.contains(id))
        };
        let results = rows.into_iter().map(render).filter(is_shown);
        let results: Vec<Value> = results.collect();
        let site = &self.inner.world.site;
        let path = self.link().trim_start_matches("/wiki");
        let mut body = json!({
            "results": results, "start": start, "limit": limit, "size": results.len(),
            "_links": {"base": format!("{site}/wiki"), "context": "/wiki", "self": format!("{site}/wiki{path}")},
        });
        if query.get("shouldReturnTotalSize") == Some("true") {
            body["totalSize"] = Value::from(total);
        }
        if let Some(next) = next {
            let name = lists::name("", &self.call.query, &["next", "limit", "start"]);
            let filters = name.trim_start_matches('?');
            let mark = if filters.is_empty() { "" } else { "&" };
            body["_links"]["next"] = Value::from(format!(
                "{path}?next=true&limit={limit}&start={next}{mark}{filters}"
            ));
        }
        Ok(Good::ok(body))
    }

    /// A page of a list of v2 that is in documented order. A cursor is only good for the list it came from, with the
    /// same filters.
    pub(crate) fn v2_list<T>(
        &self,
        mut items: Vec<T>,
        query: &Query,
        render: impl Fn(&T) -> Value,
    ) -> Reply {
        let options = &self.inner.options;
        let limit = match query.get("limit") {
            None => V2_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=V2_MOST).contains(limit))
                .ok_or_else(|| {
                    Refusal::violation(format!("limit {text:?} is not from 1 to {V2_MOST}"))
                })?,
        };
        let list = list_name(self.link(), self.call);
        let start = match query.get("cursor") {
            None => None,
            Some(text) => {
                let (of, offset) = read_cursor(text).ok_or_else(bad_cursor)?;
                if of != list {
                    return Err(Refusal::violation("the cursor belongs to another list"));
                }
                Some(offset)
            }
        };
        options.ordering.arrange(&mut items);
        let size = limit.min(options.force_page_size.unwrap_or(limit)).max(1);
        let (rows, next) = self.cut(&items, start, size, options.v2_empty_page);
        let results: Vec<Value> = rows.into_iter().map(render).collect();
        let base = format!("{}/wiki", self.inner.world.site);
        let mut good = Good::ok(json!({"results": results, "_links": {"base": base}}));
        if let Some(next) = next {
            let link = v2_link(self.link(), self.call, &cursor(&list, next));
            good.headers
                .push(("link".to_owned(), format!("<{link}>; rel=\"next\"")));
            good.body["_links"]["next"] = Value::from(link);
        }
        Ok(good)
    }
}

fn list_name(path: &str, call: &Call) -> String {
    lists::name(path, &call.query, &["limit", "cursor"])
}

/// The address of another page of the same list.
fn v2_link(path: &str, call: &Call, cursor: &str) -> String {
    let kept = lists::name("", &call.query, &["cursor"]);
    let kept = kept.trim_start_matches('?');
    let mark = if kept.is_empty() { "" } else { "&" };
    format!("{path}?{kept}{mark}cursor={cursor}")
}

/// What a bad cursor is answered. *Unknown*: the vendor's text.
pub(crate) fn bad_cursor() -> Refusal {
    Refusal::invalid("The provided cursor is invalid")
}

/// The cursor a request came with. Cursors are hexadecimal, so that there is nothing to decode.
pub(crate) fn asked(call: &Call) -> Option<&str> {
    let mut pairs = call
        .query
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, value)| *name == "cursor" && !value.is_empty())
        .map(|(_, value)| value)
}

/// Makes a list's answer point to the page it is, for ever. Search has no `next` to do it with.
pub(crate) fn repeat(call: &Call, answer: &mut Answer) {
    let path = call.path.find("/wiki/").and_then(|at| call.path.get(at..));
    let path = path.unwrap_or(&call.path);
    let listed = answer.body.get("results").is_some() && call.method == "GET";
    if !listed || path.ends_with("/search/user") || path.ends_with("/user/bulk") {
        return;
    }
    let next = if let Some(path) = path.strip_prefix("/wiki/rest") {
        let at = |name: &str| answer.body.get(name).cloned().unwrap_or_default();
        format!(
            "/rest{path}?next=true&limit={}&start={}",
            at("limit"),
            at("start")
        )
    } else {
        let first = cursor(&list_name(path, call), 0);
        let link = v2_link(path, call, asked(call).unwrap_or(&first));
        answer.headers.retain(|(name, _)| name != "link");
        answer
            .headers
            .push(("link".to_owned(), format!("<{link}>; rel=\"next\"")));
        link
    };
    answer.body["_links"]["next"] = Value::from(next);
}
