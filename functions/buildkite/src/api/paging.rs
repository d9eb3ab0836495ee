//! The pages of a list. Pages are offsets: if a row is deleted while the list is read, the first row of the next page
//! moves to a page that was already read. So the pages of a long list overlap: each begins before the last row of the
//! previous page, and must contain that row again.

use rollcall_connector::http::Call;
use rollcall_connector::http::error::Error;
use rollcall_connector::pages;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::link::{self, NextPage};
use super::objects::ListRow;

/// The largest page of any list.
const PAGE: u32 = 100;

/// The rows of a page that are not on an earlier page.
#[derive(Debug)]
pub(crate) struct NewRows<T> {
    pub(crate) rows: Vec<T>,
    /// The next page, if there is one.
    pub(crate) next: Option<PagePosition>,
    /// Whether the list changed so much that a row may be on none of the pages.
    pub(crate) may_miss_a_row: bool,
}

impl<T> From<NewRows<T>> for pages::Page<T, PagePosition> {
    fn from(new: NewRows<T>) -> Self {
        Self { items: new.rows, next: new.next }
    }
}

/// A position in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct PagePosition {
    /// The number of the page, from one.
    page: u32,
    /// The rows of a page.
    size: u32,
    /// It is not known whether this page exists.
    perhaps: bool,
    /// The first ids of the list and of the previous page: a page that begins with one of them is a repetition.
    begins: Vec<String>,
    /// A repetition was already followed.
    repeated: bool,
    /// The previous page, if this one must overlap it.
    overlap: Option<Overlap>,
}

/// A page that the next one overlaps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
struct Overlap {
    /// The id of its last row.
    last: String,
    page: u32,
    size: u32,
    search: OverlapSearch,
}

/// The progress of the search for the last row of a page, if it was not on the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OverlapSearch {
    /// Not begun: the row is expected here.
    No,
    /// Rows before it were deleted, so the rows after it moved too: the previous page is read again.
    Before,
    /// The previous page was read again, and the row is expected here.
    After,
}

impl Default for PagePosition {
    /// The beginning of a list.
    fn default() -> Self {
        Self::page(1, PAGE)
    }
}

impl PagePosition {
    fn page(page: u32, size: u32) -> Self {
        Self { page, size, perhaps: false, begins: Vec::new(), repeated: false, overlap: None }
    }

    pub(super) fn request(&self, call: Call) -> Call {
        call.query("page", self.page.to_string()).query("per_page", self.size.to_string())
    }

    /// The next page, by the `Link` header and the number of rows.
    pub(super) fn next(
        &self,
        call: &str,
        link: Option<&str>,
        rows: usize,
    ) -> Result<NextPage, Failure> {
        link::next(call, link, (self.page, self.size), rows).map_err(Failure)
    }

    /// The new rows of the page that was read here.
    pub(super) fn take<T: ListRow>(
        &self,
        call: String,
        items: Vec<T>,
        next: NextPage,
    ) -> Result<NewRows<T>, Failure> {
        let first = items.first().map(|row| row.id().to_owned());
        let is_read_again = matches!(&self.overlap, Some(o) if o.search == OverlapSearch::Before);
        let repeats = first.as_ref().is_some_and(|id| self.begins.contains(id)) && !is_read_again;
        if repeats && self.perhaps {
            // It was only read because the previous page did not say whether it was the last.
            return Ok(NewRows::all(Vec::new(), None));
        }
        if repeats && self.repeated && next != NextPage::End {
            return Err(Failure(Error::Circle { call }));
        }
        let begins = match (self.begins.first(), first) {
            (Some(opening), Some(first)) => vec![opening.clone(), first],
            (None, Some(first)) => vec![first],
            (_, None) => self.begins.clone(),
        };
        let onward = |at: Self| Self {
            perhaps: matches!(next, NextPage::Perhaps(_)),
            begins,
            repeated: self.repeated || repeats,
            ..at
        };
        let new = self.new_rows(items, next);
        Ok(NewRows { next: new.next.map(onward), ..new })
    }

