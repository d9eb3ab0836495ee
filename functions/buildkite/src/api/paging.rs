//! Where a list goes on. Pages are counted by the rows before them. If one of these is deleted while the list is read, the first row of the next
//! page moves to a page that was read already. So the pages of a long list are cut to overlap: each begins before the last
//! row of the page before, and must have that row once more.

use rollcall_connector::http::Call;
use rollcall_connector::http::error::Error;
use serde::{Deserialize, Serialize};

use super::PAGE;
use super::link::{self, Next, Wrong};

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// What was called, for errors.
    pub(super) call: String,
    pub(super) items: Vec<T>,
    pub(super) next: Next,
}

/// What is new on a page, and where the list goes on.
#[derive(Debug)]
pub(crate) struct Taken<T> {
    pub(crate) rows: Vec<T>,
    /// `None`: nowhere.
    pub(crate) next: Option<At>,
    /// Whether the list changed so much that a row may be on none of the pages.
    pub(crate) may_miss_a_row: bool,
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "snake_case")]
pub struct At {
    /// The number of the page, from one.
    page: u32,
    /// The rows of a page.
    size: u32,
    /// Nobody said that there is this page.
    perhaps: bool,
    /// The first ids of the list and of the page before: a page that begins with one of them is a repetition.
    begins: Vec<String>,
    /// A repetition was followed already.
    repeated: bool,
    /// The page before, if this one must overlap it.
    overlap: Option<Overlap>,
}

/// A page that is overlapped by the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
struct Overlap {
    /// The id of its last row.
    last: String,
    page: u32,
    size: u32,
    search: Search,
}

/// What is done where the last row of a page is not on the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Search {
    /// Nothing yet: it is expected here.
    No,
    /// Rows before it were deleted, and what followed it moved along with it: the page before is read again.
    Before,
    /// That was done, and it is expected here.
    After,
}

impl Default for At {
    fn default() -> Self {
        Self::beginning()
    }
}

impl At {
    pub(crate) fn beginning() -> Self {
        Self::page(1, PAGE)
    }

    fn page(page: u32, size: u32) -> Self {
        Self {
            page,
            size,
            perhaps: false,
            begins: Vec::new(),
            repeated: false,
            overlap: None,
        }
    }

    pub(crate) fn is_beginning(&self) -> bool {
        self.page == 1 && self.overlap.is_none()
    }

    pub(super) fn ask(&self, call: Call) -> Call {
        call.query("page", self.page.to_string())
            .query("per_page", self.size.to_string())
    }

    /// What follows the page, by its `Link` header and the number of its rows.
    pub(super) fn next(&self, link: Option<&str>, rows: usize) -> Result<Next, Wrong> {
        link::next(link, self.page, self.size, rows)
    }

    /// What is new on the page that was asked for here.
    pub(crate) fn take<T>(
        &self,
        page: Page<T>,
        id: impl Fn(&T) -> &str,
    ) -> Result<Taken<T>, rollcall_connector::Error> {
        let Page { call, items, next } = page;
        let first = items.first().map(|row| id(row).to_owned());
        let is_read_again = matches!(&self.overlap, Some(o) if o.search == Search::Before);
        let repeats = first.as_ref().is_some_and(|id| self.begins.contains(id)) && !is_read_again;
        if repeats && self.perhaps {
            // It was only asked for because nobody said that the page before was the last.
            return Ok(Taken::all(Vec::new(), None));
        }
        if repeats && self.repeated && next != Next::End {
            return Err(Error::Circle { call }.into());
        }
        let begins = match (self.begins.first(), first) {
            (Some(opening), Some(first)) => vec![opening.clone(), first],
            (None, Some(first)) => vec![first],
            (_, None) => self.begins.clone(),
        };
        let onward = |at: Self| Self {
            perhaps: matches!(next, Next::Perhaps(_)),
            begins,
            repeated: self.repeated || repeats,
            ..at
        };
        let taken = self.new_rows(items, next, id);
        Ok(Taken {
            next: taken.next.map(onward),
            ..taken
        })
    }

    fn new_rows<T>(&self, mut items: Vec<T>, next: Next, id: impl Fn(&T) -> &str) -> Taken<T> {
        let rows = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let last = items.last().map(|row| id(row).to_owned());
        let Some(overlap) = &self.overlap else {
            // Where a page is not as large as was asked for, others would not be, either.
            let overlaps = self.page == 1 && rows == PAGE;
            let next = match last {
                Some(last) if overlaps => self.overlapping(next, rows, last, Search::No),
                _ => self.following(next),
            };
            return Taken::all(items, next);
        };
        let found = items.iter().position(|row| id(row) == overlap.last);
        let (Some(n), Some(last)) = (found, &last) else {
            return self.without_overlap(items, next, overlap, last);
        };
        let search = match overlap.search {
            Search::Before => Search::After,
            Search::No | Search::After => Search::No,
        };
        items.drain(..=n);
        Taken::all(items, self.overlapping(next, rows, last.clone(), search))
    }

