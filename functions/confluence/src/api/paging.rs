//! Paging of lists: the next page, repeated pages, and rows that moved between pages.
//!
//! The API v1 pages by offset, the API v2 by a cursor. The vendor's links are never followed: their cursor or offset is
//! sent to the configured host.

use rollcall_connector::http::Call;
use rollcall_connector::http::error::Error as Http;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::lists::{List, ListRow, Paging};
use super::objects::Listed;

/// The largest page of the user search, whatever is requested.
const SEARCH_PAGE: &str = "100";
/// The largest page of other lists of the API v1; a larger one is refused.
const V1_PAGE: &str = "200";
/// The largest page of the API v2.
const V2_PAGE: &str = "250";

/// The number of rows of a page that the next one requests again: that many can be deleted in between without a loss.
const OVERLAP: u64 = 4;
/// One row in this many is kept to recognize a page.
const KEPT: usize = 25;
/// How often a page is requested further back, until a row of the previous page appears.
const MAX_BACK: u32 = 50;

/// A position in a list: where a page begins, and the previous page.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ListPosition {
    /// The offset of the first row.
    start: u64,
    /// The vendor's cursor, if there is one.
    cursor: String,
    /// Whether a link of the vendor's led here.
    linked: bool,
    /// Whether the first rows repeat the last ones of the previous page.
    overlaps: bool,
    /// Whether the previous page only repeated the one before it, and the vendor's link led on.
    repeated: bool,
    /// How often the page was requested further back.
    #[serde(skip)]
    back: u32,
    /// The last page that had rows.
    before: Option<PageMark>,
}

/// The ids by which a page is recognized.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct PageMark {
    first: String,
    last: String,
    rows: u64,
    /// Some of the rows between them: the first and the last may be deleted.
    others: Vec<String>,
}

impl PageMark {
    fn has(&self, key: &str) -> bool {
        self.first == key || self.last == key || self.others.iter().any(|other| other == key)
    }
}

impl ListPosition {
    /// Whether this is the beginning of the list.
    pub(crate) fn is_first(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the vendor's cursor led here.
    pub(crate) fn has_cursor(&self) -> bool {
        !self.cursor.is_empty()
    }

    /// The request for the page here.
    pub(super) fn request<T>(&self, list: &List<T>) -> Call {
        let limit = match list.paging {
            Paging::Search => SEARCH_PAGE,
            Paging::V1 => V1_PAGE,
            Paging::V2 => V2_PAGE,
        };
        let call = list.call.clone().query("limit", limit);
        if self.has_cursor() {
            return call.query("cursor", &self.cursor);
        }
        match list.paging {
            Paging::V2 => call,
            // In the form of the vendor's own links.
            Paging::V1 if self.linked => {
                call.query("next", "true").query("start", self.start.to_string())
            }
            Paging::V1 | Paging::Search => call.query("start", self.start.to_string()),
        }
    }

    /// Fails if the page repeats the previous one, or lacks the rows that it must share with it.
    pub(super) fn check<T: ListRow>(
        &self,
        list: &List<T>,
        page: &Listed<T>,
    ) -> Result<(), Failure> {
        let (Some(before), rows) = (&self.before, &page.results) else {
            return Ok(());
        };
        let moved = || Failure::Moved(list.call.name());
        if mark(rows).as_ref() == Some(before) {
            return match self.past_repetition(list.paging, page) {
                // Further back, the previous page is not a repetition, but its successor was another page a moment ago.
                _ if self.back > 0 => Err(moved()),
                Some(_) => Ok(()),
                None => Err(Failure::Http(Http::Circle { call: list.call.name() })),
            };
        }
        // Not only the first row: rows that were added, or that the vendor filters out, move the others back. Any row
        // is enough: those before it were read, and those after it are here.
        if self.overlaps && !rows.iter().any(|row| before.has(&row.key())) {
            return Err(moved());
        }
        Ok(())
    }

    /// The position after a page that only repeated the previous one, by its link: if the vendor filters rows after
    /// paging, the same few rows may appear a few rows further on. *Unknown*: whether Confluence filters any list like
    /// that. After the link there are other rows, so once is enough.
    fn past_repetition<T: ListRow>(&self, paging: Paging, page: &Listed<T>) -> Option<u64> {
        let repeats = self.before.is_some() && mark(&page.results) == self.before;
        let start = page.links.next.as_deref().and_then(start_of)?;
        (paging == Paging::V1 && repeats && !self.repeated && start > self.start).then_some(start)
    }

    /// The same page further back, where deleted rows have moved the others; `None` at the beginning of the list.
    pub(super) fn further_back(&self) -> Option<Self> {
        let before = self.before.as_ref().filter(|_| self.start > 0)?;
        (self.back < MAX_BACK).then(|| Self {
            start: self.start.saturating_sub(before.rows),
            back: self.back + 1,
            ..self.clone()
        })
    }

    /// The position after this page.
    pub(super) fn after<T: ListRow>(
        &self,
        list: &List<T>,
        page: &Listed<T>,
    ) -> Result<Option<Self>, Failure> {
        let paging = list.paging;
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
                (None, Some(start)) => Self { start, repeated: true, ..onward },
                (None, None) if paging == Paging::V2 => return Err(no_place(list)),
                // By the returned rows, not by the link, which counts the requested ones.
                (None, None) if came > 0 => onward.overlapping(came, paging),
                (None, None) => {
                    let start = start_of(link).ok_or_else(|| no_place(list))?;
                    Self { start, ..onward }
                }
            },
        };
        // An empty page that links to itself is a known way of the vendor to end a list; any other cycle is a fault.
        let here = Self { overlaps: false, ..self.clone() };
        Ok(Some(next).filter(|next| came > 0 || *next != here))
    }

    /// The same position a few rows earlier. If a row before it is deleted, all others move up by one, and the list
    /// would silently lose one.
    fn overlapping(self, came: u64, paging: Paging) -> Self {
        // A page of a single row would be requested forever; in the search, no single row matters.
        if came < 2 || paging != Paging::V1 {
            return self;
        }
        Self { start: self.start - OVERLAP.min(came / 2), overlaps: true, ..self }
    }
}