    fn new_rows<T: ListRow>(&self, mut items: Vec<T>, next: NextPage) -> NewRows<T> {
        let rows = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let last = items.last().map(|row| row.id().to_owned());
        let Some(overlap) = &self.overlap else {
            // If a page is smaller than requested, the others would be too.
            let overlaps = self.page == 1 && rows == PAGE;
            let next = match last {
                Some(last) if overlaps => self.overlapping(next, rows, last, OverlapSearch::No),
                _ => self.following(next),
            };
            return NewRows::all(items, next);
        };
        let found = items.iter().position(|row| row.id() == overlap.last);
        let (Some(n), Some(last)) = (found, &last) else {
            return self.without_overlap(items, next, overlap, last);
        };
        let search = match overlap.search {
            OverlapSearch::Before => OverlapSearch::After,
            OverlapSearch::No | OverlapSearch::After => OverlapSearch::No,
        };
        items.drain(..=n);
        NewRows::all(items, self.overlapping(next, rows, last.clone(), search))
    }

    /// Handles a page that lacks the last row of the previous page.
    fn without_overlap<T>(
        &self,
        items: Vec<T>,
        next: NextPage,
        overlap: &Overlap,
        last: Option<String>,
    ) -> NewRows<T> {
        let rows = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let next = match (overlap.search, last) {
            // An empty page that points to another one is followed.
            (_, None) if matches!(next, NextPage::Number(_)) => {
                return NewRows::all(items, self.following(next));
            }
            (OverlapSearch::No, _) => {
                let search = OverlapSearch::Before;
                let overlap = overlap.clone();
                let before = Self {
                    overlap: Some(Overlap { search, ..overlap }),
                    ..Self::page(overlap.page, overlap.size)
                };
                return NewRows::all(Vec::new(), Some(before));
            }
            // The row itself was deleted, or it is unclear what moved: the page is used as it is.
            (OverlapSearch::Before, Some(last)) => {
                self.overlapping(next, rows, last, OverlapSearch::After)
            }
            _ => self.following(next),
        };
        NewRows { may_miss_a_row: true, ..NewRows::all(items, next) }
    }

    /// The page that follows this one.
    fn following(&self, next: NextPage) -> Option<Self> {
        match next {
            NextPage::End => None,
            NextPage::Number(page) | NextPage::Perhaps(page) => Some(Self::page(page, self.size)),
        }
    }

    /// The page that begins before the last row of this one.
    fn overlapping(
        &self,
        next: NextPage,
        rows: u32,
        last: String,
        search: OverlapSearch,
    ) -> Option<Self> {
        let (page, size) = reaching_beyond((self.page - 1).saturating_mul(self.size) + rows);
        if (page, size) == (self.page, self.size) {
            // A page with few rows that points to another: the rows do not say where it ends.
            return self.following(next);
        }
        let overlap = Overlap { last, page: self.page, size: self.size, search };
        (next != NextPage::End).then(|| Self { overlap: Some(overlap), ..Self::page(page, size) })
    }
}

impl<T> NewRows<T> {
    fn all(rows: Vec<T>, next: Option<PagePosition>) -> Self {
        Self { rows, next, may_miss_a_row: false }
    }
}

