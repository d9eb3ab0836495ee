//! `review.csv`: writes it, and reads back what a spreadsheet or an editor made of it.

use csv::{ReaderBuilder, StringRecord, Writer};
use rollcall_connector::{Code, Error};

use super::row::{COLUMNS, Review};
use crate::output::spreadsheet;

/// The columns that the reviewer fills in.
const DECISION: &str = "decision";
const COMMENT: &str = "comment";

/// Without this mark, spreadsheets take UTF-8 for an older encoding.
const BYTE_ORDER_MARK: &str = "\u{feff}";

const FIX: &str = "Save the file as `CSV UTF-8` with all its columns, or begin again with the `review.csv` that was written.";

/// A row as it was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    /// The line of the file that it begins on.
    pub(super) line: u64,
    /// One for each of [`COLUMNS`].
    pub(super) cells: Vec<String>,
    pub(super) decision: String,
    pub(super) comment: String,
}

/// The file to fill in.
pub(super) fn write(review: &Review) -> Result<Vec<u8>, Error> {
    let broken = |e: csv::Error| not_readable(e.to_string());
    let mut out = Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    out.write_record(COLUMNS.iter().chain(&[DECISION, COMMENT])).map_err(broken)?;
    for row in &review.rows {
        let cells = row.cells();
        let cells = cells.iter().map(|cell| spreadsheet(cell));
        out.write_record(cells.chain([String::new(), String::new()])).map_err(broken)?;
    }
    out.into_inner().map_err(|e| not_readable(e.to_string()))
}

/// Reads the file. A byte order mark, semicolons or tabs for commas, Windows line ends, empty lines, more columns and
/// another order of columns are accepted.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Filled>, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| not_readable("it is not in UTF-8, as some spreadsheets save it".into()))?;
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    // A line for Excel, which names the separator.
    let (skipped, text) = match text.split_once('\n') {
        Some((first, rest)) if first.to_lowercase().starts_with("sep=") => (1, rest),
        _ => (0, text),
    };
    if text.matches('"').count() % 2 == 1 {
        return Err(not_readable("it ends within a quoted cell: it is cut".into()));
    }
    let first = text.lines().next().unwrap_or_default();
    let separator = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|separator| first.bytes().filter(|byte| byte == separator).count());
    let mut reader = ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b','))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = match records.next() {
        Some(header) => header.map_err(|e| not_readable(e.to_string()))?,
        None => return Err(not_readable("it is empty".into())),
    };
    let places = places(&header)?;
    let mut filled = Vec::new();
    for record in records {
        let record = record.map_err(|e| not_readable(e.to_string()))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let line = skipped + record.position().map_or(0, csv::Position::line);
        if record.len() < header.len() {
            let (cells, all) = (record.len(), header.len());
            return Err(not_readable(format!(
                "line {line} has {cells} cells instead of {all}: the file is cut"
            )));
        }
        let mut cells = places.iter().map(|&n| record.get(n).unwrap_or_default().to_owned());
        let own = cells.by_ref().take(COLUMNS.len()).collect();
        let [decision, comment] = [(); 2].map(|()| cells.next().unwrap_or_default());
        filled.push(Filled { line, cells: own, decision, comment });
    }
    Ok(filled)
}

/// Where each column is.
fn places(header: &StringRecord) -> Result<Vec<usize>, Error> {
    let place = |wanted: &&str| {
        let named = header.iter().enumerate();
        let mut named = named.filter(|(_, name)| name.trim().eq_ignore_ascii_case(wanted));
        match (named.next(), named.next()) {
            (Some((n, _)), None) => Ok(n),
            (None, _) => Err(not_readable(format!("it has no column `{wanted}`"))),
            _ => Err(not_readable(format!("it has two columns `{wanted}`"))),
        }
    };
    COLUMNS.iter().chain(&[DECISION, COMMENT]).map(place).collect()
}

