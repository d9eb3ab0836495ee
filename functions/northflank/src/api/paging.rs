//! The beginning of a page: a cursor or, if the API returns none, the page number.

use rollcall_connector::http::Call;
use rollcall_connector::pages;
use serde::{Deserialize, Serialize};

use super::objects::Pagination;

/// A page of a list.
pub(crate) type Page<T> = pages::Page<T, ListPlace>;

/// A position in a list. *Unknown*: how cursors work, also if rows before them are deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ListPlace {
    /// The number of the page, from one.
    page: u32,
    /// The cursor of the previous page; the number is not sent then.
    cursor: Option<String>,
    /// The cursor of an earlier page: if it comes again, the list is a cycle of any length.
    mark: Option<String>,
    /// The first id of the previous page that had rows. A page that begins with it is a repetition.
    first: Option<String>,
    /// The previous page was a repetition. One is followed: a person has up to two rows in a list of holders, and
    /// inserted rows may also cause one. The second in a row is a cycle.
    repeated: bool,
}

impl Default for ListPlace {
    /// The beginning.
    fn default() -> Self {
        Self { page: 1, cursor: None, mark: None, first: None, repeated: false }
    }
}

impl ListPlace {
    pub(crate) fn is_beginning(&self) -> bool {
        self.page == 1
    }

    pub(crate) fn has_cursor(&self) -> bool {
        self.cursor.is_some()
    }

    pub(super) fn ask(&self, call: Call) -> Call {
        match &self.cursor {
            Some(cursor) => call.query("cursor", cursor.as_str()),
            None if self.page > 1 => call.query("page", self.page.to_string()),
            None => call,
        }
    }

    /// The position after this one, whose page begins with the id `first`; `None` at the end of the list.
    pub(super) fn next(
        &self,
        pagination: &Pagination,
        first: Option<&str>,
    ) -> Result<Option<Self>, Circle> {
        if !pagination.has_next_page {
            return Ok(None);
        }
        let repeats = first.is_some() && first == self.first.as_deref();
        let cursor = pagination.cursor.clone().filter(|c| !c.is_empty());
        let is_known = cursor.is_some() && (cursor == self.cursor || cursor == self.mark);
        if is_known || (repeats && self.repeated) {
            return Err(Circle);
        }
        let page = self.page + 1;
        Ok(Some(Self {
            page,
            // The mark moves at growing intervals, so that any cycle reaches it.
            mark: match page.is_power_of_two() {
                true => cursor.clone(),
                false => self.mark.clone(),
            },
            cursor,
            first: first.map(str::to_owned).or_else(|| self.first.clone()),
            repeated: repeats || (first.is_none() && self.repeated),
        }))
    }
}

/// A list leads back to a page that was already read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Circle;

#[cfg(test)]
mod tests {
    use super::*;

    fn says(cursor: Option<&str>) -> Pagination {
        Pagination { has_next_page: true, cursor: cursor.map(str::to_owned) }
    }

    fn next(at: &ListPlace, cursor: Option<&str>, first: &str) -> ListPlace {
        let next = at.next(&says(cursor), Some(first));
        next.expect("no circle").expect("goes on")
    }

    #[test]
    fn a_list_goes_on_by_cursor_or_else_by_number() {
        let end = Pagination { has_next_page: false, cursor: None };
        let asks = |at: &ListPlace| (at.page, at.cursor.clone());
        let first = ListPlace::default();
        assert_eq!(first.next(&end, Some("a")), Ok(None));
        let second = next(&first, Some("c"), "a");
        assert_eq!(asks(&second), (2, Some("c".into())));
        let third = next(&second, None, "b");
        assert_eq!(asks(&third), (3, None));
    }

    /// Repeated cursors, repeated rows with new cursors, and repeated rows with page numbers.
    #[test]
    fn a_list_that_leads_back_is_found_out_soon() {
        let turns = |cursor: fn(usize) -> Option<String>, rows: fn(usize) -> String| {
            let mut at = ListPlace::default();
            for n in 1..100 {
                match at.next(&says(cursor(n).as_deref()), Some(&rows(n))) {
                    Ok(next) => at = next.expect("goes on"),
                    Err(Circle) => return n,
                }
            }
            panic!("it never ends")
        };
        let other = |n: usize| format!("row {n}");
        assert_eq!(turns(|_| Some("c".into()), other), 2);
        assert_eq!(turns(|n| Some(format!("c{}", n % 2)), other), 3);
        assert!(turns(|n| Some(format!("c{}", n % 5)), other) < 16);
        let same = |_| "row".to_owned();
        assert_eq!(turns(|n| Some(format!("c{n}")), same), 3);
        assert_eq!(turns(|_| None, same), 3);
    }

    #[test]
    fn whoever_has_two_rows_on_two_pages_is_no_circle_however_many_do() {
        let mut at = ListPlace::default();
        for (n, row) in ["a", "a", "b", "b", "c", "c"].iter().enumerate() {
            at = next(&at, Some(&format!("c{n}")), row);
        }
        let third = at.next(&says(Some("c9")), Some("c"));
        assert_eq!(third, Err(Circle));
    }

    #[test]
    fn pages_without_rows_are_followed() {
        let mut at = next(&ListPlace::default(), Some("c"), "a");
        for n in 0..20 {
            let cursor = format!("c{n}");
            let empty = at.next(&says(Some(&cursor)), None);
            at = empty.expect("no circle").expect("goes on");
        }
        assert_eq!(at.page, 22);
    }
}
