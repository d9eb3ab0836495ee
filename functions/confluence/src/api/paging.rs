//! Lists: where the next page is, whether a page repeats the one before it, and whether rows moved in between.
//!
//! The API v1 pages by the number of a row, the API v2 by a cursor. A link of the vendor's is never followed as it is:
//! its cursor, or the number of a row, is taken and sent to the configured host.

use rollcall_connector::http::Call;
use rollcall_connector::http::error::Error as Http;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::objects::{Assignment, Group, Hit, Listed, Permission, Person, Role, Space};

/// The largest page of the user search, whatever is asked for.
const SEARCH_PAGE: &str = "100";
/// The largest page of other lists of the API v1; a larger one is refused.
const V1_PAGE: &str = "200";
/// The largest page of the API v2.
const V2_PAGE: &str = "250";

/// How many rows of a page are asked for once more with the next one: so many can go away meanwhile and none is missed.
const OVERLAP: u64 = 4;
/// Of a page, one row in so many is kept to know it again by.
const KEPT: usize = 25;
/// How often a page is asked for further back, until a row of the page before it appears.
const MAX_BACK: u32 = 50;

/// How a list is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    /// The user search: by number, or by cursor where a link has one. Only an empty page is a sure end.
    Search,
    /// Other lists of the API v1: by number. Without a link to the next page, a page is the last one.
    V1,
    /// The API v2: by cursor. Without a link to the next page, a page is the last one.
    V2,
}

/// A row of a list.
pub(super) trait Row {
    /// What the row is told from others by.
    fn key(&self) -> String;
}

/// A place in a list: where a page begins, and what the page before it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct At {
    /// The number of the first row.
    #[serde(skip_serializing_if = "is_default")]
    start: u64,
    /// The vendor's cursor, where it gave one.
    #[serde(skip_serializing_if = "is_default")]
    cursor: String,
    /// A link of the vendor's led here.
    #[serde(skip_serializing_if = "is_default")]
    linked: bool,
    /// The first rows are the last ones of the page before, asked for once more.
    #[serde(skip_serializing_if = "is_default")]
    overlaps: bool,
    /// The page before had nothing but what the one before it had, and the vendor's link led on from there.
    #[serde(skip_serializing_if = "is_default")]
    repeated: bool,
    /// How often the page was asked for further back.
    #[serde(skip)]
    back: u32,
    /// The last page that had rows.
    #[serde(skip_serializing_if = "is_default")]
    before: Option<Mark>,
}

/// What a page is compared by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Mark {
    first: String,
    last: String,
    rows: u64,
    /// Some of the rows between them: the first and the last may go away.
    #[serde(default)]
    others: Vec<String>,
}

