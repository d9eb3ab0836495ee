//! The `Link` header (RFC 8288). Its addresses are never followed: the header could lead anywhere, and the token would go
//! along. Only the number of the page is taken.

use rollcall_connector::http::error::Error;

/// What the API says to follow a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing.
    End,
    /// This page.
    Page(u32),
    /// Perhaps this page: the one before was full, and nothing was said. It may be the same page again.
    Perhaps(u32),
}

/// What a `Link` header says that no list can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It leads back.
    Circle,
    /// It leads to no page.
    NoPage,
}

impl Wrong {
    pub(super) fn of(self, call: String) -> Error {
        match self {
            Self::Circle => Error::Circle { call },
            Self::NoPage => Error::Unexpected {
                call,
                at: "the header Link".into(),
                why: "what is called `next` leads to no page".into(),
            },
        }
    }
}

/// What follows the page of this number, which was to have `size` rows and has so many. That lists of members have pages
/// is not documented: a full one without a header is not taken for the last.
pub(super) fn next(link: Option<&str>, page: u32, size: u32, rows: usize) -> Result<Next, Wrong> {
    let Some(link) = link else {
        let is_full = rows >= size as usize;
        return Ok(match is_full {
            true => Next::Perhaps(page + 1),
            false => Next::End,
        });
    };
    let is_next = |part: &&str| {
        let mut parameters = part.split(';').skip(1);
        parameters.any(|p| p.trim().replace('"', "").eq_ignore_ascii_case("rel=next"))
    };
    match link.split(',').find(is_next) {
        None => Ok(Next::End),
        Some(next) => match page_of(next) {
            Some(next) if next > page => Ok(Next::Page(next)),
            Some(_) => Err(Wrong::Circle),
            None => Err(Wrong::NoPage),
        },
    }
}

/// The number of the page that a link leads to.
fn page_of(link: &str) -> Option<u32> {
    let address = link.split(';').next()?.trim();
    let address = address.strip_prefix('<')?.strip_suffix('>')?;
    let query = address.split_once('?')?.1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "page")?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_of_the_next_page_is_taken() {
        let link = |page: &str, rel: &str| {
            format!("<https://elsewhere.example/v2/x?page={page}&per_page=100>; rel=\"{rel}\"")
        };
        for (header, expected) in [
            (
                format!("{}, {}", link("3", "next"), link("9", "last")),
                Ok(Next::Page(3)),
            ),
            (
                format!("{}, {}", link("9", "last"), link("3", "next")),
                Ok(Next::Page(3)),
            ),
            (link("1", "prev"), Ok(Next::End)),
            (link("3", "next").replace('"', ""), Ok(Next::Page(3))),
            (link("x", "next"), Err(Wrong::NoPage)),
            (link("2", "next"), Err(Wrong::Circle)),
            (link("1", "next"), Err(Wrong::Circle)),
            (String::new(), Ok(Next::End)),
        ] {
            assert_eq!(next(Some(&header), 2, 100, 100), expected, "{header}");
        }
    }

    #[test]
    fn a_full_page_without_a_word_is_perhaps_not_the_last() {
        let next = |size, rows| next(None, 1, size, rows);
        assert_eq!(next(100, 100), Ok(Next::Perhaps(2)));
        assert_eq!(next(100, 99), Ok(Next::End));
        assert_eq!(next(100, 0), Ok(Next::End));
        assert_eq!(next(99, 99), Ok(Next::Perhaps(2)));
    }
}
