//! Lists that are read page by page within one step or one change. The engine watches lists whose pages are separate
//! steps.

use std::collections::BTreeSet;

use crate::{Code, Error, ErrorType, http, stale_cursor};

/// After this many consecutive empty pages a list is taken to be broken. Vendors that filter after paging (*unknown*
/// how far) send a few.
pub const MAX_EMPTY_PAGES: u32 = 50;

/// How often [`all`] restarts a list whose position was lost.
const RESTARTS: u32 = 2;

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T, A> {
    /// Its rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end of the list. An empty page may have one too.
    pub next: Option<A>,
}

/// Reads the rows of the list named `list` until one is `wanted`, and returns that row. `read` reads the page at a
/// position, first at `A::default()`. Fails if a position comes twice, or after [`MAX_EMPTY_PAGES`] empty pages in a
/// row.
pub async fn find<T, A, E, F>(
    list: &str,
    mut read: impl FnMut(A) -> F,
    mut wanted: impl FnMut(&T) -> bool,
) -> Result<Option<T>, E>
where
    A: Clone + Default + Ord,
    E: From<Error>,
    F: Future<Output = Result<Page<T, A>, E>>,
{
    let mut walk = Walk::of(list);
    while let Some(at) = walk.next.take() {
        let Page { items, next } = read(at).await?;
        let rows = items.len();
        if let Some(row) = items.into_iter().find(&mut wanted) {
            return Ok(Some(row));
        }
        walk.go_on(rows, next)?;
    }
    Ok(None)
}

/// Reads the whole list named `list`: like [`find`], but if a page after the first one fails with an error that
/// `is_stale`, the list is read again, at most twice.
pub async fn all<T, A, E, F>(
    list: &str,
    mut read: impl FnMut(A) -> F,
    is_stale: impl Fn(&E) -> bool,
) -> Result<Vec<T>, E>
where
    A: Clone + Default + Ord,
    E: From<Error>,
    F: Future<Output = Result<Page<T, A>, E>>,
{
    let mut restarts = 0;
    'list: loop {
        let (mut walk, mut rows) = (Walk::of(list), Vec::new());
        while let Some(at) = walk.next.take() {
            let is_later = !walk.seen.is_empty();
            match read(at).await {
                Ok(page) => {
                    walk.go_on(page.items.len(), page.next)?;
                    rows.extend(page.items);
                }
                Err(e) if is_later && restarts < RESTARTS && is_stale(&e) => {
                    restarts += 1;
                    continue 'list;
                }
                Err(e) => return Err(e),
            }
        }
        return Ok(rows);
    }
}

/// The answer to a request for a page, with the boundary's error. *Unknown* for each vendor: the answer to a cursor
/// that it no longer knows. A 400 to a request with one is taken for that, and becomes [`stale_cursor`].
pub fn listed<T, E>(
    has_cursor: bool,
    status: impl Fn(&E) -> Option<u16>,
    answer: Result<T, E>,
) -> Result<T, Error>
where
    E: Into<Error> + std::error::Error + Send + Sync + 'static,
{
    answer.map_err(|e| match has_cursor && status(&e) == Some(400) {
        true => stale_cursor(e),
        false => e.into(),
    })
}

/// A list that is being read.
struct Walk<'a, A> {
    list: &'a str,
    next: Option<A>,
    seen: BTreeSet<A>,
    empty: EmptyPages,
}

impl<'a, A: Clone + Default + Ord> Walk<'a, A> {
    fn of(list: &'a str) -> Self {
        Self { list, next: Some(A::default()), seen: BTreeSet::new(), empty: EmptyPages::of(list) }
    }

    /// Counts a page with this many rows that points to `next`.
    fn go_on(&mut self, rows: usize, next: Option<A>) -> Result<(), Error> {
        let Some(next) = next else { return Ok(()) };
        if !self.seen.insert(next.clone()) {
            let call = self.list.to_owned();
            return Err(http::error::Error::Circle { call }.into());
        }
        self.empty.count(rows)?;
        self.next = Some(next);
        Ok(())
    }
}

/// Counts the empty pages of a list.
struct EmptyPages {
    list: String,
    in_a_row: u32,
}

impl EmptyPages {
    fn of(list: impl Into<String>) -> Self {
        Self { list: list.into(), in_a_row: 0 }
    }

