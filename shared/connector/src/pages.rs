//! Empty pages: a page without rows that points to another page is followed, but not forever.

use crate::{Code, Error, ErrorType};

/// After so many empty pages in a row a list is taken to be broken. Vendors that filter after they page (*unknown* how
/// far) send a few.
pub const MAX_EMPTY_PAGES: u32 = 50;

/// Counts the empty pages of a list that is read within one step or one change. Lists of which each page is a step of
/// its own are watched by the engine.
#[derive(Debug)]
pub struct EmptyPages {
    list: String,
    in_a_row: u32,
}

impl EmptyPages {
    /// The counter for the list of this name, which the error shows.
    pub fn of(list: impl Into<String>) -> Self {
        Self {
            list: list.into(),
            in_a_row: 0,
        }
    }

    /// Counts a page that points to another one. Fails when too many of them in a row had no rows.
    pub fn count(&mut self, rows: usize) -> Result<(), Error> {
        self.in_a_row = if rows == 0 { self.in_a_row + 1 } else { 0 };
        if self.in_a_row < MAX_EMPTY_PAGES {
            return Ok(());
        }
        Err(endless(&self.list))
    }
}

/// A list whose pages stay empty and never end.
pub fn endless(list: &str) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::EndlessList,
        format!(
            "{MAX_EMPTY_PAGES} pages in a row of the vendor's list {list} were empty, and each pointed to another one"
        ),
        "Run again; if it persists, report it to the vendor.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_after_too_many_empty_pages_in_a_row_and_not_before() {
        let mut pages = EmptyPages::of("members of group g1");
        for rows in [0, 3].repeat(100) {
            pages.count(rows).expect("rows come in between");
        }
        for _ in 1..MAX_EMPTY_PAGES {
            pages.count(0).expect("not too many yet");
        }
        let error = pages.count(0).expect_err("too many");
        assert_eq!(error.kind(), ErrorType::Unavailable);
        assert!(error.to_string().contains("members of group g1"));
    }
}
