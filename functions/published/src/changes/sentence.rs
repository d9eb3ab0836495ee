//! The parts of an event's sentence. Anybody may have chosen the names in it.

use rollcall_model::is_acting;
use rollcall_snapshot::FieldDifference;

/// How many characters of a name, and how many names, a sentence has.
const CHARACTERS: usize = 100;
const LISTED: usize = 5;

/// A name without characters that act on the text around it, shortened.
pub(super) fn plain(name: &str) -> String {
    let visible = |c| if is_acting(c) { char::REPLACEMENT_CHARACTER } else { c };
    let mut characters = name.chars().map(visible);
    let mut text: String = characters.by_ref().take(CHARACTERS).collect();
    if characters.next().is_some() {
        text.push('…');
    }
    text
}

/// Name and id.
pub(super) fn named(name: &str, id: &str) -> String {
    match name {
        "" => plain(id),
        name if name == id => plain(id),
        name => format!("{} ({})", plain(name), plain(id)),
    }
}

/// The first names.
pub(super) fn listed<'a>(mut names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let first: Vec<_> = names.by_ref().take(LISTED).map(plain).collect();
    match names.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// What happened to a record whose fields differ.
pub(super) fn changed(fields: &[FieldDifference]) -> String {
    let names = listed(fields.iter().map(|field| &*field.name));
    format!("changed ({names})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_the_beginning_of_names_and_nothing_that_acts() {
        assert_eq!(plain("a\u{202e}b\nc\u{2028}<script>"), "a\u{fffd}b\u{fffd}c\u{fffd}<script>");
        assert_eq!(plain(&"ä".repeat(101)), "ä".repeat(100) + "…");
        assert_eq!(named("Ada", "user:u1"), "Ada (user:u1)");
        assert_eq!((named("", "user:u1"), named("u", "u")), ("user:u1".into(), "u".into()));
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(listed(names.into_iter()), "a, b, c, d, e and 2 more");
        assert_eq!(listed(names[..2].iter().copied()), "a, b");
    }
}