fn mark<T: ListRow>(rows: &[T]) -> Option<PageMark> {
    let overlapping = usize::try_from(OVERLAP).unwrap_or(usize::MAX);
    let (first, last) = (rows.first()?.key(), rows.last()?.key());
    let spread = rows.iter().step_by(KEPT).skip(1);
    let late = rows.iter().rev().take(overlapping).skip(1);
    Some(PageMark {
        first,
        last,
        rows: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        others: spread.chain(late).map(ListRow::key).collect(),
    })
}

/// A parameter of a link such as `/wiki/api/v2/spaces?limit=250&cursor=abc`.
fn parameter(link: &str, name: &str) -> Option<String> {
    let query = link.split_once('?')?.1;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let value = pairs.find(|(key, _)| key == name)?.1;
    (!value.is_empty()).then(|| value.into_owned())
}

/// The offset of the first row in a link.
fn start_of(link: &str) -> Option<u64> {
    parameter(link, "start")?.parse().ok()
}

/// A list that continues without saying where: it must not end there.
fn no_place<T>(list: &List<T>) -> Failure {
    Failure::Http(Http::Unexpected {
        call: list.call.name(),
        at: "_links.next".into(),
        why: "it has neither a cursor nor the number of a row".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Group;

    #[test]
    fn a_parameter_is_taken_from_its_link() {
        for (link, expected) in [
            ("/wiki/api/v2/spaces?limit=250&cursor=ab%3D%3D", Some("ab==")),
            ("https://elsewhere.example/x?cursor=c", Some("c")),
            ("/wiki/api/v2/spaces?limit=250", None),
            ("/wiki/api/v2/spaces?cursor=", None),
            ("/wiki/api/v2/spaces", None),
        ] {
            assert_eq!(parameter(link, "cursor").as_deref(), expected, "{link}");
        }
    }

    /// The position after a page with this many rows and this link.
    fn after(
        at: &ListPosition,
        paging: Paging,
        rows: usize,
        link: Option<&str>,
    ) -> Result<Option<ListPosition>, Failure> {
        let group = |n| format!(r#"{{"id":"g{n}"}}"#);
        let rows: Vec<String> = (0..rows).map(group).collect();
        let page = format!(
            r#"{{"results":[{}],"_links":{{"next":{}}}}}"#,
            rows.join(","),
            serde_json::json!(link)
        );
        let page: Listed<Group> = serde_json::from_str(&page).expect("a page");
        at.after(&List::new(paging, Call::get(&["list"])), &page)
    }

    #[test]
    fn a_page_that_points_to_another_is_no_end_and_one_that_does_not_say_where_is_a_fault() {
        let first = ListPosition::default();
        let start = |at: Option<ListPosition>| at.map(|at| (at.start, at.overlaps, at.cursor));
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
            let here = after(&ListPosition::default(), paging, 0, Some(link)).expect("a place");
            let here = here.expect("it is followed once");
            assert_eq!(after(&here, paging, 0, Some(link)).expect("the end"), None);
        }
    }
}