/// Number and size of the page that begins before the last of the first `read` rows of a list, and reaches furthest.
fn reaching_beyond(read: u32) -> (u32, u32) {
    let pages = (1..=PAGE).map(|size| (read.saturating_sub(1) / size + 1, size));
    let furthest = pages.max_by_key(|(page, size)| page.saturating_mul(*size));
    furthest.unwrap_or((1, PAGE))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    impl ListRow for String {
        fn id(&self) -> &str {
            self
        }
    }

    #[test]
    fn a_page_begins_before_the_last_row_that_was_read_and_reaches_far_beyond() {
        let mut read = PAGE;
        while read < 10_000 {
            let (page, size) = reaching_beyond(read);
            assert!(size <= PAGE && (page - 1) * size < read, "{read}");
            assert!(page * size >= read + 70, "{read}: {page} of {size}");
            read = page * size;
        }
        assert_eq!(reaching_beyond(100), (2, 99));
        assert_eq!(reaching_beyond(198), (3, 98));
    }

    /// The rows of a list that changes between its pages, and whether one may be missing.
    fn read(
        mut list: Vec<String>,
        links: bool,
        mut between: impl FnMut(usize, &mut Vec<String>),
    ) -> (Vec<String>, bool) {
        let (mut at, mut found, mut may_miss, mut n) =
            (Some(PagePosition::default()), Vec::new(), false, 0);
        while let Some(here) = at {
            between(n, &mut list);
            n += 1;
            assert!(n < 100, "it never ends");
            let from = ((here.page - 1) * here.size) as usize;
            let rows: Vec<String> =
                list.iter().skip(from).take(here.size as usize).cloned().collect();
            let more = from + rows.len() < list.len();
            let link = format!(
                "<https://x/y?page={}>; rel=\"{}\"",
                here.page + 1,
                if more { "next" } else { "prev" }
            );
            let next =
                here.next("GET /x", links.then_some(link.as_str()), rows.len()).expect("a link");
            let taken = here.take("GET /x".into(), rows, next).expect("no circle");
            found.extend(taken.rows);
            may_miss |= taken.may_miss_a_row;
            at = taken.next;
        }
        (found, may_miss)
    }

    fn rows(n: usize) -> Vec<String> {
        (0..n).map(|n| format!("r{n}")).collect()
    }

    #[test]
    fn a_list_that_stays_as_it_is_brings_each_row_once() {
        for n in [0, 1, 99, 100, 101, 197, 198, 199, 200, 294, 295, 1_000, 2_345] {
            for links in [true, false] {
                assert_eq!(read(rows(n), links, |_, _| {}), (rows(n), false), "{n} {links}");
            }
        }
    }

    #[test]
    fn deleting_an_earlier_row_loses_no_other_row() {
        for links in [true, false] {
            for when in 1..5 {
                for (from, deleted) in [(0, 1), (0, 3), (50, 40), (0, 90)] {
                    let (mut found, may_miss) = read(rows(450), links, |n, list| {
                        if n == when {
                            list.drain(from..from + deleted);
                        }
                    });
                    found.retain(|row| !rows(450)[from..from + deleted].contains(row));
                    let mut left = rows(450);
                    left.drain(from..from + deleted);
                    assert_eq!((found, may_miss), (left, false), "{links} {when} {from} {deleted}");
                }
            }
        }
    }

    /// Then nothing shows what moved.
    #[test]
    fn the_last_row_of_a_page_that_is_deleted_takes_no_other_row_along() {
        let (found, may_miss) = read(rows(450), true, |n, list| {
            if n == 1 {
                list.remove(99);
            }
        });
        let found: BTreeSet<String> = found.into_iter().collect();
        assert_eq!((found, may_miss), (rows(450).into_iter().collect(), true));
    }

    #[test]
    fn a_row_that_comes_before_the_place_moves_the_others_and_none_is_missed() {
        for when in 1..5 {
            let (found, may_miss) = read(rows(450), true, |n, list| {
                if n == when {
                    list.insert(3, "new".to_owned());
                }
            });
            assert_eq!((found, may_miss), (rows(450), false), "{when}");
        }
    }

    #[test]
    fn a_list_that_moves_more_than_can_be_followed_says_so() {
        let (_, may_miss) = read(rows(450), true, |n, list| {
            if n > 0 && list.len() > 300 {
                list.remove(0);
            }
        });
        assert!(may_miss);
    }

    #[test]
    fn pages_that_repeat_end_a_list_or_fail_it() {
        let read = |answer: fn(&PagePosition) -> (usize, NextPage)| -> Result<usize, Failure> {
            let mut at = Some(PagePosition::default());
            for n in 1..20 {
                let Some(here) = at else {
                    return Ok(n);
                };
                let (rows_, next) = answer(&here);
                at = here.take("GET /x".into(), rows(rows_), next)?.next;
            }
            panic!("it never ends")
        };
        // All rows, whatever is requested, and no further page.
        assert!(read(|at| (100, NextPage::Perhaps(at.page + 1))).is_ok());
        assert!(read(|at| (230, NextPage::Perhaps(at.page + 1))).is_ok());
        // The same, and there is always another page.
        for error in [
            read(|at| (100, NextPage::Number(at.page + 1))),
            read(|at| (30, NextPage::Number(at.page + 1))),
            read(|at| (at.size as usize, NextPage::Number(at.page + 1))),
        ] {
            let Failure(error) = error.expect_err("a circle");
            assert!(matches!(error, Error::Circle { .. }), "{error}");
        }
        // Empty pages are followed, wherever they are.
        let read_3 = read(|at| match at.page {
            1 => (100, NextPage::Number(2)),
            2 => (0, NextPage::Number(3)),
            _ => (3, NextPage::End),
        });
        assert!(read_3.is_ok_and(|n| n == 4));
        assert!(
            read(|at| match at.page {
                1..9 => (0, NextPage::Number(at.page + 1)),
                _ => (3, NextPage::End),
            })
            .is_ok_and(|n| n > 9)
        );
    }
}
