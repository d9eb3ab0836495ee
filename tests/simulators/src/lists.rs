//! What the lists of all vendors have in common: their order, and cursors nobody can read anything into.

pub use crate::paging::Ordering;

/// Opaque to clients: the list it belongs to and where the next page begins.
pub(crate) fn cursor(list: &str, offset: usize) -> String {
    format!("{list}|{offset}")
        .bytes()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// The list and the offset of a [`cursor`].
pub(crate) fn read_cursor(text: &str) -> Option<(String, usize)> {
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok())
        .collect();
    let text = String::from_utf8(bytes?).ok()?;
    let (list, offset) = text.rsplit_once('|')?;
    Some((list.to_owned(), offset.parse().ok()?))
}

/// A list's name: its path and its filters, which are all parameters but these.
pub(crate) fn name(path: &str, query: &str, paging: &[&str]) -> String {
    let filter = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !paging.contains(&name)
    };
    let mut filters: Vec<_> = query.split('&').filter(filter).collect();
    filters.sort_unstable();
    format!("{path}?{}", filters.join("&"))
}