    /// Counts a page that points to another one. Fails when too many of them in a row had no rows.
    fn count(&mut self, rows: usize) -> Result<(), Error> {
        self.in_a_row = if rows == 0 { self.in_a_row + 1 } else { 0 };
        match self.in_a_row < MAX_EMPTY_PAGES {
            true => Ok(()),
            false => Err(endless(&self.list)),
        }
    }
}

/// The error of a list whose pages stay empty and never end.
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

    type Answer = Result<Page<u32, usize>, Error>;

    /// A list whose page `at` is `page(at)`, with how often each page was read.
    async fn read(page: impl Fn(usize) -> Answer) -> (Result<Vec<u32>, Error>, Vec<usize>) {
        let mut reads = Vec::new();
        let read = |at| {
            reads.push(at);
            std::future::ready(page(at))
        };
        let rows = all("members of group g1", read, crate::is_stale_cursor).await;
        (rows, reads)
    }

    fn page(items: &[u32], next: Option<usize>) -> Answer {
        let items = items.to_vec();
        Ok(Page { items, next })
    }

    #[tokio::test]
    async fn a_list_is_read_to_its_end_through_empty_pages() {
        let (rows, reads) = read(|at| match at {
            0 => page(&[], Some(7)),
            7 => page(&[1, 2], Some(9)),
            _ => page(&[3], None),
        })
        .await;
        assert_eq!(rows.expect("a list"), [1, 2, 3]);
        assert_eq!(reads, [0, 7, 9]);
    }

    #[tokio::test]
    async fn no_page_is_read_after_the_wanted_row() {
        for (wanted, found, reads) in [(3, Some(3), 2), (9, None, 3)] {
            let mut n = 0;
            let read = |at: usize| {
                n += 1;
                let at = at as u32;
                std::future::ready(page(&[2 * at, 2 * at + 1], (n < 3).then_some(n)))
            };
            let row = find("x", read, |row| *row == wanted).await;
            assert_eq!((row.expect("a list"), n), (found, reads));
        }
    }

    #[tokio::test]
    async fn a_list_ends_after_too_many_empty_pages_in_a_row_and_not_before() {
        let limit = MAX_EMPTY_PAGES as usize;
        for (empty, fails) in [(limit - 1, false), (limit, true)] {
            // Twice as many in all, with a row in between.
            let (rows, reads) = read(|at| match at {
                n if n == empty => page(&[1], Some(n + 1)),
                n if n == 2 * empty => page(&[2], None),
                n => page(&[], Some(n + 1)),
            })
            .await;
            assert_eq!(rows.is_err(), fails, "{empty}");
            match rows {
                Ok(rows) => assert_eq!(rows, [1, 2]),
                Err(e) => {
                    assert_eq!((e.kind(), reads.len()), (ErrorType::Unavailable, limit));
                    assert!(e.to_string().contains("members of group g1"), "{e}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_place_that_comes_twice_fails_the_list() {
        let (rows, reads) = read(|at| page(&[1], Some(at % 2 + 1))).await;
        assert_eq!(rows.expect_err("a circle").code(), "EndlessList");
        assert_eq!(reads, [0, 1, 2]);
    }

    #[tokio::test]
    async fn a_list_whose_place_is_lost_starts_again_twice_at_most() {
        for (losses, expected) in [(1, Some(vec![1, 2])), (2, Some(vec![1, 2])), (3, None)] {
            let lost = std::cell::Cell::new(0);
            let (rows, _) = read(|at| match at {
                0 => page(&[1], Some(1)),
                _ if lost.get() == losses => page(&[2], None),
                _ => {
                    lost.set(lost.get() + 1);
                    Err(stale_cursor("as planned"))
                }
            })
            .await;
            assert_eq!(rows.ok(), expected, "{losses}");
        }
        let (rows, reads) = read(|_| Err(stale_cursor("at once"))).await;
        assert!(rows.is_err() && reads == [0], "there was no place to lose");
    }

    #[test]
    fn a_400_means_a_stale_cursor_only_if_there_was_one() {
        let answer = |status| {
            Err::<(), _>(http::error::Error::Status {
                call: "GET /x".into(),
                status,
                message: String::new(),
                is_json: true,
                retry_after: None,
                request_id: None,
            })
        };
        for (has_cursor, status, is_stale) in
            [(true, 400, true), (false, 400, false), (true, 404, false)]
        {
            let error = listed(has_cursor, http::error::Error::status, answer(status));
            let error = error.expect_err("refused");
            assert_eq!(crate::is_stale_cursor(&error), is_stale, "{status}");
        }
    }
}
