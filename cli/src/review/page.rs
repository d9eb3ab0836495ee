//! `review.html`: the same as `review.csv` with buttons and keys, in one file that loads nothing and runs no other
//! script. Texts of vendors are data for its script, which sets them as text.

use std::collections::HashMap;

use rollcall_connector::Error;
use rollcall_published::html::{policy_hash, script_json};
use serde::Serialize;

use super::row::{COLUMNS, Review};
use crate::output::spreadsheet;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// The data of the page. Most texts are those of many rows: each is there once.
#[derive(Serialize)]
struct Data<'a> {
    id: &'a str,
    columns: [&'static str; COLUMNS.len()],
    texts: Vec<String>,
    /// For each cell, the place of its text.
    rows: Vec<[usize; COLUMNS.len()]>,
}

impl<'a> Data<'a> {
    fn new(review: &'a Review) -> Self {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut place = |cell: String| {
            let next = places.len();
            *places.entry(spreadsheet(&cell)).or_insert(next)
        };
        let rows = review.rows.iter().map(|row| row.cells().map(&mut place)).collect();
        let mut texts = vec![String::new(); places.len()];
        places.into_iter().for_each(|(text, n)| texts[n] = text);
        Self { id: &review.id, columns: COLUMNS, texts, rows }
    }
}

/// The page.
pub(super) fn write(review: &Review) -> Result<Vec<u8>, Error> {
    let data = Data::new(review);
    let page = PAGE
        .replace("{{style_hash}}", &policy_hash(STYLE))
        .replace("{{script_hash}}", &policy_hash(SCRIPT))
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        // Last, so that nothing in it is replaced.
        .replace("{{data}}", &script_json(&data)?);
    Ok(page.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::decision::tests::review;
    use super::*;

    #[test]
    fn a_vendors_text_stays_text_and_only_the_own_script_may_run() {
        let name = "</script><script>alert(1)</script><!-- {{script}} {{style_hash}}";
        let mut review = review();
        review.rows[0].name = name.into();
        let page = String::from_utf8(write(&review).expect("written")).expect("text");
        assert_eq!(page.matches("<script").count(), 2, "{page}");
        assert_eq!(page.matches("</script>").count(), 2, "{page}");
        let (_, data) = page.split_once("application/json\">").expect("the data");
        let (data, rest) = data.split_once("</script>").expect("its end");
        let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
        let cell = |row: usize, column: usize| {
            let place = data["rows"][row][column].as_u64().expect("a place");
            data["texts"][place as usize].as_str().expect("a text").to_owned()
        };
        assert_eq!(cell(0, 3), name);
        assert_eq!(cell(1, 3), "'=HYPERLINK(1)");
        let (_, script) = rest.split_once("<script>").expect("the script");
        let (script, _) = script.split_once("</script>").expect("its end");
        let policy = format!("script-src 'sha256-{}'", policy_hash(script));
        assert!(page.contains(&policy) && page.contains("default-src 'none'"), "{page}");
        for word in ["innerHTML", "insertAdjacent", "document.write", "eval", "fetch", "http:"] {
            assert!(!SCRIPT.contains(word) && !PAGE.contains(word), "{word}");
        }
        let styles = page.split("style=").count() + page.split(" onclick").count();
        assert_eq!(styles, 2, "the policy would block them");
    }
}
