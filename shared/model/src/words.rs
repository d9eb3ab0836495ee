//! Numbers and characters in sentences.

use std::fmt::Display;

/// A number of things, in words: `1 minute`, `2 minutes`. A sentence around it has no verb that would have to agree.
pub fn counted(n: impl TryInto<u64>, thing: impl Display) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {thing}{plural}")
}

/// Whether a character does something to the text around it instead of being shown: it controls a terminal, breaks a line,
/// or changes the direction (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
pub fn is_acting(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
