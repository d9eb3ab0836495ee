//! The `Link` header (RFC 8288). Its addresses are never followed, since the header could send the token anywhere. Only
//! the page number is used.

use rollcall_connector::http::error::Error;

/// What follows a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextPage {
    /// Nothing.
    End,
    /// The page with this number.
    Number(u32),
    /// The page with this number, if it exists: the previous page was full, without a header. It may repeat that page.
    Perhaps(u32),
}

/// The successor of the page with this number, which has `rows` of `size` requested rows, by its header. It is not
/// documented that lists of members have pages, so a full page without a header is not taken for the last.
pub(super) fn next(
    call: &str,
    link: Option<&str>,
    (page, size): (u32, u32),
    rows: usize,
) -> Result<NextPage, Error> {
    let Some(link) = link else {
        return Ok(match rows >= size as usize {
            true => NextPage::Perhaps(page + 1),
            false => NextPage::End,
        });
    };
    let is_next = |part: &&str| {
        let mut parameters = part.split(';').skip(1);
        parameters.any(|p| p.trim().replace('"', "").eq_ignore_ascii_case("rel=next"))
    };
    let call = call.to_owned();
    match link.split(',').find(is_next).map(page_of) {
        None => Ok(NextPage::End),
        Some(Some(next)) if next > page => Ok(NextPage::Number(next)),
        Some(Some(_)) => Err(Error::Circle { call }),
        Some(None) => Err(Error::Unexpected {
            call,
            at: "the Link header".into(),
            why: "the `next` link does not name a page".into(),
        }),
    }
}

/// The page number in a link.
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
        let (three, last) = (link("3", "next"), link("9", "last"));
        for (header, expected) in [
            (format!("{three}, {last}"), Ok(NextPage::Number(3))),
            (format!("{last}, {three}"), Ok(NextPage::Number(3))),
            (link("1", "prev"), Ok(NextPage::End)),
            (three.replace('"', ""), Ok(NextPage::Number(3))),
            (link("x", "next"), Err("does not name a page")),
            (link("2", "next"), Err("to one page twice")),
            (link("1", "next"), Err("to one page twice")),
            (String::new(), Ok(NextPage::End)),
        ] {
            match (next("GET /x", Some(&header), (2, 100), 100), expected) {
                (Err(e), Err(why)) => assert!(e.to_string().contains(why), "{header}: {e}"),
                (found, expected) => assert_eq!(found.ok(), expected.ok(), "{header}"),
            }
        }
    }

    #[test]
    fn a_full_page_without_a_header_is_perhaps_not_the_last() {
        for (size, rows, expected) in [
            (100, 100, NextPage::Perhaps(2)),
            (100, 99, NextPage::End),
            (100, 0, NextPage::End),
            (99, 99, NextPage::Perhaps(2)),
        ] {
            let found = next("GET /x", None, (1, size), rows);
            assert_eq!(found.ok(), Some(expected), "{rows} of {size}");
        }
    }
}