    /// What becomes of a page that lacks the last row of the page before.
    fn without_overlap<T>(
        &self,
        items: Vec<T>,
        next: Next,
        overlap: &Overlap,
        last: Option<String>,
    ) -> Taken<T> {
        let rows = u32::try_from(items.len()).unwrap_or(u32::MAX);
        match (overlap.search, last) {
            // An empty page that points to another one is followed.
            (_, None) if matches!(next, Next::Page(_)) => Taken::all(items, self.following(next)),
            (Search::No, _) => {
                let overlap = Overlap {
                    search: Search::Before,
                    ..overlap.clone()
                };
                let before = Self {
                    overlap: Some(overlap.clone()),
                    ..Self::page(overlap.page, overlap.size)
                };
                Taken::all(Vec::new(), Some(before))
            }
            // The row was deleted itself, or there is no telling what moved where: what comes is taken.
            (Search::Before, Some(last)) => Taken {
                may_miss_a_row: true,
                ..Taken::all(items, self.overlapping(next, rows, last, Search::After))
            },
            (_, _) => Taken {
                may_miss_a_row: true,
                ..Taken::all(items, self.following(next))
            },
        }
    }

    /// The page that follows this one.
    fn following(&self, next: Next) -> Option<Self> {
        match next {
            Next::End => None,
            Next::Page(page) | Next::Perhaps(page) => Some(Self::page(page, self.size)),
        }
    }

    /// The page that begins before the last row of this one.
    fn overlapping(&self, next: Next, rows: u32, last: String, search: Search) -> Option<Self> {
        let (page, size) = reaching_beyond((self.page - 1).saturating_mul(self.size) + rows);
        if (page, size) == (self.page, self.size) {
            // A page with few rows that points to another: the rows do not say where it ends.
            return self.following(next);
        }
        let overlap = Overlap {
            last,
            page: self.page,
            size: self.size,
            search,
        };
        (next != Next::End).then(|| Self {
            overlap: Some(overlap),
            ..Self::page(page, size)
        })
    }
}

impl<T> Taken<T> {
    fn all(rows: Vec<T>, next: Option<At>) -> Self {
        Self {
            rows,
            next,
            may_miss_a_row: false,
        }
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

    /// What a list brings that changes between its pages, and whether it may be short of a row.
    fn read(
        mut list: Vec<String>,
        links: bool,
        mut between: impl FnMut(usize, &mut Vec<String>),
    ) -> (Vec<String>, bool) {
        let (mut at, mut found, mut may_miss, mut n) =
            (Some(At::beginning()), Vec::new(), false, 0);
        while let Some(here) = at {
            between(n, &mut list);
            n += 1;
            assert!(n < 100, "it never ends");
            let from = ((here.page - 1) * here.size) as usize;
            let rows: Vec<String> = list
                .iter()
                .skip(from)
                .take(here.size as usize)
                .cloned()
                .collect();
            let more = from + rows.len() < list.len();
            let link = format!(
                "<https://x/y?page={}>; rel=\"{}\"",
                here.page + 1,
                if more { "next" } else { "prev" }
            );
            let next = here
                .next(links.then_some(link.as_str()), rows.len())
                .expect("a link");
            let page = Page {
                call: "GET /x".into(),
                items: rows,
                next,
            };
            let taken = here.take(page, |row: &String| row).expect("no circle");
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
        for n in [
            0, 1, 99, 100, 101, 197, 198, 199, 200, 294, 295, 1_000, 2_345,
        ] {
            for links in [true, false] {
                assert_eq!(
                    read(rows(n), links, |_, _| {}),
                    (rows(n), false),
                    "{n} {links}"
                );
            }
        }
    }

    #[test]
    fn a_row_before_the_place_that_is_deleted_takes_no_other_row_along() {
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
                    assert_eq!(
                        (found, may_miss),
                        (left, false),
                        "{links} {when} {from} {deleted}"
                    );
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
        let read = |answer: fn(&At) -> (usize, Next)| {
            let mut at = Some(At::beginning());
            for n in 1..20 {
                let Some(here) = at else {
                    return Ok::<_, rollcall_connector::Error>(n);
                };
                let (rows_, next) = answer(&here);
                let page = Page {
                    call: "GET /x".into(),
                    items: rows(rows_),
                    next,
                };
                at = here.take(page, |row: &String| row)?.next;
            }
            panic!("it never ends")
        };
        // All rows, whatever is asked for, and no word on others.
        assert!(read(|at| (100, Next::Perhaps(at.page + 1))).is_ok());
        assert!(read(|at| (230, Next::Perhaps(at.page + 1))).is_ok());
        // The same, and there is always another page.
        for error in [
            read(|at| (100, Next::Page(at.page + 1))),
            read(|at| (30, Next::Page(at.page + 1))),
            read(|at| (at.size as usize, Next::Page(at.page + 1))),
        ] {
            assert_eq!(error.expect_err("a circle").code(), "EndlessList");
        }
        // Empty pages are followed, wherever they are.
        let read_3 = read(|at| match at.page {
            1 => (100, Next::Page(2)),
            2 => (0, Next::Page(3)),
            _ => (3, Next::End),
        });
        assert!(read_3.is_ok_and(|n| n == 4));
        assert!(
            read(|at| match at.page {
                1..9 => (0, Next::Page(at.page + 1)),
                _ => (3, Next::End),
            })
            .is_ok_and(|n| n > 9)
        );
    }
}