impl Mark {
    fn has(&self, key: &str) -> bool {
        self.first == key || self.last == key || self.others.iter().any(|other| other == key)
    }
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the list goes on. An empty page may have one too.
    pub(crate) next: Option<At>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl At {
    /// Whether this is the beginning of the list.
    pub(crate) fn is_first(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the vendor's cursor led here.
    pub(crate) fn has_cursor(&self) -> bool {
        !self.cursor.is_empty()
    }

    /// The request for the page here.
    pub(super) fn request(&self, call: &Call, paging: Paging) -> Call {
        let limit = match paging {
            Paging::Search => SEARCH_PAGE,
            Paging::V1 => V1_PAGE,
            Paging::V2 => V2_PAGE,
        };
        let call = call.clone().query("limit", limit);
        if self.has_cursor() {
            return call.query("cursor", self.cursor.as_str());
        }
        match paging {
            Paging::V2 => call,
            // As the vendor's own links have it.
            Paging::V1 if self.linked => call
                .query("next", "true")
                .query("start", self.start.to_string()),
            Paging::V1 | Paging::Search => call.query("start", self.start.to_string()),
        }
    }

    /// Fails if the page is the one before once more, or if it has no row of that one and must.
    pub(super) fn check<T: Row>(
        &self,
        call: &Call,
        paging: Paging,
        page: &Listed<T>,
    ) -> Result<(), Failure> {
        let (Some(before), rows) = (&self.before, &page.results) else {
            return Ok(());
        };
        let moved = || Failure::Moved { call: call.name() };
        if mark(rows).as_ref() == Some(before) {
            return match self.past_repetition(paging, page) {
                // Further back, the page before is no circle, but what follows it was another page a moment ago.
                _ if self.back > 0 => Err(moved()),
                Some(_) => Ok(()),
                None => Err(circle(call)),
            };
        }
        // Not only the first row: rows that were added, or that the vendor filters out, move the others back. Any row will
        // do: what stands before it was read, and what follows it is here.
        if self.overlaps && !rows.iter().any(|row| before.has(&row.key())) {
            return Err(moved());
        }
        Ok(())
    }

    /// Where a list goes on by its link after a page that had only what the page before had: where the vendor cuts a list
    /// into pages first and leaves rows out then, a few rows further on there may be the same few rows. *Unknown*: whether
    /// any list of Confluence's is filtered so. After the link there are others, so that once is enough.
    fn past_repetition<T: Row>(&self, paging: Paging, page: &Listed<T>) -> Option<u64> {
        let repeats = self.before.is_some() && mark(&page.results) == self.before;
        let start = page.links.next.as_deref().and_then(start_of)?;
        (paging == Paging::V1 && repeats && !self.repeated && start > self.start).then_some(start)
    }

    /// The same page further back, where rows that went away have moved the others to; none at the beginning of the list.
    pub(super) fn further_back(&self) -> Option<Self> {
        let before = self.before.as_ref().filter(|_| self.start > 0)?;
        (self.back < MAX_BACK).then(|| Self {
            start: self.start.saturating_sub(before.rows),
            back: self.back + 1,
            ..self.clone()
        })
    }

    /// Where the list goes on after this page.
    pub(super) fn after<T: Row>(
        &self,
        call: &Call,
        paging: Paging,
        page: &Listed<T>,
    ) -> Result<Option<Self>, Failure> {
        let came = u64::try_from(page.results.len()).unwrap_or(u64::MAX);
        let link = page.links.next.as_deref().filter(|link| !link.is_empty());
        let onward = Self {
            start: self.start.saturating_add(came),
            linked: link.is_some(),
            before: mark(&page.results).or_else(|| self.before.clone()),
            ..Self::default()
        };
        let past_repetition = self.past_repetition(paging, page);
        let next = match (link, paging) {
            (None, Paging::Search) if came > 0 && !self.has_cursor() => onward,
            (None, _) => return Ok(None),
            (Some(link), _) => match (parameter(link, "cursor"), past_repetition) {
                (Some(cursor), _) => Self { cursor, ..onward },
                (None, Some(start)) => Self {
                    start,
                    repeated: true,
                    ..onward
                },
                (None, None) if paging == Paging::V2 => return Err(no_place(call)),
                // By the rows that came, not by the link: it counts those that were asked for.
                (None, None) if came > 0 => onward.overlapping(came, paging),
                (None, None) => {
                    let start = start_of(link).ok_or_else(|| no_place(call))?;
                    Self { start, ..onward }
                }
            },
        };
        // An empty page that leads to itself is an end that the vendor is known to write; any other circle is a fault.
        let leads_to_itself = came == 0
            && next
                == Self {
                    overlaps: false,
                    ..self.clone()
                };
        Ok((!leads_to_itself).then_some(next))
    }

    /// The same place a few rows earlier. If a row before it goes away meanwhile, all others move up by one, and the list
    /// would lose one of them without a trace.
    fn overlapping(self, came: u64, paging: Paging) -> Self {
        // A page of one row alone would be asked for for ever; of the search nothing depends on each row.
        if came < 2 || paging != Paging::V1 {
            return self;
        }
        Self {
            start: self.start - OVERLAP.min(came / 2),
            overlaps: true,
            ..self
        }
    }
}

fn mark<T: Row>(rows: &[T]) -> Option<Mark> {
    let overlapping = usize::try_from(OVERLAP).unwrap_or(usize::MAX);
    let (first, last) = (rows.first()?.key(), rows.last()?.key());
    let spread = rows.iter().step_by(KEPT).skip(1);
    let late = rows.iter().rev().take(overlapping).skip(1);
    Some(Mark {
        first,
        last,
        rows: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        others: spread.chain(late).map(Row::key).collect(),
    })
}

/// A parameter of a link such as `/wiki/api/v2/spaces?limit=250&cursor=abc`.
fn parameter(link: &str, name: &str) -> Option<String> {
    let query = link.split_once('?')?.1;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let value = pairs.find(|(key, _)| key == name)?.1;
    (!value.is_empty()).then(|| value.into_owned())
}

/// The number of the first row that a link leads to.
fn start_of(link: &str) -> Option<u64> {
    parameter(link, "start")?.parse().ok()
}

pub(super) fn circle(call: &Call) -> Failure {
    Failure::Http(Http::Circle { call: call.name() })
}

/// A list that goes on, but not where: it must not end there.
fn no_place(call: &Call) -> Failure {
    Failure::Http(Http::Unexpected {
        call: call.name(),
        at: "_links.next".into(),
        why: "it has neither a cursor nor the number of a row".into(),
    })
}

impl Row for Group {
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Row for Person {
    fn key(&self) -> String {
        self.account_id.clone()
    }
}

impl Row for Hit {
    fn key(&self) -> String {
        self.user.get().map(Row::key).unwrap_or_default()
    }
}

impl Row for Space {
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Row for Permission {
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Row for Role {
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Row for Assignment {
    fn key(&self) -> String {
        let holder = &self.principal;
        format!("{}:{}", holder.principal_type, holder.principal_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_taken_from_its_link() {
        for (link, expected) in [
            (
                "/wiki/api/v2/spaces?limit=250&cursor=ab%3D%3D",
                Some("ab=="),
            ),
            ("https://elsewhere.example/x?cursor=c", Some("c")),
            ("/wiki/api/v2/spaces?limit=250", None),
            ("/wiki/api/v2/spaces?cursor=", None),
            ("/wiki/api/v2/spaces", None),
        ] {
            assert_eq!(parameter(link, "cursor").as_deref(), expected, "{link}");
        }
    }

    /// Where a list goes on after a page with so many rows and this link.
    fn after(
        at: &At,
        paging: Paging,
        rows: usize,
        link: Option<&str>,
    ) -> Result<Option<At>, Failure> {
        let group = |n| format!(r#"{{"id":"g{n}"}}"#);
        let rows: Vec<String> = (0..rows).map(group).collect();
        let page = format!(
            r#"{{"results":[{}],"_links":{{"next":{}}}}}"#,
            rows.join(","),
            serde_json::json!(link)
        );
        let page: Listed<Group> = serde_json::from_str(&page).expect("a page");
        at.after(&Call::get(&["list"]), paging, &page)
    }

    #[test]
    fn a_page_that_points_to_another_is_no_end_and_one_that_does_not_say_where_is_a_fault() {
        let first = At::default();
        let start = |at: Option<At>| at.map(|at| (at.start, at.overlaps, at.cursor));
        let link = "/rest/api/group?next=true&limit=200&start=200";
        let cursor = "/rest/api/x?cursor=c&start=200";
        for (paging, rows, link, expected) in [
            (Paging::V1, 200, Some(link), Some((196, true, ""))),
            (Paging::V1, 150, Some(link), Some((146, true, ""))),
            (Paging::V1, 2, Some(link), Some((1, true, ""))),
            (Paging::V1, 1, Some(link), Some((1, false, ""))),
            (Paging::V1, 0, Some(link), Some((200, false, ""))),
            (Paging::V1, 200, None, None),
            (Paging::V1, 0, Some(cursor), Some((0, false, "c"))),
            (Paging::V2, 0, Some(cursor), Some((0, false, "c"))),
            (Paging::V2, 2, None, None),
            (Paging::V2, 2, Some(""), None),
            (Paging::Search, 100, None, Some((100, false, ""))),
            (Paging::Search, 100, Some(link), Some((100, false, ""))),
            (Paging::Search, 100, Some(cursor), Some((100, false, "c"))),
            (Paging::Search, 0, None, None),
        ] {
            let found = after(&first, paging, rows, link).expect("a place, or the end");
            let expected =
                expected.map(|(start, overlaps, cursor)| (start, overlaps, cursor.to_owned()));
            assert_eq!(start(found), expected, "{paging:?} {rows} {link:?}");
        }
        for (paging, rows) in [(Paging::V2, 3), (Paging::V2, 0), (Paging::V1, 0)] {
            after(&first, paging, rows, Some("/rest/api/group?limit=200")).expect_err("no place");
        }
    }

    #[test]
    fn an_empty_page_that_leads_to_itself_is_an_end() {
        for (paging, link) in [
            (Paging::V1, "/x?next=true&start=7"),
            (Paging::V2, "/x?cursor=c"),
            (Paging::Search, "/x?cursor=c"),
        ] {
            let here = after(&At::default(), paging, 0, Some(link)).expect("a place");
            let here = here.expect("it is followed once");
            assert_eq!(after(&here, paging, 0, Some(link)).expect("the end"), None);
        }
    }
}
