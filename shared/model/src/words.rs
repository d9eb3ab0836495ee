//! Numbers in sentences.

use std::fmt::Display;

/// A number of things, in words: `1 minute`, `2 minutes`. A sentence around it has no verb that would have to agree.
pub fn counted(n: impl TryInto<u64>, thing: impl Display) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {thing}{plural}")
}