/// Whether a cell is what was written, but for what spreadsheets do to texts: they drop the apostrophe before a formula
/// and change line ends.
pub(super) fn is_same(written: &str, found: &str) -> bool {
    let plain = |cell: &str| {
        let words = cell.split_whitespace().map(|word| word.replace('\'', ""));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    plain(&spreadsheet(written)) == plain(found)
}

fn not_readable(why: String) -> Error {
    Error::invalid(Code::ReviewNotReadable, format!("could not read review.csv: {why}"), FIX)
}

#[cfg(test)]
mod tests {
    use super::super::decision::tests::review;
    use super::*;

    /// The decisions and comments that are read, or the message.
    fn read_back(text: &[u8]) -> Result<Vec<(String, String)>, String> {
        let filled = read(text).map_err(|e| e.to_string())?;
        Ok(filled.into_iter().map(|row| (row.decision, row.comment)).collect())
    }

    #[test]
    fn a_file_survives_a_spreadsheet() {
        let written = String::from_utf8(write(&review()).expect("written")).expect("text");
        let written = written.strip_prefix(BYTE_ORDER_MARK).expect("a mark for spreadsheets");
        let filled = written.replace(",,\n", ",keep,\"so, \"\"ok\"\"\"\n");
        let semicolons = written.replace(',', ";").replace(";;\n", ";keep;\"so, \"\"ok\"\"\"\n");
        let expected = vec![("keep".to_owned(), "so, \"ok\"".to_owned()); review().rows.len()];
        for text in [
            filled.clone(),
            format!("\u{feff}{filled}"),
            filled.replace('\n', "\r\n"),
            format!("{filled}\n,,,,,,,,,,,,,,,\n"),
            format!("sep=;\r\n{semicolons}"),
            semicolons.replace(';', "\t"),
            format!("\u{feff}{}", semicolons.replace('\n', "\r\n")),
            filled.trim_end().to_owned(),
        ] {
            let rows = read(text.as_bytes()).expect(&text);
            for (row, written) in rows.iter().zip(review().rows) {
                let cells = row.cells.iter().zip(written.cells());
                cells.for_each(|(found, cell)| assert!(is_same(&cell, found), "{cell} {found}"));
            }
            assert_eq!(read_back(text.as_bytes()), Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_cut_or_something_else_is_not_read() {
        let written = String::from_utf8(write(&review()).expect("written")).expect("text");
        let cut_in_row = &written[..written.len() - 20];
        for (text, message) in [
            ("", "it is empty"),
            ("a,b\n1,2\n", "no column `row`"),
            (&written.replace(",comment", ",decision"), "two columns `decision`"),
            (&written.replace(",comment", ""), "no column `comment`"),
            (cut_in_row, "the file is cut"),
            (&format!("{written}r1,\"a"), "within a quoted cell"),
        ] {
            let read = read_back(text.as_bytes()).expect_err(message);
            assert!(read.contains(message), "{message}: {read}");
        }
        let utf16: Vec<u8> = written.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let ansi = [written.as_bytes(), &[0xe9]].concat();
        for bytes in [[&[0xff, 0xfe], &utf16[..]].concat(), ansi] {
            assert!(read_back(&bytes).expect_err("no").contains("not in UTF-8"));
        }
    }

    #[test]
    fn no_cell_is_a_formula_and_an_apostrophe_more_or_less_is_no_edit() {
        let written = String::from_utf8(write(&review()).expect("written")).expect("text");
        assert!(written.contains(",'=HYPERLINK") && !written.contains(",=HYPERLINK"), "{written}");
        for (written, found, expected) in [
            ("=1", "'=1", true),
            ("=1", "=1", true),
            ("two\nlines", "two\r\nlines", true),
            ("a", " a ", true),
            ("user:u1", "user:u2", false),
            ("a b", "ab", false),
        ] {
            assert_eq!(is_same(written, found), expected, "{written} {found}");
        }
    }
}
