//! Cutting lists into pages: by number in REST, by cursor in GraphQL.

use serde_json::Value;

use super::{
    options::{ECHOED_KEY, Options, Paging, Shift},
    refusal::Refusal,
    routes::{Context, Good, Reply},
};
use crate::{
    address::Query,
    lists,
    server::{Answer, Call},
};

/// The parameters of all lists.
pub(crate) const PARAMETERS: [&str; 2] = ["page", "per_page"];
/// The rows of a page without a `per_page`.
const DEFAULT: usize = 30;
/// The most rows of a page.
const MOST: usize = 100;

/// A number that is at least 1. *Unknown*: what others do. Taken: they are refused.
fn number(query: &Query, name: &str, default: usize) -> Result<usize, Refusal> {
    query.get(name).map_or(Ok(default), |text| {
        text.parse()
            .ok()
            .filter(|&number| number > 0)
            .ok_or_else(|| Refusal::violation(format!("{name} {text:?} is not a number from 1")))
    })
}

/// Where a page begins and ends, and how many pages there are.
struct Cut {
    page: usize,
    per_page: usize,
    from: usize,
    to: usize,
    last: usize,
}

impl Cut {
    fn new(query: &Query, options: &Options, total: usize) -> Result<Self, Refusal> {
        let asked_page = number(query, "page", 1)?;
        let empty = options.empty_pages;
        let page = asked_page.saturating_sub(empty).max(1);
        let asked = number(query, "per_page", DEFAULT)?.min(MOST);
        let size = options
            .force_page_size
            .map_or(asked, |most| asked.min(most));
        let size = size.max(1);
        let from = (page - 1).saturating_mul(size);
        let (from, total_then) = match options.shift {
            Shift::Repeats if page > 1 => (from.saturating_sub(1), total + 1),
            Shift::Skips if page > 1 => (from.saturating_add(1), total.saturating_sub(1)),
            _ => (from, total),
        };
        let to = if asked_page > empty {
            from.saturating_add(size).min(total)
        } else {
            0
        };
        Ok(Self {
            page: asked_page,
            per_page: asked,
            from: from.min(to),
            to,
            last: empty + total_then.div_ceil(size).max(1),
        })
    }
}

impl Context<'_> {
    /// A page of a list that is in documented order. *Unknown*: a page past the end. Taken: it is empty.
    pub(crate) fn page<T>(
        &self,
        mut items: Vec<T>,
        query: &Query,
        render: impl Fn(&T) -> Value,
    ) -> Reply {
        let options = &self.inner.options;
        options.ordering.arrange(&mut items);
        let cut = Cut::new(query, options, items.len())?;
        let rows = match options.paging {
            Paging::Ignored => items.as_slice(),
            _ => items.get(cut.from..cut.to).unwrap_or_default(),
        };
        let mut good = Good::ok(rows.iter().map(render).collect());
        if options.paging == Paging::Links {
            let link = self.links(&cut);
            good.headers
                .extend(link.map(|link| ("link".to_owned(), link)));
        }
        Ok(good)
    }

    /// The header, if there is any other page.
    fn links(&self, cut: &Cut) -> Option<String> {
        let mut links = Vec::new();
        let mut link = |rel: &str, page: usize| {
            let url = page_url(self.call, &self.inner.options, page, cut.per_page);
            links.push(format!("<{url}>; rel=\"{rel}\""));
        };
        if cut.page < cut.last {
            link("next", cut.page + 1);
            link("last", cut.last);
        }
        if cut.page > 1 {
            link("prev", cut.page - 1);
            link("first", 1);
        }
        (!links.is_empty()).then(|| links.join(", "))
    }
}

/// The address of a page of the list that was asked for, as the public knows it.
fn page_url(call: &Call, options: &Options, page: usize, per_page: usize) -> String {
    let path = call.path.strip_prefix("/v2").unwrap_or(&call.path);
    let filters = lists::name("", &call.query, &PARAMETERS);
    let filters = filters.trim_start_matches('?');
    let mut url = format!("{}{path}?", options.public_url.trim_end_matches('/'));
    if options.links_echo_key {
        url.push_str(&format!("api_key={ECHOED_KEY}&"));
    }
    url.push_str(&format!("page={page}&per_page={per_page}"));
    if !filters.is_empty() {
        url.push_str(&format!("&{filters}"));
    }
    url
}

/// Makes a list's answer point to the page it is, for ever.
pub(crate) fn repeat(call: &Call, options: &Options, answer: &mut Answer) {
    if !answer.body.is_array() {
        return;
    }
    let query = Query::parse(&call.query, &["page", "per_page", "user_id"], str::to_owned);
    let asked = |name, default| {
        let query = query.as_ref().ok();
        query.map_or(default, |query| {
            number(query, name, default).unwrap_or(default)
        })
    };
    let url = page_url(call, options, asked("page", 1), asked("per_page", DEFAULT));
    answer.headers.retain(|(name, _)| name != "link");
    answer
        .headers
        .push(("link".to_owned(), format!("<{url}>; rel=\"next\"")));
}
