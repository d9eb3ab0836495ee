//! Where a list goes on: a cursor, or, where the API forgets to give one, the number of the page.

use rollcall::http::Call;
use serde::{Deserialize, Serialize};

use super::objects::Pagination;

/// A page of a list.
#[derive(Debug, Clone)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<At>,
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct At {
    /// The number of the page, from one.
    page: u32,
    /// What the page before gave; the number is not sent then.
    cursor: Option<String>,
    /// The page before was empty, and went on.
    hollow: bool,
}

impl At {
    pub(crate) fn beginning() -> Self {
        Self {
            page: 1,
            cursor: None,
            hollow: false,
        }
    }

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

    /// The place after this one. None: the list has ended, or it goes on from nothing to nothing.
    pub(super) fn next(&self, pagination: &Pagination, empty: bool) -> Option<Self> {
        if !pagination.has_next_page || (empty && self.hollow) {
            return None;
        }
        let cursor = pagination
            .cursor
            .clone()
            .filter(|cursor| !cursor.is_empty());
        if cursor.is_some() && cursor == self.cursor {
            return None;
        }
        Some(Self {
            page: self.page + 1,
            cursor,
            hollow: empty,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_by_cursor_or_else_by_number_and_never_in_a_circle() {
        let says = |cursor: Option<&str>| Pagination {
            has_next_page: true,
            cursor: cursor.map(str::to_owned),
        };
        let end = Pagination {
            has_next_page: false,
            cursor: None,
        };
        let asks = |at: &At| (at.page, at.cursor.clone(), at.hollow);
        let first = At::beginning();
        assert_eq!(first.next(&end, false), None);
        let second = first.next(&says(Some("c")), false).expect("goes on");
        assert_eq!(asks(&second), (2, Some("c".into()), false));
        assert_eq!(second.next(&says(Some("c")), false), None, "a circle");
        let third = second.next(&says(None), true).expect("goes on");
        assert_eq!(asks(&third), (3, None, true));
        assert_eq!(third.next(&says(Some("d")), true), None, "nothing twice");
        assert!(third.next(&says(Some("d")), false).is_some());
    }
}
