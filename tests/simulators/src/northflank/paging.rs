//! Cutting lists into pages: <https://northflank.com/docs/v1/api/use-the-api>.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Inner,
    options::PageSizes,
    refusal::Refusal,
    routes::{Context, Reply},
};
use crate::{
    address::Query,
    lists,
    server::{Answer, Call},
};

/// The parameters of lists with pages.
pub(crate) const PARAMETERS: [&str; 3] = ["per_page", "page", "cursor"];
/// The most rows of a page.
const MOST: usize = 100;
/// The rows of a page without a `per_page`.
const DEFAULT: usize = 50;

/// Where a page begins. A cursor is only good for the list it came from, with the same filters.
#[derive(Clone, Debug)]
struct Cursor {
    list: String,
    offset: usize,
    /// How many empty pages came before, so that none has the cursor of another.
    empty: usize,
    /// When it was made, if that matters.
    made: u64,
}

impl Cursor {
    /// Full of signs that mean something in a query, so that a client that does not escape it is found out.
    fn write(&self) -> String {
        let list = format!("{}|{}|{}", self.made, self.empty, self.list);
        format!("nf+/{}==", lists::cursor(&list, self.offset))
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix("nf+/")?.strip_suffix("==")?;
        let (list, offset) = lists::read_cursor(text)?;
        let mut parts = list.splitn(3, '|');
        let (made, empty) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self {
            list: parts.next()?.to_owned(),
            offset,
            empty,
            made,
        })
    }
}

/// A list's name: its path and its filters.
fn list_name(call: &Call) -> String {
    lists::name(&call.path, &call.query, &PARAMETERS)
}

/// A number from 1.
fn number(query: &Query, name: &str) -> Result<Option<usize>, Refusal> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    let number = number.ok_or_else(|| Refusal::parameter(name, "is not a number"));
    number.map(Some)
}

impl Context<'_> {
    /// A page of a list that is in documented order.
    pub(crate) fn page(&mut self, field: &str, mut rows: Vec<Value>, query: &Query) -> Reply {
        let options = &self.inner.options;
        let asked = self.page_size(query)?;
        let size = options.force_page_size.unwrap_or(asked).max(1);
        let start = self.start(query, size)?;
        options.ordering.arrange(&mut rows);
        // A client that goes by number has no cursor to tell empty pages apart.
        let empty = query.get("page").is_none() && start.empty < options.empty_pages;
        let end = if empty {
            start.offset
        } else {
            start.offset.saturating_add(size)
        };
        let more = empty || end < rows.len();
        let page: Vec<Value> = rows.into_iter().take(end).skip(start.offset).collect();
        let mut pagination = json!({"hasNextPage": more, "count": page.len()});
        if more {
            let next = Cursor {
                offset: end,
                empty: start.empty + usize::from(empty),
                ..start
            };
            pagination["cursor"] = Value::from(next.write());
        }
        Ok(json!({"data": {field: page}, "pagination": pagination}))
    }

    fn page_size(&mut self, query: &Query) -> Result<usize, Refusal> {
        let Some(size) = number(query, "per_page")? else {
            return Ok(DEFAULT);
        };
        if (1..=MOST).contains(&size) {
            return Ok(size);
        }
        let problem = format!("is not from 1 to {MOST}");
        if self.inner.options.page_sizes == PageSizes::Refused {
            return Err(Refusal::parameter("per_page", problem));
        }
        self.violations.push(format!("per_page {problem}"));
        Ok(size.clamp(1, MOST))
    }

    fn start(&self, query: &Query, size: usize) -> Result<Cursor, Refusal> {
        let page = match number(query, "page")? {
            Some(0) => return Err(Refusal::parameter("page", "begins with 1")),
            page => page,
        };
        match (page, query.get("cursor")) {
            (Some(_), Some(_)) => Err(Refusal::parameter("page", "and cursor are given")),
            (page, None) => Ok(Cursor {
                list: list_name(self.call),
                offset: page.map_or(0, |page| (page - 1).saturating_mul(size)),
                empty: 0,
                made: made(self.inner),
            }),
            (None, Some(text)) => self.resume(text),
        }
    }

    fn resume(&self, text: &str) -> Result<Cursor, Refusal> {
        // Whatever the simulator gives away it can read: the client has changed this one.
        let cursor = Cursor::read(text).ok_or_else(|| bad_cursor().wrong())?;
        if cursor.list != list_name(self.call) {
            return Err(Refusal::parameter("cursor", "belongs to another list"));
        }
        let age = Duration::from_millis(made(self.inner).saturating_sub(cursor.made));
        let life = self.inner.options.cursor_life;
        if life.is_some_and(|life| age >= life) {
            return Err(bad_cursor());
        }
        Ok(Cursor {
            made: made(self.inner),
            ..cursor
        })
    }
}

/// Cursors are the same every time, unless their age matters.
fn made(inner: &Inner) -> u64 {
    let now = inner.clock.running().as_millis();
    let now = u64::try_from(now).unwrap_or(u64::MAX);
    inner.options.cursor_life.map_or(0, |_| now)
}

/// *Unknown*: what a bad cursor is answered. Taken: 400.
pub(crate) fn bad_cursor() -> Refusal {
    Refusal::new(400, "the cursor is not valid")
}

/// The cursor a request came with.
pub(crate) fn asked(call: &Call) -> Option<String> {
    let allowed = ["per_page", "page", "cursor", "type", "userIds*"];
    let query = Query::parse(&call.query, &allowed, str::to_owned).ok()?;
    query.get("cursor").map(str::to_owned)
}

/// Makes a list's answer point to the page it is, for ever.
pub(crate) fn repeat(call: &Call, answer: &mut Answer) {
    let Some(pagination) = answer.body.get_mut("pagination") else {
        return;
    };
    let first = || {
        let list = list_name(call);
        let first = Cursor {
            list,
            offset: 0,
            empty: 0,
            made: 0,
        };
        first.write()
    };
    pagination["cursor"] = Value::from(asked(call).unwrap_or_else(first));
    pagination["hasNextPage"] = Value::from(true);
}
